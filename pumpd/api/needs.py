"""What a route asks of whoever calls it: declared as the default of its parameter `who`, held by `Guarded`.

    async def stop(bed: str, body: Reasoned, who: Principal = STOP) -> Response: ...

A route that declares nothing, or two things, cannot even be made. Who calls is settled before the body is read.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from pumpd.access.principal import Principal
from pumpd.access.roles import Permission
from pumpd.api import errors


class Open(StrEnum):
    """What is not for a permission: public, or of somebody's own session (sign-out, step-up)."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"


Need = Permission | Open
_declared: dict[Callable[..., object], Need] = {}


def _needs(need: Need) -> Any:
    def who(request: Request) -> Principal | None:
        found: Principal | None = request.state.who
        return found

    _declared[who] = need
    return Depends(who)


PUBLIC = _needs(Open.PUBLIC)
SIGNED_IN = _needs(Open.SIGNED_IN)
VIEW = _needs(Permission.VIEW)
HISTORY = _needs(Permission.HISTORY)
ACKNOWLEDGE = _needs(Permission.ACKNOWLEDGE)
PAUSE_AUDIO = _needs(Permission.PAUSE_AUDIO)
STOP = _needs(Permission.STOP)
RATE = _needs(Permission.RATE)
INTERLOCK = _needs(Permission.INTERLOCK)
CHART = _needs(Permission.CHART)
COURSE = _needs(Permission.COURSE)
BIND = _needs(Permission.BIND)
DEVICES = _needs(Permission.DEVICES)
INTEGRATION = _needs(Permission.INTEGRATION)
SETTLE = _needs(Permission.SETTLE)
AUDIT = _needs(Permission.AUDIT)
ACCOUNTS = _needs(Permission.ACCOUNTS)
METRICS = _needs(Permission.METRICS)


def _needs_of(dependant: Dependant) -> Iterator[Need]:
    for each in dependant.dependencies:
        if each.call in _declared:
            yield _declared[each.call]


def need_of(route: APIRoute) -> Need:
    """The one need that the route declares. Raises TypeError where it is not exactly one."""
    found = list(_needs_of(route.dependant))
    if len(found) != 1:
        raise TypeError(f"{sorted(route.methods or ())} {route.path} declares {len(found)} permissions, not one")
    return found[0]


class Guarded(APIRoute):
    """A route that lets nobody pass before app.state.gate has; the document says what it needs (x-permission)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        need = need_of(self)
        secured: dict[str, Any] = {} if need is Open.PUBLIC else {"security": [{"session": []}, {"token": []}]}
        self.openapi_extra = {"x-permission": need.value, **secured, **(self.openapi_extra or {})}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler behind the gate."""
        handle, need = super().get_route_handler(), need_of(self)

        async def guarded(request: Request) -> Response:
            answer: Response = await request.app.state.gate.pass_through(request, need, handle)
            return answer

        return guarded


def versioned(*refused: int | str, first: Any = None) -> APIRouter:
    """A router for `take`, below /api/v1. refused: the statuses that the document names; first: a Depends(...)."""
    before = [] if first is None else [first]
    return APIRouter(prefix="/api/v1", route_class=Guarded, responses=errors.of(*refused), dependencies=before)


def take(app: FastAPI, *routers: APIRouter) -> None:
    """The routers' own routes. include_router makes all of them a second time, when the first request is there: a tenth
    of a second on the loop that stops pumps."""
    for router in routers:
        app.router.routes.extend(router.routes)
