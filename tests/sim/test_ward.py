"""The simulated ward: beds, devices, scenarios, ward file."""

import asyncio
import itertools
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.sim import ACTIONS, CATALOG, SCENARIOS, Act, SimWard, simulate_device
from pumpd.sim.asena_frame import frame
from pumpd.sim.bed import CONC_MG_ML

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
async def start(tmp_path):
    wards: list[SimWard] = []

    async def _start(**options) -> SimWard:
        wards.append(await SimWard.start(folder=tmp_path / "links", **options))
        return wards[-1]

    yield _start
    for ward in wards:
        await ward.close()


async def _played(ward: SimWard, acts: int) -> None:
    """Until so many acts of the script have happened."""
    done: asyncio.Queue[Act] = asyncio.Queue()
    ward.on_act = done.put_nowait
    ward.play()
    for _ in range(acts):
        await done.get()


def _dose_mg_kg_h(bed) -> float:
    return bed.pump.pump.rate_ul_h / 1000 * CONC_MG_ML / bed.patient.weight_kg


async def test_a_ward_has_running_infusions_at_usual_doses_on_both_kinds_of_links(start):
    ward = await start()
    assert [device.id for device in ward.devices[:3]] == ["demo-01-p1", "demo-01-m1", "demo-02-p1"]
    assert len({device.link for device in ward.devices}) == 8
    assert {device.link.partition(":")[0] for device in ward.devices} == {"serial", "socket"}
    for bed in ward.beds:
        assert bed.pump.pump.infusing
        assert 0.09 <= _dose_mg_kg_h(bed) <= 0.3


async def test_closing_leaves_nothing_behind(start, tmp_path):
    ward = await start()
    await ward.close()
    assert list((tmp_path / "links").iterdir()) == []


async def test_given_serials_are_the_pumps(start):
    ward = await start(beds=2, serials=["8002-00001"])
    assert [bed.pump.serial for bed in ward.beds] == ["8002-00001", "8002-51741"]


async def test_overspeed_keys_a_dose_above_the_hard_ceiling_at_bed_one_only(start):
    ward = await start(scenario="overspeed", pace=0.002, play=False)
    before = [bed.pump.pump.rate_ul_h for bed in ward.beds]
    await _played(ward, 1)
    assert ward.beds[0].pump.pump.rate_ul_h == before[0] * 10
    assert _dose_mg_kg_h(ward.beds[0]) > 1.0
    assert [bed.pump.pump.rate_ul_h for bed in ward.beds[1:]] == before[1:]


async def test_stop_ignored_is_overspeed_with_a_pump_that_only_says_it_stops(start):
    ward = await start(scenario="stop-ignored", pace=0.002, play=False)
    pump = ward.beds[0].pump
    await _played(ward, 2)
    assert _dose_mg_kg_h(ward.beds[0]) > 1.0
    pump.receive(frame("REMOTE_CTRL^ENABLED^3CC1"), ward.beds[0].now_ms())
    assert pump.receive(frame("INF_STOP"), ward.beds[0].now_ms()) == frame("INF_STOP")
    assert pump.pump.infusing


async def test_the_cable_scenario_unplugs_two_devices_and_plugs_them_in_again(start):
    ward = await start(scenario="cable", pace=0.001, play=False)
    ends = [ward.beds[1].monitor_line.endpoint, ward.beds[2].pump_line.endpoint]
    seen: list[int] = []
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_act(_: Act) -> None:
        seen.append(sum(end.plugged for end in ends))
        if len(seen) == 4:
            done.set_result(None)

    ward.on_act = on_act
    ward.play()
    await done
    assert seen == [1, 0, 1, 2]
    assert all(line.endpoint.plugged for bed in ward.beds for line in (bed.pump_line, bed.monitor_line))


@pytest.mark.parametrize(("scenario", "low", "high"), [("bradypnoea", 3, 6.5), ("apnoea", 0, 0)])
async def test_a_breathing_scenario_reaches_its_rate_within_half_a_minute(start, scenario, low, high):
    ward = await start(scenario=scenario, play=False)
    for act in SCENARIOS[scenario].acts:
        ward.beds[act.bed - 1].act(act.action)
    for _ in range(25):
        ward.beds[0].patient.step(1.0)
    assert low <= ward.beds[0].patient.rr <= high
    assert ward.beds[1].patient.rr > 10


