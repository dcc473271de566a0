"""Accounts: the first one, the last administrator, and those that should not be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pumpd.access.accounts import AccountChange, NewAccount
from pumpd.access.principal import Denied, SignedIn
from pumpd.access.records import Account
from pumpd.access.roles import Identity, Role
from tests.signin.memory import PASSWORD, Desk
from tests.signin.people import DESK, MIN, signed_in, who


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = await Desk.open()
    yield made
    await made.access.close()


@pytest.mark.req("SEC-09")
async def test_the_first_account_is_made_with_the_token_of_the_console_and_only_once(tmp_path: Path) -> None:
    desk = await Desk.open(tmp_path, people=False)
    access, file = desk.access, tmp_path / "set-up-token"
    assert access.needs_setup()
    token = file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    wrong = await access.set_up("x" * 43, "ada", "Ada Min", PASSWORD, DESK)
    assert isinstance(wrong, Denied)
    desk.now_ms += 2_000
    weak = await access.set_up(token, "ada", "Ada Min", "short", DESK)
    assert isinstance(weak, Denied)
    assert "12 characters" in weak.reasons[0]
    made = await access.set_up(token, "Ada", "Ada Min", PASSWORD, DESK)
    assert isinstance(made, SignedIn)
    assert made.principal.roles == (Role.ADMIN,)
    assert not access.needs_setup()
    assert not file.exists()
    desk.now_ms += 2_000
    assert isinstance(await access.set_up(token, "eve", "Eve", PASSWORD, DESK), Denied)
    await access.close()
    await desk.start(tmp_path)
    assert not desk.access.needs_setup()
    await desk.access.close()


async def test_the_set_up_token_ends_when_the_command_line_makes_an_account(tmp_path: Path) -> None:
    desk = await Desk.open(tmp_path, people=False)
    desk.changed_elsewhere(Account("ada", "Ada Min", (Role.ADMIN,), "x"))
    await desk.access.look()
    assert not desk.access.needs_setup()
    assert not (tmp_path / "set-up-token").exists()
    await desk.access.close()


@pytest.mark.req("SEC-09")
async def test_the_last_administrator_cannot_be_taken_away(desk: Desk) -> None:
    admin = await signed_in(desk, "admin")
    accounts, by = desk.access.accounts, admin.principal
    for change in (AccountChange(disabled=True), AccountChange(roles=(Role.NURSE,))):
        assert isinstance(await accounts.change_account("admin", change, by), Denied)
    assert isinstance(await accounts.remove_account("admin", by), Denied)
    second = NewAccount("ada", "Ada B", (Role.ADMIN,), PASSWORD)
    assert not isinstance(await accounts.add_account(second, by), Denied)
    assert await accounts.remove_account("admin", by) is True
    assert who(desk, admin) is None


REFUSED = [
    (NewAccount("Kim Lee", "Kim Lee", (Role.NURSE,), PASSWORD), "an account's name"),
    (NewAccount("klee", "Other", (Role.NURSE,), PASSWORD), "already"),
    (NewAccount("new", " ", (Role.NURSE,), PASSWORD), "name"),
    (NewAccount("new", "New", (), PASSWORD), "role"),
    (NewAccount("new", "New", (Role.MACHINE,), PASSWORD), "machine"),
    (NewAccount("new", "New", (Role.DISPLAY, Role.NURSE), PASSWORD), "never signs out"),
    (NewAccount("new", "New", (Role.NURSE,), PASSWORD, identity=Identity.NONE), "only a display"),
    (NewAccount("new", "New", (Role.NURSE,), "short"), "12 characters"),
    (NewAccount("new", "New", (Role.NURSE,), PASSWORD, pin="123456"), "PIN"),
    (NewAccount("new", "New", (Role.NURSE,), PASSWORD, badge="0815"), "another account's"),
]


@pytest.mark.parametrize(("new", "words"), REFUSED, ids=[words for _, words in REFUSED])
async def test_an_account_that_should_not_be_is_refused_with_its_reason(
    desk: Desk, new: NewAccount, words: str
) -> None:
    admin = await signed_in(desk, "admin")
    await desk.access.accounts.change_account("klee", AccountChange(badge="0815"), admin.principal)
    answer = await desk.access.accounts.add_account(new, admin.principal)
    assert isinstance(answer, Denied)
    assert any(words in reason for reason in answer.reasons)


async def test_a_name_that_was_somebodys_is_not_given_to_another_person(desk: Desk) -> None:
    admin = await signed_in(desk, "admin")
    accounts, by = desk.access.accounts, admin.principal
    assert await accounts.remove_account("klee", by) is True
    assert await accounts.remove_account("klee", by) is False
    again = await accounts.add_account(NewAccount("klee", "Kurt Lee", (Role.NURSE,), PASSWORD), by)
    assert isinstance(again, Denied)
    assert "another person" in again.reasons[0]
    assert "klee" not in {row.account for row in await accounts.accounts()}
    desk.now_ms += 2_000
    assert isinstance(await desk.access.sign_in("klee", PASSWORD, DESK), Denied)


async def test_an_administrator_sees_sessions_and_ends_one(desk: Desk) -> None:
    admin, nurse = await signed_in(desk, "admin"), await signed_in(desk)
    rows = {row.account: row for row in await desk.access.accounts.sessions()}
    assert (rows["klee"].address, rows["klee"].since_us) == (DESK, desk.now_ms * 1_000)
    assert rows["klee"].ends_us == (desk.now_ms + 15 * MIN) * 1_000
    assert await desk.access.accounts.end_session(nurse.principal.session, admin.principal)
    assert who(desk, nurse) is None
    assert desk.noted[-1].detail == "ended by admin"
    assert not await desk.access.accounts.end_session(nurse.principal.session, admin.principal)
