"""Somebody's own password and PIN: only with the password that holds now, and never from a shared screen."""

from __future__ import annotations

from pumpd.access.principal import Credentials, Denied, Principal, SignedIn, SteppedUp
from tests.signin.memory import PASSWORD, PIN, Desk

FRESH, AT = "an even longer night", "10.0.0.4"


async def signed_in(desk: Desk, account: str, password: str = PASSWORD) -> SignedIn | Denied:
    desk.now_ms += 60_000  # nobody waits for the rate limit here
    return await desk.access.sign_in(account, password, AT)


async def principal(desk: Desk, account: str) -> tuple[Principal, str]:
    made = await signed_in(desk, account)
    assert isinstance(made, SignedIn)
    return made.principal, made.cookie


async def test_a_new_password_holds_at_once_and_ends_every_session_of_theirs() -> None:
    desk = await Desk.open()
    who, cookie = await principal(desk, "klee")
    assert await desk.access.change_own(who, PASSWORD, FRESH, None, AT) is None
    assert desk.access.who(Credentials(cookie=cookie)) is None
    assert isinstance(await signed_in(desk, "klee"), Denied)
    assert isinstance(await signed_in(desk, "klee", FRESH), SignedIn)
    assert FRESH not in repr(desk.noted)


async def test_without_the_password_that_holds_now_nothing_is_changed_and_guessing_is_slowed() -> None:
    desk = await Desk.open()
    who, cookie = await principal(desk, "klee")
    desk.now_ms += 60_000
    first = await desk.access.change_own(who, "a guess of mine", FRESH, None, AT)
    second = await desk.access.change_own(who, "another guess", FRESH, None, AT)
    assert isinstance(first, Denied)
    assert "password that holds now" in first.reasons[0]
    assert isinstance(second, Denied)
    assert second.retry_after_s > 0
    assert desk.access.who(Credentials(cookie=cookie)) is not None
    assert [(one.who, one.outcome) for one in desk.noted[-2:]] == [("klee", "wrong"), ("klee", "rate_limited")]


async def test_a_new_pin_is_held_to_the_rules_and_ends_no_session() -> None:
    desk = await Desk.open()
    who, cookie = await principal(desk, "klee")
    desk.now_ms += 60_000
    weak = await desk.access.change_own(who, PASSWORD, None, "12", AT)
    assert isinstance(weak, Denied)
    assert await desk.access.change_own(who, PASSWORD, None, "740193", AT) is None
    assert desk.access.who(Credentials(cookie=cookie)) is not None
    wall, _ = await principal(desk, "wall")
    desk.now_ms += 60_000
    assert isinstance(await desk.access.step_up(wall, "klee", PIN, AT), Denied)
    desk.now_ms += 60_000
    assert isinstance(await desk.access.step_up(wall, "klee", "740193", AT), SteppedUp)


async def test_a_shared_screen_and_whoever_stands_there_change_no_secret() -> None:
    desk = await Desk.open()
    wall, _ = await principal(desk, "wall")
    desk.now_ms += 60_000
    at_wall = await desk.access.step_up(wall, "klee", PIN, AT)
    assert isinstance(at_wall, SteppedUp)
    for who in (wall, at_wall.principal):
        desk.now_ms += 60_000
        assert isinstance(await desk.access.change_own(who, PASSWORD, FRESH, None, AT), Denied)
