"""What a biomedical engineer reads of a bed's devices."""

from __future__ import annotations

from fastapi import APIRouter, Response

from pumpd.api.acts import unknown_bed
from pumpd.api.routes import answered
from pumpd.device.info import UNVERIFIED
from pumpd.live.fields import DeviceDetailShape, DeviceShape, DevicesShape, UnmappedShape
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import DeviceDetail, WardPort
from pumpd.live.shape import device_shape


def device_routes(hub: LiveHub, ward: WardPort) -> APIRouter:
    """Details of devices: what their drivers are, and what these leave out."""
    router = APIRouter()

    @router.get("/beds/{bed}/devices", summary="Drivers, lines and unmapped tags of a bed's devices")
    async def get_devices(bed: str) -> Response:
        if bed not in ward.bed_ids():
            raise unknown_bed(bed)
        view, stamp = hub.view(bed), hub.stamp()
        states = {} if view is None else {one.id: device_shape(one, stamp) for one in view.devices}
        found = [_shape(detail, states.get(detail.id)) for detail in ward.devices(bed)]
        return answered(encode(DevicesShape(bed, hub.time(), found)))

    return router


def _shape(detail: DeviceDetail, state: DeviceShape | None) -> DeviceDetailShape:
    return DeviceDetailShape(
        id=detail.id,
        driver=detail.driver,
        vendor=detail.vendor,
        model=detail.model,
        kind=detail.kind,
        quality=detail.quality,
        unverified=detail.quality == UNVERIFIED,
        integrity=detail.integrity,
        line=detail.line,
        link=detail.link,
        signals=detail.signals,
        sources=detail.sources,
        frames=detail.frames,
        waves=detail.waves,
        unmapped=[UnmappedShape(tag, count, value) for tag, count, value in detail.unmapped],
        unmapped_more=detail.unmapped_more,
        state=state,
    )
