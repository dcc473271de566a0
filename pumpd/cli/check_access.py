"""What `pumpd check` says of the identity provider: who it is, and what its groups may here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpd.access.provider import RETURN_PATH

if TYPE_CHECKING:
    from pumpd.config.model import WardConfig


def provider_meaning(ward: WardConfig) -> dict[str, Any] | None:
    """The table as one value, without the secret; None: everybody has an account here."""
    one = ward.provider
    if one is None:
        return None
    server = ward.server
    scheme = "http" if server.tls is None and not server.proxies else "https"
    origins = server.allowed_origins or (f"{scheme}://{server.host}:{server.port}",)
    return {
        "name": one.name,
        "issuer": one.issuer,
        "client_id": one.client_id,
        "client": "confidential" if one.secret else "public",
        "scopes": list(one.scopes),
        "claims": {"account": one.account_claim, "name": one.name_claim, "groups": one.groups_claim},
        "roles": {group: [role.value for role in roles] for group, roles in one.roles.items()},
        "redirect_uris": [f"{origin.rstrip('/')}{RETURN_PATH}" for origin in origins],
    }


def provider_lines(meaning: dict[str, Any] | None) -> list[str]:
    """For people."""
    if meaning is None:
        return []
    claims = meaning["claims"]
    lines = [
        f'\nsign-in by "{meaning["name"]}" ({meaning["issuer"]}), as {meaning["client"]} client {meaning["client_id"]}',
        f"  account: {claims['account']}; person: {claims['name']}; groups: {claims['groups']}",
        *(f"  group {group}: {', '.join(roles)}" for group, roles in meaning["roles"].items()),
    ]
    return [*lines, *(f"  to register there: {uri}" for uri in meaning["redirect_uris"])]
