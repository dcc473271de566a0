"""Philips IntelliVue over MIB/RS232: frames, association blocks and requests, as bytes. Pure.

Frame: C0, header 11 01 and the user data's length, user data, FCS-16 low byte first, C1; C0, C1 and 7D are stuffed.
Facts are from mdpnp (RS232Adapter, BSD-2), mindleaving/patient-monitor-datalogger (PresentationHeader.cs,
SessionData.cs, PollProfileSupport.cs, MIT), LNhealth (ivueparser, BSD-3, used in a hospital), the structures of
Philips' Data Export Interface Programming Guide as other public clients write them down, and a public MX800 client that
keeps frames which a monitor sent and accepted.
"""

from __future__ import annotations

import struct

from pumpd.device.checksums import crc16_x25
from pumpd.device.framers import Flagged

HEADER = b"\x11\x01"
FCS_GOOD = crc16_x25(b"" + crc16_x25(b"").to_bytes(2, "little"))  # what a frame with its own FCS gives
MAX_ESCAPED = 2600  # the MTU of the RS232 interface is 1000; its headers and every byte stuffed

# session header: the message's first byte
ASSOCIATE, ACCEPTED, REFUSED, RELEASE, RELEASED, ABORTED, DATA = 0x0D, 0x0E, 0x0C, 0x09, 0x0A, 0x19, 0xE1

# remote operations and commands
INVOKE, RESULT, ERROR, LINKED = 1, 2, 3, 5
EVENT, CONFIRMED_EVENT, ACTION = 0, 1, 7
MDS_CREATED, POLL, EXTENDED_POLL = 0x0D06, 0x0C16, 0xF13B
LINK_FIRST, LINK_MIDDLE, LINK_LAST = 1, 2, 3

# object classes, attribute groups, attributes
NUMERICS, MDS, ALERTS = 0x0006, 0x0021, 0x0036
GROUP_VALUES, GROUP_ALERTS, GROUP_PRODUCT = 0x0803, 0x0801, 0x080C
POLL_PROFILE, PROFILE_EXTENSION, POLL_PERIOD = 0x0001, 0xF001, 0xF13E

TICKS_PER_MS = 8  # relative time runs in eighths of a millisecond
PERIODIC_MS = 60_000  # ours: how long one extended poll request asks for results; it is renewed in time


def whole(frame: bytes) -> bool:
    """Are header, length and FCS of an unstuffed frame right?"""
    return (
        len(frame) > 6
        and frame.startswith(HEADER)
        and int.from_bytes(frame[2:4], "big") == len(frame) - 6
        and crc16_x25(frame) == FCS_GOOD
    )


def framer() -> Flagged:
    """A framer of this interface: it gives header, user data and FCS."""
    return Flagged(b"\xc0", b"\xc1", whole, limit=MAX_ESCAPED)


_STUFF = framer()


def frame(user: bytes) -> bytes:
    """The whole frame around user data, as it is sent."""
    inside = HEADER + len(user).to_bytes(2, "big") + user
    return _STUFF.build(inside + crc16_x25(inside).to_bytes(2, "little"), b"\xc0")


# --- association: ISO session and presentation blocks, the same bytes for every client ------------------------------

_SESSION = bytes.fromhex("0508130100160102800014020002")
_REQUEST = bytes.fromhex(
    "3180a0808001010000a280a003000001a4803080020101060452010001308006"
    "025101000000003080020102060c2a8648ce14020100000001013080060c2a86"
    "48ce140201000000020100000000000061803080020101a0806080a180060c2a"
    "8648ce14020100000003010000be802880060c2a8648ce14020100000001010201 0281"
)
ACCEPT = bytes.fromhex(
    "3180a0808001010000a280a003000001a5803080800100810251010000308080"
    "0100810c2a8648ce14020100000002010000000061803080020101a0806180a1"
    "80060c2a8648ce14020100000003010000a203020100a305a103020100be8028"
    "8002010281"
)  # what precedes the user information of an accepted association
_TRAILER = bytes(16)
RELEASE_REQUEST = frame(bytes.fromhex("0918c11661803080020101a0806280800100") + bytes(8))
RELEASE_ANSWER = frame(bytes.fromhex("0a18c11661803080020101a0806380800100") + bytes(8))


