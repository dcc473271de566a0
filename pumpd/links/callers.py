"""Who on this machine has a TCP connection to an address, from the system's own books (/proc): nothing is connected."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator

from pumpd.links.ports import PROC, Holder, program

ESTABLISHED = "01"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def callers(host: str, port: int) -> tuple[Holder, ...]:
    """host: an address. pid 0: another user's process, which is not told to us."""
    wanted, inodes = _plain(ipaddress.ip_address(host)), set[str]()
    for name in ("tcp", "tcp6"):
        inodes |= {inode for there, at, inode in _connections(name) if (there, at) == (wanted, port)}
    if not inodes:
        return ()
    owners = tuple(Holder(pid, program(pid)) for pid in sorted(_owners(inodes)))
    return owners or (Holder(0),)


def _connections(name: str) -> Iterator[tuple[Address, int, str]]:
    """Of this network namespace: the other side's address and port, and the socket's inode."""
    with contextlib.suppress(OSError):
        for line in (PROC / "net" / name).read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            if words[3] == ESTABLISHED:
                there, _, port = words[2].partition(":")
                yield _address(there), int(port, 16), words[9]


def _address(text: str) -> Address:
    """Words of four bytes, each in the machine's order."""
    raw = bytes.fromhex(text)
    return _plain(ipaddress.ip_address(b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))))


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _owners(inodes: set[str]) -> Iterator[int]:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in PROC.glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(os.readlink(fd) in wanted for fd in folder.iterdir()):
                yield int(folder.parent.name)
