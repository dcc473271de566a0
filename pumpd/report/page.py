"""The whole report as one page: one file, no script, nothing fetched; made to be printed on A4. Pure."""

from __future__ import annotations

from importlib.resources import files

import pumpd
from pumpd.drawing.markup import Markup, join, tag
from pumpd.report import notes
from pumpd.report.figure_infusion import infusion_figure
from pumpd.report.figures import concentration_figure, dose_figure, pain_figure, vitals_figure
from pumpd.report.model import CourseReport
from pumpd.report.model_given import Reference
from pumpd.report.origins import Origins
from pumpd.report.plot import number
from pumpd.report.sheets import Sheets
from pumpd.report.words import when, zone_of

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
DEVICE = "pumpd is monitoring and decision support. It is not a certified medical device."
EVIDENCE = (
    "Current evidence is insufficient to assess the benefits and harms of ketamine as an adjuvant to opioids for the "
    "relief of cancer pain (Cochrane review, 2009). This report states what was given and what was observed; it does "
    "not say that one caused the other."
)
SIMULATED = {"demo": "SIMULATED (demo): no patient was treated", "test": "TEST: no patient was treated"}
UNKNOWN = "The journal does not record whether this was a real patient or a simulation."


def page(report: CourseReport) -> str:
    """The document as text."""
    document = tag("html", _head(report), _body(report), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def title_of(report: CourseReport) -> str:
    head = report.head
    return f"Course {head.course}, {head.patient.name}, MRN {head.patient.mrn}"


def _head(report: CourseReport) -> Markup:
    style = files(pumpd).joinpath("report", "page.css").read_text("utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title_of(report)),
        tag("style", Markup(f"\n{style}{_running(report)}")),
    )


def _running(report: CourseReport) -> str:
    """What stands on every printed page: whose report, simulated or not, which page of how many."""
    unverified = "UNVERIFIED driver" if report.head.unverified else ""
    mark = ", ".join(filter(None, (SIMULATED.get(report.head.generation), unverified)))
    running = "still running" if report.head.closed is None else "closed"
    boxes = {
        "top-left": f'"{_css(title_of(report))}"',
        "top-right": f'"{_css(mark or running)}"',
        "bottom-left": f'"{_css(report.head.made_by + ", " + DEVICE)}"',
        "bottom-right": 'counter(page) " / " counter(pages)',
    }
    return "@page {" + " ".join(f"@{place} {{ content: {text}; }}" for place, text in boxes.items()) + "}\n"


def _css(text: str) -> str:
    """Text inside a CSS string: whatever is no letter, digit or space is escaped by its number."""
    return "".join(one if (one.isalnum() and one.isascii()) or one == " " else f"\\{ord(one):x} " for one in text)


def _body(report: CourseReport) -> Markup:
    origins = Origins()
    sheets = Sheets(report, origins)
    simulated = SIMULATED.get(report.head.generation)
    parts = [
        tag("p", simulated, class_="simulated") if simulated else Markup(""),
        _unverified(report),
        tag("header", tag("h1", "Report of a low-dose ketamine course"), sheets.patient()),
        _standing(report),
        tag("section", tag("h2", "Outcomes"), sheets.outcomes(), _scope(report)),
        tag("section", tag("h2", "Course"), *_drawings(report), class_="new-page"),
        tag("section", tag("h2", "Infusions"), sheets.infusions(), _close_ups(report)),
        *_observed(sheets),
        *_chart(sheets),
        tag("section", tag("h2", "Limits in force"), sheets.policies()),
        tag("section", tag("h2", "Software and files"), sheets.software()),
    ]
    last = tag("section", tag("h2", "Where each number comes from"), _how(report), origins.listed())
    return tag("body", _patterns(), tag("main", parts, last))


def _unverified(report: CourseReport) -> Markup:
    """What came through a driver under development is not to be relied on, and says so above everything."""
    devices = ", ".join(report.head.unverified)
    return tag("p", f"UNVERIFIED driver: what comes from {devices}", class_="simulated") if devices else Markup("")


def _standing(report: CourseReport) -> Markup:
    head = report.head
    lines = [DEVICE, EVIDENCE]
    if head.closed is None:
        lines.insert(0, f"The course still runs: everything here is as of {when(head.until, zone_of(head.timezone))}.")
    if head.generation == "unknown":
        lines.append(UNKNOWN)
    if not head.planned:
        lines.append("Nobody planned this course: pumpd opened it because a governed pump infused.")
    missing = [tag("li", f"Not known: {text}") for text in report.missing]
    return tag("ul", [tag("li", line) for line in lines], missing, class_="standing")


def _scope(report: CourseReport) -> Markup:
    return tag("ul", [tag("li", text) for text in report.mme_notes], class_="scope")


def _drawn(drawing: Markup | None, caption: str) -> Markup:
    if drawing is None:
        return Markup("")
    return tag("figure", tag("figcaption", caption), drawing)


def _drawings(report: CourseReport) -> list[Markup]:
    return [
        _drawn(
            dose_figure(report),
            "Dose rate (steps) below the hard and soft ceiling; amount given since the opening: at most (solid) and "
            "at least (dashed).",
        ),
        _drawn(
            pain_figure(report),
            "Pain scores (dots, left) and opioids as administered in the 24 h before (stepped line, right).",
        ),
        _plasma(report),
        _drawn(
            vitals_figure(report), "Vital signs, lowest to highest reading; below them alarms and episodes, counted."
        ),
    ]


def _plasma(report: CourseReport) -> Markup:
    found, drawing = report.prediction, concentration_figure(report)
    if found is None or drawing is None:
        return tag("p", "Nothing was given that a concentration could be predicted from.", class_="empty")
    caption = (
        f"Predicted ketamine in plasma, lowest to highest of {len(found.models)} models ({', '.join(found.models)}): a "
        "prediction, not a measurement. Hatched: the reference band; dashed: published single values."
    )
    known = [_known(one) for one in found.references]
    doubts = [f"Doubt: {text}." for text in found.doubts]
    notes_ = [*known, f"Limits of the models: {'; '.join(found.limits)}.", *doubts]
    return join([_drawn(drawing, caption), tag("ul", [tag("li", text) for text in notes_], class_="scope")])


def _known(one: Reference) -> str:
    span = number(one.low) if one.low == one.high else f"{number(one.low)} to {number(one.high)}"
    return f"{span} ng/mL: {one.name} ({one.source})"


def _close_ups(report: CourseReport) -> Markup:
    drawn = [_drawn(infusion_figure(report, one), f"Infusion {one.number}") for one in report.infusions]
    return tag("div", drawn, class_="close-ups")


def _observed(sheets: Sheets) -> list[Markup]:
    return [
        tag("section", tag("h2", "Vital signs: extremes"), sheets.vitals()),
        tag("section", tag("h2", "Alarms and responses"), sheets.alarms()),
        tag("section", tag("h2", "Respiratory depression (PRODIGY episodes)"), sheets.episodes()),
        tag("section", tag("h2", "Pain by day"), sheets.pain_days()),
        tag("section", tag("h2", "Side effects and the dose rate at which they were found"), sheets.effects()),
        tag("section", tag("h2", "Side effects by dose rate"), sheets.effect_rates()),
        tag("section", tag("h2", "Refused"), sheets.refusals()),
        tag("section", tag("h2", "Overrides"), sheets.overrides()),
    ]


def _chart(sheets: Sheets) -> list[Markup]:
    sections = (
        ("Plans", (notes.PLANS,)),
        ("Contra-indications asked for", (notes.CHECKS,)),
        ("Adjuncts", (notes.ADJUNCTS,)),
        ("Other medicines", (notes.COMEDICATION,)),
        ("Assessments", (notes.ASSESSED, notes.SEDATION)),
        ("Opioids given", (notes.OPIOIDS,)),
        ("Ketamine beside the pump", (notes.KETAMINE,)),
        ("Follow-up", (notes.FOLLOW_UP,)),
    )
    written = [tag("section", tag("h2", name), sheets.lines(*which)) for name, which in sections]
    return [*written, tag("section", tag("h2", "Because of other medicines"), sheets.flags())]


def _how(report: CourseReport) -> Markup:
    text = (
        "The small numbers point here. An entry is what a person wrote into the chart; a decision is a link of the "
        "journal's hash chain; an event is a row of the journal. Nothing in the journal can be changed or removed: "
        "corrections are new entries."
    )
    return tag("p", text, class_="about")


def _patterns() -> Markup:
    """Hatching for paper, defined once."""
    hatch = tag("path", d="M0 8L8 0M-2 2L2 -2M6 10L10 6", class_="on-known")
    dots = tag("circle", cx=2, cy=2, r=1, class_="on-given")
    return tag(
        "svg",
        tag(
            "defs",
            tag("pattern", hatch, id="known", width=8, height=8, patternUnits="userSpaceOnUse"),
            tag("pattern", dots, id="given", width=4, height=4, patternUnits="userSpaceOnUse"),
        ),
        class_="patterns",
        width=0,
        height=0,
        aria_hidden="true",
        focusable="false",
    )
