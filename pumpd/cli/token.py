"""`pumpd token`: how other programs come in. For whoever may write the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.access.accounts import NewToken
from pumpd.access.roles import Identity, Permission
from pumpd.cli.common import could_not_run, new_table, print_json, print_lines, print_table
from pumpd.cli.office import AsJson, Config, day_text, in_office, refused

if TYPE_CHECKING:
    from pumpd.access.accounts import TokenMade, TokenRow
    from pumpd.access.principal import Denied
    from pumpd.signin.office import Office

app = typer.Typer(help="Tokens of other programs: monitoring, an EHR, a script.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What uses it: prometheus")],
    config: Config,
    may: Annotated[list[Permission], typer.Option("--may", help="May be given again: just what it needs.")],
    identity: Annotated[Identity, typer.Option("--identity", help="How much of a patient's name it is told.")] = (
        Identity.NONE
    ),
    days: Annotated[int, typer.Option("--days", min=1, help="Until it expires.")] = 365,
    never: Annotated[bool, typer.Option("--never-expires", help="It does not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once: `Authorization: Bearer TOKEN`."""
    new = NewToken(name, frozenset(may), identity, None if never else days)

    async def work(office: Office) -> TokenMade | Denied:
        return await office.accounts.add_token(new, office.by)

    from pumpd.access.principal import Denied

    made = in_office(config, work)
    if isinstance(made, Denied):
        refused(made)
    if as_json:
        print_json({"id": made.row.id, "name": made.row.name, "secret": made.secret, "expires_us": made.row.expires_us})
        return
    print_lines([made.secret])
    until = day_text(made.row.expires_us, "never")
    print_lines([f"token {made.row.id} of {made.row.name}, expires {until}; it is not shown again"], err=True)


@app.command("list")
def list_tokens(config: Config, as_json: AsJson = False) -> None:
    """Every token that opens something."""

    async def work(office: Office) -> tuple[TokenRow, ...]:
        return await office.accounts.tokens()

    rows = in_office(config, work)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    table = new_table("", ("token", "name", "may", "names", "made by", "expires", "last used"))
    for row in rows:
        may = " ".join(sorted(row.permissions))
        used = day_text(row.last_used_us)
        table.add_row(row.id, row.name, may, row.identity, row.created_by, day_text(row.expires_us), used)
    print_table(table)


@app.command()
def revoke(token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id or its name.")], config: Config) -> None:
    """It opens nothing any more; a running daemon knows within seconds."""

    async def work(office: Office) -> bool:
        known = {row.name: row.id for row in await office.accounts.tokens()}
        return await office.accounts.revoke_token(known.get(token, token), office.by)

    if not in_office(config, work):
        could_not_run(f"there is no token {token}")
    print_lines([f"token {token} is revoked"])


def _as_json(row: TokenRow) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row) | {"permissions": sorted(row.permissions)}
