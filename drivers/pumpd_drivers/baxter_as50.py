"""Driver of the Baxter Auto Syringe AS50. No I/O, no clock: bytes and `now` in, facts out.

Frame: `[TEXT]` and the CRC-16/XMODEM of `[`..`]` as two binary bytes, high first, which may be any value, brackets and
CR included; no terminator. `[KEY?]` asks, `[KEY=v]` sets and tells, `[ACK]`, `[REJECT...]` and `[RESEND]` answer what
was sent last without naming it. A status is a round of STATUS (words), PRIRATE (mL/h) and TVI (mL).

What the public record does not establish, this driver does not claim: no message is known that stops the pump, so it
is ALARM ONLY; what the words of STATUS mean is not known, so whether it infuses is not, unless the ward file tells the
words (a bolus in standby may still run then). No bolus and no start is ever sent. On RESEND a question or a rate is
sent again, nothing else: both are the same however often they are heard.

Facts are from mdpnp's AS50.java (BSD-2-Clause) and a second public driver, AS50Driver.java, whose licence is not known
(facts only). drivers/captures/baxter_as50 holds the frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, NamedTuple

from pumpd.device import (
    DeviceSettings,
    DriverInfo,
    DriverOption,
    Garbled,
    Integrity,
    Kind,
    Line,
    Out,
    PumpCapabilities,
    PumpStatus,
    Send,
)
from pumpd.device.checksums import crc16_xmodem
from pumpd.device.exchange import Request
from pumpd.device.framers import Bracketed
from pumpd.device.framing import garbled
from pumpd.device.halfduplex import Order
from pumpd.device.polled import Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.units import Ms, exact, scaled

STATUS, RATE, TOTAL, EXIT = "STATUS", "PRIRATE", "TVI", "EXIT"
SET_RATE = "PRIRATE="  # our name for the order: [ACK] names nothing
RESEND = "RESEND"
MOST_RESENDS = 5  # mdpnp

_TEXT = re.compile(r"\[(?:([A-Z]{2,12})=([ -Z^-~]{0,40})|(ACK|RESEND)|(REJECT[ -Z^-~]{0,40}))\]")
_NUMBER = re.compile(r"[0-9]{0,5}(?:\.[0-9]{1,3})?(?<=[0-9])")

WORDS = r"[A-Za-z0-9 ]*(,[A-Za-z0-9 ]+)*"
OPTIONS = (
    DriverOption("running", WORDS, "", "words of STATUS for infusing, as seen at the bench; without: not known"),
    DriverOption("standing", WORDS, "", "words of STATUS for not infusing, as seen at the bench; without: not known"),
)


class Part(NamedTuple):
    """What one reply of the round says; None where it was refused."""

    text: str | None


@lru_cache(maxsize=64)
def frame(text: str) -> bytes:
    """`[text]` as it stands on the wire."""
    body = f"[{text}]".encode("ascii")
    return body + crc16_xmodem(body).to_bytes(2, "big")


def whole(data: bytes) -> bool:
    """Is the CRC right?"""
    return crc16_xmodem(data[:-2]).to_bytes(2, "big") == data[-2:]


@lru_cache(maxsize=256)  # a rate stays for hours
def ul_of(text: str | None) -> int | None:
    """Exact microlitres (an hour) from millilitres."""
    return scaled(Decimal(text), 1000) if text and _NUMBER.fullmatch(text) else None


class BaxterAs50(PolledPump):
    """One pump, read and not stopped."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="baxter_as50",
        vendor="Baxter",
        model="Auto Syringe AS50",
        kind=Kind.PUMP,
        line=Line(bauds=(9600,)),
        integrity=Integrity.CRC16,
        poll_ms=2000,  # ours; the two drivers ask every few seconds
        quiet_ms=4000,
        pump=PumpCapabilities(
            can_set_rate=True,
            rate_step_ul_h=100,
            rate_min_ul_h=100,
            rate_max_ul_h=999_900,  # ours; the pump rejects what is too much for its syringe
            counter_step_nl=100_000,  # a counter without a decimal is not reported
        ),
        sources=("mdpnp AS50.java (BSD-2-Clause)", "a second public driver, AS50Driver.java (facts)"),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=(frame(f"{STATUS}?"), frame(f"{RATE}?"), frame(f"{TOTAL}?")),
        options=OPTIONS,
        cautions=(
            "no message is known that stops it: it is ALARM ONLY",
            "whether it infuses is not known unless options.running and options.standing tell its words",
        ),
    )
    questions = (Question(STATUS, f"{STATUS}?"), Question(RATE, f"{RATE}?"), Question(TOTAL, f"{TOTAL}?"))
    status = (STATUS, RATE, TOTAL)
    rate_name = SET_RATE
    reply_ms = 1000

    def __init__(self, settings: DeviceSettings) -> None:
        running, standing = (option.of(settings.options) for option in OPTIONS)
        self._infusing = {word: True for word in running.split(",") if word}
        self._infusing |= {word: False for word in standing.split(",") if word}
        self._resends = 0
        super().__init__(settings)

    def framer(self) -> Bracketed:
        return Bracketed(b"[", b"]", 2, whole, limit=80)

    def frame(self, message: str) -> bytes:
        return frame(message)

    def rate_message(self, rate_ul_h: int) -> str:
        return f"{SET_RATE}{exact(rate_ul_h, 1000):.1f}"

    def finish(self, now: Ms) -> list[Out]:
        """End the computer's session, if there was one. Changes no infusion."""
        ended = [] if self.settings.receive_only else [Send(frame(EXIT))]
        return [*super().finish(now), *ended]

    # --- what the pump says -------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        found = _TEXT.fullmatch(frame[:-2].decode("latin-1"))
        if found is None:
            return garbled("not a reply of this pump", frame)
        key, value, plain, rejected = found.groups()
        if plain == RESEND:
            return Reply(self._asked_last(), ok=None, detail=RESEND)
        if plain is not None:
            return Reply(self.line.oldest((SET_RATE,), now) or "", detail=plain)
        if rejected is not None:
            return self._rejected(rejected)
        if key not in self.status:
            return Reply(key, facts=tuple(self.said.unmapped(key, value)))
        if key != STATUS and not _NUMBER.fullmatch(value):
            return garbled(f"{key} is no number", frame)
        return Reply(key, Part(value))

    def _asked_last(self) -> str:
        return "" if self.line.pending is None else self.line.pending.name

    def _rejected(self, words: str) -> Reply:
        """Of what was sent last. A question that is refused leaves its part of the status empty."""
        name = self._asked_last()
        return Reply(name, Part(None) if name in self.status else None, ok=False, detail=words)

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        resend = reply.detail == RESEND and request is not None and self._resends < MOST_RESENDS
        self._resends = self._resends + 1 if resend else 0
        if not resend or request is None:
            return super().answered(reply, request, now)
        if request.order_id is None:
            self.line.ask_ahead(request.name, now)
        else:
            self.line.enqueue(Order(request.name, request.message, request.order_id))
        return []

    def status_of(self, parts: Mapping[str, object], now: Ms) -> Sequence[Out]:
        words, rate, total = (part.text if isinstance(part, Part) else None for part in map(parts.get, self.status))
        told = total if total is not None and "." in total else None
        return [
            PumpStatus(
                self._infusing.get(words or ""),
                ul_of(rate),
                ul_of(told),
                None,
                Integrity.CRC16,
                mode=words or "",
            )
        ]
