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
    """A refusal: HTTP status, code for programs, reasons for people; temporary if the same act may work later.

    retry_after_s: not before; 0: nothing is said of it.
    """

    def __init__(self, status: int, code: str, *reasons: str, temporary: bool = False, retry_after_s: int = 0) -> None:
        super().__init__(code, reasons)
        self.status, self.code, self.reasons, self.temporary = status, code, reasons, temporary
        self.retry_after_s = retry_after_s


class Reasons(BaseModel):
    """Why a call was refused: a code for programs, and every reason in words."""

    code: str
    reasons: list[str]


class Refusal(BaseModel):
    """The one shape of every answer that is not 2xx."""

    error: Reasons


CODES = {400: "invalid", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
REF = "#/components/schemas/{model}"
# named, not given: FastAPI would make a validator of the model for each status of each route
SHAPE = {"application/json": {"schema": {"$ref": REF.format(model=Refusal.__name__)}}}
REFUSALS: Mapping[int | str, dict[str, Any]] = {
    401: {"content": SHAPE, "description": "Nobody is signed in, or the session has ended"},
    403: {"content": SHAPE, "description": "Not permitted, or not from our own page; the permission is named"},
    404: {"content": SHAPE, "description": "No such bed, pump or alarm"},
    409: {"content": SHAPE, "description": "Refused by the safety kernel, with every reason"},
    413: {"content": SHAPE, "description": "The body is too large"},
    422: {"content": SHAPE, "description": "Not understood"},
    429: {"content": SHAPE, "description": "Too many attempts; not before Retry-After"},
    503: {"content": SHAPE, "description": "Applied, but not durable"},
}
"""What the OpenAPI document says of the refusals of an act."""


def of(*statuses: int | str) -> dict[int | str, dict[str, Any]]:
    """The refusals with these statuses."""
    return {status: REFUSALS[status] for status in statuses}


def schemas() -> dict[str, Any]:
    """What REFUSALS names, for the OpenAPI document."""
    refusal = Refusal.model_json_schema(ref_template=REF)
    return {**refusal.pop("$defs"), Refusal.__name__: refusal}


def refusal(status: int, code: str, *reasons: str, retry_after_s: int = 0) -> Response:
    """The refusal as a response."""
    body = msgspec.json.encode({"error": {"code": code, "reasons": list(reasons)}})
    headers = {"retry-after": str(retry_after_s)} if retry_after_s else None
    return Response(body, status, headers, media_type="application/json")


def reasons_of(errors: list[dict[str, object]]) -> tuple[str, ...]:
    """Pydantic's errors, one line each: "weight_kg: Input should be greater than 0"."""
    return tuple(f"{_place(error['loc'])}: {error['msg']}" for error in errors)


def _place(loc: object) -> str:
    parts = [str(part) for part in loc] if isinstance(loc, tuple) else [str(loc)]
    return ".".join(part for part in parts if part not in ("body", "query", "path")) or "body"


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refusal(error.status, error.code, *error.reasons, retry_after_s=error.retry_after_s)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal(422, "invalid", *reasons_of(list(error.errors())))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, CODES.get(error.status_code, "http_error"), str(error.detail))


def install(app: FastAPI) -> None:
    """Let every error of the app leave in the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
