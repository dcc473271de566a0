"""Who calls, whether they may, and what is noted. Every route (`Guarded`) and every op of the live protocol passes.

401: nobody is signed in. 403: the permission is missing (step_up_needed at a shared screen), or an act with a cookie
lacks its session's token (cross-site request forgery). A refusal names what was missing, in words.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from pumpd.access.audit import AuditEntry, What
from pumpd.access.port import AccessPort, AuditPort
from pumpd.access.principal import Credentials, Principal
from pumpd.access.roles import Permission, Role
from pumpd.api.errors import CODES, ApiError
from pumpd.api.needs import Need, Open
from pumpd.api.seen import Seen

COOKIE = "__Host-sid"
CSRF = "x-csrf-token"
STEP_UP = "x-step-up"
BACKGROUND = "x-background"  # the page asks by itself: nobody did anything, and the session's idle time goes on
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOBODY = "nobody"
UNKNOWN = "unknown"
"""What became of an act that was neither answered nor refused: our own error, or the caller had gone before that."""
SESSION_OVER = "nobody is signed in, or the session has ended"

WORDS = {
    Permission.VIEW: "see the ward",
    Permission.HISTORY: "see trends, past alarms, charts and reports",
    Permission.ACKNOWLEDGE: "acknowledge and reset alarms",
    Permission.PAUSE_AUDIO: "pause the sound",
    Permission.STOP: "stop a pump",
    Permission.RATE: "ask for a rate or confirm a soft limit",
    Permission.INTERLOCK: "reset an interlock or permit a resume",
    Permission.CHART: "write into a chart",
    Permission.COURSE: "open, plan or end a course",
    Permission.BIND: "bind or release a patient",
    Permission.DEVICES: "see devices and lines",
    Permission.INTEGRATION: "see other systems",
    Permission.SETTLE: "settle refused messages",
    Permission.AUDIT: "read the audit",
    Permission.ACCOUNTS: "administer accounts",
    Permission.METRICS: "read metrics",
    Permission.NAME_OTHERS: "act for another person",
}
FILES = ("/audit/export", ".capture.txt")  # somebody takes them away: each one is noted
SIGHTS = frozenset({"/ward", "/beds", "/audit"})
NOTED_BY_SERVICE = frozenset({Permission.ACCOUNTS, Open.PUBLIC, Open.SIGNED_IN})

Stay = Callable[[str], str | None]
"""What the audit calls the stay of a bed's patient; never a name."""


