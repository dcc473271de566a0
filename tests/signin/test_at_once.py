"""Two administrators at the same moment: what each looked at before is still so when it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pumpd.access.accounts import AccountChange, NewAccount, NewToken, TokenMade
from pumpd.access.principal import Denied, Principal, SignedIn
from pumpd.access.records import Account, Token
from pumpd.access.roles import Identity, Permission, Role
from tests.signin.memory import PASSWORD, Desk, MemoryStore

BY = Principal("admin", "Ada Min", (Role.ADMIN,), frozenset(Permission), Identity.NONE, "s-test")


class SlowStore(MemoryStore):
    """Takes its time, as a disk does."""

    async def save_account(self, account: Account, *, signs_out: bool) -> None:
        await asyncio.sleep(0)
        await super().save_account(account, signs_out=signs_out)

    async def save_token(self, token: Token) -> None:
        await asyncio.sleep(0)
        await super().save_token(token)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    desk.store = SlowStore()
    desk.policy = replace(desk.policy, cost=replace(desk.policy.cost, memory_kib=1024, passes=1))
    await desk.add_people()
    desk.store.accounts["second"] = replace(desk.store.accounts["admin"], name="second")
    await desk.start()
    yield desk
    await desk.access.close()


@pytest.mark.parametrize("change", [AccountChange(disabled=True), AccountChange(roles=(Role.NURSE,)), None])
async def test_two_who_remove_each_other_leave_one_administrator(desk: Desk, change: AccountChange | None) -> None:
    accounts = desk.access.accounts
    each = [
        accounts.remove_account(name, BY) if change is None else accounts.change_account(name, change, BY)
        for name in ("admin", "second")
    ]
    assert [isinstance(done, Denied) for done in await asyncio.gather(*each)] == [False, True]


async def test_one_name_is_given_once(desk: Desk) -> None:
    new = [NewAccount("ada", name, (Role.NURSE,), PASSWORD) for name in ("Ada One", "Ada Two")]
    done = await asyncio.gather(*(desk.access.accounts.add_account(one, BY) for one in new))
    assert [isinstance(one, Denied) for one in done] == [False, True]
    assert desk.store.accounts["ada"].display == "Ada One"


async def test_one_badge_is_given_once(desk: Desk) -> None:
    change = AccountChange(badge="0815")
    done = await asyncio.gather(*(desk.access.accounts.change_account(name, change, BY) for name in ("klee", "charge")))
    assert [isinstance(one, Denied) for one in done] == [False, True]


async def test_one_name_of_a_token_is_given_once(desk: Desk) -> None:
    new = NewToken("prometheus", frozenset({Permission.METRICS}))
    done = await asyncio.gather(*(desk.access.accounts.add_token(new, BY) for _ in range(2)))
    assert [isinstance(one, TokenMade) for one in done] == [True, False]


async def test_a_stranger_s_guesses_at_the_set_up_token_keep_nobody_else_from_it() -> None:
    desk = await Desk.open(people=False)
    for _ in range(30):
        assert isinstance(await desk.access.set_up("x" * 43, "eve", "Eve", PASSWORD, "10.0.0.66"), Denied)
        desk.now_ms += 15_000
    made = await desk.access.set_up(desk.access.setup.token, "ada", "Ada Min", PASSWORD, "127.0.0.1")
    await desk.access.close()
    assert isinstance(made, SignedIn)
