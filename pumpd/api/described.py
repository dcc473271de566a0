"""What answers look like, for the OpenAPI document: answers are encoded from structs, which FastAPI does not see."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from pumpd.api.integrations import IntegrationsShape
from pumpd.live.fields import AlarmShape, BedShape, DevicesShape
from pumpd.live.fields_course import CurveShape
from pumpd.live.messages import WardShape

REF = "#/components/schemas/{name}"
READ = {
    "/api/v1/ward": WardShape,
    "/api/v1/beds": WardShape,
    "/api/v1/beds/{bed}": BedShape,
    "/api/v1/beds/{bed}/devices": DevicesShape,
    "/api/v1/beds/{bed}/concentration": CurveShape,
    "/api/v1/integrations": IntegrationsShape,
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
    _, shapes = msgspec.json.schema_components([*READ.values(), AlarmShape], ref_template=REF)
    document["components"]["schemas"] |= {**shapes, "Done": DONE}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if path in READ:
                _says(call, READ[path].__name__)
            elif method != "get":
                _says(call, "Done")
    forms: dict[str, Any] = {"text/html": {}, "text/csv": {}, "application/json": {}}
    document["paths"][REPORT]["get"]["responses"]["200"]["content"] = forms


def _says(call: dict[str, Any], name: str) -> None:
    call["responses"]["200"]["content"]["application/json"]["schema"] = {"$ref": REF.format(name=name)}
