"""Signing in by an identity provider: over real HTTP against a real one, and each way in which it can be false."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from pumpd.access.audit import What
from pumpd.access.principal import Credentials
from pumpd.api.gate import COOKIE
from tests.signin.provider import CLIENT, KEYS, Claims, Provider, unsigned
from tests.signin.vouched import NAME, PATH, VouchedFace, cookie_of, reasons

pytestmark = pytest.mark.req("SEC-07")


@pytest.fixture
async def face(tmp_path: Path) -> AsyncIterator[VouchedFace]:
    with Provider() as provider:
        opened = await VouchedFace.meet(provider, tmp_path)
        yield opened
        await opened.close()


async def test_a_person_comes_back_from_the_provider_with_a_session_of_her_groups_role(face: VouchedFace) -> None:
    said = (await face.web.get("/api/v1/session")).json()
    assert (said["signed_in"], said["provider"]) == (False, NAME)
    answer = await face.sign_in("pat")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["account"], said["name"], said["roles"]) == ("p.ruiz", "Pat Ruiz RN", ["nurse"])
    person = face.access.who(Credentials(cookie_of(answer, COOKIE)))
    assert person is not None
    assert person.by == "Pat Ruiz RN (p.ruiz)"
    assert said["idle_s"] == 900, "her sessions are any nurse's"
    entry = face.desk.noted[-1]
    assert (entry.what, entry.who, entry.outcome) == (What.SIGN_IN, "p.ruiz", "ok")
    assert entry.detail == f"vouched for by {face.provider.issuer} u-1"
    assert await face.access.sign_in("p.ruiz", "", "127.0.0.1") is not None
    assert face.desk.store.accounts["p.ruiz"].password == "", "she has no password here"


async def test_a_session_by_the_provider_ends_the_one_before_it_and_signing_out_is_local(face: VouchedFace) -> None:
    before = await face.person("klee")
    location, cookie = await face.begin()
    came = await face.at_provider(location, "pat")
    answer = await face.back(came, f"{cookie}; {before['cookie']}")
    assert answer.status_code == 200, answer.text
    assert face.access.who(Credentials(before["cookie"].partition("=")[2])) is None
    session = {"cookie": f"{COOKIE}={cookie_of(answer, COOKIE)}", "x-csrf-token": answer.json()["csrf"]}
    asked = len(face.provider.asked)
    assert (await face.web.delete("/api/v1/session", headers=session)).status_code == 200
    assert (await face.web.get("/api/v1/ward", headers=session)).status_code == 401
    assert len(face.provider.asked) == asked


def changed(**claims: Any) -> Callable[[Provider], None]:
    def change(provider: Provider) -> None:
        provider.change = lambda said: {key: value for key, value in (said | claims).items() if value is not None}

    return change


def signed(sign: Callable[[Claims], str]) -> Callable[[Provider], None]:
    def change(provider: Provider) -> None:
        provider.sign = sign

    return change


def with_a_public_key(claims: Claims) -> str:
    """RFC 8725, 2.1: HS256, with the provider's public key for the shared secret."""
    shared = OctKey.import_key(hashlib.sha256(KEYS[0].as_pem(private=False)).digest())
    return jwt.encode({"alg": "HS256", "kid": KEYS[0].kid}, claims, shared)


FALSE = {
    "another's nonce": (changed(nonce="another"), "nonce"),
    "no nonce": (changed(nonce=None), "nonce"),
    "for another client": (changed(aud="another"), "aud"),
    "for us among others, made for another": (changed(aud=[CLIENT, "x"], azp="x"), "azp"),
    "of another provider": (changed(iss="https://evil.example"), "iss"),
    "too old": (changed(exp=int(time.time()) - 120), "expired"),
    "without an end": (changed(exp=None), "exp"),
    "of nobody": (changed(sub=None), "sub"),
    "for another access token": (changed(at_hash="AAAA"), "at_hash"),
    "unsigned": (signed(unsigned), "proves nothing"),
    "signed with what everybody knows": (signed(with_a_public_key), "proves nothing"),
    "no token at all": (signed(lambda claims: "x"), "proves nothing"),
    "signed with another's key": (
        signed(lambda claims: jwt.encode({"alg": "RS256", "kid": "key-1"}, claims, KEYS[1])),
        "not signed with a key",
    ),
}


