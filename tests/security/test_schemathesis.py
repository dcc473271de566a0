"""Every call of the OpenAPI document, with values that it allows and with values that it does not: never a 5xx, and
every refusal in the one shape with its reasons. PUMPD_FUZZ_EXAMPLES makes it longer (4: about 20 s)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from pumpd.access.roles import Identity
from tests.security.face import MACHINES, ORIGIN, Face

pytestmark = pytest.mark.req("SEC-11")

EXAMPLES = int(os.environ.get("PUMPD_FUZZ_EXAMPLES", "4"))
SEED = 20260115
OURS = {"/api/v1/session", "/api/v1/setup"}  # signing in and out for ever is tried by other tests


class Fuzzed:
    """One face in one loop; who calls what: an administrator the accounts, a machine the rest."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._run = runner.run
        self.face = self._run(Face.open())
        self._admin = self._run(self.face.person("admin"))
        self._machine = self._run(self.face.machine(MACHINES, Identity.FULL)) | {"origin": ORIGIN}
        schema = schemathesis.openapi.from_dict(self.face.app.openapi())
        self.operations: list[APIOperation[Any, Any, Any, Any]] = [one.ok() for one in schema.get_all_operations()]

    def call(self, case: Case, headers: dict[str, str]) -> httpx.Response:
        asked = case.as_transport_kwargs(base_url=ORIGIN)
        said = {name.lower(): value for name, value in asked.pop("headers").items()}  # credentials it made up, too
        said.pop("authorization", None), said.pop("cookie", None)
        return self._run(self._send(asked, said | headers))

    def caller(self, operation: APIOperation[Any, Any, Any, Any]) -> dict[str, str]:
        """Nobody's session is ended by a guess: the names are made up."""
        accounts = operation.definition.raw["x-permission"] in ("accounts", "signed_in")
        return self._admin if accounts else self._machine

    async def _send(self, asked: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        asked.pop("cookies", None)
        if isinstance(asked.get("data"), bytes | str):
            asked["content"] = asked.pop("data")
        async with self.face.browser() as web:
            return await web.request(**asked, headers=headers)

    def close(self) -> None:
        self._run(self.face.close())


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    with asyncio.Runner() as runner:
        made = Fuzzed(runner)
        yield made
        made.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_call_that_the_document_allows_or_forbids_makes_the_server_fail(
    fuzzed: Fuzzed, mode: GenerationMode
) -> None:
    tried: dict[str, set[int]] = {}
    for operation in fuzzed.operations:
        codes = tried[operation.label] = set()
        if operation.path not in OURS or operation.method == "get":
            _fuzz(fuzzed, operation, mode, codes)
    answered = [label for label, codes in tried.items() if codes]
    assert len(answered) > 40, "and most were called at all"
    assert not {401} & set().union(*tried.values()), "by somebody who is signed in"


def _fuzz(fuzzed: Fuzzed, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, codes: set[int]) -> None:
    headers = fuzzed.caller(operation)

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=HealthCheck
    )
    @given(case=operation.as_strategy(mode))
    def calls(case: Case) -> None:
        answer = fuzzed.call(case, headers)
        codes.add(answer.status_code)
        assert answer.status_code < 500, case.as_curl_command()
        if answer.status_code >= 400:
            assert answer.json()["error"]["reasons"], case.as_curl_command()

    try:
        calls()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "a call without anything to get wrong"
