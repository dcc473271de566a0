"""The world in which breathing is searched: a capnograph, a second monitor with an impedance rate, a nurse.

Its policy is small: alarm delays are short, and nothing here stops a pump (that is searched in tests.model.world).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pumpd.device.facts import Quality, Reading, Vitals
from pumpd.device.info import Origin
from pumpd.safety import events as ev
from pumpd.safety import policy as po
from pumpd.safety.limits import Limit
from tests.model.breath_ghost import FIRST, SECOND, BreathGhost
from tests.model.search import Node, Search
from tests.model.world import CAPABLE, LOW_UL_H, PUMP, patient, status, term

HIGH = po.Priority.HIGH
SIGNALS = ("spo2", "rr", "etco2", "no_breath", "no_breath_s")
RULES = (
    po.Rule("no-breath", "no_breath", HIGH, (term("no_breath", po.Op.GE, 1),), 0, False, "No breath"),
    po.Rule("still", "still", HIGH, (term("rr", po.Op.EQ, 0),), 0, False, "RR 0"),
    po.Rule("slow", "slow", HIGH, (term("rr", po.Op.GE, 1), term("rr", po.Op.LT, 8)), 2_000, False, "RR low"),
    po.Rule("spo2", "spo2", HIGH, (term("spo2", po.Op.LT, 85),), 0, False, "SpO2 low"),
    po.Rule("sedation", "sedation", HIGH, (term("poss", po.Op.GE, 3),), 0, False, "Sedation"),
)
BREATHING = po.Breathing(
    held_after_ms=10_000,
    jumps=(po.Amount("spo2", 10_000), po.Amount("rr", 10_000)),
    jump_max_ms=3_000,
    etco2_low_milli=15_000,
    etco2_high_milli=50_000,
    differences=(po.Amount("rr", 6_000),),
    difference_ms=1_000,
    episodes=(po.Criterion("flag", (term("no_breath", po.Op.EQ, 1),), 0),),
)


def policy() -> po.BedPolicy:
    drug = po.DrugPolicy("ketamine", "ketAMINE", True, Limit(1000, "library"), None, 1000, 10_000)
    pump = po.PumpPolicy(PUMP, "test", drug, 1000, po.Enforcement.STOP, CAPABLE, 500, "SN1", None, 50_000)
    first = po.MonitorPolicy(FIRST, "capnograph", SIGNALS, 1_000, None, None, origins=(("rr", Origin.CO2),))
    second = po.MonitorPolicy(SECOND, "ecg", ("rr",), 5_000, None, None, origins=(("rr", Origin.IMPEDANCE),))
    profile = po.AlarmProfile("breath", RULES, (HIGH,), 60_000, 120_000, 300_000, 120_000)
    times = po.Times(5_000, 15_000, 2, 5_000, 1_000, 5_000, 250, 43_200_000, 30_000)
    weight = po.WeightRange(20_000, 250_000)
    return po.BedPolicy("b1", "Bed 1", (pump,), (first, second), profile, times, weight, breathing=BREATHING)


Step = tuple[int, ev.Event]


@dataclass(frozen=True)
class Symbol:
    name: str
    make: Callable[[Any], Step | None]


def frame(device: str = FIRST, gone: Quality = Quality.INVALID, **values: int | None) -> Callable[[Any], Step]:
    """A frame after half a second; without other words the patient is well."""
    well: dict[str, int | None] = {"spo2": 97, "rr": 14, "etco2": 38, "no_breath": 0, "no_breath_s": 0}
    shown = {**well, **values} if device == FIRST else values
    readings = tuple(Reading(n, None, gone) if v is None else Reading(n, v * 1000) for n, v in shown.items())
    return lambda ghost: (500, ev.Heard(device, Vitals(readings)))


def act(event: ev.Event, ms: int = 100) -> Callable[[Any], Step]:
    return lambda ghost: (ms, event)


NOTHING: dict[str, int | None] = dict.fromkeys(SIGNALS)
ALPHABET = (
    Symbol("well", frame()),
    Symbol("slow", frame(rr=5)),
    Symbol("flagged", frame(no_breath=1)),
    Symbol("counted", frame(no_breath_s=12)),
    Symbol("counted-slow", frame(rr=5, no_breath_s=12)),
    Symbol("flagged-slow", frame(rr=5, no_breath=1)),
    Symbol("flagged-still", frame(rr=0, etco2=None, no_breath=1)),
    Symbol("still", frame(rr=0, etco2=None)),
    Symbol("lowish", frame(spo2=88)),
    Symbol("low", frame(spo2=80)),
    Symbol("plunge", frame(spo2=20)),
    Symbol("plunge-still", frame(spo2=20, rr=0, etco2=None)),
    Symbol("plunge-flagged", frame(spo2=20, no_breath=1)),
    Symbol("plunge-co2", frame(spo2=20, etco2=10)),
    Symbol("missing", frame(**NOTHING)),
    Symbol("off", frame(gone=Quality.OFF, **NOTHING)),
    Symbol("oximeter", frame(rr=None, etco2=None, no_breath=None, no_breath_s=None)),
    Symbol("second", frame(SECOND, rr=15)),
    Symbol("second-far", frame(SECOND, rr=30)),
    Symbol("second-off", frame(SECOND, rr=None)),
    Symbol("poss-4", act(ev.Assessed("RN", poss=4))),
    Symbol("poss-2", act(ev.Assessed("RN", poss=2))),
    Symbol("asleep", act(ev.Assessed("RN", asleep=True))),
    Symbol("unnamed", act(ev.Assessed("", poss=4, oxygen=True))),
    Symbol("oxygen-on", act(ev.Assessed("RN", oxygen=True))),
    Symbol("oxygen-off", act(ev.Assessed("RN", oxygen=False))),
    Symbol("other-patient", act(ev.PatientBound(patient("B", 50_000), "RN"))),
    Symbol("restart", act(ev.Restarted(2_000, gap_certain=True), 2_000)),
    Symbol("wait-2", act(ev.Tick(), 2_000)),
    Symbol("wait-6", act(ev.Tick(), 6_000)),
    Symbol("wait-20", act(ev.Tick(), 20_000)),
)
BY_NAME = {symbol.name: symbol for symbol in ALPHABET}
SLOW = ("slow",) * 5  # 2 s: past the rule's delay
SITUATIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("well",),
    ("well", *SLOW),
    ("well", *SLOW, "flagged"),
    ("well", *SLOW, "counted"),
    ("well", *SLOW, "flagged", "second"),
    ("well", "slow", "slow", "slow", "flagged", "flagged", "slow"),
    ("well", "slow", "slow", "slow", *("counted",) * 11, "slow"),
    ("well", *("flagged",) * 70),
    ("well", *("counted",) * 40),
    ("well", "flagged-slow"),
    ("well", *("flagged-slow",) * 6),
    ("well", "plunge"),
    ("well", *("plunge",) * 7),
    ("well", "plunge", "other-patient"),
    ("well", "lowish"),
    ("well", "lowish", "low"),
    ("well", "lowish", "low", "second-far", "well", "low", "second-far", "low"),
    ("well", "second"),
    ("well", "second-far", "well", "second-far"),
    ("well", "second-far", "well", "second-far", "well"),
    ("well", "second-far", "well", "second", "second-far"),
    ("well", "missing", "second"),
    ("well", "flagged", "well", "flagged"),
    ("well", "flagged", "second"),
    ("well", "poss-4"),
    ("well", "poss-4", "asleep"),
    ("well", "oxygen-on"),
    ("oxygen-on", *("oximeter",) * 3),
    ("well", "oxygen-on", *("oximeter",) * 33),
)


class BreathSearch(Search):
    """The same search over this world."""

    def begin(self) -> Node:
        """The bed with its patient bound and its pump infusing, at time 0."""
        bed = policy()
        ghost: Any = BreathGhost(bed)
        node = Node((), self.kernel.initial_state(bed), ghost)
        for event in (ev.PatientBound(patient(), "RN"), status(True, LOW_UL_H, 0)):
            self._feed(node, 0, event)
        return node

    def word(self, names: Any) -> Node:
        node = self.begin()
        for name in names:
            node = self.follow(node, BY_NAME[name]) or node  # type: ignore[arg-type]
        return node

    def _look(self, node: Node) -> list[str]:
        ghost: Any = node.ghost
        found: list[str] = ghost.look(self.kernel.view(node.state, ghost.now, ghost.policy))
        return found


def search_all(kernel: ModuleType) -> BreathSearch:
    """Every situation, then one step beyond each."""
    search = BreathSearch(kernel)
    for situation in SITUATIONS:
        search.word(situation)
    search.explore(1, ALPHABET, SITUATIONS)  # type: ignore[arg-type]
    return search
