"""The mechanics of a simulated syringe pump: what moves, what stops it, what alarms. Sans-IO, exact.

Volume is kept in "µL/h x ms" integers (3,600,000 of them are one microlitre), so that any sequence of
rates and reading times adds up exactly and independently of how often somebody looks.

Alarm names are those of the Alaris Asena code list; their meanings are inferred from the mnemonics.
"""

from __future__ import annotations

UNITS_PER_UL = 3_600_000
OCCLUSION_UL = 50  # fluid that a blocked line takes up before the pressure alarm (a compliance we chose)
NEAR_END_MS = 5 * 60_000  # near-end-of-infusion warning, a common default of syringe pumps
BASE_PRESSURE_CMMHG = 1791  # 17.91 mmHg: the running template's pressure
OCCLUSION_PRESSURE_CMMHG = 53015  # 530.15 mmHg: the captured occlusion frame's pressure

OCCLUSION = "AL_OCCLU"
NEAR_END = "AL_NEOIN"
END_STOPPED = "AL_EOIST"
COMMS_TIMEOUT = "AL_COMTO"
VTBI_DONE = "AL_VTBIS"
SEVERITY = (OCCLUSION, END_STOPPED, COMMS_TIMEOUT, VTBI_DONE, NEAR_END)


class SyringePump:
    """State that integrates itself up to `now_ms` at every `advance`; nothing moves between calls."""

    def __init__(self, now_ms: int = 0, syringe_ul: int = 50_000) -> None:
        self.now_ms = now_ms
        self.syringe_ul = syringe_ul
        self.rate_ul_h = 0
        self.infusing = False
        self.lease_until_ms: int | None = None
        self.alarms: set[str] = set()
        self._counted = 0
        self._left = syringe_ul * UNITS_PER_UL
        self._reached_patient = 0
        self._squeezed = 0
        self._vtbi_left: int | None = None
        self._occluded = False

    def advance(self, now_ms: int) -> None:
        """Integrate up to now_ms; a lease that lapsed on the way holds the pump at the moment it lapsed."""
        if now_ms <= self.now_ms:
            return
        lapse_ms = self.lease_until_ms
        if lapse_ms is not None and now_ms > lapse_ms:
            self._integrate(max(lapse_ms, self.now_ms))
            self.lease_until_ms = None
            self._stop_with(COMMS_TIMEOUT)
        self._integrate(now_ms)
        self._watch_near_end()

    def _integrate(self, until_ms: int) -> None:
        span_ms, self.now_ms = until_ms - self.now_ms, until_ms
        if not self.infusing:
            return
        wanted = self.rate_ul_h * span_ms
        room, reason = min(self._rooms())
        self._move(min(wanted, room))
        if wanted >= room:
            self._stop_with(reason)

    def _rooms(self) -> list[tuple[int, str]]:
        """How far the plunger can still go, and the alarm that waits there."""
        rooms = [(self._left, END_STOPPED)]
        if self._occluded:
            rooms.append((OCCLUSION_UL * UNITS_PER_UL - self._squeezed, OCCLUSION))
        if self._vtbi_left is not None:
            rooms.append((self._vtbi_left, VTBI_DONE))
        return rooms

    def _move(self, units: int) -> None:
        self._left -= units
        self._counted += units
        if self._occluded:
            self._squeezed += units
        else:
            self._reached_patient += units
        if self._vtbi_left is not None:
            self._vtbi_left -= units

    def _stop_with(self, alarm: str) -> None:
        self.infusing = False
        self.alarms.add(alarm)

    def _watch_near_end(self) -> None:
        near = self.infusing and self._left < self.rate_ul_h * NEAR_END_MS
        (self.alarms.add if near else self.alarms.discard)(NEAR_END)

    def start(self) -> bool:
        """Infuse at the set rate and forget old alarms; False when there is nothing to infuse or no rate."""
        if self.rate_ul_h <= 0 or self._left <= 0:
            return False
        if self._vtbi_left == 0:
            self._vtbi_left = None
        self.alarms.clear()
        self.infusing = True
        self._watch_near_end()
        return True

    def hold(self) -> None:
        self.infusing = False
        self.alarms.discard(NEAR_END)

    def set_rate(self, rate_ul_h: int) -> None:
        self.rate_ul_h = rate_ul_h
        self._watch_near_end()

    def set_vtbi(self, volume_ul: int | None) -> None:
        """Stop after this volume; None lifts the limit."""
        self._vtbi_left = None if volume_ul is None else volume_ul * UNITS_PER_UL

    @property
    def vtbi_left_ul(self) -> int | None:
        return None if self._vtbi_left is None else self._vtbi_left // UNITS_PER_UL

    def clear_volume(self) -> None:
        """The counter that the display shows; the syringe does not refill."""
        self._counted = 0

    def new_syringe(self) -> None:
        """A full syringe; the pump holds until started."""
        self.hold()
        self._left = self.syringe_ul * UNITS_PER_UL
        self.alarms.clear()

    def bolus(self, volume_ul: int) -> None:
        """A bolus key: so much at once, or what still goes, on top of the rate and in no status of it."""
        room, _ = min(self._rooms())
        self._move(min(volume_ul * UNITS_PER_UL, room))

    def power_on_state(self) -> None:
        """What a power cycle leaves: on hold, no rate, counter at zero, no lease (assumption)."""
        self.hold()
        self.rate_ul_h = 0
        self.clear_volume()
        self.alarms.clear()
        self.lease_until_ms = None
        self._vtbi_left = None

    def occlude(self, blocked: bool) -> None:
        """Block or free the line; freeing it sends the fluid under pressure on to the patient."""
        if self._occluded and not blocked:
            self._reached_patient += self._squeezed
            self._squeezed = 0
        self._occluded = blocked

    @property
    def top_alarm(self) -> str | None:
        """The most severe active alarm."""
        return next((code for code in SEVERITY if code in self.alarms), None)

    @property
    def counted_ul(self) -> int:
        """The pump's own volume counter."""
        return self._counted // UNITS_PER_UL

    @property
    def reached_patient_units(self) -> int:
        """All that ever reached the patient, in 1/3,600,000 µL; never reset."""
        return self._reached_patient

    @property
    def pushed_units(self) -> int:
        """All that ever left the syringe, in 1/3,600,000 µL: also what a blocked line still holds back; never reset."""
        return self._reached_patient + self._squeezed

    @property
    def left_ul(self) -> int:
        return self._left // UNITS_PER_UL

    @property
    def pressure_cmmhg(self) -> int:
        """Line pressure in hundredths of mmHg."""
        span = OCCLUSION_PRESSURE_CMMHG - BASE_PRESSURE_CMMHG
        return BASE_PRESSURE_CMMHG + span * self._squeezed // (OCCLUSION_UL * UNITS_PER_UL)

    @property
    def time_left_s(self) -> int | None:
        """Seconds to the end of the syringe at the set rate; None without a rate."""
        return self._left // self.rate_ul_h // 1000 if self.rate_ul_h else None