class Gate:
    """Asks access, tells audit. now_ms: of the loop, for how often a sight is noted."""

    def __init__(self, access: AccessPort, audit: AuditPort | None, stay: Stay, now_ms: Callable[[], int]) -> None:
        self.access, self.audit = access, audit
        self._stay, self._seen = stay, Seen(now_ms)

    # who

    def who(self, line: HTTPConnection, active: bool = True) -> Principal | None:
        """Who calls; None: nobody."""
        return self.access.who(credentials_of(line), active=active)

    def signed_in(self, credentials: Credentials, active: bool) -> Principal:
        """Raises ApiError 401 where that is nobody."""
        who = self.access.who(credentials, active=active)
        if who is None:
            raise ApiError(401, "not_signed_in", SESSION_OVER)
        return who

    def person(self, screen: Principal, step_up: str, need: Need) -> Principal:
        """Who acts at the screen: who stepped up there, or whose session it is. Raises ApiError for an ended grant.

        A stop waits for nobody: with a grant that is over, or is not for it, the screen itself stops the pump.
        """
        if not step_up:
            return screen
        person = self.access.stepped_up(screen, step_up)
        if need is Permission.STOP and (person is None or not person.may(need)):
            return screen
        if person is None:
            raise ApiError(403, "step_up_needed", "the time for acts at this screen is over: say again who you are")
        return person

    # HTTP

    async def pass_through(
        self, request: Request, need: Need, handle: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Settle who calls, then answer; refusals, acts and sights are noted."""
        request.state.who = None
        try:
            request.state.who = who = self._admit(request, need)
        except ApiError as error:
            self._refused(request, error)
            raise
        outcome = UNKNOWN
        try:
            answer = await handle(request)
            outcome = "ok"
            return answer
        except ApiError as error:
            outcome = error.code
            raise
        except RequestValidationError:
            outcome = "invalid"
            raise
        except HTTPException as error:
            outcome = CODES.get(error.status_code, UNKNOWN)
            raise
        finally:
            if who is not None and need not in NOTED_BY_SERVICE:
                self._note_call(request, need, who, outcome)

    def _admit(self, request: Request, need: Need) -> Principal | None:
        credentials, act = credentials_of(request), request.method not in SAFE
        active = BACKGROUND not in request.headers
        if need is Open.PUBLIC:
            return self.access.who(credentials, active=active)
        if need is Permission.METRICS and not any_credentials(credentials) and from_here(request):
            return None
        screen = request.state.who = self.signed_in(credentials, active)
        if act and credentials.cookie and not screen.demo:
            self._same_page(request, screen)
        who = self.person(screen, request.headers.get(STEP_UP, ""), need)
        if isinstance(need, Permission):
            require(who, need)
        return who

    def _same_page(self, request: Request, who: Principal) -> None:
        """An act with a cookie carries what only our own page can have read."""
        expected, said = self.access.csrf_of(who.session), request.headers.get(CSRF, "")
        if not expected or not hmac.compare_digest(expected.encode(), said.encode()):
            raise ApiError(403, "csrf", f"the act does not carry its session's {CSRF}: load the page again")

    # what is noted

    def note(self, entry: AuditEntry) -> None:
        """Into the audit, where one is kept."""
        if self.audit is not None:
            self.audit.note(entry)

    def note_act(self, who: Principal, address: str, subject: str, bed: str | None, outcome: str) -> None:
        """An act and what became of it."""
        self.note(self._entry(What.ACT, who, address, subject, bed, outcome))

    def note_sight(self, who: Principal, address: str, subject: str, bed: str | None) -> None:
        """What somebody looks at, once in a while and not with every look."""
        if self._seen.anew(who.session, subject):
            entry = self._entry(What.SAW, who, address, subject, bed, "ok", f"identity {who.identity}")
            self.note(entry)

    def note_refused(self, who: Principal | None, address: str, subject: str, bed: str | None, code: str) -> None:
        """Each one; the audit puts together what repeats (pumpd.access.repeats)."""
        if who is None:
            self.note(AuditEntry(What.REFUSED, NOBODY, address=address, subject=subject, bed=bed, outcome=code))
        else:
            self.note(self._entry(What.REFUSED, who, address, subject, bed, code))

    def _refused(self, request: Request, error: ApiError) -> None:
        bed = request.path_params.get("bed")
        who: Principal | None = request.state.who
        self.note_refused(who, address_of(request), subject_of(request), bed, error.code)

    def _note_call(self, request: Request, need: Need, who: Principal, outcome: str) -> None:
        address, subject, bed = address_of(request), subject_of(request), request.path_params.get("bed")
        if request.method not in SAFE:
            self.note_act(who, address, subject, bed, outcome)
        elif subject.endswith(FILES):
            self.note(self._entry(What.EXPORT, who, address, subject, bed, outcome))
        elif outcome == "ok" and (need is Permission.HISTORY or _is_sight(subject)):
            self.note_sight(who, address, subject, bed)

    def _entry(
        self, what: What, who: Principal, address: str, subject: str, bed: str | None, outcome: str, detail: str = ""
    ) -> AuditEntry:
        return AuditEntry(
            what=what,
            who=who.by,
            roles=tuple(role.value for role in who.roles),
            session=who.session,
            address=address,
            subject=subject,
            bed=bed,
            patient=None if bed is None else self._stay(bed),
            outcome=outcome,
            detail=detail,
        )


def require(who: Principal, permission: Permission) -> None:
    """Raises ApiError 403 where not. A stop may not wait for a badge: every screen of the ward may stop a pump."""
    if who.may(permission) or (permission is Permission.STOP and Role.DISPLAY in who.roles):
        return
    wish = f"{WORDS[permission]} (permission {permission})"
    if Role.DISPLAY in who.roles:
        raise ApiError(403, "step_up_needed", f"this screen is everybody's: to {wish}, say who you are")
    raise ApiError(403, "not_permitted", f"{who.name} may not {wish}")


def credentials_of(line: HTTPConnection) -> Credentials:
    """A bearer token counts before a cookie: a foreign page can make a browser send only the latter."""
    scheme, _, token = line.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(bearer=token.strip())
    return Credentials(cookie=line.cookies.get(COOKIE, ""))


def any_credentials(credentials: Credentials) -> bool:
    return bool(credentials.cookie or credentials.bearer)


def from_here(line: HTTPConnection) -> bool:
    """A program on this very machine, and not somebody behind a proxy that runs here."""
    passed_on = any(name.startswith("x-forwarded") or name in ("forwarded", "via") for name in line.headers)
    return address_of(line) in ("127.0.0.1", "::1") and not passed_on


def _is_sight(path: str) -> bool:
    """The ward, one bed of it, or the audit; what else needs no more than `view` shows nobody."""
    return path in SIGHTS or (path.startswith("/beds/") and path.count("/") == 2)


def address_of(line: HTTPConnection) -> str:
    return line.client.host if line.client else ""


def subject_of(request: Request) -> str:
    """ "POST /beds/b1/pumps/p1/stop"; of what is only read the path."""
    path = request.url.path.removeprefix("/api/v1")[:200]
    return path if request.method in SAFE else f"{request.method} {path}"
