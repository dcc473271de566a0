"""A session from sign-in to its end: cookie, rotation, step-up, whose act it is, and what the audit says of it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from pumpd.access.audit import AuditEntry, What
from pumpd.access.roles import Identity, Permission, Role
from pumpd.api.gate import COOKIE
from pumpd.safety.events import StopRequested
from tests.api.ward import MemoryWard, client
from tests.security.face import ORIGIN, Face
from tests.signin.memory import PASSWORD, PIN

STOP = "/api/v1/beds/b1/pumps/b1-p1/stop"
PAUSE = "/api/v1/beds/b1/audio-pause"
OWN = {"origin": ORIGIN}
WRONG = {"account": "klee", "password": "not her password"}
RIGHT = {"account": "klee", "password": PASSWORD}


@pytest.mark.req("SEC-03")
async def test_sign_in_gives_a_cookie_that_scripts_and_other_sites_cannot_have(face: Face) -> None:
    async with face.browser() as web:
        answer = await web.post("/api/v1/session", json=RIGHT, headers=OWN)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    value, *flags = [part.strip() for part in rest.split(";")]
    assert name == "__Host-sid"
    assert len(value) >= 40
    assert {flag.lower() for flag in flags} == {"httponly", "max-age=36000", "path=/", "samesite=strict", "secure"}
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert value not in answer.text
    assert (said["signed_in"], said["name"], said["by"]) == (True, "Kim Lee RN", "Kim Lee RN (klee)")
    assert (said["roles"], said["identity"], said["idle_s"], said["demo"]) == (["nurse"], "full", 900, False)
    assert set(said["permissions"]) == face.may("klee")
    assert len(said["csrf"]) >= 32


@pytest.mark.req("SEC-03", "SEC-04")
async def test_the_session_is_told_to_its_own_page_and_to_nobody_else(face: Face) -> None:
    headers = await face.person("wall")
    async with face.browser() as web:
        own = (await web.get("/api/v1/session", headers=headers)).json()
        nobody = (await web.get("/api/v1/session")).json()
    assert (own["account"], own["step_up_needed"], own["csrf"]) == ("wall", True, headers["x-csrf-token"])
    assert (nobody["signed_in"], nobody["csrf"], nobody["permissions"], nobody["setup_needed"]) == (
        False,
        "",
        [],
        False,
    )


@pytest.mark.req("SEC-03")
async def test_a_session_that_was_planted_or_there_before_opens_nothing_after_sign_in(face: Face) -> None:
    """Fixation and rotation: the secret is a new one each time, and the old session is over."""
    before = await face.person("wall")
    async with face.browser() as web:
        planted = {**OWN, "cookie": f"{COOKIE}=planted-by-somebody-else-0123456789abcdef"}
        first = await web.post("/api/v1/session", json=RIGHT, headers=planted)
        assert "planted" not in first.headers["set-cookie"]
        assert (await web.get("/api/v1/ward", headers=planted)).status_code == 401
        again = await web.post("/api/v1/session", json=RIGHT, headers={**OWN, "cookie": before["cookie"]})
        assert again.status_code == 200
        assert (await web.get("/api/v1/ward", headers={"cookie": before["cookie"]})).status_code == 401


@pytest.mark.req("SEC-03")
async def test_sign_out_ends_the_session_on_the_server_and_clears_the_cookie(face: Face) -> None:
    headers = await face.person("klee")
    async with face.browser() as web:
        answer = await web.delete("/api/v1/session", headers=headers)
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert (await web.get("/api/v1/ward", headers=headers)).status_code == 401
        assert (await web.delete("/api/v1/session", headers=headers)).status_code == 401


@pytest.mark.req("SEC-03")
async def test_what_the_page_asks_by_itself_is_no_sign_of_a_person(face: Face) -> None:
    headers = await face.person("klee")
    async with face.browser() as web:
        for _ in range(14):
            face.desk.now_ms += 60_000
            assert (await web.get("/api/v1/ward", headers={**headers, "x-background": "1"})).status_code == 200
        face.desk.now_ms += 61_000
        assert (await web.get("/api/v1/ward", headers=headers)).status_code == 401


@pytest.mark.req("SEC-02")
async def test_guessing_is_slowed_down_for_the_account_and_says_when_to_try_again(face: Face) -> None:
    async with face.browser() as web:
        answers = []
        for _ in range(12):
            face.desk.now_ms += 1_100
            answers.append(await web.post("/api/v1/session", json=WRONG, headers=OWN))
        codes = [one.status_code for one in answers]
        assert codes[:5] == [401] * 5
        assert codes[-1] == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        assert answers[-1].json()["error"]["code"] == "too_many_attempts"
        unknown = await web.post("/api/v1/session", json={"account": "nobody", "password": "x"}, headers=OWN)
    assert len({answers[0].text, unknown.text} - {answers[-1].text}) <= 2
    assert all("set-cookie" not in one.headers for one in answers)


@pytest.mark.req("SEC-02")
async def test_whether_an_account_exists_is_not_told(face: Face) -> None:
    async with face.browser() as web:
        known = await web.post("/api/v1/session", json=WRONG, headers=OWN)
        face.desk.now_ms += 5_000
        unknown = await web.post("/api/v1/session", json={"account": "nobody", "password": "x"}, headers=OWN)
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


@pytest.mark.req("AUD-01")
async def test_the_record_names_who_is_signed_in_and_refuses_another_name(face: Face) -> None:
    headers = await face.person("klee")
    async with face.browser() as web:
        assert (await web.post(STOP, json={"reason": "x"}, headers=headers)).status_code == 200
        own = {"reason": "x", "by": "klee"}
        assert (await web.post(STOP, json=own, headers=headers)).status_code == 200
        other = await web.post(STOP, json={"reason": "x", "by": "Dr. Who"}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "not_you")
    assert "Kim Lee RN (klee)" in other.json()["error"]["reasons"][0]
    assert face.ward.events == [("b1", StopRequested("b1-p1", "Kim Lee RN (klee)", "x"))] * 2


async def test_a_system_that_acts_for_people_names_them_and_one_that_does_not_may_not(face: Face) -> None:
    for permissions, status in (([Permission.STOP, Permission.NAME_OTHERS], 200), ([Permission.STOP], 422)):
        headers = await face.machine(permissions)
        async with face.browser() as web:
            answer = await web.post(STOP, json={"reason": "x", "by": "Dr. Adler"}, headers=headers)
        assert answer.status_code == status
    assert face.ward.events == [("b1", StopRequested("b1-p1", "Dr. Adler", "x"))]


@pytest.mark.req("SEC-05")
async def test_a_shared_screen_stops_a_pump_at_once_and_asks_who_acts_for_everything_else(face: Face) -> None:
    wall = await face.person("wall")
    async with face.browser() as web:
        assert (await web.post(STOP, json={"reason": "x"}, headers=wall)).status_code == 200
        asked = await web.post(PAUSE, json={}, headers=wall)
    assert (asked.status_code, asked.json()["error"]["code"]) == (403, "step_up_needed")
    assert "pause the sound" in asked.json()["error"]["reasons"][0]
    assert face.ward.events == [("b1", StopRequested("b1-p1", "Wall 4B (wall)", "x"))]


@pytest.mark.req("SEC-05", "AUD-01")
async def test_a_person_steps_up_and_the_act_is_theirs_for_a_while_at_that_very_screen(face: Face) -> None:
    wall = await face.person("wall")
    async with face.browser() as web:
        wrong = await web.post("/api/v1/session/step-up", json={"badge": "klee", "pin": "000000"}, headers=wall)
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "denied")
        face.desk.now_ms += 2_000
        grant = (await web.post("/api/v1/session/step-up", json={"badge": "klee", "pin": PIN}, headers=wall)).json()
        assert (grant["seconds"], grant["by"]) == (60, "Kim Lee RN (klee) at wall")
        person = {**wall, "x-step-up": grant["token"]}
        assert (await web.post(PAUSE, json={"seconds": 60}, headers=person)).status_code == 200
        no_binding = await web.request("DELETE", "/api/v1/beds/b1/patient", json={"reason": "x"}, headers=person)
        elsewhere = await web.post(PAUSE, json={}, headers={**await face.person("bio"), "x-step-up": grant["token"]})
        face.desk.now_ms += 61_000
        late = await web.post(PAUSE, json={}, headers=person)
    assert [event.by for _, event in face.ward.events] == ["Kim Lee RN (klee) at wall"]  # type: ignore[union-attr]
    assert (no_binding.status_code, no_binding.json()["error"]["code"]) == (403, "not_permitted")
    assert (elsewhere.status_code, late.status_code) == (403, 403)
    assert late.json()["error"]["code"] == "step_up_needed"


@pytest.mark.req("SEC-05")
async def test_a_grant_that_is_over_delays_no_stop_and_is_worth_nothing_for_any_other_act(face: Face) -> None:
    """Also in a session that could act by itself: whoever meant to act as another is not recorded as this one."""
    over = {"x-step-up": "over-and-done-with"}
    wall, charge = await face.person("wall"), await face.person("charge")
    async with face.browser() as web:
        assert (await web.post(STOP, json={"reason": "x"}, headers=wall | over)).status_code == 200
        refused = await web.post(PAUSE, json={"seconds": 60}, headers=charge | over)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "step_up_needed")
    assert face.ward.events == [("b1", StopRequested("b1-p1", "Wall 4B (wall)", "x"))]


@pytest.mark.req("SEC-05")
async def test_a_person_at_a_shared_screen_who_may_not_stop_a_pump_does_not_keep_the_screen_from_it(face: Face) -> None:
    kim = face.desk.store.accounts["klee"]
    face.desk.changed_elsewhere(replace(kim, roles=(Role.AUDITOR,)))
    await face.access.look()
    wall = await face.person("wall")
    async with face.browser() as web:
        grant = (await web.post("/api/v1/session/step-up", json={"badge": "klee", "pin": PIN}, headers=wall)).json()
        stopped = await web.post(STOP, json={"reason": "x"}, headers=wall | {"x-step-up": grant["token"]})
    assert stopped.status_code == 200
    assert face.ward.events == [("b1", StopRequested("b1-p1", "Wall 4B (wall)", "x"))]


@pytest.mark.req("AUD-01")
async def test_the_audit_says_who_did_and_saw_what_once_and_not_with_every_look(face: Face) -> None:
    headers = await face.person("klee")
    async with face.browser() as web:
        for _ in range(5):
            await web.get("/api/v1/ward", headers=headers)
            await web.get("/api/v1/beds/b1/trends", headers=headers)
        await web.get("/api/v1/beds/b1/vocabulary", headers=headers)
        await web.post(STOP, json={"reason": "x"}, headers=headers)
        await web.post(STOP, json={}, headers=headers)
        await web.get("/api/v1/accounts", headers=headers)
        for _ in range(3):
            await web.get("/api/v1/ward")  # the audit itself puts these together
    noted = [(one.what, one.who, one.subject, one.bed, one.outcome) for one in face.audit.entries]
    who = "Kim Lee RN (klee)"
    assert noted == [
        (What.SAW, who, "/ward", None, "ok"),
        (What.SAW, who, "/beds/b1/trends", "b1", "ok"),
        (What.ACT, who, "POST /beds/b1/pumps/b1-p1/stop", "b1", "ok"),
        (What.ACT, who, "POST /beds/b1/pumps/b1-p1/stop", "b1", "invalid"),
        (What.REFUSED, who, "/accounts", None, "not_permitted"),
        *[(What.REFUSED, "nobody", "/ward", None, "not_signed_in")] * 3,
    ]
    assert face.audit.entries[0].detail == "identity full"
    assert (face.audit.entries[0].roles, face.audit.entries[0].address) == (("nurse",), "127.0.0.1")
    assert [one.what for one in face.desk.noted] == [What.SIGN_IN], "what the service notes, it notes itself"


@pytest.mark.req("AUD-05")
async def test_the_audit_is_searched_exported_and_verified_by_an_auditor_and_that_is_noted_too(face: Face) -> None:
    for n in range(2_500):
        face.audit.note(AuditEntry(What.ACT, "=1+1", subject=f"s{n}"))
    rev = await face.person("rev")
    async with face.browser() as web:
        page = (await web.get("/api/v1/audit?limit=2&what=act", headers=rev)).json()
        after = (await web.get(f"/api/v1/audit?limit=2&what=act&before={page['next']}", headers=rev)).json()
        lines = (await web.get("/api/v1/audit/export", headers=rev)).text.splitlines()
        table = (await web.get("/api/v1/audit/export?format=csv", headers=rev)).text.splitlines()
        verdict = (await web.get("/api/v1/audit/verify", headers=rev)).json()
        naive = await web.get("/api/v1/audit?from=2026-01-15T10:15:30", headers=rev)
    assert [one["seq"] for one in page["entries"] + after["entries"]] == [2500, 2499, 2498, 2497]
    assert len(lines) >= 2_500
    assert table[0].startswith("seq,at,what,who")
    assert "'=1+1" in table[-1], "a spreadsheet computes no cell of it"
    assert (verdict["ok"], naive.status_code) == (True, 422)
    kinds = [one.what for one in face.audit.entries[2_500:]]
    assert kinds.count(What.EXPORT) == 2


@pytest.mark.req("SEC-09")
async def test_a_demonstration_signs_in_by_itself_and_says_so() -> None:
    async with client(MemoryWard()) as web:
        said = (await web.get("/api/v1/session")).json()
        signed_in = await web.post("/api/v1/session", json=RIGHT)
        ward = (await web.get("/api/v1/ward")).json()
        assert (await web.get("/api/v1/accounts")).status_code == 403
    assert (said["signed_in"], said["demo"], said["identity"]) == (True, True, Identity.FULL)
    assert "signs in by itself" in signed_in.text
    assert ward["beds"][0]["patient"]["name"] == "Baker, Ann"


@pytest.mark.parametrize("path", ["/", "/index.html", "/integration.html", "/?names=off"])
async def test_a_page_without_a_session_is_the_way_to_the_sign_in_page_and_back(face: Face, path: str) -> None:
    async with face.browser() as web:
        answer = await web.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in.html")
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["to"] == [path]
        assert query.get("names", ["off"]) == ["off"]
        assert (await web.get(path, headers=await face.person("klee"))).status_code == 200
