"""`pumpd devices`: drivers, and lines looked at without commanding anything."""

from __future__ import annotations

import typer

from pumpd.cli.devices import capture, decode, drivers, listen, ports, probe

app = typer.Typer(help="Drivers and device lines. Nothing here ever commands a device.", no_args_is_help=True)

app.command()(drivers.drivers)
app.command()(ports.ports)
app.command()(probe.probe)
app.command()(listen.listen)
app.command()(capture.capture)
app.command()(decode.decode)
