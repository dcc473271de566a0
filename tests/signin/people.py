"""People who sign in at a desk, as the tests of it need them."""

from __future__ import annotations

from pumpd.access.audit import What
from pumpd.access.principal import Credentials, Principal, SignedIn, SteppedUp
from tests.signin.memory import PASSWORD, PIN, Desk

MIN = 60_000
DESK, ATTIC = "10.0.0.7", "10.0.0.66"


async def signed_in(desk: Desk, account: str = "klee", address: str = DESK) -> SignedIn:
    desk.now_ms += 2_000
    found = await desk.access.sign_in(account, PASSWORD, address)
    assert isinstance(found, SignedIn), found
    return found


def who(desk: Desk, session: SignedIn, *, active: bool = True) -> Principal | None:
    return desk.access.who(Credentials(session.cookie), active=active)


def outcomes(desk: Desk, what: What) -> list[tuple[str, str]]:
    return [(entry.who, entry.outcome) for entry in desk.noted if entry.what is what]


async def stepped_up(desk: Desk, wall: SignedIn, badge: str = "klee") -> SteppedUp:
    desk.now_ms += 2_000
    grant = await desk.access.step_up(wall.principal, badge, PIN, DESK)
    assert isinstance(grant, SteppedUp), grant
    return grant
