"""By what a reader believes a frame: three rules, each enough by itself to say STALE. Pure: now is an argument.

    age      the frame came at most 5 s ago on the reader's own clock, and was not on its way for longer
    device   the device that a value comes from is online
    daemon   the ward's daemon is online in the session that the frame names, and the bridge to it stands

An old value is never shown as live: a frame that a broker kept (retained), or that waited somewhere, is no live one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pumpd.bus.payload import FRAME_EXPIRY_S, DevState, State

LIVE_MS: Final = 5_000
DRIFT_PPM: Final = 1_000
"""How far two machines' clocks may run apart: 100 times worse than a quartz."""


class Delay:
    """How long frames are on their way, from the ward's time in them and our own: the quickest of a session counts as
    none. No clock is believed to be right; both are believed to run."""

    def __init__(self) -> None:
        self._session = ""
        self._base_ms = self._at_ms = 0

    def of(self, session: str, ward_ms: int, now_ms: int) -> int:
        """Milliseconds by which this one was slower than the quickest."""
        apart = now_ms - ward_ms
        if session != self._session:
            self._session, self._base_ms, self._at_ms = session, apart, now_ms
        drifted = self._base_ms + (now_ms - self._at_ms) * DRIFT_PPM // 1_000_000
        if apart <= drifted:
            self._base_ms, self._at_ms = apart, now_ms
            return 0
        return apart - drifted


@dataclass(slots=True)
class WardLink:
    """What is known of a ward's daemon and of the way to it. bridge None: there is none, or it has said nothing."""

    state: State | None = None
    bridge: bool | None = None
    devices: dict[str, DevState] = field(default_factory=dict)
    delay: Delay = field(default_factory=Delay)

    def hear_state(self, state: State) -> bool:
        """False: an older session's last will, which says nothing of the present one."""
        late = self.state is not None and state.session != self.state.session and state.reason == "lost"
        if late and self.state is not None and self.state.online:
            return False
        self.state = state
        return True

    def trouble(self) -> str:
        """Why nothing of this ward is live; "" where nothing is known against it."""
        if self.bridge is False:
            return "the bridge to the ward is down"
        if self.state is None:
            return "the ward's daemon has said nothing"
        if not self.state.online:
            return "the ward's daemon was stopped" if self.state.reason == "stopped" else "the ward's daemon is lost"
        return ""

    def device_online(self, device: str | None) -> bool:
        """A value without a device (an assessment) has none to be offline."""
        known = None if device is None else self.devices.get(device)
        return device is None or known is None or known.state != "offline"


@dataclass(slots=True)
class BedHeard:
    """The newest frame of a bed. at_ms: when it came, less what it was on its way, on our own clock."""

    session: str = ""
    seq: int = 0
    at_ms: int | None = None
    gaps: int = 0
    ignored: int = 0

    def hear(self, session: str, seq: int, now_ms: int, way_ms: int) -> bool:
        """True where frames are missing before this one. An older one than the newest is left out."""
        same = self.at_ms is not None and session == self.session
        if same and seq <= self.seq:
            self.ignored += 1
            return False
        missing = same and seq > self.seq + 1
        self.gaps += missing
        self.session, self.seq, self.at_ms = session, seq, now_ms - way_ms
        return missing

    def age_ms(self, now_ms: int) -> int | None:
        return None if self.at_ms is None else max(0, now_ms - self.at_ms)

    def fresh_ms(self, now_ms: int) -> int:
        """For how long the newest frame is young enough."""
        age_ms = self.age_ms(now_ms)
        return 0 if age_ms is None else max(0, LIVE_MS - age_ms)

    def stale(self, link: WardLink, now_ms: int) -> str:
        """Why nothing of the bed is live; "" where it is."""
        trouble = link.trouble()
        if trouble:
            return trouble
        age_ms = self.age_ms(now_ms)
        if age_ms is None:
            return "nothing was heard of the bed"
        if link.state is None or self.session != link.state.session:
            return "the last values are of an earlier session"
        return f"nothing was heard for {LIVE_MS // 1000} s" if age_ms > LIVE_MS else ""


def waited_ms(expiry_left_s: int | None) -> int:
    """How long brokers have held a frame, by what is left of its expiry; a whole second at the most too much."""
    return 0 if expiry_left_s is None else max(0, FRAME_EXPIRY_S - expiry_left_s - 1) * 1000
