"""The whole page: verdict, tables, a drawing per recording, rules. One file, no script, nothing fetched. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import pumpd
from pumpd.drawing.markup import Markup, join, tag
from pumpd.evaluation.picture.figure import Window, figure, whole
from pumpd.evaluation.picture.legend import legend, patterns
from pumpd.evaluation.picture.scale import origin_of
from pumpd.evaluation.picture.tables import burden_table, difference_table, lead_table, rule_table, shift_table
from pumpd.evaluation.study import Candidate, Study
from pumpd.evaluation.words import SIDES, clock, seconds
from pumpd.units import MS_PER_H, MS_PER_MIN

CLOSE_BEFORE_MS, CLOSE_AFTER_MS = 2 * MS_PER_MIN, 2 * MS_PER_MIN  # around a lost HIGH
CLOSE_LONGEST_MS = 12 * MS_PER_MIN  # beyond that a close-up is none
WORTH_IT = 3  # a close-up of a third of the recording or more shows nothing new
MOST_OPEN = 6  # with more recordings, those without a difference are folded
MOST_CLOSE = 6  # close-ups of one recording
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(studies: Sequence[Study], candidates: Sequence[Candidate], merge_ms: int) -> str:
    """The document as text. studies must have been traced, else their signals are not drawn."""
    title = " and ".join(one.label for one in candidates)
    what = "Alarm profiles compared: " if len(candidates) > 1 else "Alarm profile on recordings: "
    document = tag("html", _head(what + title), _body(what + title, studies, candidates, merge_ms), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _head(title: str) -> Markup:
    style = files(pumpd).joinpath("evaluation", "picture", "page.css").read_text("utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(f"\n{style}")),
    )


def _body(title: str, studies: Sequence[Study], candidates: Sequence[Candidate], merge_ms: int) -> Markup:
    return tag(
        "body",
        patterns(),
        tag(
            "main",
            tag("h1", title),
            tag("p", _extent(studies), class_="about"),
            _profiles(candidates),
            _verdict(studies, candidates),
            burden_table(studies, candidates, merge_ms),
            lead_table(studies),
            *(
                [tag("h2", "Differences"), *difference_table(studies), *shift_table(studies)]
                if len(candidates) > 1
                else ()
            ),
            tag("h2", "Recordings"),
            legend(len(candidates)),
            *[
                _recording(at, one, candidates, folded=len(studies) > MOST_OPEN)
                for at, one in enumerate(_most_urgent_first(studies))
            ],
            tag("h2", "Rules and their sources"),
            *rule_table(candidates),
            _method(merge_ms, compared=len(candidates) > 1),
        ),
    )


def _extent(studies: Sequence[Study]) -> str:
    hours = sum(one.evaluation.span_ms for one in studies) / MS_PER_H
    samples = sum(one.evaluation.samples for one in studies)
    names = f"{len(studies)} recordings" if len(studies) > 1 else studies[0].name
    prodigy = sum(one.evaluation.prodigy for one in studies)
    return f"{names}: {hours:,.2f} h, {samples:,} samples, PRODIGY episodes: {prodigy}."


def _profiles(candidates: Sequence[Candidate]) -> Markup:
    rows = []
    for side, one in zip(SIDES, candidates, strict=False):
        name = f"{side}: {one.label}" if len(candidates) > 1 else one.label
        rows.append(tag("dt", name))
        rows.append(tag("dd", f"{one.source}, {len(one.profile.rules)} rules, SHA-256 {one.digest}"))
    return tag("dl", rows)


def _verdict(studies: Sequence[Study], candidates: Sequence[Candidate]) -> Markup:
    if len(candidates) < len(SIDES):
        return Markup("")
    lost = [one for study in studies if study.comparison for one in study.comparison.lost_high]
    if not lost:
        return tag("p", "No HIGH alarm of A is missing in B.", class_="verdict")
    alone = sum(1 for one in lost if not one.covered_by)
    count = "1 HIGH alarm of A is" if len(lost) == 1 else f"{len(lost)} HIGH alarms of A are"
    cover = (
        f"{alone} of them with no other HIGH alarm of B at that time"
        if alone
        else "while another HIGH alarm of B sounds"
    )
    return tag("p", tag("strong", f"▼ {count} lost in B"), f" ({cover}).", class_="verdict lost")


def _most_urgent_first(studies: Sequence[Study]) -> list[Study]:
    """Recordings with lost HIGHs, then with other differences, then the rest; else in their order."""
    return sorted(studies, key=_urgency)


def _urgency(study: Study) -> tuple[int, bool]:
    found = study.comparison
    return (0, False) if found is None else (-len(found.lost_high), found.agrees)


def _recording(at: int, study: Study, candidates: Sequence[Candidate], *, folded: bool) -> Markup:
    """A recording on which both profiles agree can be folded away."""
    parts = [_drawing(f"r{at}", study.name, study, candidates, whole(study)), *_close_ups(at, study, candidates)]
    if not folded or study.comparison is None or not study.comparison.agrees:
        return tag("section", parts)
    return tag("details", tag("summary", f"{study.name}: both profiles alike"), parts)


def _drawing(ident: str, name: str, study: Study, candidates: Sequence[Candidate], window: Window) -> Markup:
    drawn = figure(ident, study, candidates, window)
    box = tag("div", drawn, class_="scroll drawing", tabindex=0, role="region", aria_label=f"Drawing: {name}")
    return tag("figure", tag("figcaption", name), box)


def _close_ups(at: int, study: Study, candidates: Sequence[Candidate]) -> list[Markup]:
    """A minute-scale drawing of each lost HIGH that the whole recording shows only as a stroke."""
    lost = study.comparison.lost_high if study.comparison is not None else ()
    parts: list[Markup] = []
    drawn: list[Window] = []
    for one in lost:
        window = close_window(study, one.episode.onset_ms, study.sides[0].evaluation.until_ms(one.episode))
        if window is None or any(seen.start_ms <= one.episode.onset_ms <= seen.end_ms for seen in drawn):
            continue
        if len(drawn) == MOST_CLOSE:
            parts.append(
                tag("p", f"No more than {MOST_CLOSE} close-ups are drawn; the table above has every lost HIGH.")
            )
            break
        when = clock(one.episode.onset_ms - origin_of(study.evaluation.start_ms))
        name = f"Close-up: {one.episode.rule} lost at {when}"
        parts.append(_drawing(f"r{at}c{len(drawn)}", name, study, candidates, window))
        drawn.append(window)
    return parts


def close_window(study: Study, onset_ms: int, until_ms: int) -> Window | None:
    """The minutes around an alarm, within the recording; None where that is nearly all of it."""
    start = max(study.evaluation.start_ms, onset_ms - CLOSE_BEFORE_MS)
    end = min(study.evaluation.end_ms, until_ms + CLOSE_AFTER_MS, start + CLOSE_LONGEST_MS)
    return Window(start, end) if 0 < (end - start) * WORTH_IT < study.evaluation.span_ms else None


def _method(merge_ms: int, *, compared: bool) -> Markup:
    lines = [
        "Each recording goes row by row through the kernel that runs at the bedside, its clock set to the recording's. "
        "A latched alarm is reset as soon as its condition is over, since nobody stands at this bed.",
        f"Merged HIGH alarms are at most {seconds(merge_ms)} s apart: one event to the nurse who comes. "
        "A bed-day is 24 h of recording. A SpO2 alarm is one whose rule looks at SpO2 alone.",
        f"pumpd {pumpd.__version__}. Not a certified medical device: this shows what would have alarmed, not what "
        "would have helped.",
    ]
    if compared:
        lines.insert(
            1,
            "Alarms match when they have the same condition and overlap in time. A HIGH alarm without a match, or with "
            "one of less priority only, is lost, whatever else sounds at that time.",
        )
    return join([tag("h2", "How this was made"), tag("ul", [tag("li", line) for line in lines])])
