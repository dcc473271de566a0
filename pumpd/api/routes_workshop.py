"""What a biomedical engineer reads of the whole installation: all devices, last bytes, drivers, captures, files.

Nothing here says who lies in a bed: names and numbers of the ward's patients are taken out of what devices say. A
capture is as the line was, so that it is only for those who may know patients; each download is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from msgspec import Struct

from pumpd.access.principal import Principal
from pumpd.access.roles import Identity
from pumpd.api.errors import ApiError
from pumpd.api.integrations import patients_of
from pumpd.api.needs import DEVICES, versioned
from pumpd.api.routes import answered
from pumpd.api.routes_devices import detail_shape
from pumpd.api.withheld import without_names
from pumpd.api.withheld_bytes import hex_without
from pumpd.device.fact_words import fact_words
from pumpd.device.facts import Garbled, Send, SetLine, Silent
from pumpd.live.fields import DeviceDetailShape
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import WardPort
from pumpd.live.shape import device_shape
from pumpd.live.stamp import Stamp
from pumpd.live.workshop import CapturesShape, CheckShape, ConfigurationShape, DriverShape, Piece, Workshop
from pumpd.safety.events import Patient
from pumpd.safety.view import BedView

_NO_FRAME = (Garbled, Silent, Send, SetLine)
LONGEST_BYTES = 512
"""Of one piece; how many more there were is said."""
NOT_FOR_YOU = (
    "a capture holds what the device knows of its patient: only for somebody who may see patients' names as well; "
    "or read it on the machine itself (pumpd devices decode)"
)


class DeviceNowShape(Struct):
    """detail: as in `beds/{bed}/devices`. Ages in ms, null: not heard since the start, or no longer kept.

    byte: anything came; frame: the driver believed a frame; reading: a value that counts at the bed, or a pump's
    status. version: of the driver's package. control: of a pump, whether pumpd holds its remote control.
    """

    detail: DeviceDetailShape
    version: str
    byte_age_ms: int | None
    frame_age_ms: int | None
    reading_age_ms: int | None
    control: str | None = None
    enforcement: str | None = None


class BedDevicesShape(Struct):
    bed: str
    label: str
    devices: list[DeviceNowShape]


class AllDevicesShape(Struct):
    """`GET /api/v1/devices`."""

    time: str
    beds: list[BedDevicesShape]


class FactShape(Struct):
    type: str
    text: str


class PieceShape(Struct):
    """hex: two digits a byte, `··` where a patient's name or number is withheld. more: bytes that are not shown.

    facts: what the driver said when these bytes came; of sent ones there is nothing to say.
    """

    at: str
    sent: bool
    hex: str
    more: int
    facts: list[FactShape]


class FramesShape(Struct):
    """`GET /api/v1/devices/{device}/frames`, the newest first."""

    device: str
    time: str
    pieces: list[PieceShape]


class DriversShape(Struct):
    drivers: list[DriverShape]


SHAPES: dict[str, type[Struct]] = {
    "/api/v1/devices": AllDevicesShape,
    "/api/v1/devices/{device}/frames": FramesShape,
    "/api/v1/drivers": DriversShape,
    "/api/v1/captures": CapturesShape,
    "/api/v1/configuration": ConfigurationShape,
    "/api/v1/configuration/check": CheckShape,
}


def workshop_routes(hub: LiveHub, ward: WardPort, shop: Workshop | None) -> APIRouter:
    """shop None: a test or a demonstration without one; what only it knows is left out or not there."""
    router = versioned(403, 404, 422)
    _lines(router, hub, ward, shop)
    _files(router, shop)
    return router


def _lines(router: APIRouter, hub: LiveHub, ward: WardPort, shop: Workshop | None) -> None:
    @router.get("/devices", summary="Every device of the ward: driver, line, ages, counts")
    async def get_devices(who: Principal = DEVICES) -> Response:
        stamp, beds = hub.stamp(), []
        for bed in ward.bed_ids():
            view = hub.view(bed)
            label = bed if view is None else view.label
            beds.append(BedDevicesShape(bed, label, [*_of_bed(ward, bed, view, stamp, shop, _here(hub, ward))]))
        return answered(encode(AllDevicesShape(hub.time(), beds)))

    @router.get("/devices/{device}/frames", summary="The last pieces of a device's line, and what its driver said")
    async def get_frames(device: str, who: Principal = DEVICES) -> Response:
        pieces = None if shop is None else shop.recent(device)
        if pieces is None:
            raise ApiError(404, "unknown_device", f"no device {device!r}")
        shown = _pieces(pieces, hub.stamp(), _here(hub, ward))
        return answered(encode(FramesShape(device, hub.time(), shown[::-1])))

    @router.get("/drivers", summary="Installed drivers: entry points, quality, options; those that are broken too")
    async def get_drivers(who: Principal = DEVICES) -> Response:
        return answered(encode(DriversShape(_there(shop).drivers())))


def _files(router: APIRouter, shop: Workshop | None) -> None:
    @router.get("/captures", summary="Raw bytes of the lines that are kept: files and sizes")
    async def get_captures(who: Principal = DEVICES) -> Response:
        found = await _there(shop).captures()
        found.readable = who.identity is Identity.FULL
        return answered(encode(found))

    @router.get("/captures/{device}/{file}", summary="One capture as text, for who may also know the patients; noted")
    async def get_capture(device: str, file: str, who: Principal = DEVICES) -> Response:
        blocks = await _there(shop).capture(device, file)
        if blocks is None:
            raise ApiError(404, "not_found", f"no capture {file!r} of {device!r}")
        if who.identity is not Identity.FULL:
            raise ApiError(403, "not_permitted", NOT_FOR_YOU)
        name = f'attachment; filename="{device}-{file}"'
        return StreamingResponse(blocks, media_type="text/plain", headers={"content-disposition": name})

    @router.get("/configuration", summary="Version, files that were read and their digests, and what has changed since")
    async def get_configuration(who: Principal = DEVICES) -> Response:
        return answered(encode(await _there(shop).configuration()))

    @router.get("/configuration/check", summary="What `pumpd check` says of the ward's files now; takes seconds")
    async def get_check(who: Principal = DEVICES) -> Response:
        return answered(encode(await _there(shop).check()))


def _there(shop: Workshop | None) -> Workshop:
    if shop is None:
        raise ApiError(404, "not_found", "there are no lines and no files here")
    return shop


def _here(hub: LiveHub, ward: WardPort) -> list[Patient]:
    return patients_of(hub, ward.bed_ids())


def _of_bed(
    ward: WardPort, bed: str, view: BedView | None, stamp: Stamp, shop: Workshop | None, here: list[Patient]
) -> Iterable[DeviceNowShape]:
    states = {} if view is None else {one.id: device_shape(one, stamp) for one in view.devices}
    pumps = {} if view is None else {one.id: one for one in view.pumps}
    for detail in ward.devices(bed):
        pump, pieces = pumps.get(detail.id), () if shop is None else shop.recent(detail.id) or ()
        yield DeviceNowShape(
            detail=detail_shape(detail, states.get(detail.id), here),
            version="" if shop is None else shop.version(detail.driver),
            byte_age_ms=_age(pieces, stamp, lambda one: one.outs is not None),
            frame_age_ms=_age(pieces, stamp, _believed),
            reading_age_ms=stamp.age(_reading_ms(view, detail.id)),
            control=None if pump is None or pump.control is None else pump.control.value,
            enforcement=None if pump is None else pump.enforcement.value,
        )


def _age(pieces: Iterable[Piece], stamp: Stamp, wanted: Callable[[Piece], bool]) -> int | None:
    return stamp.age(max((one.at_ms for one in pieces if wanted(one)), default=None))


def _believed(piece: Piece) -> bool:
    return any(not isinstance(out, _NO_FRAME) for out in piece.outs or ())


def _reading_ms(view: BedView | None, device: str) -> int | None:
    if view is None:
        return None
    heard = [value.at_ms for value in view.values.values() if value.source == device]
    heard += [pump.at_ms for pump in view.pumps if pump.id == device]
    return max((at for at in heard if at is not None), default=None)


def _pieces(pieces: Iterable[Piece], stamp: Stamp, here: list[Patient]) -> list[PieceShape]:
    """In order of time; each direction is a stream of its own."""
    inbound = [one for one in pieces if one.outs is not None]
    outbound = [one for one in pieces if one.outs is None]
    shown = [*_direction(inbound, stamp, here), *_direction(outbound, stamp, here)]
    return [piece for _, piece in sorted(shown, key=lambda one: one[0])]


def _direction(pieces: list[Piece], stamp: Stamp, here: list[Patient]) -> Iterable[tuple[int, PieceShape]]:
    for one, digits in zip(pieces, hex_without([one.data for one in pieces], here), strict=True):
        facts = [
            FactShape(type(out).__name__, _told(out, here))
            for out in one.outs or ()
            if not isinstance(out, Send | SetLine)
        ]
        more = max(0, len(digits) - LONGEST_BYTES)
        shown = " ".join(digits[:LONGEST_BYTES])
        yield one.at_ms, PieceShape(stamp.text(one.at_ms), one.outs is None, shown, more, facts)


def _told(fact: object, here: list[Patient]) -> str:
    return without_names(fact_words(fact), here, Identity.NONE)
