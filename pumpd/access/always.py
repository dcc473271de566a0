"""Access of a demonstration: whoever looks is signed in already, and every screen says so. Never for a real ward."""

from __future__ import annotations

from collections.abc import Callable

from pumpd.access.principal import Credentials, Denied, Principal, SignedIn, SteppedUp
from pumpd.access.roles import Identity, Permission, Role

DEMO = Principal(
    account="demo",
    name="demo",
    roles=(Role.CHARGE, Role.BIOMED, Role.AUDITOR),
    permissions=frozenset(Permission) - {Permission.ACCOUNTS},
    identity=Identity.FULL,
    session="demo",
    demo=True,
)
NONE_NEEDED = Denied(("this demonstration signs in by itself",))


class AlwaysSignedIn:
    """Implements AccessPort: one principal for everybody."""

    def __init__(self, principal: Principal = DEMO) -> None:
        self._principal = principal

    def who(self, credentials: Credentials, *, active: bool = True) -> Principal | None:
        return self._principal

    def csrf_of(self, session: str) -> str:
        return ""

    def idle_s_of(self, session: str) -> int:
        return 0

    def valid(self, session: str) -> bool:
        return True

    def on_end(self, session: str, ended: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    async def sign_in(self, account: str, password: str, address: str) -> SignedIn | Denied:
        return NONE_NEEDED

    async def sign_out(self, session: str) -> None:
        return None

    async def step_up(self, screen: Principal, badge: str, pin: str, address: str) -> SteppedUp | Denied:
        return NONE_NEEDED

    def stepped_up(self, screen: Principal, token: str) -> Principal | None:
        return None

    async def change_own(
        self, who: Principal, current: str, password: str | None, pin: str | None, address: str
    ) -> Denied | None:
        return NONE_NEEDED

    def needs_setup(self) -> bool:
        return False

    async def set_up(self, token: str, account: str, name: str, password: str, address: str) -> SignedIn | Denied:
        return NONE_NEEDED
