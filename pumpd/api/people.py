"""Whose act it is. The record says who is signed in; another name only where a system acts for people."""

from __future__ import annotations

from typing import TypeVar

from pumpd.access.principal import Principal
from pumpd.access.roles import Permission
from pumpd.api.bodies import Body
from pumpd.api.errors import ApiError

B = TypeVar("B", bound=Body)


def signed(body: B, who: Principal) -> B:
    """The body with the person who acts. Raises ApiError where it names another one."""
    if body.by and (who.demo or who.may(Permission.NAME_OTHERS)):
        return body
    if body.by not in ("", who.by, who.name, who.account):
        raise ApiError(422, "not_you", f"by: the record says who is signed in ({who.by}): leave it out")
    return body.model_copy(update={"by": who.by})


def named(body: B, who: Principal) -> B:
    """As signed, for what only a named person settles: a demonstration, which signs in by itself, has to name one."""
    if who.demo and not body.by:
        raise ApiError(422, "invalid", "by: it is settled by a named person")
    return signed(body, who)
