"""One term of an alarm rule as a person writes it ("rr <= 5") into the kernel's Term. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from pumpd.config.problems import did_you_mean
from pumpd.device import SIGNALS, Signal
from pumpd.safety.policy import Op, Term
from pumpd.units import exact, plain, scaled

_WORDS = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*([<>=!~≤≥≠]+)\s*(\S+)\s*")
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,9})?")
_MEANT = {"=<": "<=", "≤": "<=", "=>": ">=", "≥": ">=", "==": "=", "<<": "<", ">>": ">", "<==": "<=", ">==": ">="}
VALUES = {name: signal for name, signal in SIGNALS.items() if not signal.wave}


class TermError(ValueError):
    """The text is no usable term; the message says why."""


def parse_term(text: str) -> Term:
    """ "rr <= 5" as a Term. Raises TermError: unknown signal, no comparison, limit no sensor can report."""
    match = _WORDS.fullmatch(text)
    if match is None:
        raise TermError(f'expected "signal op number" with op one of < <= > >= = such as "rr <= 5", found "{text}"')
    name, op, number = match.groups()
    signal = VALUES.get(name)
    if signal is None:
        raise TermError(f'unknown signal "{name}"{did_you_mean(name, VALUES)}')
    return Term(name, _op(op), _limit(signal, number))


def _op(op: str) -> Op:
    try:
        return Op(op)
    except ValueError:
        hint = f'; did you mean "{_MEANT[op]}"?' if op in _MEANT else ""
        raise TermError(f'expected one of < <= > >= =, found "{op}"{hint}') from None


def _limit(signal: Signal, number: str) -> int:
    name = signal.name
    if _NUMBER.fullmatch(number) is None:
        raise TermError(f'expected a number such as 8 or 89.5 as the limit of "{name}", found "{number}"')
    limit_milli = scaled(Decimal(number), 1000)
    if limit_milli is None:
        raise TermError(f'limit {number} of "{name}" is finer than 0.001')
    low, high = signal.min_milli, signal.max_milli
    if signal.flag and limit_milli not in (low, high):
        raise TermError(f'"{name}" is yes (1) or no (0), found {number}; did you mean "{name} = 1"?')
    if not low <= limit_milli <= high:
        span = f"{plain(exact(low, 1000))} to {plain(exact(high, 1000))} {signal.unit}".rstrip()
        raise TermError(f'limit {number} is outside what "{name}" can report ({span})')
    return limit_milli
