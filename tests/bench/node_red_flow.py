"""The bench's flow as Node-RED reads it: for each line a serial port, an input, a function; for a pump an output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "node_red"
Node = dict[str, Any]
SETTINGS = {
    "uiHost": "127.0.0.1",
    "flowFile": "flows.json",
    "disableEditor": True,
    "credentialSecret": False,
    "telemetry": {"enabled": False, "updateNotification": False},
    "logging": {"console": {"level": "warn", "metrics": False, "audit": False}},
}


def write(folder: Path, beds: int, port: int) -> Path:
    """Flow and settings for pumps on folder/pN and monitors on folder/mN; where the settings are."""
    flow = [{"id": "tab", "type": "tab", "label": "ward"}]
    for index in range(beds):
        flow += _line(f"p{index}", folder, "\\r", "false", _code("pump"), answers=True)
        flow += _line(f"m{index}", folder, "0x85", "bin", _code("monitor"), answers=False)
    (folder / "flows.json").write_text(json.dumps(flow), encoding="utf-8")
    settings = folder / "settings.js"
    settings.write_text(f"module.exports = {json.dumps(SETTINGS | {'uiPort': port})}\n", encoding="utf-8")
    return settings


def _code(name: str) -> str:
    return (HERE / f"{name}.js").read_text(encoding="utf-8")


def _line(name: str, folder: Path, ends: str, binary: str, code: str, *, answers: bool) -> list[Node]:
    port: Node = {"id": f"{name}-port", "type": "serial-port", "serialport": str(folder / name), "serialbaud": "38400"}
    port |= {"databits": 8, "parity": "none", "stopbits": 1, "out": "char", "newline": ends, "bin": binary}
    port |= {"waitfor": "", "addchar": "", "responsetimeout": "10000"}
    heard: Node = {"id": f"{name}-in", "type": "serial in", "z": "tab", "serial": port["id"], "wires": [[f"{name}-do"]]}
    does: Node = {"id": f"{name}-do", "type": "function", "z": "tab", "func": code, "outputs": 1}
    does["wires"] = [[f"{name}-out"] if answers else []]
    said: Node = {"id": f"{name}-out", "type": "serial out", "z": "tab", "serial": port["id"], "wires": []}
    return [port, heard, does, *([said] if answers else [])]
