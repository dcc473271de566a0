"""Messages for tests: fixtures, and every way in which one field of one can be broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pumpd_hl7.message import Message, read_message

FIXTURES = Path(__file__).parent / "fixtures"
OVER_LONG = "X" * 70_000
PUT = ("", '""', OVER_LONG, "\\X00\\\\X1B\\", "9" * 400, "-1", "^^^^", "~~~", "&&", "NaN", "^~&\\F\\", "20261399")


def fixture(name: str) -> Message:
    return read((FIXTURES / f"{name}.hl7").read_bytes())


def read(raw: bytes | str) -> Message:
    found = read_message(raw.encode() if isinstance(raw, str) else raw, "utf-8")
    assert isinstance(found, Message), found
    return found


def put(message: Message, segment: str, field: int, text: str, nth: int = 1) -> Message:
    """The message with another field: the nth segment of that name."""
    lines = list(message.lines)
    places = [at for at, line in enumerate(lines) if line.startswith(segment)]
    fields = lines[places[nth - 1]].split("|")
    index = field - 1 if segment == "MSH" else field
    fields += [""] * (index + 1 - len(fields))
    fields[index] = text
    lines[places[nth - 1]] = "|".join(fields)
    return read("\r".join(lines) + "\r")


def without(message: Message, segment: str) -> Message:
    return read("\r".join(line for line in message.lines if not line.startswith(segment)) + "\r")


def mutations(message: Message) -> Iterator[tuple[str, Message]]:
    """(what was done, the message): every field of every segment but MSH replaced, swapped with the next, or gone."""
    for at, line in enumerate(message.lines[1:], 1):
        fields = line.split("|")
        yield f"{fields[0]} dropped", _with(message, at, None)
        yield f"{fields[0]} twice", _with(message, at, f"{line}\r{line}")
        for number in range(1, len(fields)):
            for text in PUT:
                changed = [*fields[:number], text, *fields[number + 1 :]]
                yield f"{fields[0]}-{number} {text[:12]!r}", _with(message, at, "|".join(changed))
            if number + 1 < len(fields):
                swapped = [*fields[:number], fields[number + 1], fields[number], *fields[number + 2 :]]
                yield f"{fields[0]}-{number} swapped", _with(message, at, "|".join(swapped))


def _with(message: Message, at: int, line: str | None) -> Message:
    lines = list(message.lines)
    if line is None:
        del lines[at]
    else:
        lines[at] = line
    return read("\r".join(lines) + "\r")
