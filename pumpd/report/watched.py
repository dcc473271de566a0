"""What was watched: extremes of vital signs, alarms and who answered them, episodes of respiratory depression. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.device.signals import SIGNALS
from pumpd.journal.scan import Peak, Scanned
from pumpd.journal.stays import Stepped
from pumpd.report.case import Case
from pumpd.report.doses import dose_rate_at
from pumpd.report.model_figure import Figure
from pumpd.report.model_found import AlarmLine, Episode, Vital
from pumpd.report.words import lasted, spaced, when_exactly
from pumpd.safety.alarm_table import RANK
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.decisions import AlarmChanged, EpisodeChanged
from pumpd.safety.events import AlarmReset
from pumpd.units import exact, format_milli

ACKNOWLEDGED = "acknowledged"


def vitals(case: Case) -> Iterator[Vital]:
    """Signals of the course's monitors, in the order of the screens."""
    for one in case.raw.vitals:
        signal = SIGNALS[one.signal]
        yield Vital(
            signal=one.signal,
            label=signal.label,
            unit=signal.unit,
            count=one.count,
            lowest=_peak(case, one, one.lowest, "lowest"),
            lowest_at=case.at(one.lowest.now_ms),
            highest=_peak(case, one, one.highest, "highest"),
            highest_at=case.at(one.highest.now_ms),
            lows=tuple(None if value is None else value / 1000 for value in one.lows),
            highs=tuple(None if value is None else value / 1000 for value in one.highs),
        )


def _peak(case: Case, scanned: Scanned, peak: Peak, word: str) -> Figure:
    unit = SIGNALS[scanned.signal].unit
    text = f"{format_milli(peak.value_milli)} {unit}".strip()
    words = f"{word} of {scanned.count:,} readings that the monitor called valid"
    origin = f"{words}; monitor {peak.device}, {case.when(peak.now_ms)}"
    return Figure(exact(peak.value_milli, 1000), unit, text, origin, (f"readings {peak.device}",))


def alarms(case: Case) -> Iterator[AlarmLine]:
    """Every alarm instance that began in the course, or still held at its opening, by onset."""
    found: dict[str, list[tuple[Stepped, int, Alarm]]] = {}
    for step in case.raw.steps:
        if step.now_ms > case.until_ms:
            break
        for one in step.decisions:
            if isinstance(one.value, AlarmChanged):
                found.setdefault(one.value.alarm.id, []).append((step, one.n, one.value.alarm))
    for rows in sorted(found.values(), key=lambda rows: rows[-1][2].onset_ms):
        if rows[-1][0].now_ms >= case.opened_ms:
            yield _alarm(case, rows)


def _answer(rows: list[tuple[Stepped, int, Alarm]]) -> tuple[int, str, str, str] | None:
    """(when, by whom, with which words, in which way) a person first answered: acknowledged it, or reset it latched."""
    for step, _, alarm in rows:
        seen = alarm.acknowledged
        if seen is not None:
            return (
                seen.at_ms,
                seen.by,
                ": ".join(word for word in (spaced(seen.reason), seen.note) if word),
                ACKNOWLEDGED,
            )
        if isinstance(step.event, AlarmReset) and step.event.alarm_id == alarm.id:
            return step.now_ms, step.event.by, step.event.reason, "reset"
    return None


def _alarm(case: Case, rows: list[tuple[Stepped, int, Alarm]]) -> AlarmLine:
    last = rows[-1][2]
    worst = max((alarm for _, _, alarm in rows), key=lambda alarm: RANK[alarm.priority])
    answer = _answer(rows)
    climbed = [alarm.escalation.to for _, _, alarm in rows if alarm.escalation is not None]
    over = last.state is AlarmState.ENDED or last.ended_ms is not None
    return AlarmLine(
        id=last.id,
        condition=spaced(last.condition),
        priority=str(worst.priority),
        kind=str(last.kind),
        text=worst.text,
        device=last.device or "",
        onset=case.at(last.onset_ms),
        ended=case.at(last.ended_ms if last.ended_ms is not None else rows[-1][0].now_ms) if over else None,
        acknowledged=None if answer is None else case.at(answer[0]),
        by="" if answer is None else answer[1],
        reason="" if answer is None else answer[2],
        response=None if answer is None else _response(case, last, answer),
        climbed=tuple(dict.fromkeys(map(spaced, climbed))),
        worst=_worst(last),
        ref=f"decision {rows[0][1]}",
    )


def _response(case: Case, alarm: Alarm, answer: tuple[int, str, str, str]) -> Figure:
    at_ms, by, _, way = answer
    ms = max(0, at_ms - alarm.onset_ms)
    onset, answered = (when_exactly(case.at(ms), case.zone) for ms in (alarm.onset_ms, at_ms))
    origin = f"from its onset, {onset}, until {by} {way} it, {answered}"
    return Figure(exact(ms, 1000), "s", lasted(ms), origin)


def _worst(alarm: Alarm) -> Figure | None:
    if alarm.worst_milli is None:
        return None
    text = format_milli(alarm.worst_milli)
    return Figure(exact(alarm.worst_milli, 1000), "", text, f"the worst value while alarm {alarm.id} held")


def episodes(case: Case) -> Iterator[Episode]:
    """PRODIGY episodes of the course; one that went on when it ended has no end."""
    going: tuple[int, EpisodeChanged, int] | None = None
    for step in case.in_course():
        for one in step.decisions:
            if not isinstance(one.value, EpisodeChanged):
                continue
            if one.value.open:
                going = (step.now_ms, one.value, one.n)
            elif going is not None:
                yield _episode(case, going, step.now_ms)
                going = None
    if going is not None:
        yield _episode(case, going, None)


def _episode(case: Case, begun: tuple[int, EpisodeChanged, int], ended_ms: int | None) -> Episode:
    at_ms, told, n = begun
    ended = None if ended_ms is None else case.at(ended_ms)
    signs = tuple(map(spaced, told.signs))
    return Episode(told.number, case.at(at_ms), ended, signs, dose_rate_at(case, at_ms), f"decision {n}")
