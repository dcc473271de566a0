"""A session: how long it lasts, what ends it, and that neither a restart nor a failing disk makes it longer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.access.accounts import AccountChange
from pumpd.access.audit import What
from pumpd.access.principal import Denied
from pumpd.access.roles import Role
from tests.signin.memory import PASSWORD, PIN, Desk
from tests.signin.people import DESK, MIN, outcomes, signed_in, stepped_up, who


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = await Desk.open()
    yield made
    await made.access.close()


@pytest.mark.req("SEC-03")
async def test_a_session_ends_when_nobody_does_anything_and_looking_on_is_nothing(desk: Desk) -> None:
    session, ended = await signed_in(desk), list[str]()
    desk.access.on_end(session.principal.session, lambda: ended.append("ended"))
    for _ in range(3):
        desk.now_ms += 14 * MIN
        assert who(desk, session) is not None
    desk.now_ms += 14 * MIN
    assert who(desk, session, active=False) is not None
    assert desk.access.valid(session.principal.session)
    desk.now_ms += 2 * MIN
    await desk.access.look()
    assert ended == ["ended"]
    assert who(desk, session) is None
    assert not desk.access.valid(session.principal.session)
    assert desk.access.csrf_of(session.principal.session) == ""
    assert desk.store.sessions == {}
    assert desk.noted[-1].what is What.SESSION_ENDED
    assert desk.noted[-1].detail == "idle"


@pytest.mark.req("SEC-03")
async def test_a_busy_session_ends_with_the_shift_and_a_display_never(desk: Desk) -> None:
    nurse, wall = await signed_in(desk), await signed_in(desk, "wall")
    for _ in range(61):
        desk.now_ms += 10 * MIN
        who(desk, nurse)
    assert who(desk, nurse) is None
    desk.now_ms += 400 * 24 * 60 * MIN
    assert who(desk, wall, active=False) is not None
    assert (wall.idle_s, wall.absolute_s, desk.access.idle_s_of(wall.principal.session)) == (0, 0, 0)


@pytest.mark.req("SEC-03")
async def test_signing_out_ends_that_session_and_tells_its_sockets_once(desk: Desk) -> None:
    one, other, ended = await signed_in(desk), await signed_in(desk), list[str]()
    desk.access.on_end(one.principal.session, lambda: ended.append("one"))
    never_mind = desk.access.on_end(one.principal.session, lambda: ended.append("never"))
    never_mind()
    desk.access.on_end(other.principal.session, lambda: ended.append("other"))
    await desk.access.sign_out(one.principal.session)
    await desk.access.sign_out(one.principal.session)
    assert ended == ["one"]
    assert who(desk, one) is None
    assert who(desk, other) is not None
    desk.access.on_end(one.principal.session, lambda: ended.append("too late"))
    assert ended == ["one", "too late"]


CHANGES = [
    AccountChange(disabled=True),
    AccountChange(roles=(Role.BIOMED,)),
    AccountChange(password="another long night"),
]


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize("change", CHANGES, ids=["disabled", "roles", "password"])
async def test_a_change_of_the_account_ends_its_sessions_and_grants_at_once(desk: Desk, change: AccountChange) -> None:
    admin, wall, nurse = await signed_in(desk, "admin"), await signed_in(desk, "wall"), await signed_in(desk)
    grant = await stepped_up(desk, wall)
    done = await desk.access.accounts.change_account("klee", change, admin.principal)
    assert not isinstance(done, Denied | None)
    assert who(desk, nurse) is None
    assert desk.access.stepped_up(wall.principal, grant.token) is None
    assert who(desk, admin) is not None
    assert desk.noted[-1].what is What.ACCOUNT
    assert desk.noted[-1].who == "admin"


async def test_a_disabled_account_opens_nothing_with_its_right_password_and_pin(desk: Desk) -> None:
    wall = await signed_in(desk, "wall")
    desk.changed_elsewhere(replace(desk.store.accounts["klee"], disabled=True))
    await desk.access.look()
    desk.now_ms += 2_000
    assert isinstance(await desk.access.sign_in("klee", PASSWORD, DESK), Denied)
    desk.now_ms += 2_000
    assert isinstance(await desk.access.step_up(wall.principal, "klee", PIN, DESK), Denied)


async def test_what_the_command_line_changes_is_seen_by_a_running_daemon(desk: Desk) -> None:
    nurse = await signed_in(desk)
    desk.changed_elsewhere(replace(desk.store.accounts["klee"], disabled=True))
    await desk.access.look()
    assert who(desk, nurse) is None
    desk.changed_elsewhere(replace(desk.store.accounts["klee"], disabled=False))
    await desk.access.look()
    again = await signed_in(desk)
    desk.store.sessions.clear()
    desk.store.changed += 1
    await desk.access.look()
    assert who(desk, again) is None, "signed out everywhere"


async def test_who_was_signed_in_still_is_after_a_restart_and_no_longer_than_before(desk: Desk, tmp_path: Path) -> None:
    await desk.start(tmp_path)
    nurse, wall, bio = await signed_in(desk), await signed_in(desk, "wall"), await signed_in(desk, "bio")
    desk.now_ms += 3 * MIN
    who(desk, nurse)
    await desk.access.close()
    desk.now_ms += 14 * MIN
    await desk.start(tmp_path)
    assert who(desk, nurse) == nurse.principal
    assert desk.access.csrf_of(nurse.principal.session) == nurse.csrf
    assert who(desk, wall) is not None
    assert who(desk, bio) is None, "its five minutes are over"
    assert ("bio", "ok") in outcomes(desk, What.SESSION_ENDED)
    await desk.access.close()


async def test_a_session_of_an_account_that_is_gone_does_not_come_back(desk: Desk) -> None:
    nurse = await signed_in(desk)
    await desk.access.close()
    desk.store.accounts["klee"] = replace(desk.store.accounts["klee"], disabled=True)
    await desk.start()
    assert who(desk, nurse) is None


# a disk that fails


async def test_a_disk_that_fails_keeps_nobody_from_signing_in_and_is_caught_up_with(desk: Desk) -> None:
    desk.store.fails = True
    nurse = await signed_in(desk)
    assert who(desk, nurse) is not None
    assert "does not outlive a restart" in desk.noted[-1].detail
    gone = await signed_in(desk)
    await desk.access.sign_out(gone.principal.session)
    desk.store.fails = False
    await desk.access.look()
    assert list(desk.store.sessions) == [nurse.principal.session]
