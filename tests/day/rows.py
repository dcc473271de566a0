"""The script of the day: eight beds, 24 hours. Bed 1 speaks bytes; the others say facts."""

from __future__ import annotations

from tests.day.happenings import (
    HARMLESS,
    above_soft,
    arrest,
    bradypnoea,
    desaturation,
    dilution,
    fast_breathing,
    handed_off,
    harmless,
    hypercapnia,
    line_off,
    line_off_on_oxygen,
    mild_desaturation,
    monitor_pulled,
    occlusion,
    overspeed,
    probe_off,
    pump_pulled,
    restarted,
    sedated,
    slow_pulse,
    start_pressed,
    stop_ignored,
    unwatched_desaturation,
)
from tests.day.script import Row

NAMES = tuple(HARMLESS)


def _artefacts(bed: int) -> tuple[Row, ...]:
    """Every kind of artefact once at every bed, at other times for each: 07 and 37 past the hours from 09 to 13."""
    rows = []
    for place, name in enumerate(NAMES):
        hour, half = divmod((place + bed) % len(NAMES), 2)
        rows.append(harmless(f"{9 + hour:02d}:{37 if half else 7:02d}", bed, name))
    return tuple(rows)


DAY: tuple[Row, ...] = (
    # the bed on the wire
    arrest("02:10", 1),
    overspeed("04:20", 1),
    monitor_pulled("06:00", 1),
    probe_off("07:15", 1),
    restarted("08:00", 1, 2),
    bradypnoea("15:30", 1),
    line_off("17:00", 1),
    pump_pulled("18:40", 1),
    occlusion("20:10", 1),
    hypercapnia("21:30", 1),
    sedated("22:40", 1),
    # a bad night, then a quiet day
    arrest("01:05", 2),
    desaturation("03:00", 2),
    bradypnoea("04:40", 2),
    restarted("04:42", 2, 1),  # in the middle of it
    mild_desaturation("16:00", 2),
    # opioids
    sedated("02:00", 3),
    hypercapnia("05:00", 3),
    bradypnoea("16:10", 3),
    arrest("20:00", 3),
    restarted("20:01", 3, 9),  # while the stop is verified and the alarm sounds; the lease runs out meanwhile
    # hands at the pump
    overspeed("00:40", 4),
    above_soft("03:30", 4),
    occlusion("06:20", 4),
    overspeed("19:10", 4),
    start_pressed("19:11", 4),
    pump_pulled("21:00", 4),
    stop_ignored("23:20", 4),
    restarted("23:20:20", 4, 2),  # while the stop is not confirmed
    restarted("22:00", 4, 12),
    # cables
    monitor_pulled("01:30", 5),
    pump_pulled("04:00", 5),
    line_off_on_oxygen("06:40", 5),
    probe_off("17:30", 5),
    monitor_pulled("20:30", 5),
    restarted("23:00", 5, 3),
    # lungs
    mild_desaturation("02:20", 6),
    desaturation("05:30", 6),
    handed_off("07:30", 6),
    dilution("16:00", 6),
    fast_breathing("18:20", 6),
    unwatched_desaturation("22:10", 6),
    # heart
    slow_pulse("03:10", 7),
    fast_breathing("07:00", 7),
    slow_pulse("17:45", 7),
    arrest("21:15", 7),
    # nothing is wrong with this one
    restarted("05:05", 8, 2),
    *(row for bed in range(1, 9) for row in _artefacts(bed)),
)


# what a negative control plays: something of each kind in two hours, at a bed that says facts
SHORT: tuple[Row, ...] = (
    arrest("00:10", 2),
    stop_ignored("00:30", 2),
    probe_off("00:45", 2),
    unwatched_desaturation("01:00", 2),
    monitor_pulled("01:15", 2),
    harmless("01:30", 2, "cuff on the oximeter's arm"),
    harmless("01:40", 2, "SpO2 jump"),
    slow_pulse("01:45", 2),
)


# each of these lasts long enough to be an episode of respiratory depression (RSP-09)
EPISODES = frozenset({"arrest", "slow breathing", "hypercapnia", "slipped cannula"})


def episodes_of(bed: int) -> int:
    """How many episodes of respiratory depression the bed has to count.

    The three minutes of a sign begin anew when nobody watches: a restart cuts them in two. No breath needs 30 s only.
    """
    rows = rows_of(bed)
    cuts = [row.start_ms for row in rows if row.name.startswith("restart")]
    whole = [row for row in rows if row.name == "arrest" or not any(row.start_ms < cut < row.end_ms for cut in cuts)]
    return sum(row.name in EPISODES for row in whole)


def rows_of(bed: int) -> tuple[Row, ...]:
    return tuple(sorted((row for row in DAY if row.bed == bed), key=lambda row: row.start_ms))
