"""The tables of the page: burden, lead times, differences, rules with their sources. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pumpd.drawing.markup import Markup, Part, tag
from pumpd.evaluation.burden import Burden, later_ms
from pumpd.evaluation.compare import Difference, Shift
from pumpd.evaluation.picture.scale import origin_of
from pumpd.evaluation.study import Candidate, Study, total_burden
from pumpd.evaluation.words import (
    SIDES,
    change_share,
    change_words,
    clock,
    note_words,
    plain_seconds,
    rule_words,
    seconds,
    shift_words,
)
from pumpd.safety.policy import Priority, Rule
from pumpd.units import format_milli

MOST_ROWS = 200  # of differences: beyond that the JSON is the better reading


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Part]], numbers: int) -> Markup:
    """A table in a box that scrolls by itself; the last `numbers` columns are aligned right, the first is a header."""
    first_number = len(heads) - numbers
    head = [tag("th", name, scope="col", class_="n" if at >= first_number else None) for at, name in enumerate(heads)]
    body = [
        tag(
            "tr",
            [
                tag("th", cell, scope="row") if at == 0 else tag("td", cell, class_="n" if at >= first_number else None)
                for at, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    inner = tag("table", tag("caption", caption), tag("thead", tag("tr", head)), tag("tbody", body))
    return tag("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def burden_table(studies: Sequence[Study], candidates: Sequence[Candidate], merge_ms: int) -> Markup:
    """Alarms by priority per hour and per bed-day, and HIGH alarms merged to what a nurse walks for."""
    burdens = [total_burden(studies, side) for side in range(len(candidates))]
    rows = [_burden_row(f"{each} alarms", [one.count(each) for one in burdens], burdens) for each in Priority]
    merged = f"HIGH, merged within {seconds(merge_ms)} s"
    rows.append(_burden_row(merged, [one.high_runs for one in burdens], burdens))
    heads = ["priority"]
    for what in ("alarms", "per hour", "per bed-day"):
        heads += [f"{what} {side}" if len(candidates) > 1 else what for side in SIDES[: len(candidates)]]
    if len(candidates) > 1:
        heads.append("B against A")
    return table("Alarm burden", heads, rows, len(heads) - 1)


def _burden_row(name: str, counts: Sequence[int], burdens: Sequence[Burden]) -> list[str]:
    pairs = list(zip(counts, burdens, strict=True))
    cells = [name, *map(str, counts)]
    cells += [f"{one.per_hour(count):.2f}" for count, one in pairs]
    cells += [f"{one.per_bed_day(count):.1f}" for count, one in pairs]
    if len(counts) > 1:
        cells.append(change_share(*counts))
    return cells


def lead_table(studies: Sequence[Study]) -> Markup:
    """Per recording: when each profile signals first, and how long before its first SpO2 alarm."""
    sides = [f" {side}" for side in SIDES] if len(studies[0].sides) > 1 else [""]
    heads = ["recording", *[f"first HIGH{side}" for side in sides], *[f"before SpO2 alarm{side}" for side in sides]]
    if len(sides) > 1:
        heads.insert(3, "B's comes")
    rows = []
    for one in studies:
        origin_ms = origin_of(one.evaluation.start_ms)
        leads = [side.lead for side in one.sides]
        row = [one.name, *[_at(lead.first_high_ms, origin_ms) for lead in leads]]
        row += [_lead(lead.first_high_ms, lead.before_spo2_ms) for lead in leads]
        if len(leads) > 1:
            later = later_ms(*leads)
            row.insert(3, "–" if later is None else shift_words(later))
        rows.append(row)
    return table("First HIGH alarm", heads, rows, len(heads) - 1)


def _at(ms: int | None, origin_ms: int) -> str:
    return "none" if ms is None else clock(ms - origin_ms)


def _lead(first_high_ms: int | None, before_ms: int | None) -> str:
    if before_ms is None:
        return "–" if first_high_ms is None else "no SpO2 alarm"
    return f"{seconds(before_ms)} s" if before_ms >= 0 else f"{seconds(-before_ms)} s after"


def difference_table(studies: Sequence[Study]) -> list[Markup]:
    """Every alarm that only one profile has so: lost HIGHs of all recordings first."""
    every = [(study, one) for study in studies if study.comparison for one in study.comparison.differences]
    every.sort(key=lambda pair: not pair[1].lost_high)  # else as they are: by recording, the most urgent first
    heads = ["change", "priority", "alarm", "recording", "note", "at", "onset t_s", "length s", "worst"]
    rows = [_difference_row(study, one) for study, one in every[:MOST_ROWS]]
    if not every:
        return [tag("p", "Neither profile has an alarm that the other has not.")]
    parts = [table("Alarms that only one profile has, or at another priority", heads, rows, 4)]
    if len(every) > MOST_ROWS:
        parts.append(tag("p", f"{len(every) - MOST_ROWS} more are in the JSON (--json)."))
    return parts


def shift_table(studies: Sequence[Study]) -> list[Markup]:
    """HIGH alarms of both profiles that one signals later; the longest wait first. Nothing when there is none."""
    every = [
        (study, shift)
        for study in studies
        if study.comparison is not None
        for shift in study.comparison.shifts
        if shift.later_ms
    ]
    every.sort(key=lambda pair: -pair[1].later_ms)
    heads = ["alarm in A", "recording", "at", "onset t_s", "B's comes"]
    rows = [_shift_row(study, shift) for study, shift in every[:MOST_ROWS]]
    return [table("HIGH alarms that both have, at another time", heads, rows, 3)] if rows else []


def _shift_row(study: Study, shift: Shift) -> list[str]:
    onset_ms = shift.onset_ms
    at = clock(onset_ms - origin_of(study.evaluation.start_ms))
    return [shift.rule, study.name, at, plain_seconds(onset_ms), shift_words(shift.later_ms)]


def _difference_row(study: Study, one: Difference) -> list[Part]:
    evaluation = study.sides[0].evaluation
    episode = one.episode
    until = evaluation.until_ms(episode)
    word = change_words(one)
    change: Part = tag("strong", f"▼ {word}", class_="bad") if one.lost_high else word
    return [
        change,
        str(episode.priority),
        episode.rule,
        study.name,
        note_words(one),
        clock(episode.onset_ms - origin_of(evaluation.start_ms)),
        plain_seconds(episode.onset_ms),
        seconds(until - episode.onset_ms) + ("" if episode.end_ms is not None else " +"),
        "" if episode.worst_milli is None else format_milli(episode.worst_milli),
    ]


def rule_table(candidates: Sequence[Candidate]) -> list[Markup]:
    """What the profiles say, rule by rule, with the source of each number; those that differ first."""
    tables = [{rule.id: rule for rule in one.profile.rules} for one in candidates]
    names = list(dict.fromkeys(name for rules in tables for name in rules))
    differ = [name for name in names if len({_meaning(rules.get(name)) for rules in tables}) > 1]
    same = [name for name in names if name not in differ]
    parts = []
    if differ:
        heads = ["rule", *[f"{side}: {one.label}" for side, one in zip(SIDES, candidates, strict=False)]]
        rows = [[name, *[_rule_cell(rules.get(name)) for rules in tables]] for name in differ]
        parts.append(table("Rules that differ", heads, rows, 0))
    if same:
        caption = "Rules that are the same in both" if len(candidates) > 1 else "Rules"
        parts.append(table(caption, ["rule", "meaning and source"], [[n, _rule_cell(tables[0][n])] for n in same], 0))
    return parts


def _meaning(rule: Rule | None) -> tuple[object, ...] | None:
    """What makes a rule another one: not its text or source."""
    if rule is None:
        return None
    return (rule.condition, rule.priority, rule.all_of, rule.any_of, rule.absent, rule.delay_ms, rule.interlock)


def _rule_cell(rule: Rule | None) -> Part:
    if rule is None:
        return "no such rule"
    return [tag("span", rule_words(rule)), tag("span", rule.source or "no source given", class_="source")]
