"""Values of the audit: who did or saw what, when, from where, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """The kinds of entries."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SESSION_ENDED = "session_ended"
    STEP_UP = "step_up"
    SAW = "saw"  # the ward, a bed, a trend, a chart, a report
    ACT = "act"
    REFUSED = "refused"  # nobody signed in, or without the permission
    ACCOUNT = "account"  # accounts, roles, tokens
    EXPORT = "export"
    SYSTEM = "system"  # start, stop, configuration, set-up


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """subject: the route, op, page or account it was about. outcome: "ok" or the code of the refusal.

    bed: where it was about one. patient: the stay's own key, never a name. address: of the client, as connected.
    """

    what: What
    who: str
    roles: tuple[str, ...] = ()
    session: str = ""
    address: str = ""
    subject: str = ""
    bed: str | None = None
    patient: str | None = None
    outcome: str = "ok"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as kept: seq counts from 1 without gaps; at_us: wall time, microseconds since 1970."""

    seq: int
    at_us: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Every field narrows; before_seq pages on. text: in who, subject or detail, any case."""

    first_us: int | None = None
    last_us: int | None = None
    who: str = ""
    what: What | None = None
    bed: str = ""
    text: str = ""
    before_seq: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """rows: how many were checked. problem: the first break in words ("row 17: changed"), None: unbroken."""

    rows: int
    problem: str | None
