"""For whom an act was meant. A page says with each act who lay in the bed when it was begun (`x-stay`: the live bed's
`stay`); it is not done to somebody else, however late the page hears of the new patient. A stop never asks for whom.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Request

from pumpd.access.roles import Permission
from pumpd.api.acts import Acts
from pumpd.api.errors import ApiError
from pumpd.api.needs import need_of
from pumpd.live.stay import stay_of

Stay = Annotated[str, Header(max_length=64, description="The bed's `stay` when the act was begun: 409 if it is over")]


def same_patient(acts: Acts) -> Any:
    """What routes of acts at a bed depend on, after their bodies are read."""

    async def same(request: Request, x_stay: Stay = "") -> None:
        bed = request.path_params.get("bed")
        if bed is not None and need_of(request.scope["route"]) is not Permission.STOP:
            of_whom(acts, bed, x_stay)

    return Depends(same)


def of_whom(acts: Acts, bed: str, stay: str) -> None:
    """Raises ApiError where another one lies there now; "": the caller does not say."""
    if stay and stay != stay_of(acts.patient_now(bed)):
        said = "this was begun for another patient than the one who is in the bed now, or before pumpd was restarted"
        raise ApiError(409, "another_patient", f"{said}: look who lies there, and begin anew")
