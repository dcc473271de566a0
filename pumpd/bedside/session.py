"""One device at one bed: its line, its driver, its timer. Facts go to the bed's inbox, orders to the line.

A driver is made anew for each connection. A driver that raises is a bug of ours: it is caught here, told as a
technical alarm, and started again; it never takes another device or bed with it.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from pumpd.bedside.driver_faults import DriverFaults
from pumpd.bedside.hearing import Hearing
from pumpd.bedside.leftovers import Leftovers
from pumpd.bedside.orders import not_given, settings_of
from pumpd.bedside.overheard import overheard
from pumpd.bedside.pieces import stops_nothing
from pumpd.bedside.recent import Recent
from pumpd.bedside.timer import DeadlineTimer
from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig, LinkTimes, ShellTimes
from pumpd.device import Driver, Out, PumpDriver, PumpOrder, ReadStatus, ReleaseControl
from pumpd.device.facts import (
    CommandOutcome,
    Outcome,
    PumpStatus,
    Send,
    SetLine,
    Unmapped,
    Vitals,
    Waveform,
)
from pumpd.links import Ear, Line, LinkError, Trouble, parse_link
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState, OrderSent
from pumpd.units import Ms

log = structlog.get_logger(__name__)
_FOR_THE_LINE = (Send, SetLine, Waveform, Unmapped)


class DeviceSession:
    """Made on the running loop; start() begins, close() hands control back and ends."""

    __slots__ = (
        "_aside", "_clock", "_closing", "_device", "_driver", "_faults", "_hear", "_hearing", "_in_doubt", "_judge",
        "_make", "_on_link", "_orders", "_post", "_post_soon", "_pump", "_shell", "_tap", "_urgent_sent",
        "driver", "frames", "heard_ms", "id", "kind", "line", "recent", "timer", "unmapped", "waves",
    )  # fmt: skip

    def __init__(
        self,
        device: DeviceConfig,
        driver: type[Driver],
        clock: Clock,
        post: Callable[[Event], object],
        *,
        links: LinkTimes,
        shell: ShellTimes,
        post_soon: Callable[[Event], object] | None = None,
        hear: Callable[[Heard, Ms], bool] | None = None,
        judge: Callable[[Event], object] | None = None,
        on_link: Callable[[], object] = lambda: None,
        ear: Ear | None = None,
        aside: Callable[[Unmapped | Waveform], object] = lambda fact: None,
    ) -> None:
        """on_link is called after the bed has been told of another state of the link: screens shall not wait for it.

        post_soon takes what stops no pump and need not be judged within this turn of the loop; hear what each frame
        says, with the present time, judge what hear gives back (it says False). Without them post takes all.
        ear hears what passes on the line; aside gets what the bed is not told of. Raises ValueError for a link that is
        none; the ward file's check has refused it before.
        """
        link = parse_link(device.link)
        if isinstance(link, LinkError):
            raise ValueError(link.message)
        self.id, self.kind, self.driver = device.id, device.info.kind, device.driver
        self._device = device
        self._make = driver
        self._clock = clock
        self._tap = link.receive_only
        self._post = post
        self._post_soon = post_soon or self._post
        self._hear, self._judge = hear or (lambda heard, now: False), judge or post
        self._on_link = on_link
        self._shell = shell
        self.recent = Recent(clock.now_ms)
        self.line = Line(
            link,
            device.info.line,
            links,
            on_bytes=self._on_bytes,
            on_state=self._on_state,
            ear=ear,
            on_sent=self.recent.sent,
        )
        self._driver: Driver | None = None
        self._pump: PumpDriver | None = None  # the same, if it takes commands: asked once, for asking takes long
        self.timer = DeadlineTimer(clock, self._deadline, self._tick)
        self._faults = DriverFaults(device, shell, clock, post=self._post, tell_link=self._tell_link, begin=self._begin)
        self._hearing = Hearing(self.id, self.line, links, self._faults, self._tell_link)
        self._closing, self._in_doubt, self._urgent_sent = False, False, 0  # in doubt: what comes next is listened to
        self._orders: dict[str, None] = {}
        self.unmapped, self._aside = Leftovers(), aside
        self.waves = self.frames = 0  # for /metrics; frames: believed vital signs and statuses; heard_ms: the last one
        self.heard_ms: int | None = None

    def start(self) -> None:
        """Begin to open the line; the first event is posted later, never from here. After close() nothing happens."""
        if not self._closing:
            self.line.start()

    async def close(self, hand_back: bool = True) -> None:
        """Clean exit: the driver's last bytes (control is handed back), then the line closes. The bed is not told.

        hand_back False: nothing is said, so that a pump with a lease stops by itself when the lease runs out.
        """
        self._closing = True
        driver = self._driver
        self._drop_driver()
        if driver is not None and hand_back:
            try:
                outs = driver.finish(self._clock.now_ms())
            except Exception:  # supervision boundary: a bug at its end must not keep other pumps from being handed back
                log.exception("driver failed at its end", device=self.id)
                outs = []
            for out in outs:
                if isinstance(out, Send):
                    self.line.write(out.data, urgent=out.urgent)
        await self.line.close(self._shell.drain_ms)

    def command(self, order: PumpOrder) -> list[Event]:
        """Bytes of the order leave before this returns; the answer's events are for a later turn of the loop."""
        pump = self._pump
        if self._tap:
            return not_given(self.id, order, "receive-only tap: nothing is ever sent on this line")
        if pump is None:
            down = self._driver is None
            return not_given(self.id, order, f"line down ({self.line.trouble})" if down else "no command exists")
        try:
            outs = pump.command(order, self._clock.now_ms())
        except Exception as error:  # noqa: BLE001 - supervision boundary: our bug must not stop other beds
            self._crash(error)
            return not_given(self.id, order, "driver failed", Outcome.UNKNOWN)
        given = True
        for out in outs:
            if isinstance(out, Send):
                self._urgent_sent += out.urgent
                given = self.line.write(out.data, urgent=out.urgent) and given
        self.timer.arm()
        return self._commanded(order, outs, given)

    def _commanded(self, order: PumpOrder, outs: list[Out], given: bool) -> list[Event]:
        """What became of an order whose bytes the line took, or did not take."""
        facts: list[Event] = [self._heard(out) for out in outs if not isinstance(out, _FOR_THE_LINE)]
        if not given:
            return [*facts, *not_given(self.id, order, "line takes no bytes")]
        if any(isinstance(out, CommandOutcome) and out.order_id == order.order_id for out in outs):
            return facts
        if not isinstance(order, ReadStatus | ReleaseControl):
            self._orders[order.order_id] = None
        return [OrderSent(self.id, order.order_id), *facts]

    # the line's side

    def _on_state(self, trouble: Trouble | None) -> None:
        if self._closing:
            return
        if trouble is None:
            self._begin()
        else:
            self._end(trouble)

    def _begin(self) -> None:
        if not self.line.up:
            return
        log.info("line up", device=self.id)
        self._hearing.begin()
        self._in_doubt = self._hearing.in_doubt
        self._tell_link(LinkChanged(self.id, LinkState.UP))
        try:
            driver = self._driver = self._make(settings_of(self._device, self._tap))
            self._pump = driver if isinstance(driver, PumpDriver) else None
            outs = driver.start(now := self._clock.now_ms())
        except Exception as error:  # noqa: BLE001 - supervision boundary, as in _on_bytes
            self._crash(error)
            return
        self._route(outs, now)
        self.timer.arm()

    def _end(self, trouble: Trouble) -> None:
        log.warning("line down", device=self.id, reason=str(trouble))
        self._drop_driver()
        orders, self._orders = self._orders, {}
        for order_id in orders:
            self._post(Heard(self.id, CommandOutcome(order_id, Outcome.UNKNOWN, f"line down ({trouble.reason})")))
        self._tell_link(LinkChanged(self.id, LinkState.DOWN, str(trouble)))

    def _drop_driver(self) -> None:
        self._driver = self._pump = None
        self.timer.cancel()
        self._faults.cancel()
        self._hearing.cancel()

    def _on_bytes(self, data: bytes) -> None:
        driver = self._driver
        if driver is None:
            return
        try:
            outs = driver.receive(data, now := self._clock.now_ms())
        except Exception as error:  # noqa: BLE001 - supervision boundary: our bug must not stop other devices
            self._crash(error)
            return
        remember = self.recent.add  # such an attribute, called on the spot, is looked up anew each time
        remember((now, data, outs))
        self._route(outs, now)
        try:
            due = driver.next_deadline()  # as _deadline: of every frame, spelled out
        except Exception as error:  # noqa: BLE001 - supervision boundary, as above
            self._crash(error)
            return
        timer = self.timer
        if due is not None and (due < timer.armed_ms or now >= timer.renew_ms) and self._driver is driver:
            timer.arm_at(due)

    # the driver's side

    def _deadline(self) -> Ms | None:
        if self._driver is None:
            return None
        try:
            return self._driver.next_deadline()
        except Exception as error:  # noqa: BLE001 - supervision boundary, as in _on_bytes
            self._crash(error)
            return None

    def _tick(self, due: Ms) -> None:
        assert self._driver is not None
        now = Ms(max(due, self._clock.now_ms()))
        try:
            outs = self._driver.tick(now)
        except Exception as error:  # noqa: BLE001 - supervision boundary, as in _on_bytes
            self._crash(error)
            return
        self._route(outs, now)

    def _route(self, outs: list[Out], now: Ms) -> None:
        urgent_before = self._urgent_sent
        for out in outs:
            if type(out) is Vitals or type(out) is PumpStatus:  # the frame of every second
                self.frames += 1
                if self._in_doubt:
                    self._listen(out)
                if self._tap and type(out) is PumpStatus and out.requested_ms is not None:
                    out = overheard(out)  # noqa: PLW2901
                hear, heard, self.heard_ms = self._hear, Heard(self.id, out), now
                if not hear(heard, now):
                    self._judge(heard)
            elif isinstance(out, Send):
                # A fact of this same list has just made the kernel stop the pump: what the driver had meant to send
                # is stale now, and a rate must not follow a stop. The driver treats it as unanswered.
                if out.urgent or self._urgent_sent == urgent_before:
                    self.line.write(out.data, urgent=out.urgent)
            elif isinstance(out, SetLine):
                self.line.set_baud(out.baud)
            elif isinstance(out, Unmapped):
                self._note(out)  # for the biomedical engineer; the kernel judges what has a row
            elif isinstance(out, Waveform):
                self.waves += 1  # drawn by a later page; the kernel judges numbers, not curves
                self._aside(out)
            else:
                self._listen(out)
                (self._post_soon if stops_nothing(out, self.kind) else self._post)(self._heard(out))

    def _note(self, fact: Unmapped) -> None:
        if self.unmapped.note(fact):
            log.info("unmapped tag", device=self.id, driver=self._device.driver, tag=fact.tag)  # no value: maybe a name
        self._aside(fact)

    def _heard(self, fact: Out) -> Heard:
        assert not isinstance(fact, _FOR_THE_LINE)
        if isinstance(fact, CommandOutcome):
            self._orders.pop(fact.order_id, None)
        return Heard(self.id, fact)

    def _listen(self, fact: Out) -> None:
        self._hearing.listen(fact)
        self._in_doubt = self._hearing.in_doubt

    def _tell_link(self, event: LinkChanged) -> None:
        self._post(event)
        self._on_link()

    def _crash(self, error: Exception) -> None:
        """A bug of ours: it must not take another device or bed with it."""
        self._drop_driver()
        self._faults.happened(error)
        self._in_doubt = True
