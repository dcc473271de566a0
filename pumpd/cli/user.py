"""`pumpd user`: who may sign in. For whoever may write the journal; a running daemon sees a change within seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.access.accounts import AccountChange, NewAccount
from pumpd.access.roles import Identity, Role
from pumpd.cli.common import could_not_run, new_table, print_json, print_lines, print_table, several
from pumpd.cli.office import AsJson, Config, day_text, in_office, refused, secret

if TYPE_CHECKING:
    from pumpd.access.accounts import AccountRow
    from pumpd.access.principal import Denied
    from pumpd.signin.office import Office

app = typer.Typer(help="Accounts: who may sign in, and what they may do.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What is typed to sign in: klee")]
Display = Annotated[str, typer.Option("--display", metavar="TEXT", help='As the record writes it: "Kim Lee RN"')]
Roles = Annotated[list[Role], typer.Option("--role", help="May be given again. What each may: access.toml.")]
PasswordFrom = Annotated[
    Path | None, typer.Option("--password-from", metavar="FILE", help="First line of a file, - for input; else asked.")
]
Badge = Annotated[str, typer.Option("--badge", metavar="NUMBER", help="What the badge reader types.")]
Shown = Annotated[
    Identity | None, typer.Option("--identity", help="Of a display: how much of a patient's name it shows.")
]


@app.command("list")
def list_accounts(config: Config, as_json: AsJson = False) -> None:
    """Every account: roles, what it shows of names, badge and PIN, when it last signed in."""

    async def work(office: Office) -> tuple[AccountRow, ...]:
        return await office.accounts.accounts()

    rows = in_office(config, work)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    table = new_table("", ("account", "name", "roles", "names", "badge", "PIN", "state", "last sign-in"))
    for row in rows:
        table.add_row(*_cells(row))
    print_table(table)


@app.command()
def add(
    name: Name,
    config: Config,
    role: Roles,
    display: Display = "",
    badge: Badge = "",
    identity: Shown = None,
    password_from: PasswordFrom = None,
) -> None:
    """Make an account. Its password is asked for; a PIN is set with `pumpd user pin`."""
    new = NewAccount(name, display or name, tuple(role), secret("Password", password_from), badge, identity=identity)

    async def work(office: Office) -> AccountRow | Denied:
        return await office.accounts.add_account(new, office.by)

    _tell(in_office(config, work), "added")


@app.command()
def change(
    name: Name,
    config: Config,
    role: Annotated[list[Role] | None, typer.Option("--role", help="All its roles from now on.")] = None,
    display: Annotated[str | None, typer.Option("--display", metavar="TEXT", help="Another name.")] = None,
    badge: Annotated[str | None, typer.Option("--badge", metavar="NUMBER", help='Another badge; "" for none.')] = None,
    identity: Shown = None,
) -> None:
    """Other roles, name, badge. Whoever is signed in with the account is signed out (not for a badge)."""
    wanted = AccountChange(display, tuple(role) if role else None, identity, badge=badge)
    if wanted == AccountChange():
        could_not_run("nothing to change: give --role, --display, --badge or --identity")
    _change(config, name, wanted, "changed")


@app.command()
def password(name: Name, config: Config, password_from: PasswordFrom = None) -> None:
    """Set a password. Whoever is signed in with the account is signed out."""
    _change(config, name, AccountChange(password=secret("Password", password_from)), "has a new password")


@app.command()
def pin(
    name: Name,
    config: Config,
    pin_from: Annotated[Path | None, typer.Option("--pin-from", metavar="FILE", help="As --password-from.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take it away.")] = False,
) -> None:
    """Set the PIN with which a person acts at a shared screen."""
    wanted = AccountChange(pin="" if none else secret("PIN", pin_from))
    _change(config, name, wanted, "has no PIN" if none else "has a new PIN")


@app.command()
def disable(name: Name, config: Config) -> None:
    """Nobody signs in with it, and whoever has is signed out at once."""
    _change(config, name, AccountChange(disabled=True), "is disabled")


@app.command()
def enable(name: Name, config: Config) -> None:
    """It may be used again."""
    _change(config, name, AccountChange(disabled=False), "is enabled")


@app.command()
def remove(name: Name, config: Config) -> None:
    """For good: the name is not given to another person, so that the record stays clear."""

    async def work(office: Office) -> Denied | bool:
        return await office.accounts.remove_account(name, office.by)

    done = in_office(config, work)
    if not isinstance(done, bool):
        refused(done)
    if not done:
        could_not_run(f"there is no account {name}")
    print_lines([f"{name} is removed"])


@app.command("sign-out")
def sign_out(name: Name, config: Config) -> None:
    """End all its sessions; it may sign in again."""

    async def work(office: Office) -> int:
        return await office.sign_out(name)

    print_lines([f"{name}: {several(in_office(config, work), 'session')} ended"])


def _change(config: Path, name: str, wanted: AccountChange, done: str) -> None:
    async def work(office: Office) -> AccountRow | Denied | None:
        return await office.accounts.change_account(name, wanted, office.by)

    found = in_office(config, work)
    if found is None:
        could_not_run(f"there is no account {name}")
    _tell(found, done)


def _tell(answer: AccountRow | Denied, done: str) -> None:
    from pumpd.access.principal import Denied

    if isinstance(answer, Denied):
        refused(answer)
    print_lines([f"{answer.account} ({answer.name}) {done}: {', '.join(answer.roles)}"])


def _cells(row: AccountRow) -> tuple[str, ...]:
    state = "disabled" if row.disabled else ""
    has = ("yes" if row.has_badge else "", "yes" if row.has_pin else "")
    return row.account, row.name, " ".join(row.roles), row.identity, *has, state, day_text(row.last_sign_in_us)


def _as_json(row: AccountRow) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row)
