"""What answers look like, for the OpenAPI document: answers are encoded from structs, which FastAPI does not see."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from pumpd.api import errors
from pumpd.api.gate import COOKIE
from pumpd.api.integrations import IntegrationsShape
from pumpd.api.routes_provider import BegunShape
from pumpd.api.routes_session import SessionShape, SteppedUpShape
from pumpd.api.routes_workshop import SHAPES
from pumpd.history import DosesShape, EventsShape, VitalsShape
from pumpd.live.fields import AlarmShape, BedShape, DevicesShape
from pumpd.live.fields_course import CurveShape
from pumpd.live.limits_shape import LimitsShape
from pumpd.live.messages import WardShape

REF = "#/components/schemas/{name}"
READ: dict[str, type[msgspec.Struct]] = {
    "/api/v1/ward": WardShape,
    "/api/v1/beds": WardShape,
    "/api/v1/beds/{bed}": BedShape,
    "/api/v1/beds/{bed}/devices": DevicesShape,
    "/api/v1/beds/{bed}/concentration": CurveShape,
    "/api/v1/beds/{bed}/history/vitals": VitalsShape,
    "/api/v1/beds/{bed}/history/doses": DosesShape,
    "/api/v1/beds/{bed}/history/events": EventsShape,
    "/api/v1/beds/{bed}/limits": LimitsShape,
    "/api/v1/integrations": IntegrationsShape,
    "/api/v1/session": SessionShape,
    **SHAPES,
}
ANSWERS = {
    ("/api/v1/session", "post"): SessionShape,
    ("/api/v1/session", "delete"): SessionShape,
    ("/api/v1/session/step-up", "post"): SteppedUpShape,
    ("/api/v1/setup", "post"): SessionShape,
    ("/api/v1/session/provider", "post"): BegunShape,
    ("/api/v1/session/provider/return", "post"): SessionShape,
}
# their answers are what was made
NO_ACTS = ("/api/v1/accounts", "/api/v1/tokens", "/api/v1/sessions", "/api/v1/session/secrets")
SCHEMES = {  # named by Guarded
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "acts carry x-csrf-token as well"},
    "token": {"type": "http", "scheme": "bearer", "description": "a machine's"},
}
REPORT = "/api/v1/courses/{course}/report"
WORDS = {"type": "array", "items": {"type": "string"}}
DONE: dict[str, Any] = {
    "type": "object",
    "description": "The act is applied and durable. entry: of the chart; notes: what differs from what was meant",
    "required": ["ok", "time", "alarms", "notes"],
    "properties": {
        "ok": {"const": True},
        "time": {"type": "string", "format": "date-time"},
        "alarms": {"type": "array", "items": {"$ref": REF.format(name=AlarmShape.__name__)}},
        "notes": WORDS,
        "entry": {"type": "string"},
        "recorded": WORDS,
    },
}


def describe(app: FastAPI) -> None:
    """The app's document says what its answers hold; it is made once, when it is first asked for."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _add(made())
        return made()

    app.openapi = openapi  # type: ignore[method-assign]


def _add(document: dict[str, Any]) -> None:
    _, shapes = msgspec.json.schema_components([*READ.values(), *ANSWERS.values(), AlarmShape], ref_template=REF)
    document["components"]["schemas"] |= {**errors.schemas(), **shapes, "Done": DONE}
    document["components"]["securitySchemes"] = SCHEMES
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            answer = ANSWERS.get((path, method)) or (READ.get(path) if method == "get" else None)
            if answer is not None:
                _says(call, answer.__name__)
            elif method != "get" and not path.startswith(NO_ACTS):
                _says(call, "Done")
    forms: dict[str, Any] = {"text/html": {}, "text/csv": {}, "application/json": {}}
    document["paths"][REPORT]["get"]["responses"]["200"]["content"] = forms


def _says(call: dict[str, Any], name: str) -> None:
    call["responses"]["200"]["content"]["application/json"]["schema"] = {"$ref": REF.format(name=name)}
