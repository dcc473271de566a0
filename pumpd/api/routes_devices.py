"""What a biomedical engineer reads of a bed's devices."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Response

from pumpd.access.principal import Principal
from pumpd.access.roles import Identity
from pumpd.api.acts import unknown_bed
from pumpd.api.integrations import patients_of
from pumpd.api.needs import DEVICES, versioned
from pumpd.api.routes import answered
from pumpd.api.withheld import without_names
from pumpd.device.info import UNVERIFIED
from pumpd.live.fields import DeviceDetailShape, DeviceShape, DevicesShape, UnmappedShape
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import DeviceDetail, WardPort
from pumpd.live.shape import device_shape
from pumpd.safety.events import Patient


def device_routes(hub: LiveHub, ward: WardPort) -> APIRouter:
    """Details of devices: what their drivers are, and what these leave out."""
    router = versioned(404, 422)

    @router.get("/beds/{bed}/devices", summary="Drivers, lines and unmapped tags of a bed's devices")
    async def get_devices(bed: str, who: Principal = DEVICES) -> Response:
        if bed not in ward.bed_ids():
            raise unknown_bed(bed)
        view, stamp = hub.view(bed), hub.stamp()
        states = {} if view is None else {one.id: device_shape(one, stamp) for one in view.devices}
        here = patients_of(hub, ward.bed_ids())
        found = [detail_shape(detail, states.get(detail.id), here) for detail in ward.devices(bed)]
        return answered(encode(DevicesShape(bed, hub.time(), found)))

    return router


def detail_shape(detail: DeviceDetail, state: DeviceShape | None, here: Iterable[Patient]) -> DeviceDetailShape:
    """What the device says in its own words never names these patients, whoever asks."""
    here = [*here]
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
        unmapped=[
            UnmappedShape(tag, count, without_names(value, here, Identity.NONE))
            for tag, count, value in detail.unmapped
        ],
        unmapped_more=detail.unmapped_more,
        poll_ms=detail.poll_ms,
        serial=detail.serial,
        options=dict(detail.options),
        cautions=detail.cautions,
        state=state,
    )
