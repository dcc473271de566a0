"""What the web face asks of sign-in and audit. Ports: pumpd.signin and the journal implement them.

Who notes what in the audit, so that nothing is noted twice: the service notes sign-in (refused ones too), sign-out,
ended sessions, step-ups, set-up and changes of accounts and tokens, wherever they come from. The web face notes acts,
refusals (nobody signed in, not permitted), what was seen, and exports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pumpd.access.accounts import AccountChange, AccountRow, NewAccount, NewToken, SessionRow, TokenMade, TokenRow
from pumpd.access.audit import AuditEntry, AuditQuery, AuditRow, AuditVerdict
from pumpd.access.principal import Credentials, Denied, Principal, SignedIn, SteppedUp


class AccessPort(Protocol):
    """Sessions and accounts. What is sync answers from memory and is called for every request and every send.

    Sign-in and sign-out, step-up, set-up and ended sessions note themselves in the audit, right or wrong.
    """

    def who(self, credentials: Credentials, *, active: bool = True) -> Principal | None:
        """Who that is, now; None: nobody, ended, expired or revoked. active: a person did something (idle time)."""
        ...

    def csrf_of(self, session: str) -> str:
        """What acts of this session must carry in `x-csrf-token`; empty for a machine's token."""
        ...

    def idle_s_of(self, session: str) -> int:
        """After how many seconds without an act the session ends; 0: never."""
        ...

    def valid(self, session: str) -> bool:
        """Does the session (or token) still stand? For sockets, without counting as activity."""
        ...

    def on_end(self, session: str, ended: Callable[[], None]) -> Callable[[], None]:
        """Call `ended` once when the session ends: sign-out, expiry, revocation, changed roles. Returns: never mind.

        It must not raise. It is called at once if the session does not stand.
        """
        ...

    async def sign_in(self, account: str, password: str, address: str) -> SignedIn | Denied: ...

    async def sign_out(self, session: str) -> None: ...

    async def step_up(self, screen: Principal, badge: str, pin: str, address: str) -> SteppedUp | Denied:
        """A person at a shared screen: badge is an account's name or its badge number."""
        ...

    def stepped_up(self, screen: Principal, token: str) -> Principal | None:
        """Who stands behind a grant of this very screen; None: none, or no more."""
        ...

    async def change_own(
        self, who: Principal, current: str, password: str | None, pin: str | None, address: str
    ) -> Denied | None:
        """Somebody's own password or PIN (None: as it is), with the password that holds now. None: it is done.

        With a new password every session of theirs ends, this one too.
        """
        ...

    def needs_setup(self) -> bool:
        """Is there no account yet, so that the first one is made with the set-up token?"""
        ...

    async def set_up(self, token: str, account: str, name: str, password: str, address: str) -> SignedIn | Denied: ...


class AccountsPort(Protocol):
    """Administration. `by`: the administrator, for the audit. Nobody can take the last administrator away."""

    async def accounts(self) -> tuple[AccountRow, ...]: ...

    async def add_account(self, new: NewAccount, by: Principal) -> AccountRow | Denied: ...

    async def change_account(self, account: str, change: AccountChange, by: Principal) -> AccountRow | Denied | None:
        """None: there is no such account."""
        ...

    async def remove_account(self, account: str, by: Principal) -> Denied | bool:
        """True: it is gone, with its sessions; its name is never given to another person. False: there was none."""
        ...

    async def tokens(self) -> tuple[TokenRow, ...]: ...

    async def add_token(self, new: NewToken, by: Principal) -> TokenMade | Denied: ...

    async def revoke_token(self, token: str, by: Principal) -> bool:
        """token: its id. True: it opens nothing any more, at once."""
        ...

    async def sessions(self) -> tuple[SessionRow, ...]: ...

    async def end_session(self, session: str, by: Principal) -> bool:
        """True: it has ended, and its sockets are closed. False: there was none."""
        ...


class AuditPort(Protocol):
    """The append-only record of who did or saw what."""

    def note(self, entry: AuditEntry) -> None:
        """Keep it. Never waits, never fails towards the caller: an act is not stopped by its audit."""
        ...

    async def search(self, query: AuditQuery) -> tuple[AuditRow, ...]:
        """Newest first."""
        ...

    async def verify(self) -> AuditVerdict: ...
