"""A B. Braun rack on a line, and the blocks that it sends."""

from __future__ import annotations

from pumpd_drivers.bbraun_space_bcc import BBraunSpaceBcc
from pumpd_drivers.bbraun_space_bcc_wire import request

from pumpd.device import DeviceSettings, PumpStatus
from pumpd.sim.devices.bbraun_space_bcc import BBraunSpaceBccSim, encoded
from tests.drivers.virtual import Mute, VirtualLine

BED = "ComSystem/1/1"
ACK, NAK = b"\x06", b"\x15"
GET = request(BED.encode(), "MEM:GET", stuffed=False)
RUNNING = ("INRT,5.00", "INVI,12.3", "INM3,1", "INSERNUM,40864")


def rack(slot: str | None = None, poll_ms: int | None = None, **more: object) -> VirtualLine:
    sim = BBraunSpaceBccSim()
    for name, value in more.items():
        setattr(sim, name, value)
    options = {} if slot is None else {"slot": slot}
    return VirtualLine(BBraunSpaceBcc(DeviceSettings("p1", poll_ms=poll_ms, options=options)), sim)


def silent_rack() -> VirtualLine:
    """A rack that has told its bed and then waits for what the test says."""
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1")), Mute())
    line.hear(block("1,50100,GNACK,0"))
    line.run_until(600)
    return line


def block(*quads: str, last: bool = True) -> bytes:
    return encoded(BED, "\x1e".join(quads), last, stuffed=False)


def pump(*values: str, slot: str = "13", last: bool = True) -> bytes:
    return block(*(f"7,501{slot},{value}" for value in values), last=last)


def status(*values: str) -> PumpStatus:
    line = silent_rack()
    line.hear(pump(*values))
    return line.of(PumpStatus)[-1]
