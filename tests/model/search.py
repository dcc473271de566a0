"""The search: breadth first over words of the alphabet from each situation, equal situations visited once.

The kernel under test is an argument, so that the same search runs over the real kernel and over mutants.
Ticks are delivered exactly at the kernel's own deadlines, as the shell does; one that does not move on is Zeno.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import ModuleType
from typing import Any

from msgspec import Struct

from pumpd.device.facts import PumpStatus
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.units import Ms
from tests.model.ghost import Ghost
from tests.model.world import BY_NAME, PUMP, SITUATIONS, Symbol, patient, policy

MOST_TICKS = 2_000


class Violation(Exception):
    """The word that led to a broken invariant, and the invariants in words."""

    def __init__(self, word: tuple[str, ...], wrong: list[str]) -> None:
        super().__init__(f"{' '.join(word)}: {'; '.join(wrong)}")
        self.word, self.wrong = word, wrong


@dataclass(slots=True)
class Node:
    """One point of the search: the word so far, the kernel's state, what the ghost saw."""

    word: tuple[str, ...]
    state: Any
    ghost: Ghost


@dataclass
class Statistics:
    nodes: int = 0
    steps: int = 0


class Search:
    """Runs words through one kernel module (with `initial_state`, `step`, `next_deadline`, `view`)."""

    def __init__(self, kernel: ModuleType) -> None:
        self.kernel = kernel
        self.statistics = Statistics()

    def begin(self) -> Node:
        """The bed with its patient bound and its links up, at time 0."""
        bed = policy()
        node = Node((), self.kernel.initial_state(bed), Ghost(bed))
        for event in (
            ev.PatientBound(patient(), "RN"),
            ev.LinkChanged(PUMP, ev.LinkState.UP),
            ev.LinkChanged("m1", ev.LinkState.UP),
        ):
            self._feed(node, 0, event)
        return node

    def follow(self, node: Node, symbol: Symbol) -> Node | None:
        """The node after one more symbol, or None where the symbol has no meaning; raises Violation."""
        step = symbol.make(node.ghost)
        if step is None:
            return None
        after = Node((*node.word, symbol.name), node.state, node.ghost.copy())
        passing, event = step
        then = after.ghost.now + passing
        self._ticks_until(after, then)
        self._feed(after, then, event)
        return after

    def word(self, names: Iterable[str]) -> Node:
        """Follow a whole word from the beginning; symbols without meaning are left out."""
        node = self.begin()
        for name in names:
            node = self.follow(node, BY_NAME[name]) or node
        return node

    def _ticks_until(self, node: Node, then: int) -> None:
        for _ in range(MOST_TICKS):
            due = self.kernel.next_deadline(node.state, node.ghost.policy)
            if due is None or due > then:
                return
            if due < node.ghost.now:
                raise Violation(node.word, [f"a deadline {node.ghost.now - due} ms in the past"])
            self._feed(node, due, ev.Tick())
            again = self.kernel.next_deadline(node.state, node.ghost.policy)
            if again is not None and again <= due:
                raise Violation(node.word, ["a deadline that fired does not move on (Zeno)"])
        raise Violation(node.word, ["more ticks than time (Zeno)"])

    def _feed(self, node: Node, now: int, event: ev.Event) -> None:
        node.ghost.hear(now, event)
        self.statistics.steps += 1
        try:
            early = self._at_once(node, now, event)
            shortcut = self.kernel.glance(node.state, event, Ms(now), node.ghost.policy)
            node.state, decisions = self.kernel.step_closely(node.state, event, Ms(now), node.ghost.policy)
        except Exception as error:
            raise Violation(node.word, [f"the kernel raises {error!r}"]) from error
        wrong = node.ghost.judge(event, decisions) + self._look(node)
        if early is not None and not any(isinstance(d, de.StopPump) and d.order_id == early for d in decisions):
            wrong.append("a stop left at once that its step does not decide")
        if shortcut is not None and (shortcut != node.state or decisions):
            wrong.append("the shortcut of a quiet frame ends elsewhere than its step")
        if wrong:
            raise Violation(node.word, wrong)

    def _at_once(self, node: Node, now: int, event: ev.Event) -> str | None:
        if not isinstance(event, ev.Heard) or not isinstance(event.fact, PumpStatus):
            return None
        found: str | None = self.kernel.stop_at_once(node.state, event.device, event.fact, now, node.ghost.policy)
        return found

    def _look(self, node: Node) -> list[str]:
        """What the screen would show now, held against what the ghost saw."""
        ghost = node.ghost
        view = self.kernel.view(node.state, Ms(ghost.now), ghost.policy)
        pump = view.pumps[0]
        wrong = []
        if ghost.weight_g is None and pump.dose_mg_kg_h is not None:
            wrong.append("a dose figure without a weight")
        times = ghost.policy.times
        stale_ms = max(times.pump_stale_polls * ghost.policy.pumps[0].poll_ms, times.pump_stale_min_ms)
        if pump.rate_ul_h is not None and (ghost.refused_device or ghost.now - ghost.pump_heard_ms >= stale_ms):
            wrong.append("the screen shows a rate of a pump that is silent or not the configured one")
        spo2 = view.values.get("spo2")
        if spo2 is not None and spo2.value_milli is not None:
            if ghost.spo2 is None or spo2.value_milli != ghost.spo2[0]:
                wrong.append("the screen shows an SpO2 that nobody measured")
            elif ghost.now - ghost.spo2[1] > ghost.policy.times.vitals_withdraw_ms:
                wrong.append("the screen shows an SpO2 past its greatest age")
        if pump.delivered is not None and pump.delivered.at_least_ng > pump.delivered.at_most_ng:
            wrong.append("delivered at least exceeds at most")
        if pump.interlock is de.InterlockState.STOP_VERIFIED and ghost.pending_since is not None:
            wrong.append("the screen says STOP VERIFIED without proof")
        shown = {a.id for a in view.alarms}
        wrong += [f"alarm {i} is not on the screen" for i in ghost.alarms if i not in shown]
        return wrong

    def explore(
        self, depth: int, alphabet: tuple[Symbol, ...], situations: Iterable[tuple[str, ...]] = SITUATIONS
    ) -> None:
        """Breadth first to `depth` symbols beyond each situation; raises the first Violation."""
        seen: set[Any] = set()
        frontier = [self.word(situation) for situation in situations]
        for level in range(depth):
            following: list[Node] = []
            for node in frontier:
                for symbol in alphabet:
                    after = self.follow(node, symbol)
                    if after is not None and level + 1 < depth and self._new(after, seen):
                        following.append(after)
            frontier = following

    def _new(self, node: Node, seen: set[Any]) -> bool:
        key = (relative(node.state, node.ghost.now), node.ghost.key())
        if key in seen:
            return False
        seen.add(key)
        self.statistics.nodes += 1
        return True


COUNTERS = frozenset({"alarm_n", "order_n", "id", "order_id", "orders", "delivered", "dose", "commands", "garbled"})


def relative(value: Any, now: int, name: str = "") -> Any:
    """A hashable picture of kernel state with every time relative to now and every counter left out."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return min(now - value, 300_000) if name.endswith("_ms") else value
    if is_dataclass(value):
        named = ((f.name, getattr(value, f.name)) for f in fields(value) if f.name not in COUNTERS)
        return tuple(relative(v, now, n) for n, v in named)
    if isinstance(value, Struct):
        return tuple(relative(getattr(value, n), now, n) for n in value.__struct_fields__ if n not in COUNTERS)
    if isinstance(value, Mapping):
        return frozenset((str(k), relative(v, now)) for k, v in value.items())
    if isinstance(value, tuple | list | frozenset | set):
        return tuple(relative(v, now) for v in value)
    return value
