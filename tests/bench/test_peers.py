"""What other products are given to do is what ours does: a peer that was fed wrongly would be no measure."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench import growth_ward, hl7_node, node_peers, node_red_flow, node_red_peer
from tests.bench.farm import NUMERICS, STOP, asena
from tests.bench.growth_ward import Stand
from tests.bench.report import NotRun, Row
from tests.conftest import need

TOO_FAST = asena("INF^8002-00001^-^SET^700.00^ml/h^^1.000^ml^17.91^mmHg^24+^EVENT^1")
CALM = asena("INF^8002-00001^-^SET^7.00^ml/h^^1.000^ml^17.91^mmHg^24+^EVENT^1")
BROKEN = TOO_FAST.replace(b"700.00", b"900.00")
PLAY = """
const fs = require("node:fs");
const [code, bytes] = process.argv.slice(1);
const kept = {}, context = { set: (name, value) => { kept[name] = value; } };
const does = new Function("msg", "context", fs.readFileSync(code, "utf8"));
console.log(JSON.stringify([does({ payload: Buffer.from(bytes, "hex") }, context), kept.last ?? null]));
"""


def play(name: str, bytes_: bytes) -> tuple[object, object]:
    """What the function node sends on, and what it keeps."""
    node = shutil.which("node")
    need(node is not None, "node", "Debian package nodejs")
    assert node is not None
    command = [node, "-e", PLAY, str(node_red_flow.HERE / f"{name}.js"), bytes_.hex()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=node_peers.plain_environment())
    said, kept = json.loads(done.stdout)
    return said, kept


def test_node_red_stops_a_pump_that_is_too_fast_with_the_same_bytes_and_no_other() -> None:
    assert play("pump", TOO_FAST)[0] == {"payload": STOP.decode()}
    said, kept = play("pump", CALM)
    assert said is None
    assert kept == {"serial": "8002-00001", "mode": "SET", "rate": 7, "given": 1}


def test_node_red_believes_no_frame_whose_checksum_is_wrong() -> None:
    assert play("pump", BROKEN) == (None, None)
    assert play("monitor", NUMERICS[1:-1] + bytes([NUMERICS[-1] ^ 1]) + b"\x85") == (None, None)


def test_node_red_reads_the_monitor_s_values_of_a_frame_that_was_cut_at_the_next_one_s_first_byte() -> None:
    said, kept = play("monitor", NUMERICS[1:] + b"\x85")
    assert said is None
    assert kept == {"etco2": 38, "fico2": 0, "rr": 14, "spo2": 97, "pulse": 72}


def test_the_flow_has_a_line_for_every_device_and_an_output_for_every_pump(tmp_path: Path) -> None:
    settings = node_red_flow.write(tmp_path, 3, 1880)
    kinds = [node["type"] for node in json.loads((tmp_path / "flows.json").read_text())]
    count = {kind: kinds.count(kind) for kind in set(kinds)}
    assert count == {"tab": 1, "serial-port": 6, "serial in": 6, "function": 6, "serial out": 3}
    assert '"enabled": false' in settings.read_text()


def test_a_peer_that_is_not_here_is_said_to_be_so_and_nothing_is_fetched(tmp_path: Path) -> None:
    assert node_peers.node_with(tmp_path, install=False)[0] == ""
    assert not any(tmp_path.iterdir())


def test_the_peers_rows_say_why_they_did_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = ("", "not installed")
    for module, goal in ((node_red_peer, "G4"), (hl7_node, "peer")):
        monkeypatch.setattr(module, "node_with", lambda *_, **__: absent)
        [row] = module.run()
        assert isinstance(row, NotRun)
        assert (row.goal, row.why) == (goal, "not installed")


def stand(share: float = 1.0) -> Stand:
    return Stand(2.0, 3.0, 300.0, 120.0, 10.0, 350.0, share)


def test_growth_stops_where_frames_are_lost_and_says_how_far_it_got(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {1: stand(), 10: stand(), 100: stand(0.9)}
    monkeypatch.setattr(growth_ward, "_both", lambda beds, _: (seen[beds], stand()))
    found = list(growth_ward.run((1, 10, 100, 1000)))
    assert {row.beds for row in found if isinstance(row, Row)} == {1, 10, 100}
    assert found[-1] == NotRun(
        "growth",
        "whole daemon, more than 100 beds",
        "got as far as 10 beds: at 100 only 90.0 % of the frames were believed",
    )


def test_growth_stops_where_a_ward_does_not_stand_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(beds: int, _: float) -> tuple[Stand, Stand]:
        if beds > 1:
            raise OSError("no more pseudo-terminals")
        return stand(), stand()

    monkeypatch.setattr(growth_ward, "_both", both)
    found = list(growth_ward.run((1, 10, 100)))
    assert found[-1] == NotRun("growth", "whole daemon, 10 beds", "got as far as 1 beds: no more pseudo-terminals")
