"""Reads HL7 v2 messages: delimiters from MSH, segments split once, fields when somebody asks. Pure.

A `Message` keeps its bytes as they came. What cannot be read is an `Unreadable` value with the code, the segment and
the field of its ERR segment, and with as much of MSH as could be read, so that it can be answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pumpd_hl7.charsets import codec_of

BOM = b"\xef\xbb\xbf"
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_ESCAPED = re.compile(r"[A-Za-z0-9.+-]*")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The five characters of MSH-1 and MSH-2; subcomponent and escape may be absent ("")."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


STANDARD = Delimiters()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why bytes are no message for us. code: of table 0357. segment, field: where (field 0: the whole segment).

    reject: whoever sent it is told that it never will be one (AR, CR), rather than that it is wrong (AE, CE).
    """

    code: int
    reason: str
    segment: str = "MSH"
    field: int = 0
    msh: Segment | None = None
    reject: bool = False


class Segment:
    """One segment. Field numbers are those of HL7, from 1; in MSH the field separator itself is field 1."""

    __slots__ = ("_fields", "delimiters", "name", "text")

    def __init__(self, text: str, delimiters: Delimiters) -> None:
        self.name = text[:3]
        self.text = text
        self.delimiters = delimiters
        self._fields: list[str] | None = None

    @property
    def fields(self) -> list[str]:
        """Raw fields by number; [0] is the name."""
        fields = self._fields
        if fields is None:
            fields = self.text.split(self.delimiters.field)
            if self.name in _HEADERS:
                fields.insert(1, self.delimiters.field)
            self._fields = fields
        return fields

    def raw(self, number: int) -> str:
        """A field as it stands in the message; "" where the segment is shorter."""
        fields = self.fields
        return fields[number] if number < len(fields) else ""

    def repetitions(self, number: int) -> list[str]:
        """The raw repetitions of a field; none of an empty one."""
        raw, separator = self.raw(number), self.delimiters.repetition
        if not raw:
            return []
        return raw.split(separator) if separator else [raw]

    def get(self, number: int, component: int = 1, repetition: int = 1, subcomponent: int = 1) -> str:
        """One subcomponent, unescaped; "" where it is not there. HL7's explicit null `""` stays two quotes."""
        raw = self.raw(number)
        if raw.isalnum():  # by far the most usual
            return raw if component == repetition == subcomponent == 1 else ""
        repetitions = self.repetitions(number)
        if repetition > len(repetitions):
            return ""
        return self.delimiters_get(repetitions[repetition - 1], component, subcomponent)

    def delimiters_get(self, raw: str, component: int = 1, subcomponent: int = 1) -> str:
        """One subcomponent of one raw repetition, unescaped."""
        parts = raw.split(self.delimiters.component)
        if component > len(parts):
            return ""
        part = parts[component - 1]
        if self.delimiters.subcomponent:
            parts = part.split(self.delimiters.subcomponent)
            part = parts[subcomponent - 1] if subcomponent <= len(parts) else ""
        return unescape(part, self.delimiters)

    def __repr__(self) -> str:
        return f"Segment({self.text!r})"


_HEADERS = frozenset(("MSH", "FHS", "BHS"))


class Message:
    """One message. lines: its segments as text, in order; the first is MSH. Segments are made when asked for."""

    __slots__ = ("_kind", "codec", "delimiters", "lines", "msh", "raw")

    def __init__(self, raw: bytes, codec: str, delimiters: Delimiters, lines: list[str]) -> None:
        self.raw, self.codec, self.delimiters, self.lines = raw, codec, delimiters, lines
        self.msh = Segment(lines[0], delimiters)
        self._kind: tuple[str, str] | None = None

    @property
    def segments(self) -> list[Segment]:
        """Every segment."""
        return [Segment(line, self.delimiters) for line in self.lines]

    def all(self, name: str) -> Iterator[Segment]:
        """Every segment of that name."""
        return (Segment(line, self.delimiters) for line in self.lines if line.startswith(name))

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)

    def get(self, name: str, number: int, component: int = 1) -> str:
        """Of the first segment of that name; "" where there is none."""
        segment = self.msh if name == "MSH" else self.first(name)
        return "" if segment is None else segment.get(number, component)

    @property
    def kind(self) -> tuple[str, str]:
        """MSH-9: message code and trigger event, such as ("ADT", "A01")."""
        if self._kind is None:
            self._kind = self.msh.get(9, 1), self.msh.get(9, 2)
        return self._kind

    @property
    def control_id(self) -> str:
        return self.msh.get(10)


