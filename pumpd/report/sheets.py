"""The tables of a report's page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from pumpd.drawing.markup import Markup, Part, join, tag
from pumpd.report.model import CourseReport, Line, Outcome
from pumpd.report.model_found import AlarmLine
from pumpd.report.origins import NONE, Origins
from pumpd.report.words import lasted, when, when_exactly, zone_of
from pumpd.units import plain

SHA = 12  # digits of a digest that are shown in a table


def sheet(heads: Sequence[str], rows: Iterable[Sequence[Part]], kind: str = "", empty: str = "none") -> Markup:
    """A table; a sentence where it would have no rows."""
    lines = [tag("tr", [tag("td", cell) for cell in row]) for row in rows]
    if not lines:
        return tag("p", empty, class_="empty")
    head = tag("thead", tag("tr", [tag("th", name, scope="col") for name in heads]))
    whole = tag("table", head, tag("tbody", lines), class_=kind or None)
    return tag("div", whole, class_="scroll", tabindex=0)


class Sheets:
    """All tables of one report; figures get their notes as they are met."""

    def __init__(self, report: CourseReport, origins: Origins) -> None:
        self.report, self.origins = report, origins
        self._zone: tzinfo = zone_of(report.head.timezone)

    def when(self, at: datetime | None) -> str:
        return NONE if at is None else when(at, self._zone)

    def time(self, at: datetime | None) -> Markup:
        """For a table: never broken over two lines."""
        return tag("span", self.when(at), class_="figure")

    def patient(self) -> Markup:
        head, patient = self.report.head, self.report.head.patient
        weight = self.origins.figure(patient.weight)
        age = "" if patient.age is None else f" ({patient.age} y)"
        ended = (
            f"{self.when(head.closed)}: {head.why}" if head.closed else f"still running; as of {self.when(head.until)}"
        )
        cells: list[tuple[str, Part]] = [
            ("Patient", tag("strong", patient.name or "not named")),
            ("MRN", patient.mrn),
            ("Born", f"{patient.birth_date}{age}"),
            ("Sex", patient.sex),
            ("Weight", weight),
            ("Bed", f"{head.bed_label} ({head.bed}), ward {head.ward or 'not recorded'}"),
            ("Course", head.course),
            ("Opened", f"{self.when(head.opened)} by {head.opened_by or 'pumpd, not planned by a person'}"),
            ("Ended", ended),
            ("Context", head.context or NONE),
        ]
        return tag("dl", [join([tag("dt", name), tag("dd", value)]) for name, value in cells], class_="patient")

    def outcomes(self) -> Markup:
        rows = [self._outcome(one) for one in self.report.outcomes]
        end = "Now" if self.report.head.closed is None else "End"
        return sheet(("Outcome", "Baseline", end, "Change", "Remarks"), rows, "outcomes")

    def _outcome(self, one: Outcome) -> list[Part]:
        figure = self.origins.figure
        name = tag("strong", one.name) if not one.name.startswith("of it") else tag("span", one.name, class_="part")
        baseline, end = figure(one.baseline), figure(one.end)
        change = tag("strong", figure(one.change)) if one.change is not None else Markup("")
        return [name, baseline, end, change, one.note]

    def infusions(self) -> Markup:
        figure = self.origins.figure
        caps = {cap.span: cap for cap in self.report.caps}
        rows: list[list[Part]] = []
        for one in self.report.infusions:
            cap = caps.get(f"infusion {one.number}")
            of_cap = Markup(NONE) if cap is None else join([figure(cap.cap), f" ({plain(cap.percent)} %)"])
            delivered = join([figure(one.low), " to ", figure(one.high)])
            rows.append(
                [
                    str(one.number),
                    self.time(one.started),
                    NONE if one.ended is None or one.started is None else self._lasted(one.started, one.ended),
                    figure(one.plan),
                    delivered,
                    figure(one.per_kg),
                    of_cap,
                    figure(one.top),
                    one.phase,
                ]
            )
        heads = (
            "No.",
            "Began",
            "Lasted",
            "Planned",
            "Delivered (at least, at most)",
            "By weight",
            "Cap",
            "Top rate",
            "State",
        )
        ends = [tag("li", f"Infusion {one.number}: {one.why}.") for one in self.report.infusions if one.why]
        return join([sheet(heads, rows, empty="No infusion has begun."), tag("ul", ends, class_="scope")])

    def _lasted(self, start: datetime, end: datetime) -> str:
        return lasted(round((end - start).total_seconds() * 1000))

    def vitals(self) -> Markup:
        rows = [
            [
                one.label,
                self.origins.figure(one.lowest),
                when_exactly(one.lowest_at, self._zone),
                self.origins.figure(one.highest),
                when_exactly(one.highest_at, self._zone),
                f"{one.count:,}",
            ]
            for one in self.report.vitals
        ]
        return sheet(("Signal", "Lowest", "at", "Highest", "at", "Readings"), rows, empty="No readings were recorded.")

    def alarms(self) -> list[Markup]:
        """By condition; then every HIGH one."""
        high = [one for one in self.report.alarms if one.priority == "high"]
        parts = [self._by_condition()]
        if high:
            parts += [tag("h3", "Every HIGH alarm"), self._each(high)]
        return parts

    def _by_condition(self) -> Markup:
        groups: dict[tuple[str, str], list[AlarmLine]] = {}
        for one in self.report.alarms:
            groups.setdefault((one.priority, one.condition), []).append(one)
        order = ("high", "medium", "low")
        rows = [
            [priority.upper(), condition, str(len(found)), self._answered(found), self._slowest(found)]
            for (priority, condition), found in sorted(groups.items(), key=lambda pair: order.index(pair[0][0]))
        ]
        heads = ("Priority", "Condition", "Alarms", "Acknowledged", "Slowest response")
        return sheet(heads, rows, empty="No alarm was raised.")

    def _answered(self, found: list[AlarmLine]) -> str:
        people = dict.fromkeys(one.by for one in found if one.by)
        count = sum(1 for one in found if one.acknowledged is not None)
        return f"{count} of {len(found)}" + (f" by {', '.join(people)}" if people else "")

    def _slowest(self, found: list[AlarmLine]) -> Markup:
        answered = [one.response for one in found if one.response is not None]
        slowest = max(answered, key=lambda figure: figure.value or 0, default=None)
        return self.origins.figure(slowest)

    def _each(self, found: list[AlarmLine]) -> Markup:
        rows: list[list[Part]] = []
        for one in found:
            answer = "nobody" if one.acknowledged is None else f"{one.by}: {one.reason}"
            climbed = f"; signalled to {', '.join(one.climbed)}" if len(one.climbed) > 1 else ""
            span = NONE if one.ended is None else self._lasted(one.onset, one.ended)
            rows.append([self.time(one.onset), one.text, span, answer + climbed, self.origins.figure(one.response)])
        return sheet(("Onset", "Alarm", "Lasted", "Acknowledged by", "After"), rows)

    def episodes(self) -> Markup:
        rows = [
            [
                str(one.number),
                self.time(one.began),
                "went on" if one.ended is None else self._lasted(one.began, one.ended),
                ", ".join(one.signs),
                self.origins.figure(one.dose),
                one.ref,
            ]
            for one in self.report.episodes
        ]
        heads = ("No.", "Began", "Lasted", "Signs", "Dose rate then", "Record")
        return sheet(heads, rows, empty="No episode of respiratory depression was counted.")

    def effects(self) -> Markup:
        rows = [
            [self.time(one.at), one.name, one.words, self.origins.figure(one.dose), one.by, one.ref]
            for one in self.report.effects
        ]
        heads = ("Time", "Side effect", "Severity", "Dose rate then", "Found by", "Record")
        return sheet(heads, rows, empty="No side effect was asked for or charted.")

    def effect_rates(self) -> Markup:
        rows = [
            [one.name, "yes" if one.psychomimetic else "", self.origins.figure(one.dose), str(one.asked), one.words]
            for one in self.report.effect_rates
        ]
        heads = ("Side effect", "Psychomimetic", "Dose rate", "Asked for", "Worst found")
        return sheet(heads, rows, empty="None was asked for at a known dose rate.")

    def pain_days(self) -> Markup:
        rows = [[one.day, self.origins.figure(one.mean), str(one.asked)] for one in self.report.pain_days]
        return sheet(("Day", "Mean pain (NRS)", "Asked"), rows, empty="Nobody asked.")

    def flags(self) -> Markup:
        rows: list[list[Part]] = [[one.text, _whole(one.by), _whole(one.ref)] for one in self.report.flags]
        return sheet(("To be thought of", "By", "Record"), rows, empty="Nothing to be thought of.")

    def refusals(self) -> Markup:
        rows: list[list[Part]] = []
        for one in self.report.refusals:
            asked = f"{one.act} {one.subject}"
            who = one.who or "nobody named"
            rows.append([self.time(one.at), who, asked, one.why or NONE, _list(one.reasons), one.ref])
        heads = ("Time", "Who", "Asked for", "Why", "Refused because", "Record")
        return sheet(heads, rows, empty="Nothing was refused.")

    def overrides(self) -> Markup:
        rows: list[list[Part]] = []
        for one in self.report.overrides:
            what, whose = f"{one.act} {one.subject}", one.source or NONE
            rows.append([self.time(one.at), one.who, what, one.why, one.limit or NONE, whose, one.ref])
        heads = ("Time", "Who", "Set aside", "Why", "Limit", "Whose", "Record")
        return sheet(heads, rows, empty="No limit and no rule was set aside.")

    def lines(self, *sections: str) -> Markup:
        mine = sorted((one for one in self.report.lines if one.section in sections), key=lambda one: one.at)
        rows = [[self.time(one.at), self._noted(one), _whole(one.by), _whole(one.ref)] for one in mine]
        return sheet(("Time", "Noted", "By", "Record"), rows)

    def _noted(self, one: Line) -> Markup:
        text = tag("del", one.text) if one.replaced else tag("span", one.text)
        fixed = f" (corrects entry {one.corrects}: {one.why})" if one.corrects else ""
        replaced = f" (corrected by entry {one.replaced})" if one.replaced else ""
        return join([text, fixed + replaced])

    def policies(self) -> Markup:
        rows = [[self.time(one.at), _list(one.texts), one.sha[:SHA]] for one in self.report.policies]
        return sheet(("From", "Limits and whose they are", "SHA-256"), rows)

    def software(self) -> Markup:
        rows: list[list[Part]] = []
        for one in self.report.runs:
            files = [f"{path}: {sha[:SHA]}" for path, sha in one.files]
            unverified = f", UNVERIFIED: {', '.join(one.unverified)}" if one.unverified else ""
            made = f"pumpd {one.software}, {one.generation}{unverified}"
            rows.append([self.time(one.at), made, one.library or NONE, _list(files)])
        tables = [[one.name, one.version, one.sha[:SHA], one.in_use] for one in self.report.tables]
        return join(
            [
                sheet(("Started", "Software", "Drug library", "Files with SHA-256"), rows),
                sheet(("Computed with", "Version", "SHA-256", "At the bedside"), tables),
            ]
        )


def _whole(text: str) -> Markup:
    """Kept on one line."""
    return tag("span", text, class_="figure")


def _list(texts: Iterable[str]) -> Markup:
    return tag("ul", [tag("li", text) for text in texts])