async def test_what_the_pump_delivers_reaches_the_patient(start):
    bed = (await start(beds=1)).beds[0]
    later_ms = bed.now_ms() + 600_000
    bed.clock = SimpleNamespace(now_ms=lambda: later_ms)
    bed.step()
    given_mg = _dose_mg_kg_h(bed) * bed.patient.weight_kg / 6
    assert bed.patient.ketamine_ng_ml == pytest.approx(given_mg / (2 * bed.patient.weight_kg) * 1000, rel=0.1)


async def test_the_ward_file_is_toml_that_names_every_device(start, tmp_path):
    ward = await start(beds=3)
    text = ward.ward_toml(
        port=8099,
        journal_url="sqlite+aiosqlite:///x.db",
        library=tmp_path / "a b" / "library.toml",
        protocol=Path("/p.toml"),
        alarms=Path("/a.toml"),
    )
    file = tomllib.loads(text)
    assert file["server"] == {"host": "127.0.0.1", "port": 8099}
    assert file["library"]["file"] == str(tmp_path / "a b" / "library.toml")
    assert [bed["pump"][0]["link"] for bed in file["bed"]] == [d.link for d in ward.devices if d.kind == "pump"]
    assert file["bed"][0]["pump"][0] | {"link": ""} == {
        "id": "demo-01-p1",
        "driver": "alaris_asena",
        "link": "",
        "serial": "8002-51740",
        "drug": "ketamine",
        "concentration": "1 mg/mL",
        "enforcement": "stop",
    }
    assert file["bed"][0]["patient"]["weight_kg"] == 72


async def test_a_bed_may_have_any_pump_and_monitor_and_the_ward_file_says_what_they_allow(start, tmp_path):
    pumps, monitors = ([name for name, m in CATALOG.items() if m.kind == kind] for kind in ("pump", "monitor"))
    models = list(zip(pumps, itertools.cycle(monitors), strict=False))
    ward = await start(beds=len(models) + 1, models=models)
    path = tmp_path / "ward.toml"
    path.write_text(
        ward.ward_toml(
            port=8099,
            journal_url="sqlite+aiosqlite:///x.db",
            library=CONFIG / "drug_library.toml",
            protocol=CONFIG / "protocols" / "ldk.toml",
            alarms=CONFIG / "alarms" / "adult.toml",
        )
    )
    config = load_ward(path)
    assert isinstance(config, WardConfig), config
    for bed, (pump, monitor) in zip(config.beds, [*models, models[0]], strict=True):
        assert [device.driver for device in bed.devices] == [pump, monitor]
        can = bed.devices[0].info.pump
        assert bed.devices[0].control == (can.can_stop and can.can_read_back)
    serials = [device.serial for bed in config.beds for device in bed.devices if device.driver == pumps[0]]
    assert len(set(serials)) == len(serials) == 2
    assert all(bed.pump.pump.infusing for bed in ward.beds)


async def test_an_unknown_model_is_an_error(start):
    with pytest.raises(KeyError):
        await start(models=[("alaris_asena", "abacus")])


def test_every_script_names_only_known_actions():
    assert {act.action for scenario in SCENARIOS.values() for act in scenario.acts} <= set(ACTIONS)
    assert set(SCENARIOS) >= {"calm", "overspeed", "bradypnoea", "apnoea", "stop-ignored", "cable"}


@pytest.mark.parametrize(
    ("model", "question"), [("alaris_asena", frame("INF")), ("capnostream20", b"\x85\x01\x01\x00")]
)
async def test_a_single_device_speaks_on_its_own_link(model, question):
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[str] = loop.create_future()
    task = asyncio.create_task(simulate_device(model, "tcp:0", on_ready=ready.set_result))
    port = int((await ready).rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question)
    assert await reader.read(5)
    writer.close()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("model", CATALOG)
async def test_every_model_can_be_simulated_alone(model):
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(simulate_device(model, "tcp:0", on_ready=ready.set_result))
    assert (await ready).startswith("socket://127.0.0.1:")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("link", ["", "tcp:", "tcp:x", "tcp:99999", "usb:1", "pty:", "/dev/ttyUSB0"])
async def test_a_bad_link_is_named(link):
    with pytest.raises(ValueError, match="is not a link"):
        await simulate_device("alaris_asena", link)