def read_message(raw: bytes, blank_codec: str = "ascii") -> Message | Unreadable:
    """The message in these bytes (without an MLLP frame). blank_codec: what an empty MSH-18 means for this peer."""
    body = raw.removeprefix(BOM).strip(b"\r\n\t \0")
    header = body.partition(b"\r")[0].partition(b"\n")[0].decode("latin-1")
    delimiters = _delimiters(header[:9])
    if isinstance(delimiters, Unreadable):
        return delimiters
    said = header.split(delimiters.field, 18)
    character_set = said[17].split(delimiters.field, 1)[0] if len(said) > 17 else ""
    if delimiters.repetition:
        character_set = character_set.split(delimiters.repetition, 1)[0]
    codec = codec_of(character_set, blank_codec)
    if codec is None:
        return _bad_charset(f"character set {character_set[:40]!r} is not understood", header, delimiters, 103)
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        what = f"byte {body[error.start]:02X} at {error.start} is no {codec}"
        meant = character_set or "nothing, which is taken as that"
        return _bad_charset(f"{what}, though MSH-18 says {meant}", header, delimiters, 102)
    return _segmented(raw, codec, delimiters, text)


def _bad_charset(reason: str, header: str, delimiters: Delimiters, code: int) -> Unreadable:
    return Unreadable(code, reason, field=18, msh=Segment(header, delimiters))


@lru_cache(maxsize=64)  # every message of a peer begins alike
def _delimiters(header: str) -> Delimiters | Unreadable:
    """Of the first nine characters of a message."""
    if not header.startswith("MSH"):
        what = "a batch or file" if header[:3] in _HEADERS else "no MSH segment first"
        return Unreadable(100, f"{what}: {header!r}")
    separator = header[3:4]
    encoding = header[4:].split(separator, 1)[0][:4] if separator else ""
    used = separator + encoding
    if not encoding or len(set(used)) != len(used) or any(c.isalnum() or c.isspace() or c == '"' for c in used):
        return Unreadable(102, f"MSH-1 and MSH-2 hold no delimiters: {header[3:]!r}", field=2)
    return Delimiters(separator, *encoding, *[""] * (4 - len(encoding)))


@lru_cache(maxsize=16)
def _odd_line(separator: str) -> re.Pattern[str]:
    """The end of a line that no segment with fields follows, or a second header: quick, and seldom found."""
    return re.compile(rf"\r(?!(?!MSH|BHS|FHS)[A-Z][A-Z0-9]{{2}}{re.escape(separator)})")


@lru_cache(maxsize=16)
def _wrong_line(separator: str) -> re.Pattern[str]:
    """The end of a line that no segment follows: a name, then a field separator or the end of its line."""
    mark = re.escape(separator)
    return re.compile(rf"\r(?![A-Z][A-Z0-9]{{2}}(?:{mark}|\r|\Z))|\r(?:MSH|BHS|FHS)(?:{mark}|\r|\Z)")


def _segmented(raw: bytes, codec: str, delimiters: Delimiters, text: str) -> Message | Unreadable:
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    if _odd_line(delimiters.field).search(text) is None:
        return Message(raw, codec, delimiters, text.split("\r"))
    text = re.sub("\r+", "\r", text)
    wrong = _wrong_line(delimiters.field).search(text)
    lines = text.split("\r")
    if wrong is None:
        return Message(raw, codec, delimiters, lines)
    line = text[wrong.start() + 1 :].split("\r", 1)[0]
    reason = "a second header in one message" if line[:3] in _HEADERS else f"no segment: {line[:20]!r}"
    return Unreadable(100, reason, line[:3], msh=Segment(lines[0], delimiters))


def unescape(text: str, delimiters: Delimiters = STANDARD) -> str:
    """The text with its escape sequences replaced; one that is not known stays as it is."""
    mark = delimiters.escape
    if not mark or mark not in text:
        return text
    out, pieces = [], text.split(mark)
    at = 0
    while at < len(pieces):
        out.append(pieces[at])
        if at + 2 < len(pieces) and (meant := _meaning(pieces[at + 1], delimiters)) is not None:
            out.append(meant)
            at += 2
        else:
            at += 1
            if at < len(pieces):
                out.append(mark)
    return "".join(out)


def _meaning(code: str, delimiters: Delimiters) -> str | None:
    """What `\\code\\` stands for: a delimiter, bytes in hex, a line break, nothing for highlighting; None: unknown."""
    known = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        ".br": "\n",
        "H": "",
        "N": "",
    }.get(code)
    if known is not None or not code.startswith("X") or len(code) % 2 == 0 or not _ESCAPED.fullmatch(code):
        return known
    try:
        return bytes.fromhex(code[1:]).decode("utf-8", "replace")
    except ValueError:
        return None


def escape(text: str, delimiters: Delimiters = STANDARD) -> str:
    """The text as it may stand in a field: delimiters escaped, line ends as `\\.br\\`, other controls in hex."""
    if text.isalnum():  # by far the most usual
        return text
    return "".join(_escaped(character, delimiters) for character in text.replace("\r\n", "\n"))


def _escaped(character: str, delimiters: Delimiters) -> str:
    mark = delimiters.escape
    marks = (delimiters.field, delimiters.component, delimiters.subcomponent, delimiters.repetition, mark)
    if character in marks:
        return f"{mark}{'FSTRE'[marks.index(character)]}{mark}"
    if character in "\r\n":
        return f"{mark}.br{mark}"
    return f"{mark}X{ord(character):02X}{mark}" if ord(character) < 32 else character
