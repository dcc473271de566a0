"""The hospital's EHR and a device gateway: they send HL7 until it is acknowledged, and take what the ward sends.

Cut, they drop every connection and refuse new ones; hung, they accept everything and answer nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import count

from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.times import time_text

from tests.bus.brokers import free_port
from tests.chaos.storm.ghost import boot_ms
from tests.chaos.storm.servers import Troubled
from tests.chaos.storm.spans import Spans

AGAIN_S = 0.5
ANSWER_S = 12.0
IDLE_S = 0.05
ELSEWHERE_S, OBSERVED_S = 0.8, 1.0
ADT, ORU = "HIS", "GATEWAY"
FAR, FAR_MONITOR = "far", "MON7"


@dataclass
class Sent:
    """One message of theirs. answered_ms, code: of the positive answer; refusals: negative answers before it."""

    control_id: str
    app: str
    trigger: str
    first_ms: float
    bed: str = ""
    mrn: str = ""
    time: str = ""
    answered_ms: float | None = None
    code: str = ""
    refusals: list[str] = field(default_factory=list)


@dataclass
class Mail:
    """sent: theirs, by control id. taken: ours, by control id; differing: ids that came with other bytes later."""

    sent: dict[str, Sent] = field(default_factory=dict)
    taken: dict[str, bytes] = field(default_factory=dict)
    deliveries: Counter[str] = field(default_factory=Counter)
    differing: set[str] = field(default_factory=set)
    drained: bool = True
    troubles: Spans = field(default_factory=Spans)


class Ehr(Troubled):
    """ward_port: where the ward listens; port: where it sends to."""

    def __init__(self, mail: Mail) -> None:
        super().__init__("ehr", mail.troubles)
        self.mail, self.ward_port, self.port = mail, free_port(), free_port()
        self._numbers = count(1)
        self._waiting: dict[str, deque[tuple[Sent, bytes]]] = {ADT: deque(), ORU: deque()}
        self._up = asyncio.Event()
        self._up.set()
        self._hung = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def table(self, beds: list[str]) -> str:
        """Lines of the ward file."""
        places = "\n".join(f'"STORM^{bed}" = "{bed}"' for bed in [*beds, FAR])
        return f"""
[hl7]
application = "PUMPD"
[hl7.listen]
port = {self.ward_port}
[[hl7.peer]]
id = "his"
application = "{ADT}"
may = ["ADT"]
[[hl7.peer]]
id = "gateway"
application = "{ORU}"
may = ["ORU"]
[[hl7.send]]
id = "ehr"
url = "mllp://127.0.0.1:{self.port}"
messages = ["PCD-01", "PCD-04", "PCD-10", "RAS"]
interval = "10 s"
answer_within = "5 s"
[hl7.locations]
{places}

