"""Driver of Hospira Plum A+ infusers at their DataPort. No I/O, no clock: bytes and `now` in, facts out; read only.

Request `T@n;command;command;` CRC4 CR, n is the pump's hard id; reply `Fn;...;` CRC4 CR. The CRC is CRC-16/KERMIT of
what stands before it, four upper-case hex digits. Rate, volumes and drug are one reply, alarm and status another; both
together make a status. What is read is line A.

Facts are from one public Java driver (PlumADataportDriver, of unidentified licence: facts only). It does not check the
CRC of a reply, so that its rule is INFERRED to be that of requests; a reply that does not fit is not believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from pumpd.device import (
    AlarmCode,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Integrity,
    Kind,
    Line,
    Out,
    PumpCapabilities,
    PumpStatus,
)
from pumpd.device.checksums import crc16_kermit
from pumpd.device.exchange import Request
from pumpd.device.framers import Scanner
from pumpd.device.framing import garbled
from pumpd.device.options import DriverOption
from pumpd.device.polled import PolledDevice, Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.units import Ms

FIND, ALARM, NUMBERS = ("find 1", "find 2", "find 3"), "alarm", "numbers"
ALARM_COMMANDS, NUMBER_COMMANDS = "IALR;STA;", "IDV1;VT1;TV1;DN1;"
TOLD = (ALARM_COMMANDS, NUMBER_COMMANDS)  # a status is made of both
IDS = ("1", "2", "3")  # hard ids
FIND_AGAIN_MS = 10_000  # ours: until a line without a clear pump is searched again
TRIES = 2  # ours: questions to one id while searching
LONGEST = 128
WORDS = r"(?:[A-Z0-9]{1,12}(?:,[A-Z0-9]{1,12})*)?"

ID = DriverOption("id", r"[1-3]?", "", "the pump's hard id, 1 to 3; empty: the only pump that answers")
RUNNING = DriverOption("running", WORDS, "", "words of STA that mean infusing, as seen at the bench, with commas")
STANDING = DriverOption("standing", WORDS, "", "words of STA that mean not infusing, as seen at the bench, with commas")

ALARMS = {
    "AD1": "air in line, distal",
    "ADB": "air in line, distal (bolus)",
    "ADC": "air in line, distal (cumulative)",
    "AP1": "air in line, proximal",
    "APA": "air in line, proximal, line A",
    "APB": "air in line, proximal, line B",
    "APT": "air in line, proximal (total)",
    "BDP": "battery depleted",
    "BPR": "backpriming",
    "CHK": "check settings: rate or volume not set",
    "CS1": "cassette failure",
    "DCO1": "door or cassette open",
    "DE1": "dose end, line 1",
    "DE2": "dose end, line 2",
    "DTL": "dial turned while locked",
    "FDF": "flow detector unplugged",
    "FDT": "flow detector plugged in",
    "FLF": "no flow",
    "LCK": "lockout enabled",
    "LOV": "lockout violation",
    "NAA": "no action alarm",
    "NC1": "nurse call, line 1",
    "NC2": "nurse call, line 2",
    "OBP": "proximal occlusion, secondary",
    "OCP": "proximal occlusion",
    "OD1": "distal occlusion",
    "OP1": "proximal occlusion, line 1",
    "OP2": "proximal occlusion, line 2",
    "PR1": "pressure out of range",
    "RL": "reset too long, or idle",
    "URC": "cassette not recognised",
    "VTB1": "volume to be infused complete, line 1",
    "VTB2": "volume to be infused complete, line 2",
}
NO_ALARM = "OK"
SOUNDING = AlarmCode("SOUNDING", "the pump sounds an alarm and has not said which")
MALFUNCTION = re.compile(r"MAL[0-9A-Z]{0,6}")

_REPLY = re.compile(rb"F([0-9]);([ -~]{0,100};)([0-9A-F]{4})\r")
_NUMBER = re.compile(r"([Rr]{0,2}) *([0-9]{1,5}(?:\.[0-9]{1,3})?)")


@lru_cache(maxsize=32)
def frame(text: str) -> bytes:
    """A request as it stands on the wire."""
    data = text.encode("ascii")
    return b"%b%04X\r" % (data, crc16_kermit(data))


class Frames(Scanner):
    """`Fn;` ... CR with the right checksum; an F in a drug's name begins none."""

    def __init__(self) -> None:
        super().__init__(b"F", LONGEST)

    def look(self, data: bytes, at: int) -> int:
        end = data.find(b"\r", at + 1)
        if end < 0:
            return 0 if len(data) - at <= LONGEST else -1
        whole = data[at : end + 1]
        right = _REPLY.fullmatch(whole) is not None and whole[-5:-1] == b"%04X" % crc16_kermit(whole[:-5])
        return len(whole) if right else -1


