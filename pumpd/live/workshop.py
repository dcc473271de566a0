"""What a biomedical engineer may ask of the daemon beyond the beds: last bytes, drivers, captures, files. A port.

The structs are also what leaves as JSON: add to them, never rename.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from msgspec import Struct

from pumpd.device import Out


class Piece(Struct):
    """Bytes that came together, and what the driver said of them; outs None: they were sent. at_ms: kernel time."""

    at_ms: int
    data: bytes
    outs: Sequence[Out] | None


class OptionShape(Struct):
    """A key of a device's `options`. words: all that it may be, where that is a list."""

    name: str
    default: str
    words: tuple[str, ...]
    text: str


class DriverShape(Struct):
    """An installed driver. version: of its package or, of a driver file, the digest's first digits. origin: the entry
    point, or the file. broken: why it cannot be used; then nothing else is known. used: by so many devices here."""

    name: str
    version: str
    origin: str
    broken: str | None = None
    vendor: str = ""
    model: str = ""
    kind: str = ""
    quality: str = ""
    line: str = ""
    integrity: str = ""
    poll_ms: int = 0
    quiet_ms: int = 0
    signals: tuple[str, ...] = ()
    can: tuple[str, ...] = ()
    options: list[OptionShape] = []
    cautions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    used: int = 0


class CaptureFileShape(Struct):
    """size: in bytes, as it is now. begins: when its first bytes came."""

    name: str
    size: int
    begins: str | None


class DeviceCapturesShape(Struct):
    device: str
    files: list[CaptureFileShape]


class CapturesShape(Struct):
    """kept False: raw bytes are not kept here. readable: whoever asks may have them."""

    kept: bool
    directory: str
    bytes_per_file: int
    files_per_device: int
    devices: list[DeviceCapturesShape]
    readable: bool = False


class FileShape(Struct):
    """A file that was read at the start. changed: it is another one on the disk by now, or gone."""

    path: str
    sha256: str
    changed: bool


class ConfigurationShape(Struct):
    """What the daemon runs by. sha256: of all files together, as the journal has it with each start."""

    version: str
    python: str
    ward: str
    timezone: str
    path: str
    sha256: str
    library: str
    journal: str
    files: list[FileShape]


class CheckShape(Struct):
    """What `pumpd check` says of the files on the disk now. code: 0 may be used, 1 problems, 2 could not run."""

    code: int
    text: str
    took_ms: int


class Workshop(Protocol):
    """The daemon implements it. What touches files or takes long is done off the event loop."""

    def recent(self, device: str) -> Sequence[Piece] | None:
        """Oldest first; None: there is no such device. Empty for one without a line (HL7)."""
        ...

    def version(self, driver: str) -> str:
        """Of the package that the driver came with; "" where it has none (HL7)."""
        ...

    def drivers(self) -> list[DriverShape]: ...

    async def captures(self) -> CapturesShape: ...

    async def capture(self, device: str, name: str) -> AsyncIterator[bytes] | None:
        """One file as it is now, piece by piece; None: there is none of that name."""
        ...

    async def configuration(self) -> ConfigurationShape: ...

    async def check(self) -> CheckShape: ...
