"""What happens in a storm and when: a pure function of its seed. Only when a thing then really happens is real time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

CALM_FIRST_S = 20.0  # everything is heard once before the first trouble
CALM_LAST_S = 40.0  # at the end all is healed, and pumpd has time to find out

Made = Callable[[random.Random], dict[str, float]]


@dataclass(frozen=True)
class Act:
    """at_s: since the storm began. bed: from 0; None: of no bed. what: a row of weather.py or outside.py."""

    at_s: float
    what: str
    bed: int | None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """a_minute: how often on average, over the whole ward."""

    what: str
    a_minute: float
    of_bed: bool = True
    values: Made = lambda _: {}


def lasting(low_s: float, high_s: float) -> Made:
    return lambda dice: {"for_s": round(dice.uniform(low_s, high_s), 1)}


def _clock(dice: random.Random) -> dict[str, float]:
    """A leap of seconds, of an hour, or of half a day, either way."""
    return {"by_s": round(dice.choice((-1, 1)) * dice.choice((dice.uniform(0.5, 90), 3600, 43_200)), 1)}


def _transfer(dice: random.Random) -> dict[str, float]:
    """to: which bed, as a share of all of them."""
    return {"to": round(dice.random(), 4)}


KINDS = (
    # the daemon
    Kind("kill", 0.8, of_bed=False, values=lasting(0.0, 9.0)),
    Kind("hang", 0.6, of_bed=False, values=lasting(0.5, 9.0)),
    Kind("clock-step", 1.0, of_bed=False, values=_clock),
    Kind("full-disk", 0.4, of_bed=False, values=lasting(2.0, 15.0)),
    Kind("slow-disk", 0.4, of_bed=False, values=lasting(3.0, 15.0)),
    # the lines
    Kind("unplug-pump", 2.0, values=lasting(0.5, 25.0)),
    Kind("unplug-monitor", 1.5, values=lasting(0.5, 40.0)),
    Kind("half-open-pump", 1.0, values=lasting(1.0, 25.0)),
    Kind("half-open-monitor", 1.0, values=lasting(1.0, 40.0)),
    Kind("flip-pump", 1.5, values=lasting(2.0, 15.0)),
    Kind("garbage-pump", 1.0, values=lasting(2.0, 15.0)),
    Kind("garbage-monitor", 1.0, values=lasting(2.0, 15.0)),
    # keys at the pumps
    Kind("overspeed", 3.0),
    Kind("rate", 1.5, values=lambda dice: {"factor": round(dice.uniform(0.6, 1.5), 2)}),
    Kind("bolus", 1.5, values=lambda dice: {"ul": dice.randrange(100, 2000, 100)}),
    Kind("stop", 1.0),
    Kind("clear-volume", 0.5),
    Kind("power-cycle", 0.5),
    Kind("new-syringe", 0.3),
    # pumps that do not do what they are told, and patients
    Kind("stop-ignored", 0.7, values=lasting(8.0, 30.0)),
    Kind("stop-silent", 0.5, values=lasting(8.0, 30.0)),
    Kind("lost-ack", 0.5, values=lasting(8.0, 30.0)),
    Kind("late-ack", 0.5, values=lasting(8.0, 30.0)),
    Kind("refuse-control", 0.3, values=lasting(8.0, 30.0)),
    Kind("occlude", 0.3, values=lasting(20.0, 60.0)),
    Kind("apnoea", 0.4, values=lasting(75.0, 110.0)),
    Kind("probe-off", 0.4, values=lasting(10.0, 40.0)),
    # the database of the journal, where it is a server
    Kind("journal-restart", 0.4, of_bed=False, values=lasting(0.0, 6.0)),
    Kind("journal-kill", 0.4, of_bed=False, values=lasting(0.0, 6.0)),
    Kind("journal-hang", 0.4, of_bed=False, values=lasting(2.0, 12.0)),
    Kind("journal-full", 0.3, of_bed=False, values=lasting(3.0, 12.0)),
    # the hospital: the broker, the hub, the hub's database
    Kind("broker-kill", 0.5, of_bed=False, values=lasting(0.0, 15.0)),
    Kind("broker-restart", 0.3, of_bed=False, values=lasting(0.0, 10.0)),
    Kind("broker-hang", 0.4, of_bed=False, values=lasting(2.0, 15.0)),
    Kind("hub-kill", 0.4, of_bed=False, values=lasting(0.0, 10.0)),
    Kind("hub-hang", 0.3, of_bed=False, values=lasting(2.0, 12.0)),
    Kind("history-restart", 0.3, of_bed=False, values=lasting(0.0, 6.0)),
    Kind("history-hang", 0.2, of_bed=False, values=lasting(2.0, 12.0)),
    # the EHR
    Kind("ehr-cut", 0.8, of_bed=False, values=lasting(0.0, 12.0)),
    Kind("ehr-hang", 0.4, of_bed=False, values=lasting(2.0, 15.0)),
    # people at screens, and patients who come and go
    Kind("hand-rate", 4.0, values=lambda dice: {"factor": round(dice.choice((dice.uniform(0.5, 0.98), 1.5)), 2)}),
    Kind("hand-stop", 0.7),
    Kind("hand-pause", 1.0),
    Kind("hand-bind", 0.5),
    Kind("hand-release", 0.3),
    Kind("adt-admit", 0.6),
    Kind("adt-discharge", 0.4),
    Kind("adt-transfer", 0.5, values=_transfer),
)
HAND = ("stop-ignored", "stop-silent", "lost-ack", "late-ack")
"""These matter to a pump that is told to stop, so a tenfold rate follows."""
FOLLOWS_S = 2.0


def plan(seed: int, minutes: float, beds: int) -> tuple[Act, ...]:
    """Every act in order; the same for the same arguments."""
    acts: list[Act] = []
    until_s = minutes * 60 - CALM_LAST_S
    for kind in KINDS:
        dice = random.Random(f"{seed} {kind.what}")
        at_s = CALM_FIRST_S + dice.expovariate(kind.a_minute / 60)
        while at_s < until_s:
            bed = dice.randrange(beds) if kind.of_bed else None
            acts.append(Act(round(at_s, 2), kind.what, bed, kind.values(dice)))
            if kind.what in HAND and at_s + FOLLOWS_S < until_s:
                acts.append(Act(round(at_s + FOLLOWS_S, 2), "overspeed", bed))
            at_s += dice.expovariate(kind.a_minute / 60)
    return tuple(sorted(acts, key=lambda act: (act.at_s, act.what)))
