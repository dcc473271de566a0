"""The client's half of RFC 2217: a serial server's port is set up, and its bytes are told from Telnet's. Pure.

Bytes in; the device's bytes, answers and states out. The port may be used once `ready`: the server has agreed to the
option and confirmed speed, data bits, parity and stop bits. What it refuses is a `trouble` in words, never a guess.

Sources: RFC 2217 (numbers and rules), RFC 1143 (an option is answered only where its state changes). Kept from
pyserial's notes on servers: some answer SET-CONTROL with another value than was set or not at all, some append bytes to
the answer of SET-BAUDRATE, and some never answer a request for BINARY. Met in ser2net 4.3.11: of two commands for one
setting both are answered with the second's value, so only the last answer is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pumpd.device.info import Line, Parity
from pumpd.links.telnet import BINARY, COM_PORT, SUPPRESS_GO_AHEAD, Decoder, Said, Sub, Verb


class Command(IntEnum):
    """RFC 2217, section 2; a server answers with the same number plus 100."""

    SIGNATURE = 0
    SET_BAUDRATE = 1
    SET_DATASIZE = 2
    SET_PARITY = 3
    SET_STOPSIZE = 4
    SET_CONTROL = 5
    NOTIFY_LINESTATE = 6
    NOTIFY_MODEMSTATE = 7
    FLOWCONTROL_SUSPEND = 8
    FLOWCONTROL_RESUME = 9
    SET_LINESTATE_MASK = 10
    SET_MODEMSTATE_MASK = 11
    PURGE_DATA = 12


FROM_SERVER = 100

# SET-CONTROL, section 3
NO_FLOW, XON_XOFF, HARDWARE_FLOW = 1, 2, 3
DTR_ON, DTR_OFF, RTS_ON, RTS_OFF = 8, 9, 11, 12
_FLOW_WORDS = {NO_FLOW: "no flow control", XON_XOFF: "XON/XOFF", HARDWARE_FLOW: "RTS/CTS flow control"}
_OPPOSITE = {DTR_ON: (DTR_OFF, "DTR"), DTR_OFF: (DTR_ON, "DTR"), RTS_ON: (RTS_OFF, "RTS"), RTS_OFF: (RTS_ON, "RTS")}

PURGE_RECEIVED, PURGE_BOTH = 1, 3

_PARITIES = {Parity.NONE: 1, Parity.ODD: 2, Parity.EVEN: 3}
_PARITY_WORDS = {1: "no parity", 2: "odd parity", 3: "even parity", 4: "mark parity", 5: "space parity"}
_STOP_WORDS = {1: "1 stop bit", 2: "2 stop bits", 3: "1.5 stop bits"}

RAW_PORT = "a raw TCP port is socket://host:port"
GREETING_BYTES = 80

BAUD_TOLERANCE_PERCENT = 2
"""A server may answer what its divider really makes of a speed; two UARTs that differ by so much still agree."""

_OURS = (BINARY, SUPPRESS_GO_AHEAD, COM_PORT)
_THEIRS = (BINARY, SUPPRESS_GO_AHEAD)
_ACCEPTED_OF_THEM = (*_THEIRS, COM_PORT)  # the option is the client's to offer, but some servers offer it themselves


@dataclass(frozen=True, slots=True)
class Got:
    """What one chunk held: the device's bytes, and what must be sent in answer."""

    data: bytes
    reply: bytes


def command(number: Command, value: bytes) -> bytes:
    """One command as it is sent."""
    return Sub(COM_PORT, bytes((number,)) + value).wire()