[[bed]]
id = "{FAR}"
label = "Far"
[[bed.monitor]]
id = "{FAR}-m1"
link = "hl7:{FAR_MONITOR}"
options = {{ interval_s = "1", signals = "spo2 pulse" }}
"""

    async def live(self) -> None:
        """Until cancelled: two senders, a receiver, and what an EHR says all day of people who are not here."""
        await self._listen()
        try:
            await asyncio.gather(self._lane(ADT), self._lane(ORU), self._all_day(), self._observe())
        finally:
            self._drop()

    # what they send

    def say(self, trigger: str, mrn: str, bed: str, *, weight_kg: float | None = None, prior: str = "") -> Sent:
        """ADT, in the order of these calls."""
        sent, now = self._new(ADT, trigger, bed, mrn)
        rows = [
            f"MSH|^~\\&|{ADT}|HOSP|PUMPD|HOSP|{now}||ADT^{trigger}|{sent.control_id}|P|2.6",
            f"EVN||{now}",
            f"PID|||{mrn}^^^HOSP^MR||Quill^Quentin||19560203|F",
            f"PV1||I|{_place(bed)}|||{_place(prior)}",
        ]
        if weight_kg is not None:
            rows.append(f"OBX|1|NM|29463-7^Body weight^LN||{weight_kg:g}|kg^kilogram^UCUM")
        self._waiting[ADT].append((sent, _bytes(rows)))
        return sent

    def _new(self, app: str, trigger: str, bed: str = "", mrn: str = "") -> tuple[Sent, str]:
        now = time_text(time.time_ns() // 1000)
        sent = Sent(f"{app[0]}{next(self._numbers)}", app, trigger, boot_ms(), bed, mrn, now)
        self.mail.sent[sent.control_id] = sent
        return sent, now

    async def _all_day(self) -> None:
        while True:
            await asyncio.sleep(ELSEWHERE_S)
            if not self._waiting[ADT]:  # a queue that only grows shows nothing more
                self.say("A01", f"ELSE-{next(self._numbers)}", "elsewhere")

    async def _observe(self) -> None:
        while True:
            await asyncio.sleep(OBSERVED_S)
            if self._waiting[ORU]:
                continue
            sent, now = self._new(ORU, "R01", FAR)
            rows = [
                f"MSH|^~\\&|{ORU}|HOSP|PUMPD|HOSP|{now}||ORU^R01^ORU_R01|{sent.control_id}|P|2.6",
                "PID|||",
                f"OBR|1||{sent.control_id}|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||{now}",
                f"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||{FAR_MONITOR}",
                "OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1|97|262688^MDC_DIM_PERCENT^MDC|||||R",
            ]
            self._waiting[ORU].append((sent, _bytes(rows)))

    async def _lane(self, app: str) -> None:
        """One message in flight; the first of the queue stays there until it is answered positively."""
        while True:
            await self._up.wait()
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await self._deliver(app)
            await asyncio.sleep(AGAIN_S)

    async def _deliver(self, app: str) -> None:
        """One after the other on one connection, until one is refused or the connection is lost."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ward_port)
        self._writers.add(writer)
        framer, waiting = MllpFramer(), self._waiting[app]
        try:
            while True:
                if not waiting:
                    await asyncio.sleep(IDLE_S)
                    continue
                sent, raw = waiting[0]
                async with asyncio.timeout(ANSWER_S):
                    writer.write(frame(raw))
                    await self._answered(sent, reader, framer)
                if not sent.code:
                    return
                waiting.popleft()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answered(self, sent: Sent, reader: asyncio.StreamReader, framer: MllpFramer) -> None:
        while True:
            data = await reader.read(65536)
            if not data:
                raise EOFError
            for raw in framer.feed(data):
                answer = read_message(raw) if isinstance(raw, bytes) else None
                if isinstance(answer, Message) and answer.get("MSA", 2) == sent.control_id:
                    code = answer.get("MSA", 1)
                    if code == "AA":
                        sent.code, sent.answered_ms = code, boot_ms()
                    else:
                        sent.refusals.append(answer.get("ERR", 8) or code)
                    return

    # what they take

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._take_all, "127.0.0.1", self.port)

    async def _take_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        framer = MllpFramer()
        try:
            while data := await reader.read(65536):
                for raw in framer.feed(data):
                    if isinstance(raw, bytes) and not self._hung:
                        writer.write(frame(self._take(raw)))
        except OSError:
            pass  # killed, or cut
        finally:
            self._writers.discard(writer)
            writer.close()

    def _take(self, raw: bytes) -> bytes:
        message = read_message(raw)
        assert isinstance(message, Message)
        name = message.control_id
        if self.mail.taken.setdefault(name, raw) != raw:
            self.mail.differing.add(name)
        self.mail.deliveries[name] += 1
        return f"MSH|^~\\&|EHR|H|PUMPD|H|20260101000000+0000||ACK|x|P|2.6\rMSA|CA|{name}\r".encode()

    # troubles

    async def cut(self, for_s: float) -> None:
        """Every connection at once, in the middle of whatever is on it."""
        async with self.trouble():
            self._up.clear()
            self._drop()
            await asyncio.sleep(for_s)
            await self._listen()
            self._up.set()

    async def hang(self, for_s: float) -> None:
        """It takes everything and answers nothing; its own senders are silent."""
        async with self.trouble():
            self._hung = True
            self._up.clear()
            await asyncio.sleep(for_s)
            self._hung = False
            for writer in tuple(self._writers):
                writer.transport.abort()
            self._up.set()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()


def _place(bed: str) -> str:
    return f"STORM^{bed}" if bed else ""


def _bytes(rows: list[str]) -> bytes:
    return "".join(f"{row}\r" for row in rows).encode()