class HospiraPlumA(PolledPump):
    """One pump of up to three on a line."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="hospira_plum_a",
        vendor="Hospira",
        model="Plum A+ (DataPort)",
        kind=Kind.PUMP,
        line=Line(bauds=(1200,)),
        integrity=Integrity.CRC16,
        poll_ms=3000,
        quiet_ms=12_000,
        # whether numbers have decimals is not on record: whole mL/h and mL are the safe reading
        pump=PumpCapabilities(can_read_back=True, counter_step_nl=1_000_000, shown_rate_step_ul_h=1000),
        sources=("PlumADataportDriver, a public Java driver of unidentified licence (facts)",),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=(frame("T@0;ISTA;"), *(frame(f"T@{n};{told}") for told in TOLD for n in IDS)),
        options=(ID, RUNNING, STANDING),
    )
    questions = (
        *(Question(name, ALARM_COMMANDS) for name in FIND),
        Question(ALARM, ALARM_COMMANDS, info.poll_ms),
        Question(NUMBERS, NUMBER_COMMANDS),
    )
    status = (ALARM, NUMBERS)
    reply_ms = 1500  # ours: question and answer take 0.6 s at 1200 baud

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        self._quiet_ms = max(self._quiet_ms, self.info.quiet_ms)
        self._id: str | None = ID.of(settings.options) or None
        self._fixed = self._id is not None
        self._search: list[str] = []
        self._place: tuple[AlarmCode, ...] = ()  # why it is not known which pump is meant
        words = ((RUNNING, True), (STANDING, False))
        self._infusing = {word: so for option, so in words for word in option.of(settings.options).split(",") if word}

    # --- asking ---------------------------------------------------------------------------------------------

    def framer(self) -> Frames:
        return Frames()

    def frame(self, message: str) -> bytes:
        return frame(message)

    def message(self, name: str) -> str:
        return f"T@{name[-1] if name in FIND else self._id};{super().message(name)}"

    def start(self, now: Ms) -> list[Out]:
        return PolledDevice.start(self, now)

    def _ask_all(self, now: Ms) -> None:
        """The pump that is meant, or first which there are."""
        self._asked.clear()
        for name in self._table:
            self.line.forget(name)
        self._search = [] if self._fixed else [*FIND]
        self.line.ask(ALARM if self._fixed else FIND[0], now)

    def _again(self, name: str, now: Ms) -> None:
        if name in FIND:
            self.line.forget(name)
        else:
            super()._again(name, now)

    def unanswered(self, name: str, now: Ms) -> list[Out]:
        if name in FIND and self._asked.get(name, 0) < TRIES:
            self.line.ask(name, now)
        elif name in FIND:
            self._searched(name, now)
        return super().unanswered(name, now)

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        if request is not None:
            self._searched(reply.name, now)
        return super().answered(reply, request, now)

    def _searched(self, name: str, now: Ms) -> None:
        """One id is done: the next one, or the only pump that has answered."""
        if name not in self._search:
            return
        self._search.remove(name)
        if self._search:
            self.line.ask(self._search[0], now)
        elif self._id is not None:
            self.line.ask(ALARM, now)
        else:
            self._asked.clear()
            self._place, self._search = (), [*FIND]
            self.line.ask(FIND[0], Ms(now + FIND_AGAIN_MS))

    # --- replies --------------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        origin, *fields = frame[:-6].decode("ascii").split(";")
        meant, find = self._is_meant(origin[1:]), f"find {origin[1:]}"
        found = self.line.may_be_answered(find, now)
        if not meant or found:
            facts = tuple(self.said.alarms(self._place, now)) if self._place else ()
            return Reply(find if found else "another pump", facts=facts)
        if len(fields) == 5:
            return self._numbers(fields)
        return self._alarm(fields) if len(fields) in (3, 4) else garbled(f"reply of {len(fields)} fields", frame)

    def _is_meant(self, origin: str) -> bool:
        """Without an option, the only pump that is heard of."""
        if self._fixed or origin == self._id:
            return origin == self._id
        if self._id is None and not self._place and origin in IDS:
            self._id = origin
            return True
        there = ", ".join(sorted({origin, self._id or origin}))
        self._id, self._place = None, (AlarmCode("ID_NOT_SET", f"several pumps: set the option id to one of {there}"),)
        for name in (ALARM, NUMBERS):
            self.line.forget(name)
        return False

    def _numbers(self, fields: list[str]) -> Reply | Garbled:
        """Id, rate, volume to be delivered, total volume, drug."""
        name, *texts, drug = fields
        found = [_number(text) for text in texts]
        rate, to_come, total = found
        if rate is None or to_come is None or total is None:
            return garbled("rate or volume is not believable", ";".join(fields).encode())
        sounding = rate[1] or to_come[1] or total[1]
        facts = tuple(self.said.identity(f"Plum A+ {self._id}, {name.strip() or 'no name'}"))
        return Reply(NUMBERS, part=(rate[0], total[0], drug.strip() or None, sounding), facts=facts)

    def _alarm(self, fields: list[str]) -> Reply | Garbled:
        """Id, alarm, status and more."""
        _, code, *state = fields
        if not code.strip():
            return garbled("no alarm code", ";".join(fields).encode())
        return Reply(ALARM, part=(alarms_of(code.strip()), " ".join(state).strip()))

    def status_of(self, parts: Mapping[str, object], now: Ms) -> list[Out]:
        alarm, numbers = parts[ALARM], parts[NUMBERS]
        assert isinstance(alarm, tuple)
        assert isinstance(numbers, tuple)
        (alarms, mode), (rate_ul_h, volume_ul, drug, sounding) = alarm, numbers
        alarms = (SOUNDING,) if sounding and not alarms else alarms
        status = PumpStatus(
            self._is_infusing(mode, rate_ul_h),
            rate_ul_h,
            volume_ul,
            None,
            Integrity.CRC16,
            alarming=bool(alarms),
            drug=drug,
            mode=mode,
        )
        return [status, *self.said.alarms((*self._place, *alarms), now)]

    def _is_infusing(self, mode: str, rate_ul_h: int) -> bool | None:
        """By the words of the ward file; without them, INFERRED: rate 0 is a pump that stands, any other infuses."""
        return self._infusing.get(mode.split(" ", maxsplit=1)[0]) if self._infusing else rate_ul_h > 0


@lru_cache(maxsize=512)
def _number(text: str) -> tuple[int, bool] | None:
    """In thousandths, and whether the pump sounds; None where there is no number."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    whole, _, decimals = match[2].partition(".")
    return int(whole) * 1000 + int(decimals.ljust(3, "0")), "r" in match[1]


@lru_cache(maxsize=128)
def alarms_of(code: str) -> tuple[AlarmCode, ...]:
    """The alarm, r or R before it where the pump sounds it; a code that the table lacks is passed on as it is."""
    plain = code if code in ALARMS or code[:1] not in ("r", "R") else code[1:]
    if plain == NO_ALARM:
        return ()
    text = "malfunction " + plain[3:] if MALFUNCTION.fullmatch(plain) else ALARMS.get(plain)
    return (AlarmCode(plain[:16], (text or plain[:16]).strip(), known=text is not None),)
