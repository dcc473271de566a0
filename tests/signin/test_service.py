"""Signing in: who may, who may not, and that nothing can be learned or won by trying."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pumpd.access.accounts import AccountChange, NewToken
from pumpd.access.audit import What
from pumpd.access.policy import HashCost
from pumpd.access.principal import Credentials, Denied, SignedIn
from pumpd.access.provider import AccountClaims
from pumpd.access.roles import Identity, Permission, Role
from pumpd.signin.hashing import NICE, Busy, Hasher
from tests.signin.memory import PASSWORD, PIN, Desk
from tests.signin.people import ATTIC, DESK, MIN, outcomes, signed_in, who


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = await Desk.open()
    yield made
    await made.access.close()


# who may


async def test_a_person_signs_in_and_is_who_they_are(desk: Desk) -> None:
    session = await signed_in(desk, " KLee ")
    person = who(desk, session)
    assert person == session.principal
    assert (person.account, person.name, person.roles) == ("klee", "Kim Lee RN", (Role.NURSE,))
    assert person.identity is Identity.FULL
    assert (session.idle_s, session.absolute_s) == (900, 36_000)
    assert desk.access.csrf_of(person.session) == session.csrf != ""
    assert (outcomes(desk, What.SIGN_IN)) == [("klee", "ok")]
    assert desk.store.accounts["klee"].signed_in_us is not None


@pytest.mark.req("SEC-02")
async def test_whoever_is_refused_learns_only_that(desk: Desk) -> None:
    desk.store.accounts["gone"] = replace(desk.store.accounts["klee"], name="gone", disabled=True)
    desk.changed_elsewhere(desk.store.accounts["gone"])
    await desk.access.look()
    answers = []
    for account in ("klee", "nobody", "gone", "", "x" * 5_000):
        desk.now_ms += 60_000
        answers.append(await desk.access.sign_in(account, "not my password", f"{account[:4]}.example"))
    assert len(set(answers)) == 1
    assert isinstance(answers[0], Denied)
    assert [outcome for _, outcome in outcomes(desk, What.SIGN_IN)] == ["wrong"] * 5


@pytest.mark.req("SEC-02")
async def test_an_unknown_account_costs_the_same_work_as_a_known_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = list[str]()
    verify = Hasher._verify

    def noting(self: Hasher, kept: str, secret: str) -> bool:
        verified.append(kept.rpartition("$")[0].rpartition("$")[0])
        return verify(self, kept, secret)

    monkeypatch.setattr(Hasher, "_verify", noting)
    for account in ("klee", "nobody"):
        desk.now_ms += 60_000
        await desk.access.sign_in(account, "not my password", DESK)
    assert len(verified) == 2
    assert verified[0] == verified[1], "the same algorithm at the same cost"


@pytest.mark.req("SEC-03")
async def test_every_sign_in_makes_a_new_session_whatever_came_with_it(desk: Desk) -> None:
    first, second = await signed_in(desk), await signed_in(desk)
    assert len({first.cookie, second.cookie}) == 2
    assert first.principal.session != second.principal.session
    assert all(len(one.cookie) >= 43 for one in (first, second)), "256 bits"
    assert desk.access.who(Credentials("a cookie that somebody has prepared")) is None


@pytest.mark.req("SEC-02", "SEC-06")
async def test_no_secret_is_kept_as_it_was_typed(desk: Desk) -> None:
    session = await signed_in(desk)
    await desk.access.accounts.change_account("klee", AccountChange(badge="0815"), session.principal)
    kept = repr((desk.store.accounts, desk.store.sessions, desk.store.tokens, desk.noted))
    for secret in (PASSWORD, PIN, "0815", session.cookie, session.csrf):
        assert secret not in kept


# guessing


async def test_guessing_is_slowed_down_and_says_how_long(desk: Desk) -> None:
    answers = list[object]()
    for _ in range(8):
        answers.append(await desk.access.sign_in("klee", "guess", ATTIC))
        desk.now_ms += 1_000
    waits = [answer.retry_after_s for answer in answers if isinstance(answer, Denied)]
    assert waits[:5] == [0] * 5
    assert all(wait > 0 for wait in waits[5:])
    right = await desk.access.sign_in("klee", PASSWORD, ATTIC)
    assert isinstance(right, Denied), "not even with the right one"
    assert isinstance(await desk.access.sign_in("klee", PASSWORD, DESK), Denied), "the account is slowed down, too"


@pytest.mark.req("SEC-02")
async def test_a_flood_of_sign_ins_waits_for_one_thread_below_all_others(desk: Desk) -> None:
    floods = [asyncio.create_task(desk.access.sign_in(f"a{n}", "x", f"10.9.0.{n}")) for n in range(40)]
    answers = await asyncio.gather(*floods)
    busy = [answer for answer in answers if isinstance(answer, Denied) and answer.retry_after_s]
    assert len(busy) == 40 - desk.policy.cost.waiting // 2
    assert sum(thread.name.startswith("pumpd-hash") for thread in threading.enumerate()) >= 1
    nice = await asyncio.get_running_loop().run_in_executor(
        desk.access._hasher._pool, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    )
    assert nice == NICE


async def test_somebody_known_here_finds_room_in_a_flood() -> None:
    hasher = Hasher(HashCost(19 * 1024, 2, 1, waiting=4))
    strangers = [asyncio.create_task(hasher.matches("", "x")) for _ in range(9)]
    await asyncio.sleep(0)
    assert await hasher.matches("", "x", expected=True) is False
    found = await asyncio.gather(*strangers, return_exceptions=True)
    assert sum(isinstance(one, Busy) for one in found) == 7
    hasher.close()


async def test_a_password_of_an_older_cost_is_kept_at_todays_and_its_session_goes_on(desk: Desk) -> None:
    cheap = Hasher(HashCost(8, 1, 1, 4))
    old = await cheap.hash(PASSWORD)
    cheap.close()
    desk.changed_elsewhere(replace(desk.store.accounts["klee"], password=old))
    await desk.access.look()
    nurse = await signed_in(desk)
    assert desk.store.accounts["klee"].password != old
    desk.store.changed += 1
    await desk.access.look()
    assert who(desk, nurse) is not None
    assert isinstance(await signed_in(desk), SignedIn)


# machines


@pytest.mark.req("SEC-06")
async def test_a_machine_comes_with_its_token_until_it_expires_or_is_revoked(desk: Desk) -> None:
    admin, ended = await signed_in(desk, "admin"), list[str]()
    made = await desk.access.accounts.add_token(
        NewToken("prometheus", frozenset({Permission.METRICS}), days=1), admin.principal
    )
    assert not isinstance(made, Denied)
    assert made.secret.startswith("pumpd_")
    machine = desk.access.who(Credentials(bearer=made.secret))
    assert machine is not None
    assert (machine.account, machine.roles, machine.permissions) == (
        "token:prometheus",
        (Role.MACHINE,),
        {Permission.METRICS},
    )
    assert desk.access.csrf_of(machine.session) == ""
    assert desk.access.who(Credentials(cookie=made.secret[6:])) is None
    await desk.access.sign_out(machine.session)
    desk.now_ms += 61_000
    assert desk.access.who(Credentials(bearer=made.secret)) is not None
    await desk.access.look()
    assert desk.store.tokens[machine.session].used_us == desk.now_ms * 1_000
    desk.access.on_end(machine.session, lambda: ended.append("ended"))
    assert await desk.access.accounts.revoke_token(machine.session, admin.principal)
    assert ended == ["ended"]
    assert desk.access.who(Credentials(bearer=made.secret)) is None


async def test_a_token_opens_nothing_after_its_last_day(desk: Desk) -> None:
    admin = await signed_in(desk, "admin")
    new = NewToken("script", frozenset({Permission.VIEW}), days=1)
    made = await desk.access.accounts.add_token(new, admin.principal)
    assert not isinstance(made, Denied)
    desk.now_ms += 24 * 60 * MIN
    assert desk.access.who(Credentials(bearer=made.secret)) is None
    await desk.access.close()
    await desk.start()
    assert desk.access.who(Credentials(bearer=made.secret)) is None


# whom somebody else vouches for


@pytest.mark.req("SEC-07")
async def test_an_identity_providers_people_come_in_with_its_roles_and_nobody_elses_name(desk: Desk) -> None:
    claims = AccountClaims("P.Ruiz", "Pat Ruiz", (Role.CHARGE,), "hospital")
    first = await desk.access.sign_in_as(claims, DESK)
    assert isinstance(first, SignedIn)
    assert first.principal.roles == (Role.CHARGE,)
    fewer = await desk.access.sign_in_as(replace(claims, roles=(Role.NURSE,)), DESK)
    assert isinstance(fewer, SignedIn)
    assert who(desk, first) is None, "its roles have changed"
    desk.now_ms += 60_000
    assert isinstance(await desk.access.sign_in("p.ruiz", "", DESK), Denied), "it has no password here"
    for bad in (
        replace(claims, account="klee"),
        replace(claims, source="elsewhere"),
        replace(claims, roles=()),
        replace(claims, roles=(Role.MACHINE,)),
        replace(claims, account="a b"),
        replace(claims, source=""),
    ):
        assert isinstance(await desk.access.sign_in_as(bad, DESK), Denied), bad
    desk.changed_elsewhere(replace(desk.store.accounts["p.ruiz"], disabled=True))
    await desk.access.look()
    assert isinstance(await desk.access.sign_in_as(claims, DESK), Denied)
