"""Rules, episodes and differences in a few words, as tables, tooltips and descriptions say them. Pure."""

from __future__ import annotations

from pumpd.device import SIGNALS
from pumpd.evaluation.compare import Change, Difference
from pumpd.evaluation.run import Episode, Evaluation
from pumpd.safety.policy import Rule, Term
from pumpd.units import MS_PER_S, format_milli

SIDES = ("A", "B")
S_PER_MIN, S_PER_H = 60, 3600
CHANGE_WORDS = {
    Change.LOST: "only A",
    Change.LOWERED: "lower in B",
    Change.GAINED: "only B",
    Change.RAISED: "higher in B",
}


def seconds(milli: int) -> str:
    """ "30" or "30.5", with the comma of a thousand."""
    return format_milli(milli)


def plain_seconds(milli: int) -> str:
    """ "12600" or "30.5": as it stands in the file, to be searched for."""
    return format_milli(milli).replace(",", "")


def clock(since_ms: int) -> str:
    """ "0:05" and "12:40" are minutes and seconds, "1:02:03" has hours; tenths only where there are any."""
    sign = "-" if since_ms < 0 else ""
    whole, milli = divmod(abs(since_ms), MS_PER_S)
    hours, rest = divmod(whole, S_PER_H)
    minutes, left = divmod(rest, S_PER_MIN)
    tail = f".{milli // 100}" if milli >= 100 else ""
    return f"{sign}{hours}:{minutes:02}:{left:02}{tail}" if hours else f"{sign}{minutes}:{left:02}{tail}"


def condition_words(condition: str) -> str:
    """ "rr low", "sensor off: spo2"."""
    return condition.replace("_", " ").replace(":", ": ")


def term_words(term: Term) -> str:
    signal = SIGNALS[term.signal]
    return f"{signal.label} {term.op} {format_milli(term.limit_milli)}"


def rule_words(rule: Rule) -> str:
    """ "RR >= 1, RR <= 5, for 30 s: HIGH, stops the pump"."""
    words = ", ".join(map(term_words, rule.all_of))
    if rule.any_of:
        words += f", with {' or '.join(map(term_words, rule.any_of))}"
    if rule.absent:
        words += f", without {', '.join(SIGNALS[name].label for name in rule.absent)}"
    delay = f", for {seconds(rule.delay_ms)} s" if rule.delay_ms else ", at once"
    stop = ", stops the pump" if rule.interlock else ""
    return f"{words}{delay}: {rule.priority.upper()}{stop}"


def episode_words(evaluation: Evaluation, episode: Episode, origin_ms: int) -> str:
    """ "rr-low MEDIUM 2:40 to 6:40 (240 s), worst 7"."""
    until = evaluation.until_ms(episode)
    length = seconds(until - episode.onset_ms)
    still = ", still present" if episode.end_ms is None else ""
    worst = "" if episode.worst_milli is None else f", worst {format_milli(episode.worst_milli)}"
    span = f"{clock(episode.onset_ms - origin_ms)} to {clock(until - origin_ms)}"
    return f"{episode.rule} {episode.priority.upper()} {span} ({length} s{still}){worst}"


def change_words(one: Difference) -> str:
    return "LOST HIGH" if one.lost_high else CHANGE_WORDS[one.change]


def note_words(one: Difference) -> str:
    """What stands in for a lost HIGH, or what the matching alarm of the other profile has become."""
    if one.lost_high:
        became = f"in B only {one.other}" if one.other is not None else "nothing of this condition in B"
        cover = f"meanwhile HIGH in B: {', '.join(one.covered_by)}" if one.covered_by else "no other HIGH in B then"
        return f"{became}; {cover}"
    if one.other is None:
        return ""
    return f"{one.episode.priority} instead of {one.other}" if one.change is Change.RAISED else f"in B {one.other}"


def shift_words(later_ms: int) -> str:
    """ "5 s earlier", "at the same time", "30 s later"."""
    if later_ms == 0:
        return "at the same time"
    return f"{seconds(abs(later_ms))} s {'later' if later_ms > 0 else 'earlier'}"


def change_share(a: int, b: int) -> str:
    """ "-40 %", "new", "="."""
    if a == b:
        return "="
    return f"{(b - a) * 100 / a:+.0f} %" if a else "new"
