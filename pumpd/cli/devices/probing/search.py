"""Looks for the device on a line: listens first, and asks only when nobody speaks or nobody is understood."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pumpd.cli.devices.probing.ears import Ears, patience_ms
from pumpd.cli.devices.probing.evidence import Evidence, Sure, Verdict, ranked, verdict
from pumpd.cli.devices.probing.plan import Setting, settings_of
from pumpd.config.link_url import LinkSpec
from pumpd.config.model import LinkTimes
from pumpd.device import Driver
from pumpd.links import Line, Reason, Trouble
from pumpd.units import Ms

TICK_S = 0.02
OPEN_S = 4.0
"""A line that is not up by then is no line: a TCP connection may take 3 s."""
ANSWER_S = 2.0
"""A device that has not said one byte by then does not answer this question (they answer within 1 s)."""
SAMPLE_BYTES = 256
FOR_GOOD = (Reason.ABSENT, Reason.DENIED, Reason.NOT_A_PORT)


class NoLine(RuntimeError):
    """The line could not be opened; the message says why."""


@dataclass
class Search:
    """What was found so far. sent: every frame that left, in order; sample: first bytes that were heard."""

    link: LinkSpec
    listen_s: float
    ask_s: float
    may_ask: bool
    say: Callable[[str], None] = lambda words: None
    found: list[Evidence] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    sample: bytes = b""

    @property
    def ranking(self) -> list[Evidence]:
        return ranked(self.found)

    @property
    def verdict(self) -> Verdict:
        return verdict(self.ranking)

    async def run(self, drivers: Sequence[type[Driver]]) -> None:
        """Raises NoLine."""
        settings = settings_of(self.link, drivers)
        if await self._listen(settings) or not self.may_ask:
            return
        for setting in settings:
            if any(driver.info.probe_bytes for driver in setting.drivers) and await self._ask(setting):
                return

    async def _listen(self, settings: list[Setting]) -> bool:
        """True when somebody was understood. A line without one byte at one speed has no talker at any."""
        talkers = [one for one in settings if any(not driver.info.needs_asking for driver in one.drivers)]
        for setting in talkers if self.may_ask and talkers else settings:
            self.say(f"listening{_at(setting)}")
            async with _Open(self, setting) as line:
                await line.until(self.listen_s, self._is_certain)
            if self.verdict.identified or not line.ears.heard_bytes:
                return self.verdict.identified
        return False

    async def _ask(self, setting: Setting) -> bool:
        """True when somebody is certain."""
        async with _Open(self, setting) as line:
            for driver in setting.drivers:
                if not driver.info.probe_bytes:
                    continue
                self.say(f"asking as {driver.info.name}{_at(setting)}")
                await line.ask(driver, self.ask_s)
                if self._is_certain(line.ears):
                    return True
        return False

    def _is_certain(self, ears: Ears) -> bool:
        return any(one.sure is Sure.CERTAIN for one in ears.evidence)


def _at(setting: Setting) -> str:
    return f" at {setting.text}" if setting.text else ""


class _Open:
    """The line open at one setting, with everybody's ears at it."""

    def __init__(self, search: Search, setting: Setting) -> None:
        self._search = search
        self._loop = asyncio.get_running_loop()
        self._start_s = self._loop.time()
        self.ears = Ears(setting.drivers, setting.line.bauds[0], setting.text, Ms(0))
        self._known = asyncio.Event()
        self._trouble: Trouble | None = None
        times = LinkTimes()
        self._line = Line(search.link, setting.line, times, on_bytes=self._heard, on_state=self._changed)

    async def __aenter__(self) -> _Open:
        self._line.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPEN_S):
                await self._known.wait()
        trouble = self._trouble
        if not self._line.up:
            await self._line.close()
            raise NoLine(f"{self._search.link}: {trouble or 'cannot be opened'}")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._send(self.ears.finish(self._now()))
        await self._line.close(drain_ms=200)
        self._search.found += self.ears.evidence

    async def until(self, seconds: float, enough: Callable[[Ears], bool]) -> None:
        """Listen for so long, or until that is so."""
        end_s = self._loop.time() + seconds
        while self._loop.time() < end_s and not enough(self.ears):
            await asyncio.sleep(TICK_S)
            self._send(self.ears.tick(self._now()))

    async def ask(self, driver: type[Driver], seconds: float) -> None:
        """Ask as this driver does; a line that stays without a byte is left early."""
        before = self.ears.heard_bytes
        start_s = self._loop.time()
        self._send(self.ears.ask(driver, self._now()))

        def enough(ears: Ears) -> bool:
            lasted_s = self._loop.time() - start_s
            mute = ears.heard_bytes == before and lasted_s > ANSWER_S
            settled = ears.is_settled and lasted_s > seconds
            return mute or settled or any(one.sure is Sure.CERTAIN for one in ears.evidence)

        await self.until(patience_ms(driver, int(seconds * 1000)) / 1000, enough)
        self._send(self.ears.finish(self._now()))

    def _now(self) -> Ms:
        return Ms(int((self._loop.time() - self._start_s) * 1000))

    def _heard(self, data: bytes) -> None:
        search = self._search
        search.sample = (search.sample + data)[:SAMPLE_BYTES]
        self._send(self.ears.receive(data, self._now()))

    def _changed(self, trouble: Trouble | None) -> None:
        self._trouble = trouble
        if trouble is None or trouble.reason in FOR_GOOD:
            self._known.set()

    def _send(self, frames: list[bytes]) -> None:
        for frame in frames:
            if self._line.write(frame):
                self._search.sent.append(frame)
