"""`pumpd hl7 check | send | listen`: messages judged, sent and received by hand. The gateway brings what they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import typer

from pumpd.cli.common import COULD_NOT_RUN, PROBLEMS, could_not_run, print_json, print_json_line, print_lines, several

if TYPE_CHECKING:
    from pumpd.gateways import Checked, SendSettings, Sent, Tls, Tools

app = typer.Typer(help="HL7 messages: check files, send them, receive.", no_args_is_help=True)

_CERTIFICATE = typer.Option(None, "--certificate", help="mllps: our certificate (PEM).")
_KEY = typer.Option(None, "--key", help="mllps: its key (PEM).")
_AUTHORITIES = typer.Option(None, "--authorities", help="mllps: who may sign the other side's certificate (PEM).")


@app.command()
def check(
    files: list[Path] = typer.Argument(..., help="Files of one or more messages, with or without MLLP frames."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document instead of lines."),
) -> None:
    """Judge messages: our rules of HL7 and the IHE device profiles, and hl7apy's tables.

    Exit code 1 if any has an error; warnings alone are good.
    """
    contents = [_read(file) for file in files]
    try:
        checked = _tools().check(contents)
    except OSError as error:
        could_not_run(str(error))
    found = [(file, one) for file, messages in zip(files, checked, strict=True) for one in messages]
    if as_json:
        print_json([_as_json(file, one) for file, one in found])
    else:
        for file, one in found:
            print_lines(_lines(file, one))
        bad = sum(not one.good for _, one in found)
        print_lines([f"{several(len(found), 'message')}, {bad} with errors"])
    if not found:
        could_not_run("there is no message")
    if not all(one.good for _, one in found):
        raise typer.Exit(PROBLEMS)


@app.command()
def send(
    file: Path = typer.Argument(..., help="A file of one or more messages."),
    to: str = typer.Option(..., "--to", help="mllp://HOST:PORT, or mllps://HOST:PORT with the three PEM files."),
    wait_s: float = typer.Option(10.0, "--wait", min=0.1, help="Seconds to wait for each answer."),
    certificate: Path | None = _CERTIFICATE,
    key: Path | None = _KEY,
    authorities: Path | None = _AUTHORITIES,
) -> None:
    """Send the messages of a file, in order, and print each answer. Exit code 1 if any was not taken.

    A message that wants no answer (NE in MSH-15) is good once its bytes have left.
    """
    import asyncio

    settings = _destination(to, wait_s, certificate, key, authorities)
    answers: list[Sent] = []

    def told(one: Sent) -> None:
        answers.append(one)
        answer = one.code or ("no answer" if one.asked else "sent; it asks for no answer")
        print_lines([f"{one.control_id or '-'}  {answer}  {one.text}".rstrip()])

    asyncio.run(_tools().send(_read(file), settings, told))
    if not answers:
        could_not_run(f"there is no message in {file}")
    if not all(one.taken for one in answers):
        raise typer.Exit(PROBLEMS if any(one.code for one in answers) else COULD_NOT_RUN)


@app.command()
def listen(
    port: int = typer.Option(..., "--port", min=0, max=65535, help="TCP port; 0 for any that is free."),
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen at."),
    out: Path | None = typer.Option(None, "--out", help="Keep every message in this directory."),
    most: int = typer.Option(0, "--count", min=0, help="End after this many messages; 0: when interrupted."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document a line."),
) -> None:
    """Receive messages from anybody, answer as their sender asks, and print what is wrong with each.

    For trying a connection out. Exit code 1 if any message had an error.
    """
    import asyncio

    from pumpd.gateways import ListenSettings

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    good: list[bool] = []

    def heard(raw: bytes, one: Checked) -> bool:
        where = Path("-") if out is None else out / f"{one.number:06}.hl7"
        if out is not None:
            where.write_bytes(raw)
        good.append(one.good)
        if as_json:
            print_json_line(_as_json(where, one))
        else:
            print_lines(_lines(where, one))
        return not most or len(good) < most

    def ready(where: int) -> None:
        print_lines([f"listening at {host}:{where}"], err=True)

    try:
        asyncio.run(_tools().listen(ListenSettings(host, port), ready, heard))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        could_not_run(f"{host}:{port}: {error}")
    if not all(good):
        raise typer.Exit(PROBLEMS)


def _tools() -> Tools:
    """Of the gateway that is installed."""
    from importlib.metadata import entry_points

    from pumpd.cli.devices.lines import quiet_logs
    from pumpd.gateways import TOOLS

    quiet_logs()
    for point in entry_points(group=TOOLS, name="hl7"):
        tools: Tools = point.load()()
        return tools
    could_not_run("no HL7 gateway is installed")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        could_not_run(str(error))


def _destination(
    to: str, wait_s: float, certificate: Path | None, key: Path | None, authorities: Path | None
) -> SendSettings:
    from pumpd.gateways import SendSettings

    try:
        said = urlsplit(to)
        host, port = said.hostname, said.port
    except ValueError as error:
        could_not_run(f"{to}: {error}")
    if said.scheme not in ("mllp", "mllps") or not host or not port:
        could_not_run(f"{to} is no mllp://HOST:PORT")
    tls = _tls(certificate, key, authorities) if said.scheme == "mllps" else None
    return SendSettings("by hand", host, port, (), tls=tls, ack_ms=round(wait_s * 1000))


def _tls(certificate: Path | None, key: Path | None, authorities: Path | None) -> Tls:
    from pumpd.gateways import Tls

    if certificate is None or key is None or authorities is None:
        could_not_run("mllps needs --certificate, --key and --authorities")
    for file in (certificate, key, authorities):
        _read(file)
    return Tls(str(certificate), str(key), str(authorities))


def _lines(file: Path, one: Checked) -> list[str]:
    """One line for the message, one for each finding: message, segment, field, reason."""
    name = f"{file}: message {one.number} {one.kind or 'unreadable'} {one.control_id or '-'}"
    rows = [f"  {finding.severity:7} {finding.where:10} {finding.text} [{finding.rule}]" for finding in one.findings]
    left = [f"  not judged by hl7apy: {one.unjudged}"] * bool(one.unjudged)
    return [f"{name}: {'good' if one.good else 'bad'}", *rows, *left]


def _as_json(file: Path, one: Checked) -> dict[str, Any]:
    from dataclasses import asdict

    return {"file": str(file), **asdict(one), "good": one.good}
