"""All checks of the kit, each with the drivers that it is for."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from pumpd.sim.conformance import control, goldens, lines, lossy, memory, monitors, noise, pumps, purity
from pumpd.sim.conformance.case import Case

MOST_FINDINGS = 5


@dataclass(frozen=True)
class Check:
    """run yields what is wrong, and nothing where all is well. What it looks for is its first line."""

    run: Callable[[Case], Iterator[str]]
    applies: Callable[[Case], bool]

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def text(self) -> str:
        return (self.run.__doc__ or "").strip().partition("\n")[0]

    def findings(self, case: Case) -> list[str]:
        """The first few things that are wrong; a driver that raises is one of them."""
        found: list[str] = []
        try:
            found.extend(islice(self.run(case), MOST_FINDINGS))
        except Exception:  # noqa: BLE001 - supervision boundary: the driver under test may raise anything
            found.append("it raised:\n" + "".join(traceback.format_exc(limit=-4)))
        return found


def _any(case: Case) -> bool:
    return True


def _pump(case: Case) -> bool:
    return case.is_pump


def _monitor(case: Case) -> bool:
    return not case.is_pump


def _pump_with_alarms(case: Case) -> bool:
    told = (fact for golden in case.telling for fact in golden.expected if fact[0] == "DeviceAlarms")
    return case.is_pump and any(fact[1].get("alarms") != "()" for fact in told)


def _stops(case: Case) -> bool:
    return case.stops


def _sets_rate(case: Case) -> bool:
    return case.info.pump.can_set_rate


def _leases(case: Case) -> bool:
    return case.info.pump.lease


def _tells_serial(case: Case) -> bool:
    return case.info.tells_serial


def _stops_known_pumps(case: Case) -> bool:
    return case.stops and case.info.tells_serial


CHECKS = (
    *(
        Check(run, _any)
        for run in (
            purity.no_io_no_clock,
            purity.same_bytes_same_facts,
            goldens.golden_frames,
            goldens.provenance,
            goldens.declared,
            goldens.any_chunking,
            goldens.one_byte_at_a_time,
            goldens.sends_what_captures_show,
            goldens.unknown_alarms,
            noise.flipped_bits,
            noise.cut_frames,
            noise.noise_between,
            noise.megabyte_of_garbage,
            noise.oversize_frames,
            noise.garbage_is_counted,
            lossy.messages_lost,
            lossy.bytes_lost,
            lossy.silence,
            lossy.never_there,
            lossy.one_message_lost,
            lossy.time_moves,
            lossy.power_cycles,
            lossy.frozen_values,
            memory.hours_leave_nothing,
            monitors.says_who_it_is_once,
            lines.on_a_pty,
            lines.on_tcp,
        )
    ),
    Check(monitors.who_it_is, _tells_serial),
    Check(monitors.values_equal_the_display, _monitor),
    Check(monitors.no_value_is_never_a_number, _monitor),
    *(
        Check(run, _pump)
        for run in (
            lossy.late_replies,
            purity.polls_as_the_ward_file_says,
            pumps.facts_equal_the_display,
            pumps.probing_commands_nothing,
            pumps.no_commands_where_none_exist,
        )
    ),
    *(
        Check(run, _stops)
        for run in (
            pumps.stop_waits_for_nothing,
            pumps.stop_that_fails_is_seen,
            pumps.stop_before_the_first_reply,
            pumps.no_command_twice,
            pumps.status_on_order,
            pumps.dead_pump_ends_every_order,
            pumps.flood_of_orders,
        )
    ),
    Check(pumps.alarms_come_and_go, _pump_with_alarms),
    Check(pumps.rates_within_the_ceiling, _sets_rate),
    *(
        Check(run, _leases)
        for run in (
            control.control_is_told,
            control.lease_is_kept_and_lost,
            control.refused_control_is_told,
            control.control_is_handed_back,
        )
    ),
    Check(control.another_serial_is_refused, _stops_known_pumps),
)
