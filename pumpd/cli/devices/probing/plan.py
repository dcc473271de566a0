"""At which line settings a device may speak, and which drivers then listen. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pumpd.config.link_url import LinkSpec, SocketLink
from pumpd.device import Driver, Line


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to open the line, and the drivers whose device would speak like that. text: "9600 8N1"; "" on TCP."""

    line: Line
    text: str
    drivers: tuple[type[Driver], ...]


def settings_of(link: LinkSpec, drivers: Iterable[type[Driver]]) -> list[Setting]:
    """Every setting, those of most drivers first. A speed that the link fixes is the only one; raw TCP has none."""
    if isinstance(link, SocketLink):
        everyone = tuple(drivers)
        return [Setting(everyone[0].info.line, "", everyone)] if everyone else []
    found: dict[Line, list[type[Driver]]] = {}
    for driver in drivers:
        line = driver.info.line
        for baud in (link.baud,) if link.baud else line.bauds:
            found.setdefault(replace(line, bauds=(baud,)), []).append(driver)
    return sorted(
        (Setting(line, line.text(), tuple(users)) for line, users in found.items()),
        key=lambda setting: (-sum(not user.info.needs_asking for user in setting.drivers), -len(setting.drivers)),
    )
