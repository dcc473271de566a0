"""What a named person does about what other systems told: requests for infusions, and notices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import StringConstraints, model_validator

from pumpd.access.principal import Principal
from pumpd.api.acts import Acts
from pumpd.api.bodies import Body
from pumpd.api.errors import REFUSALS
from pumpd.api.needs import CHART, versioned
from pumpd.api.people import named
from pumpd.api.routes import answered
from pumpd.safety.told_events import ToldSettled

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class SettleBody(Body):
    """Accepted: seen, and a request is set at the pump by hand. Declined: with a reason."""

    accepted: bool = True
    reason: Words = ""

    @model_validator(mode="after")
    def _declined_with_a_reason(self) -> SettleBody:
        if not self.accepted and not self.reason:
            raise ValueError("reason: to decline needs a reason")
        return self


def told_routes(acts: Acts, whose: Any) -> APIRouter:
    router = versioned(*REFUSALS, first=whose)

    @router.post("/beds/{bed}/told/{told:path}/settle", summary="Settle what another system told; starts nothing")
    async def settle(bed: str, told: str, body: SettleBody, who: Principal = CHART) -> Response:
        by = named(body, who).by
        return answered(await acts.submit(bed, ToldSettled(told, by, body.accepted, body.reason)))

    return router
