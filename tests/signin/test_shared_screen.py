"""At a screen that many share: a person acts there for a moment, by badge and PIN, and the record names both."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pumpd.access.accounts import AccountChange
from pumpd.access.audit import What
from pumpd.access.roles import Identity, Permission
from tests.signin.memory import PIN, Desk
from tests.signin.people import outcomes, signed_in, stepped_up


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = await Desk.open()
    yield made
    await made.access.close()


@pytest.mark.req("SEC-05")
async def test_a_person_acts_at_a_shared_screen_and_the_record_names_both(desk: Desk) -> None:
    admin, wall = await signed_in(desk, "admin"), await signed_in(desk, "wall")
    await desk.access.accounts.change_account("klee", AccountChange(badge="0815"), admin.principal)
    grant = await stepped_up(desk, wall, " 0815")
    person = desk.access.stepped_up(wall.principal, grant.token)
    assert person is not None
    assert person.by == "Kim Lee RN (klee) at wall"
    assert person.may(Permission.ACKNOWLEDGE)
    assert not person.may(Permission.HISTORY)
    assert person.identity is Identity.NONE, "no more of a name than this screen shows"
    assert desk.noted[-1].subject == "wall"


@pytest.mark.req("SEC-05")
async def test_a_grant_is_of_one_screen_and_ends_by_itself_or_with_it(desk: Desk) -> None:
    wall, other = await signed_in(desk, "wall"), await signed_in(desk, "wall")
    grant = await stepped_up(desk, wall)
    assert desk.access.stepped_up(other.principal, grant.token) is None
    assert desk.access.stepped_up(wall.principal, "") is None
    desk.now_ms += grant.seconds * 1_000
    assert desk.access.stepped_up(wall.principal, grant.token) is not None
    desk.now_ms += 1
    assert desk.access.stepped_up(wall.principal, grant.token) is None
    second = await stepped_up(desk, wall)
    await desk.access.sign_out(wall.principal.session)
    assert desk.access.stepped_up(wall.principal, second.token) is None


async def test_a_wrong_pin_gives_nothing_and_nobody_without_one_steps_up(desk: Desk) -> None:
    wall = await signed_in(desk, "wall")
    answers = set()
    for badge, pin in (("klee", "000001"), ("nobody", PIN), ("wall", ""), ("wall", PIN)):
        desk.now_ms += 60_000
        answers.add(await desk.access.step_up(wall.principal, badge, pin, badge))
    assert len(answers) == 1
    assert [outcome for _, outcome in outcomes(desk, What.STEP_UP)] == ["wrong"] * 4
