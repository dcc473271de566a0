"""The world in which doses are searched: what people and pumps do, in the words of an alphabet."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from types import ModuleType

from pumpd.clinical import entries
from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety import events as ev
from tests.model.dose_ghost import CAP_UG_KG, MIN, ONE, POLL_MS, TWO, UNITS_NL, World, policy
from tests.model.world import patient

Act = Callable[[World], None]


def panel(name: str, rate: int, after_ms: int = 0) -> Act:
    """Somebody sets a rate at the pump, and starts it; 0 stops it. It is heard after_ms later."""

    def act(world: World) -> None:
        pump = world.pumps[name]
        pump.rate_ul_h, pump.infusing = rate or pump.rate_ul_h, rate > 0
        world.unheard = True
        world.pass_time(after_ms)
        world.poll_all()

    return act


def watch(ms: int) -> Act:
    return lambda world: world.watch(ms)


def dark(ms: int) -> Act:
    """Nothing is heard for a while."""

    def act(world: World) -> None:
        world.pass_time(ms)
        world.compare_anew()
        world.poll_all()

    return act


def bolus(world: World) -> None:
    world.pumps[ONE].flow(700_000 * UNITS_NL, world.conc)
    world.honest_since, world.unheard = world.now, True
    world.pass_time(1_000)
    world.poll_all()


def clear(world: World) -> None:
    world.poll_all()
    world.pumps[ONE].cleared = world.pumps[ONE].units
    world.compare_anew()
    world.poll_all()
    world.pass_time(POLL_MS)
    world.poll_all()


def restart(world: World) -> None:
    world.flow(MIN)
    world.unheard = True
    world.do(ev.Restarted(MIN, gap_certain=True))
    world.history.append((world.now, world.truth()))
    world.compare_anew()
    world.poll_all()


def leak(world: World) -> None:
    world.pumps[ONE].percent, world.leaks_since = 115, world.now


def obey(world: World) -> None:
    """Each pump takes its stop and says so when it is asked."""
    for name, order in list(world.orders.items()):
        world.pumps[name].infusing = False
        world.do(ev.Heard(name, CommandOutcome(order, Outcome.DONE, "model")))
        world.pass_time(50)
        world.poll(name)
    world.orders.clear()
    world.check()


def ask(make: Callable[[World], ev.Event]) -> Act:
    def act(world: World) -> None:
        world.pass_time(100)
        world.do(make(world))
        world.poll_all()

    return act


def charted(entry: entries.AnyEntry) -> Act:
    def make(world: World) -> ev.Event:
        world.entries += 1
        world.unheard = isinstance(entry, entries.KetamineGiven)  # comes at once, however much it is
        return ev.Charted(f"e{world.entries}", entry, "physician")

    return ask(make)


def syringe(world: World) -> None:
    """Another concentration, named in the middle of two polls."""
    world.pass_time(10_000)
    world.conc = 2_000
    world.policy = policy(2_000)
    world.do(ev.PolicyReplaced(world.policy, "pharmacist"))
    world.pass_time(20_000)
    world.poll_all()


def next_patient(world: World) -> None:
    world.poll_all()
    world.do(ev.PatientReleased("RN", "home"))
    world.do(ev.PatientBound(patient("B"), "RN"))
    world.watch(MIN)


ALPHABET: dict[str, Act] = {
    "fast": panel(ONE, 35_000),
    "fast-unheard": panel(ONE, 35_000, 20_000),
    "slow": panel(ONE, 3_500),
    "stop": panel(ONE, 0),
    "stop-unheard": panel(ONE, 0, 20_000),
    "two": panel(TWO, 7_000),
    "two-fast": panel(TWO, 35_010),
    "two-stop": panel(TWO, 0),
    "minute": watch(MIN),
    "five": watch(5 * MIN),
    "quarter": watch(16 * MIN),
    "silence": dark(50_000),
    "dark": dark(5 * MIN),
    "bolus": bolus,
    "clear": clear,
    "restart": restart,
    "leak": leak,
    "obey": obey,
    "reset": ask(lambda w: ev.InterlockReset(ONE, "RN", "looked")),
    "resume": ask(lambda w: ev.ResumeRequested(ONE, "RN", "pain")),
    "ask": ask(lambda w: ev.RateRequested(f"r{w.now}", ONE, 4_000, "RN", "pain")),
    "plan-course": charted(entries.CoursePlan()),
    "plan": charted(entries.InfusionPlan(CAP_UG_KG, 100)),
    "by-hand": charted(entries.KetamineGiven(entries.Route.ORAL, 700)),
    "syringe": syringe,
    "next-patient": next_patient,
}
CAPPED = ("fast", "five", "minute", "minute", "obey", "reset")
SITUATIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("fast", "minute"),
    ("fast-unheard", "minute", "stop-unheard", "minute"),
    ("slow", "quarter", "quarter", "quarter"),
    ("slow", "quarter", "stop", "quarter", "fast"),
    ("fast", "five"),
    ("fast", "five", "minute", "minute"),
    CAPPED,
    (*CAPPED, "fast"),
    (*CAPPED, "resume", "ask"),
    (*CAPPED, "plan-course", "plan", "resume", "fast", "minute"),
    ("plan-course", "plan", "fast", "minute", "stop", "minute", "fast"),
    ("fast", "minute", "two", "minute"),
    ("slow", "two", "quarter", "two-stop", "minute"),
    ("fast", "two-fast"),
    ("two", "minute", "stop", "two-stop", "quarter", "slow"),
    ("slow", "leak", "quarter", "minute", "minute"),
    ("slow", "by-hand", "minute", "by-hand"),
    ("fast", "minute", "syringe", "minute"),
    ("fast", "minute", "next-patient"),
    ("fast", "minute", "restart", "clear", "minute"),
    ("slow", "quarter", "dark", "quarter", "bolus", "minute"),
)


STEPS = tuple(name for name in ALPHABET if name not in ("quarter", "leak", "minute", "slow", "two"))


def word(kernel: ModuleType, names: Iterable[str]) -> World:
    world = World(kernel).begin()
    for name in names:
        follow(world, name)
    return world


def follow(world: World, name: str) -> None:
    world.word = (*world.word, name)
    ALPHABET[name](world)


def search_all(kernel: ModuleType) -> int:
    """Every situation, then one step and a minute beyond each; returns how many words were followed."""
    worlds = [word(kernel, situation) for situation in SITUATIONS]
    followed = len(worlds)
    for world in worlds:
        for name in STEPS:
            after = copy.deepcopy(world)
            follow(after, name)
            after.watch(MIN)
            followed += 1
    return followed
