"""The description of the ward file's [access.oidc] table: an identity provider that may vouch for people. Structure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pumpd.config.fields import Name, Record
from pumpd.config.hl7_file import FilePath

Text = Annotated[str, Field(min_length=1, max_length=200)]
MappedRole = Literal["nurse", "charge", "biomed", "auditor", "admin"]
"""A screen on the wall and a machine are nobody whom a provider could vouch for."""


class OidcTable(Record):
    """name: on the button. issuer: exactly as the provider writes it. A secret by file (beside the ward file) or by
    the name of a systemd credential; neither: a public client. roles: by the provider's groups, any number of them.

    The claims are where the id token says the account's name, the person's and the groups. authorities: PEM, where
    the provider's certificate is signed by the hospital itself.
    """

    name: Name
    issuer: Annotated[str, Field(min_length=1, examples=["https://login.example/realms/hospital"])]
    client_id: Text
    client_secret_file: FilePath | None = None
    client_secret_credential: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    authorities: FilePath | None = None
    scopes: list[Text] = Field(default_factory=lambda: ["openid", "profile"])
    account_claim: Text = "preferred_username"
    name_claim: Text = "name"
    groups_claim: Text = "groups"
    roles: Annotated[dict[Text, list[MappedRole]], Field(min_length=1)]