class ComPort:
    """One connection. Made anew for each; never raises on any bytes."""

    def __init__(self, line: Line, baud: int, *, tap: bool) -> None:
        """tap: neither DTR nor RTS is raised, and what others wait to send is not purged."""
        self._decoder = Decoder()
        self._tap = tap
        # XON/XOFF is switched off by itself: some servers keep it beside the hardware's, and eat bytes 11 and 13
        self._flows = [NO_FLOW, *([HARDWARE_FLOW] if line.rtscts and not tap else [])]
        self._signals = _signals(line, tap)
        self._wanted = {
            Command.SET_BAUDRATE: baud,
            Command.SET_DATASIZE: line.data_bits,
            Command.SET_PARITY: _PARITIES[line.parity],
            Command.SET_STOPSIZE: line.stop_bits,
        }
        self._unconfirmed: set[Command] = set(self._wanted)
        self._flow_answers = self._baud_answers = 0  # that are to come; only the last one counts
        self._us = dict.fromkeys(_OURS, True)  # what we have said WILL to
        self._them = dict.fromkeys(_THEIRS, True)  # what we have said DO to
        self._agreed = False
        self.ready = False
        self.suspended = False
        self.greeting = b""  # what came instead of the device's bytes before the port was set up, its first part
        self.trouble: str | None = None

    def start(self) -> bytes:
        """The first bytes: what we offer and what we ask for."""
        offers = [Said(Verb.WILL, option) for option in _OURS] + [Said(Verb.DO, option) for option in _THEIRS]
        return b"".join(said.wire() for said in offers)

    def set_baud(self, baud: int) -> bytes:
        """The command for another speed; it is confirmed once `unanswered` is empty again."""
        self._wanted[Command.SET_BAUDRATE] = baud
        self._unconfirmed.add(Command.SET_BAUDRATE)
        return self._setting(Command.SET_BAUDRATE)

    @property
    def unanswered(self) -> str:
        """In words: what the server has yet to say; "" when nothing is waited for."""
        if not self._agreed:
            return f"COM-PORT-OPTION (RFC 2217); {RAW_PORT}"
        return ", ".join(one.name.replace("_", "-") for one in sorted(self._unconfirmed))

    def receive(self, data: bytes) -> Got:
        """Any chunk. Bytes of the device that came before the port was set up are not believed and left out."""
        heard, replies = b"", b""
        for part in self._decoder.feed(data):
            if isinstance(part, bytes):
                heard += self._believed(part)
            elif isinstance(part, Said):
                replies += self._negotiate(part)
            elif part.option == COM_PORT and part.data:
                replies += self._told(part.data[0] - FROM_SERVER, part.data[1:])
        return Got(heard, replies)

    def _believed(self, part: bytes) -> bytes:
        if self.ready:
            return part
        self.greeting = (self.greeting + part)[:GREETING_BYTES]
        return b""

    # options

    def _negotiate(self, said: Said) -> bytes:
        if said.verb in (Verb.DO, Verb.DONT):
            return self._about_us(said.option, said.verb is Verb.DO)
        return self._about_them(said.option, said.verb is Verb.WILL)

    def _about_us(self, option: int, wanted: bool) -> bytes:
        if option == COM_PORT:
            return self._agree() if wanted else self._refused_option()
        if option in self._us:
            if option == BINARY and not wanted:
                self._fail("the server refuses BINARY: bytes could be changed on their way")
            return b""  # the answer to our WILL
        return Said(Verb.WONT, option).wire() if wanted else b""

    def _about_them(self, option: int, wanted: bool) -> bytes:
        known = option in self._them
        if option == BINARY and not wanted:
            self._fail("the server refuses BINARY: bytes could be changed on their way")
        if not wanted or known:
            return b""  # off as it was before, or the answer to our DO
        if option not in _ACCEPTED_OF_THEM:
            return Said(Verb.DONT, option).wire()
        self._them[option] = True
        return Said(Verb.DO, option).wire() + (self._agree() if option == COM_PORT else b"")

    def _refused_option(self) -> bytes:
        if not self._agreed:
            self._fail(f"the server speaks no RFC 2217 on this port; {RAW_PORT}")
        return b""

    def _agree(self) -> bytes:
        """The server takes the option: everything is set at once, the handshake lines first."""
        if self._agreed:
            return b""
        self._agreed = True
        controls = [*self._flows, *self._signals]
        self._flow_answers = len(self._flows)
        masks = (Command.SET_LINESTATE_MASK, Command.SET_MODEMSTATE_MASK)  # notices that nobody would read
        return b"".join(
            [
                *(command(mask, b"\0") for mask in masks),
                *(command(Command.SET_CONTROL, bytes((one,))) for one in controls),
                *map(self._setting, self._wanted),
            ]
        )

    def _setting(self, setting: Command) -> bytes:
        length = 4 if setting is Command.SET_BAUDRATE else 1
        self._baud_answers += setting is Command.SET_BAUDRATE
        return command(setting, self._wanted[setting].to_bytes(length, "big"))

    # what the server tells

    def _told(self, number: int, value: bytes) -> bytes:
        if number == Command.FLOWCONTROL_SUSPEND:
            self.suspended = True
        elif number == Command.FLOWCONTROL_RESUME:
            self.suspended = False
        elif number == Command.SET_CONTROL and value:
            self._control_is(value[0])
        elif number in self._wanted:
            return self._setting_is(Command(number), value)
        return b""  # states of the line and the modem, a signature, what was purged: nothing that anybody waits for

    def _setting_is(self, setting: Command, value: bytes) -> bytes:
        length = 4 if setting is Command.SET_BAUDRATE else 1
        if len(value) < length:
            return b""
        has, wanted = int.from_bytes(value[:length], "big"), self._wanted[setting]
        if setting is Command.SET_BAUDRATE:
            self._baud_answers = max(0, self._baud_answers - 1)  # one that was not asked for: changed at the server
            if self._baud_answers:
                return b""
        if not _agrees(setting, has, wanted):
            self._fail(f"the server set {_words(setting, has)} instead of {_words(setting, wanted)}")
            return b""
        self._unconfirmed.discard(setting)
        if self.ready or self._unconfirmed:
            return b""
        self.ready = True
        return command(Command.PURGE_DATA, bytes((PURGE_RECEIVED if self._tap else PURGE_BOTH,)))

    def _control_is(self, value: int) -> None:
        if value in _FLOW_WORDS and self._flow_answers:  # further ones: a server that says the same to every command
            self._flow_answers -= 1
            if not self._flow_answers and value != self._flows[-1]:
                self._fail(f"the server set {_FLOW_WORDS[value]} instead of {_FLOW_WORDS[self._flows[-1]]}")
        for signal in self._signals:
            opposite, name = _OPPOSITE[signal]
            if value == opposite:
                state = "raised" if signal in (DTR_ON, RTS_ON) else "lowered"
                self._fail(f"the server refuses {name} {state}")

    def _fail(self, words: str) -> None:
        self.trouble = self.trouble or words


def _signals(line: Line, tap: bool) -> list[int]:
    """DTR, and RTS where it is no handshake line."""
    dtr = DTR_ON if line.dtr and not tap else DTR_OFF
    rts = RTS_ON if line.rts and not tap else RTS_OFF
    return [dtr] if line.rtscts and not tap else [dtr, rts]


def _agrees(setting: Command, has: int, wanted: int) -> bool:
    if setting is Command.SET_BAUDRATE:
        return abs(has - wanted) * 100 <= wanted * BAUD_TOLERANCE_PERCENT
    return has == wanted


def _words(setting: Command, value: int) -> str:
    words = {
        Command.SET_BAUDRATE: f"{value} baud",
        Command.SET_DATASIZE: f"{value} data bits",
        Command.SET_PARITY: _PARITY_WORDS.get(value, f"parity {value}"),
        Command.SET_STOPSIZE: _STOP_WORDS.get(value, f"stop bits {value}"),
    }
    return words[setting]