def attributes(*pairs: tuple[int, bytes]) -> bytes:
    """An attribute list: count, length, then id, length and value of each."""
    body = b"".join(struct.pack(">HH", name, len(value)) + value for name, value in pairs)
    return struct.pack(">HH", len(pairs), len(body)) + body


def length_indicator(length: int) -> bytes:
    """A session length: one byte, from 255 on FF and two bytes."""
    return bytes([length]) if length < 0xFF else b"\xff" + length.to_bytes(2, "big")


def _user_information() -> bytes:
    """What we offer: version 1, client, cold start, poll profile with numerics each second as they are measured.

    Poll period (2500 ticks), sizes and options are those of a request that an MX800 accepted.
    """
    extension = struct.pack(">I", 0x80000000) + attributes()
    profile = struct.pack(">6I", 0x80000000, 2500, 1000, 1000, 0xFFFFFFFF, 0x60000000)
    profile += attributes((PROFILE_EXTENSION, extension))
    info = struct.pack(">5I", 0x80000000, 0x40000000, 0, 0x80000000, 0x20000000)
    info += attributes() + attributes((POLL_PROFILE, profile))
    return bytes([len(info)]) + info


def _association_request() -> bytes:
    presentation = _REQUEST + _user_information() + _TRAILER
    session = _SESSION + b"\xc1" + length_indicator(len(presentation)) + presentation
    return frame(bytes([ASSOCIATE]) + length_indicator(len(session)) + session)


ASSOCIATION_REQUEST = _association_request()

# --- data export ----------------------------------------------------------------------------------------------------


def _action(invoke: int, action: int, body: bytes) -> bytes:
    """A confirmed action on the monitor as a whole (class 33, scope 0)."""
    command = struct.pack(">HHHIHH", MDS, 0, 0, 0, action, len(body)) + body
    operation = struct.pack(">HHH", invoke, ACTION, len(command)) + command
    return frame(struct.pack(">HHHH", 0xE100, 2, INVOKE, len(operation)) + operation)


def _asked(number: int, objects: int, group: int) -> bytes:
    return struct.pack(">HHHH", number, 1, objects, group)


# Each request keeps its own invoke id and poll number, so that a reply names its request.
NUMERICS_ID, ALERTS_ID, PRODUCT_ID, PERIODIC_ID = 1, 2, 3, 4
POLL_NUMERICS = _action(NUMERICS_ID, POLL, _asked(NUMERICS_ID, NUMERICS, GROUP_VALUES))
POLL_ALERTS = _action(ALERTS_ID, POLL, _asked(ALERTS_ID, ALERTS, GROUP_ALERTS))
POLL_PRODUCT = _action(PRODUCT_ID, POLL, _asked(PRODUCT_ID, MDS, GROUP_PRODUCT))
_PERIOD = attributes((POLL_PERIOD, struct.pack(">I", PERIODIC_MS * TICKS_PER_MS)))
POLL_PERIODIC = _action(PERIODIC_ID, EXTENDED_POLL, _asked(PERIODIC_ID, NUMERICS, GROUP_VALUES) + _PERIOD)


def created_answer(invoke: int, created: bytes) -> bytes:
    """The answer that a monitor waits for after its MDS-create event; created: that event's object and time."""
    result = created + struct.pack(">HH", MDS_CREATED, 0)
    operation = struct.pack(">HHH", invoke, CONFIRMED_EVENT, len(result)) + result
    return frame(struct.pack(">HHHH", 0xE100, 2, RESULT, len(operation)) + operation)
