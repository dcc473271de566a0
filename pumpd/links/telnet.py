"""Telnet's own bytes among a device's: IAC doubling, commands, option negotiation. Pure: bytes in, values out.

Sources: RFC 854 (commands), RFC 855 (options and their subnegotiation), RFC 1143 (answer only what changes a state).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

IAC, SB, SE = 255, 250, 240
_IAC = b"\xff"
_DOUBLED = b"\xff\xff"

BINARY, ECHO, SUPPRESS_GO_AHEAD, COM_PORT = 0, 1, 3, 44
"""Options by number: RFC 856, 857, 858, 2217."""

SUB_LIMIT = 256
"""The longest subnegotiation that is kept, in bytes on the wire; RFC 2217 needs 12, and a signature is short text."""


class Verb(IntEnum):
    """What one side says of an option: WILL and WONT of itself, DO and DONT of the other."""

    WILL = 251
    WONT = 252
    DO = 253
    DONT = 254


@dataclass(frozen=True, slots=True)
class Said:
    """One step of the negotiation of an option."""

    verb: Verb
    option: int

    def wire(self) -> bytes:
        return bytes((IAC, self.verb, self.option))


@dataclass(frozen=True, slots=True)
class Sub:
    """The subnegotiation of an option: its bytes with IAC no longer doubled."""

    option: int
    data: bytes

    def wire(self) -> bytes:
        return bytes((IAC, SB)) + escape(bytes((self.option,)) + self.data) + bytes((IAC, SE))


def escape(data: bytes) -> bytes:
    """A device's bytes as they are sent: each IAC doubled."""
    return data.replace(_IAC, _DOUBLED)


class Decoder:
    """Takes a stream apart, however it is cut. Keeps at most SUB_LIMIT bytes of what is not whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False  # inside a subnegotiation that was longer than the limit

    def feed(self, data: bytes) -> list[bytes | Said | Sub]:
        """The device's bytes and Telnet's words, in order. Commands that say nothing to us (NOP, AYT) are left out."""
        if not self._rest and not self._skipping and _IAC not in data:
            return [data] if data else []
        found: list[bytes | Said | Sub] = []
        data, self._rest = self._rest + data, b""
        at = 0
        while at < len(data):
            end = self._skip(data, at) if self._skipping else self._one(data, at, found)
            if end is None:
                self._keep(data[at:])
                break
            at = end
        return _joined(found)

    def _keep(self, rest: bytes) -> None:
        """The unfinished tail; of a subnegotiation that is too long only whether its last byte was an IAC."""
        self._skipping = self._skipping or len(rest) > SUB_LIMIT + 1  # with the first byte of its end
        if self._skipping:
            rest = _IAC if _ends_with_lone_iac(rest) else b""
        self._rest = rest

    def _one(self, data: bytes, at: int, found: list[bytes | Said | Sub]) -> int | None:
        """Takes what begins at `at`; where that ends, or None when it is not whole yet."""
        if data[at] != IAC:
            end = data.find(_IAC, at)
            end = len(data) if end < 0 else end
            found.append(data[at:end])
            return end
        if len(data) - at < 2:
            return None
        command = data[at + 1]
        if command == SB:
            return self._sub(data, at, found)
        if Verb.WILL <= command <= Verb.DONT:
            if len(data) - at < 3:
                return None
            found.append(Said(Verb(command), data[at + 2]))
            return at + 3
        if command == IAC:
            found.append(_IAC)
        return at + 2

    def _sub(self, data: bytes, at: int, found: list[bytes | Said | Sub]) -> int | None:
        end = _end_of_sub(data, at + 2)
        if end is None:
            return None
        body = data[at + 2 : end].replace(_DOUBLED, _IAC)
        if data[end + 1] != SE:  # the other side lost its thread: what begins here is a command of its own
            return end
        if body and end - at <= SUB_LIMIT:
            found.append(Sub(body[0], body[1:]))
        return end + 2

    def _skip(self, data: bytes, at: int) -> int | None:
        end = _end_of_sub(data, at)
        if end is None:
            return None
        self._skipping = False
        return end + 2 if data[end + 1] == SE else end


def _end_of_sub(data: bytes, at: int) -> int | None:
    """Where the IAC stands that is not doubled; None while it has not come, or what follows it has not."""
    while True:
        at = data.find(_IAC, at)
        if at < 0 or at + 1 >= len(data):
            return None
        if data[at + 1] != IAC:
            return at
        at += 2


def _ends_with_lone_iac(data: bytes) -> bool:
    return (len(data) - len(data.rstrip(_IAC))) % 2 == 1


def _joined(found: list[bytes | Said | Sub]) -> list[bytes | Said | Sub]:
    """Neighbouring pieces of the device's bytes as one piece."""
    joined: list[bytes | Said | Sub] = []
    for one in found:
        if isinstance(one, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += one
        else:
            joined.append(one)
    return joined
