"""What is known of a bed's devices beyond what the kernel judges, for the web face."""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.bedside import RemoteSession, Session
from pumpd.config.model import BedConfig, DeviceConfig
from pumpd.live.port import DeviceDetail


def details(bed: BedConfig, sessions: Mapping[str, Session]) -> tuple[DeviceDetail, ...]:
    """The bed's devices, pumps first."""
    return tuple(_detail(device, sessions[device.id]) for device in bed.devices if device.id in sessions)


def _detail(device: DeviceConfig, session: Session) -> DeviceDetail:
    info = device.info
    return DeviceDetail(
        id=device.id,
        driver=device.driver,
        vendor=info.vendor,
        model=info.model,
        kind=info.kind.value,
        quality=info.quality,
        integrity=info.integrity.value,
        line="HL7" if isinstance(session, RemoteSession) else info.line.text(),
        link=device.link,
        signals=info.signals,
        sources=info.sources,
        frames=session.frames,
        waves=session.waves,
        unmapped=tuple((one.tag, one.count, one.value) for one in session.unmapped),
        unmapped_more=session.unmapped.more,
        poll_ms=device.poll_ms or info.period_ms(device.options),
        serial=device.serial,
        options=tuple(device.options.items()),
        cautions=info.cautions,
    )
