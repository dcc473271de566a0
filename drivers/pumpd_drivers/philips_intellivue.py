"""Driver of Philips IntelliVue monitors over the MIB/RS232 port ("Data Out"). No I/O, no clock: bytes in, facts out.

An association is requested until it is accepted; the monitor then says who it is (MDS-create) and waits for the answer.
From then on one extended poll asks for numerics each second, renewed in time, or single polls where it is refused or
unanswered; alerts are polled every ALERTS_MS, which also keeps the association alive. Data are believed whoever asked
for them, so that a receive-only tap hears them too.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.device import (
    DeviceSettings,
    DriverInfo,
    Garbled,
    Integrity,
    Kind,
    Line,
    Origin,
    Out,
    Quality,
    Reading,
    Send,
    SetLine,
    Silent,
    Vitals,
)
from pumpd.device.framing import garbled
from pumpd.device.options import DriverOption
from pumpd.device.rate_source import BY_IMPEDANCE, RATE, is_by_impedance
from pumpd.device.saying import Sayings
from pumpd.units import Ms
from pumpd_drivers import philips_intellivue_alerts as alerts
from pumpd_drivers import philips_intellivue_parse as parse
from pumpd_drivers import philips_intellivue_tables as table
from pumpd_drivers import philips_intellivue_wire as wire
from pumpd_drivers.philips_intellivue_parse import Malformed, Operation, Polled
from pumpd_drivers.philips_intellivue_values import Chains, Values

ASSOCIATE_MS = 2000  # between association requests, as mdpnp's
REFUSED_MS = 11_000  # ours: after a second refusal in a row; a monitor drops a client that is silent for 10 s
REQUESTS_PER_BAUD = 3  # ours: unanswered requests until the next speed is tried
NUMERICS_MS = 1000  # a monitor answers one poll of each kind a second
ALERTS_MS = 2000  # ours: within the association's time-out of 10 s
RENEW_MS = wire.PERIODIC_MS // 2  # ours
MISSING_MS = 3000  # ours: numerics that do not come are asked for again after that
PATIENCE_MS = 5000  # silence after which mdpnp associates anew
PERIODIC_TRIES = 2  # ours: unanswered extended polls until single polls are sent instead
PRODUCT_TRIES = 3  # ours: how often the serial number is asked for
IDLE, ASKED, ACCEPTED, READY = range(4)
POLL_OPTION = DriverOption(
    "poll", "periodic|single", "periodic", "numerics by one extended poll, or by a poll each second"
)


class PhilipsIntellivue:
    """One monitor."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="philips_intellivue",
        vendor="Philips",
        model="IntelliVue MP/MX (MIB/RS232)",
        kind=Kind.MONITOR,
        line=Line(bauds=(115_200, 19_200)),
        integrity=Integrity.CRC16,
        poll_ms=NUMERICS_MS,
        quiet_ms=PATIENCE_MS,
        signals=(*table.SIGNAL_OF.values(), "no_breath"),
        origins=(("rr", Origin.CO2), ("rr_imp", Origin.IMPEDANCE), ("etco2", Origin.CO2), ("hr", Origin.ECG)),
        sources=(
            "mdpnp intellivue (BSD-2)",
            "mindleaving/patient-monitor-datalogger (MIT)",
            "LNhealth ivueparser (BSD-3)",
        ),
        needs_asking=True,
        probe_bytes=(wire.ASSOCIATION_REQUEST, wire.RELEASE_REQUEST),
        options=(POLL_OPTION, RATE),
        instead=(BY_IMPEDANCE,),
    )

    def __init__(self, settings: DeviceSettings) -> None:
        baud = settings.options.get("baud", "auto")
        self._bauds = (int(baud),) if baud.isdecimal() and baud.isascii() else self.info.line.bauds
        self._periodic = POLL_OPTION.of(settings.options) == "periodic"
        self._framer = wire.framer()
        self._said = Sayings()
        self._chains = Chains()
        self._values = Values(self._said, impedance=is_by_impedance(settings.options))
        self._model: str | None = None
        self._serial: str | None = None
        self._software: str | None = None
        self._baud_at = self._unanswered = self._refusals = self._ignored = self._product_asked = 0
        self._least_ms = 0
        self._phase = IDLE
        self._associate_ms = self._given_up_ms = self._quiet_ms = Ms(0)
        self._numerics_ms = self._renew_ms = self._alerts_ms = Ms(0)
        self._silent, self._detail = False, "nothing heard"

    def start(self, now: Ms) -> list[Out]:
        """The first association request, at the configured speed where there is one."""
        self._quiet_ms = Ms(now + PATIENCE_MS)
        fixed = self._bauds != self.info.line.bauds
        return [*([SetLine(self._bauds[0])] if fixed else []), *self._associate(now)]

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        out: list[Out] = []
        for part in self._framer.feed(data):
            if isinstance(part, Garbled):
                out.append(part)
                continue
            try:
                out += self._hear(part[4:-2], now)
            except Malformed as error:
                out.append(garbled(str(error), part))
        return out

    def tick(self, now: Ms) -> list[Out]:
        out: list[Out] = []
        if now >= self._quiet_ms:
            out += self._fall_silent(now)
        if self._phase in (ACCEPTED, READY) and now >= self._given_up_ms:
            self._lose(now, "nothing heard")
        if self._phase in (IDLE, ASKED):
            return out + (self._associate(now) if now >= self._associate_ms else [])
        return out + (self._polls(now) if self._phase == READY else [])

    def next_deadline(self) -> Ms | None:
        dues = [self._quiet_ms, self._associate_ms if self._phase in (IDLE, ASKED) else self._given_up_ms]
        if self._phase == READY:
            dues += [self._numerics_ms, self._alerts_ms]
        return min(dues)

    def finish(self, now: Ms) -> list[Out]:
        """Release the association: the port is free for another client at once."""
        return [Send(wire.RELEASE_REQUEST)]

    # --- association ------------------------------------------------------------------------------------------

    def _associate(self, now: Ms) -> list[Out]:
        """An association request, at the next speed where several were unanswered at this one."""
        out: list[Out] = []
        if self._unanswered == REQUESTS_PER_BAUD and len(self._bauds) > 1:
            self._unanswered, self._baud_at = 0, (self._baud_at + 1) % len(self._bauds)
            out.append(SetLine(self._bauds[self._baud_at]))
        self._unanswered += 1
        self._phase, self._associate_ms = ASKED, Ms(now + ASSOCIATE_MS)
        return [*out, Send(wire.ASSOCIATION_REQUEST)]

    def _lose(self, again_ms: int, detail: str) -> None:
        """There is no association any more."""
        self._phase, self._associate_ms, self._detail = IDLE, Ms(again_ms), detail

    def _fall_silent(self, now: Ms) -> list[Out]:
        self._quiet_ms = Ms(now + self._patience_ms)
        if self._silent:
            return []
        self._silent = True
        return [Silent(self._detail)]

    @property
    def _patience_ms(self) -> int:
        return max(PATIENCE_MS, 3 * self._least_ms)

    def _hear(self, user: bytes, now: Ms) -> list[Out]:
        """One message with a right FCS. Raises Malformed."""
        kind = user[0] if user else -1
        if kind == wire.DATA:
            return self._operation(parse.operation(user), now)
        if kind in _FROM_MONITOR:
            self._unanswered = 0
        if kind == wire.ACCEPTED:
            self._accept(user, now)
        elif kind == wire.REFUSED:
            return self._refused(now)
        elif kind in (wire.ABORTED, wire.RELEASED, wire.RELEASE):
            self._lose(now + ASSOCIATE_MS, "the monitor ended the association")
            return [Send(wire.RELEASE_ANSWER)] if kind == wire.RELEASE else []
        return []

    def _refused(self, now: Ms) -> list[Out]:
        """It may hold an association of ours from before: end that first; a second refusal is waited out."""
        self._refusals += 1
        first = self._refusals == 1
        self._lose(now + (ASSOCIATE_MS if first else REFUSED_MS), "the monitor refuses the association")
        return [Send(wire.RELEASE_REQUEST)] if first else []

    def _accept(self, user: bytes, now: Ms) -> None:
        self._refusals = 0
        if self._phase != READY:
            self._phase, self._given_up_ms = ACCEPTED, Ms(now + PATIENCE_MS)
        granted = parse.granted(user)
        self._least_ms = granted.least_ms
        self._periodic = self._periodic and granted.periodic

    # --- data export ------------------------------------------------------------------------------------------

    def _operation(self, op: Operation, now: Ms) -> list[Out]:
        if op.kind == wire.INVOKE and op.command == wire.CONFIRMED_EVENT:
            return self._event(op, now)
        if op.kind == wire.ERROR:
            if op.invoke == wire.PERIODIC_ID and self._periodic:
                self._periodic, self._numerics_ms = False, now
            return []
        if op.kind not in (wire.RESULT, wire.LINKED) or op.command != wire.ACTION:
            return []
        polled = parse.polled(op)
        if polled is None:
            return []
        self._given_up_ms = Ms(now + self._patience_ms)
        parts, intact = self._chains.add(op, polled)
        return self._result(parts, intact, now) if parts else []

    def _event(self, op: Operation, now: Ms) -> list[Out]:
        """MDS-create: who the monitor is; it waits for the answer. Any other event is none of ours."""
        created = parse.created(op)
        if created is None:
            return []
        self._phase, self._unanswered = READY, 0
        self._given_up_ms = Ms(now + self._patience_ms)
        self._values.reference = created.reference
        self._numerics_ms = self._alerts_ms = now
        out: list[Out] = [Send(wire.created_answer(op.invoke, created.object_and_time))]
        told = dict(created.pairs)
        self._model = alerts.model_of(told[alerts.MODEL]) if alerts.MODEL in told else self._model
        out += self._product(told[alerts.PRODUCT]) if alerts.PRODUCT in told else self._identify()
        return out + self._polls(now)

    def _polls(self, now: Ms) -> list[Out]:
        """What is to be asked now."""
        out: list[Out] = []
        if now >= self._numerics_ms:
            out.append(Send(self._ask_numerics(now)))
        if now >= self._alerts_ms:
            self._alerts_ms = Ms(now + max(ALERTS_MS, self._least_ms))
            out.append(Send(wire.POLL_ALERTS))
            if self._product_asked < PRODUCT_TRIES:
                self._product_asked += 1
                out.append(Send(wire.POLL_PRODUCT))
        return out

    def _ask_numerics(self, now: Ms) -> bytes:
        """The extended poll as long as the monitor follows it, else a single one each second."""
        self._renew_ms = Ms(now + RENEW_MS)
        self._periodic = self._periodic and self._ignored < PERIODIC_TRIES
        if not self._periodic:
            self._numerics_ms = Ms(now + max(NUMERICS_MS, self._least_ms))
            return wire.POLL_NUMERICS
        self._ignored += 1
        self._numerics_ms = Ms(now + MISSING_MS)
        return wire.POLL_PERIODIC

    def _result(self, parts: list[Polled], intact: bool, now: Ms) -> list[Out]:
        """A complete poll result. A set of alerts with a part missing is no set."""
        kind = (parts[0].objects, parts[0].group)
        if kind in ((wire.NUMERICS, wire.GROUP_VALUES), (wire.NUMERICS, 0)):
            return self._numerics(parts, now)
        observations = [pairs for part in parts for pairs in part.observations]
        if kind == (wire.ALERTS, wire.GROUP_ALERTS) and intact:
            found = alerts.alerts(observations)
            return [] if found is None else [*self._said.alarms(found.alarms, now), *self._flagged(found.no_breath)]
        if kind == (wire.MDS, wire.GROUP_PRODUCT):
            told = (value for pairs in observations for name, value in pairs if name == alerts.PRODUCT)
            return [fact for value in told for fact in self._product(value)]
        return []

    def _flagged(self, no_breath: bool) -> list[Out]:
        """The monitor's own apnoea alarm as a sign: yes, no, or not known while it sees no breath at all."""
        if no_breath:
            sign = Reading("no_breath", 1000)
        elif self._values.breathing is None:
            return []
        else:
            known = self._values.breathing is Quality.OK
            sign = Reading("no_breath", 0 if known else None, self._values.breathing)
        return [Vitals((sign,), None, Integrity.CRC16)]

    def _numerics(self, parts: list[Polled], now: Ms) -> list[Out]:
        out = self._values.vitals(parts)
        self._silent, self._detail, self._ignored = False, "nothing heard", 0
        self._quiet_ms = Ms(now + self._patience_ms)
        if self._periodic:
            self._numerics_ms = Ms(min(self._renew_ms, now + MISSING_MS))
        return out

    def _product(self, value: bytes) -> list[Out]:
        """Serial number and software, said with the model when they are new."""
        told = alerts.product_of(value)
        self._serial = told.get(alerts.SERIAL_NUMBER, self._serial)
        self._software = told.get(alerts.SOFTWARE, self._software)
        if self._serial:
            self._product_asked = PRODUCT_TRIES
        return self._identify()

    def _identify(self) -> list[Out]:
        return [*self._said.identity(self._model, self._serial, self._software)]


_FROM_MONITOR = (wire.ACCEPTED, wire.REFUSED, wire.ABORTED, wire.RELEASED)
