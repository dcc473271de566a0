"""One device's session: connections, silence, and a driver with a bug."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.bedside.leftovers import LONGEST, MOST, Leftovers
from pumpd.device import Identity, Unmapped
from pumpd.safety.events import LinkChanged, LinkState, SelfFault
from tests.bedside.parts import Bench, PlainPump
from tests.links.ends import PtyEnd


def states(bench: Bench) -> list[LinkState]:
    return [event.state for event in bench.kernel.events if isinstance(event, LinkChanged)]


async def test_each_connection_gets_a_new_driver_and_the_bed_hears_of_it(bench: Bench) -> None:
    made = PlainPump.made
    bench.end.unplug()
    await bench.kernel.until(lambda: states(bench).count(LinkState.DOWN) == 2)
    bench.end.plug()
    bench.wire = b""
    await bench.arrived(b"hello,")
    assert PlainPump.made == made + 1
    assert states(bench) == [LinkState.UP, LinkState.DOWN, LinkState.DOWN, LinkState.UP]
    details = [e.detail.partition(":")[0] for e in bench.kernel.events if isinstance(e, LinkChanged)]
    assert details == ["", "unplugged", "absent", ""]


async def test_a_silent_device_is_shown_silent_and_up_again_with_the_first_believable_fact(bench: Bench) -> None:
    bench.end.send(b"silent,silent,")
    await bench.kernel.until(lambda: LinkState.SILENT in states(bench))
    bench.end.send(b"here again,")
    await bench.kernel.until(lambda: bench.kernel.heard(Identity))
    assert states(bench) == [LinkState.UP, LinkState.SILENT, LinkState.UP]
    assert isinstance(bench.kernel.events[-2], LinkChanged)


async def test_a_tcp_link_that_stays_silent_is_connected_anew(end: PtyEnd) -> None:
    connections: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connections.put(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    bench = Bench(end, link=f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    first = await connections.get()
    first.write(b"silent,")
    second = await connections.get()
    await bench.kernel.until(lambda: states(bench)[-1:] == [LinkState.UP] and len(states(bench)) > 1)
    assert states(bench)[:4] == [LinkState.UP, LinkState.SILENT, LinkState.DOWN, LinkState.UP]
    await bench.close()
    for writer in (first, second):
        writer.close()
    server.close()


async def test_a_driver_with_a_bug_is_started_again_and_says_so_until_it_hears_something(bench: Bench) -> None:
    made = PlainPump.made
    bench.wire = b""
    bench.end.send(b"boom,")
    await bench.arrived(b"hello,")
    assert PlainPump.made == made + 1
    assert bench.kernel.of(SelfFault) == [
        SelfFault("driver_failed_p1", "p1: driver failed (plain: RuntimeError), started again", active=True)
    ]
    bench.end.send(b"well,")
    await bench.kernel.until(lambda: len(bench.kernel.of(SelfFault)) == 2)
    assert bench.kernel.of(SelfFault)[1] == SelfFault("driver_failed_p1", "p1: driver runs again", active=False)
    assert states(bench) == [LinkState.UP, LinkState.DOWN, LinkState.UP]


@pytest.mark.req("INT-06")
async def test_a_clean_exit_lets_the_driver_say_goodbye_and_does_not_alarm_the_bed(bench: Bench) -> None:
    before = list(bench.kernel.events)
    await bench.session.close()
    assert bench.look().endswith(b"bye,")
    assert bench.kernel.events == before


async def test_a_tag_that_no_row_maps_is_counted_and_listed_but_neither_judged_nor_kept(bench: Bench) -> None:
    bench.end.send(b"tag PVI,tag DESAT,tag PVI,well,")
    await bench.kernel.until(lambda: bench.kernel.heard(Identity))
    assert [(one.tag, one.count, one.value) for one in bench.session.unmapped] == [("PVI", 2, "7"), ("DESAT", 1, "7")]
    assert not bench.kernel.heard(Unmapped)


def test_a_device_that_invents_tags_without_end_fills_no_memory() -> None:
    kept = Leftovers()
    for number in range(MOST + 5):
        kept.note(Unmapped("x" * 1000 + str(number) if number == 0 else f"t{number}", "v" * 1000))
    assert (len(kept), kept.more) == (MOST, 5)
    assert max(len(one.tag) + len(one.value) for one in kept) == 2 * LONGEST
