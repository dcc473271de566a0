"""Every refusal in one shape, with all its reasons: {"error": {"code", "reasons": [...]}}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response


class ApiError(Exception):
    """A refusal: HTTP status, code for programs, reasons for people; temporary if the same act may work later."""

    def __init__(self, status: int, code: str, *reasons: str, temporary: bool = False) -> None:
        super().__init__(code, reasons)
        self.status, self.code, self.reasons, self.temporary = status, code, reasons, temporary


class Reasons(BaseModel):
    """Why a call was refused: a code for programs, and every reason in words."""

    code: str
    reasons: list[str]


class Refusal(BaseModel):
    """The one shape of every answer that is not 2xx."""

    error: Reasons


REFUSALS: Mapping[int | str, dict[str, Any]] = {
    403: {"model": Refusal, "description": "The request comes from a foreign origin"},
    404: {"model": Refusal, "description": "No such bed, pump or alarm"},
    409: {"model": Refusal, "description": "Refused by the safety kernel, with every reason"},
    422: {"model": Refusal, "description": "Not understood"},
    503: {"model": Refusal, "description": "Applied, but not durable"},
}
"""What the OpenAPI document says of the refusals of an act."""


def of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals with these statuses."""
    return {status: REFUSALS[status] for status in statuses}


def refusal(status: int, code: str, *reasons: str) -> Response:
    """The refusal as a response."""
    body = msgspec.json.encode({"error": {"code": code, "reasons": list(reasons)}})
    return Response(body, status, media_type="application/json")


def reasons_of(errors: list[dict[str, object]]) -> tuple[str, ...]:
    """Pydantic's errors, one line each: "weight_kg: Input should be greater than 0"."""
    return tuple(f"{_place(error['loc'])}: {error['msg']}" for error in errors)


def _place(loc: object) -> str:
    parts = [str(part) for part in loc] if isinstance(loc, tuple) else [str(loc)]
    return ".".join(part for part in parts if part not in ("body", "query", "path")) or "body"


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refusal(error.status, error.code, *error.reasons)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal(422, "invalid", *reasons_of(list(error.errors())))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return refusal(error.status_code, code, str(error.detail))


def install(app: FastAPI) -> None:
    """Let every error of the app leave in the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