@pytest.mark.parametrize("case", FALSE)
async def test_a_token_that_proves_nothing_opens_nothing(case: str, face: VouchedFace) -> None:
    break_it, word = FALSE[case]
    break_it(face.provider)
    answer = await face.sign_in("pat")
    assert answer.status_code == 403, answer.text
    assert word in reasons(answer)
    assert "set-cookie" not in answer.headers
    assert face.noted()[-1][0] == "refused"
    assert word in face.noted()[-1][1]
    assert not face.desk.store.sessions


async def test_a_provider_that_changes_its_key_is_believed_at_once(face: VouchedFace) -> None:
    assert (await face.sign_in("pat")).status_code == 200
    asked = face.provider.asked.count("/keys")
    assert (await face.sign_in("pat")).status_code == 200
    assert face.provider.asked.count("/keys") == asked, "keys are kept"
    face.provider.rotate()
    assert (await face.sign_in("pat")).status_code == 200
    assert face.provider.asked.count("/keys") == asked + 1
    face.provider.key = KEYS[0]
    assert (await face.sign_in("pat")).status_code == 403, "the key that was taken back signs no more"


async def test_what_comes_back_counts_once_in_the_browser_that_was_sent_and_not_for_long(face: VouchedFace) -> None:
    location, cookie = await face.begin()
    other_location, other = await face.begin()
    came = await face.at_provider(location, "pat")
    for wrong in ("", other, cookie[:-1], f"1.{cookie}", "x", "9" * 30 + ".x"):
        answer = await face.back(came, wrong, wait="1")
        assert (answer.status_code, reasons(answer)[:40]) == (403, "this sign-in was not begun in this brows"), wrong
    assert "/token" not in face.provider.asked, "a code that is not ours is sent nowhere"
    assert (await face.back(came, cookie, wait="1")).status_code == 200
    assert (await face.back(came, cookie, wait="1")).status_code == 403, "again"
    stolen = (await face.at_provider(other_location, "pat")) | {"code": came["code"]}
    answer = await face.back(stolen, other, wait="1")
    assert (answer.status_code, reasons(answer)) == (403, "the provider does not know this code, or no more")
    location, late = await face.begin()
    came = await face.at_provider(location, "pat")
    face.desk.now_ms += 600_000
    assert (await face.back(came, late)).status_code == 403


async def test_a_code_that_was_given_for_another_browser_is_worth_nothing(face: VouchedFace) -> None:
    """Injected into a sign-in that somebody else has begun: the verifier does not fit (RFC 7636)."""
    location, _ = await face.begin()
    hers = await face.at_provider(location, "pat")
    location, cookie = await face.begin()
    mine = await face.at_provider(location, "vera")
    answer = await face.back(mine | {"code": hers["code"]}, cookie)
    assert (answer.status_code, reasons(answer)) == (403, "the provider does not know this code, or no more")


async def test_an_answer_of_another_provider_or_a_refusal_there_is_told(face: VouchedFace) -> None:
    for change, word in (
        ({"iss": "https://evil.example"}, "another identity provider's"),
        ({"code": "", "error": "access_denied"}, f"{NAME} did not sign you in (access_denied)"),
        ({"code": "", "error": "<b>x</b>"}, f"{NAME} did not sign you in (no code)"),
    ):
        location, cookie = await face.begin()
        came = await face.at_provider(location, "pat")
        answer = await face.back(came | change, cookie, wait="1")
        assert (answer.status_code, word in reasons(answer)) == (403, True), answer.text


async def test_nobody_comes_in_without_a_group_that_has_a_role_or_under_anothers_name(face: VouchedFace) -> None:
    answer = await face.sign_in("vera")
    assert (answer.status_code, reasons(answer)) == (403, "the identity provider gave no role that this site knows")
    assert (await face.sign_in("pat")).status_code == 200
    for person in ("mallory", "kim"):  # who calls herself as somebody else does there, or here
        face.desk.now_ms += 61_000
        answer = await face.sign_in(person)
        assert (answer.status_code, reasons(answer)) == (403, "an account of that name is somebody else's here")
    assert [outcome for outcome, _ in face.noted()] == ["refused", "ok", "refused", "refused"]


async def test_with_another_group_her_sessions_end_and_the_next_one_has_its_role(face: VouchedFace) -> None:
    first = cookie_of(await face.sign_in("pat"), COOKIE)
    changed(groups=["ward-charge"])(face.provider)
    answer = await face.sign_in("pat")
    assert answer.json()["roles"] == ["nurse", "charge"]
    assert face.access.who(Credentials(first)) is None
    face.desk.changed_elsewhere(replace(face.desk.store.accounts["p.ruiz"], disabled=True))
    await face.access.look()
    assert (await face.sign_in("pat")).status_code == 403, "a site may shut out whom the provider lets in"


async def test_guessing_is_bounded_and_honest_failures_of_the_provider_are_not_guesses(face: VouchedFace) -> None:
    answers = [await face.web.post(f"{PATH}/return", json={"state": "x", "code": "y"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [403, 429]
    assert int(answers[1].headers["retry-after"]) >= 1


async def test_from_a_foreign_page_nothing_begins_and_nothing_ends(face: VouchedFace) -> None:
    for path in (PATH, f"{PATH}/return"):
        answer = await face.web.post(path, json={"state": "x"}, headers={"origin": "https://evil.example"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")


async def test_while_the_provider_is_away_people_with_an_account_here_sign_in(tmp_path: Path) -> None:
    with Provider() as provider:
        face = await VouchedFace.meet(provider, tmp_path)
        location, cookie = await face.begin()
        came = await face.at_provider(location, "pat")
    face.desk.now_ms += 60_000
    try:
        for answer in (await face.web.post(PATH, json={}), await face.back(came, cookie)):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "provider_away")
            assert reasons(answer) == f"{NAME} does not answer: sign in with account and password"
        assert {outcome for outcome, _ in face.noted()} == {"provider_away"}
        assert await face.person("klee")
    finally:
        await face.close()


async def test_a_slow_provider_holds_up_nobody_else(tmp_path: Path) -> None:
    with Provider() as provider:
        face = await VouchedFace.meet(provider, tmp_path, timeout_s=60)
        try:
            provider.held.clear()
            provider.says_issuer = "https://evil.example"
            waiting = [asyncio.create_task(face.web.post(PATH, json={})) for _ in range(20)]
            for _ in range(30):
                assert (await face.web.get("/livez")).status_code == 200
            assert not any(one.done() for one in waiting), "the loop goes round while a provider thinks"
            provider.held.set()
            assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {503}
            assert provider.asked == ["/.well-known/openid-configuration"], "twenty people ask once"
        finally:
            provider.held.set()
            await face.close()


async def test_a_provider_that_does_not_answer_in_time_is_away(tmp_path: Path) -> None:
    with Provider() as provider:
        face = await VouchedFace.meet(provider, tmp_path, timeout_s=0.3)
        try:
            provider.held.clear()
            answer = await face.web.post(PATH, json={})
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "provider_away")
        finally:
            provider.held.set()
            await face.close()


async def test_a_provider_that_says_it_is_another_is_none(face: VouchedFace) -> None:
    face.provider.says_issuer = "https://evil.example"
    answer = await face.web.post(PATH, json={})
    assert answer.status_code == 503
    assert 'it says that it is "https://evil.example"' in face.noted()[-1][1]


async def test_a_new_ward_makes_its_own_administrator_first(tmp_path: Path) -> None:
    with Provider() as provider:
        face = await VouchedFace.meet(provider, tmp_path)
        face.access.setup.begin()
        try:
            assert (await face.web.get("/api/v1/session")).json()["provider"] == ""
            answer = await face.web.post(PATH, json={})
            assert (answer.status_code, "set-up token" in reasons(answer)) == (403, True)
        finally:
            await face.close()
