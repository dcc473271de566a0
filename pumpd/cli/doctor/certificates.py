"""Every certificate that the ward file names: does its key fit, how long is it good, who may read the key."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pumpd.cli.doctor.finding import Finding, fail, ok, warn
from pumpd.cli.doctor.site import private
from pumpd.config.model import WardConfig

SOON_DAYS = 30
PARTIAL_CHAIN = 0x80000
"""X509_V_FLAG_PARTIAL_CHAIN: the file itself is trusted, whoever signed it."""
DAY_S = 86_400


class Shown(NamedTuple):
    """A certificate that we show to others. named: browsers look for its names."""

    area: str
    certificate: str
    key: str
    named: bool = False


def certificates(ward: WardConfig) -> Iterator[Finding]:
    """Ours, and the authorities that we believe."""
    for one in _shown(ward):
        yield from shown(one)
    for area, authorities in dict.fromkeys(_believed(ward)):
        yield believed(area, authorities)


def _shown(ward: WardConfig) -> Iterator[Shown]:
    if ward.server.tls is not None:
        yield Shown("certificate", ward.server.tls.certificate, ward.server.tls.key, named=True)
    if ward.bus is not None and ward.bus.broker.tls is not None and ward.bus.broker.tls.certificate:
        yield Shown("certificate mqtt", ward.bus.broker.tls.certificate, ward.bus.broker.tls.key)
    if ward.hl7 is not None:
        ends = [("listen", ward.hl7.listen), *((one.id, one) for one in ward.hl7.send)]
        for name, end in ends:
            if end is not None and end.tls is not None:
                yield Shown(f"certificate hl7 {name}", end.tls.certificate, end.tls.key)


def _believed(ward: WardConfig) -> Iterator[tuple[str, str]]:
    if ward.bus is not None and ward.bus.broker.tls is not None:
        yield "authorities mqtt", ward.bus.broker.tls.authorities
    if ward.hl7 is not None:
        ends = (ward.hl7.listen, *ward.hl7.send)
        yield from (("authorities hl7", end.tls.authorities) for end in ends if end is not None and end.tls is not None)


def shown(one: Shown) -> Iterator[Finding]:
    """Its last day, its names, and its key."""
    if (finding := private(one.area, Path(one.key))) is not None:
        yield finding
    try:
        seen = _presented(one.certificate, one.key)
    except (ssl.SSLError, OSError) as error:
        why = getattr(error, "verify_message", "") or str(error)
        yield fail(one.area, f"{one.certificate}: {why}", "renew it, with its chain, then restart pumpd")
        return
    names = ", ".join(value for _, value in seen.get("subjectAltName", ()))
    left_days = _left_days(seen)
    said = f"{one.certificate}: good for {left_days:.0f} days" + (f", for {names or 'no name'}" if one.named else "")
    if left_days < SOON_DAYS or (one.named and not names):
        todo = "renew it (browsers want subjectAltName)" if one.named else "renew it"
        yield warn(one.area, said, f"{todo}, then restart pumpd")
    else:
        yield ok(one.area, said)


def believed(area: str, authorities: str) -> Finding:
    """The first of them that ends. Those who are believed are authorities, or single certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=authorities)
    except (ssl.SSLError, OSError) as error:
        return fail(area, f"{authorities}: {error}", "give the authorities' certificates as PEM")
    left = [_left_days(one) for one in context.get_ca_certs()]
    if not left:
        return ok(area, f"{authorities}: single certificates, whose ends are not looked at here")
    if max(left) < 0:
        return fail(area, f"{authorities}: every authority has expired", "get their new certificates")
    if min(left) < SOON_DAYS:
        return warn(area, f"{authorities}: one is good for {min(left):.0f} days", "get its new certificate")
    return ok(area, f"{authorities}: good for {min(left):.0f} days")


def _left_days(certificate: dict[str, Any]) -> float:
    return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / DAY_S


def _presented(certificate: str, key: str) -> dict[str, Any]:
    """As somebody sees it to whom it is shown and who trusts this very file: both ends of a handshake, in memory.

    It is shown by the caller, since what a certificate is for may be said in it: then as by a server.
    """
    try:
        return _handshake(certificate, key, ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT)
    except ssl.SSLCertVerificationError as error:
        if "purpose" not in error.verify_message:
            raise
        return _handshake(certificate, key, ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)


def _handshake(certificate: str, key: str, role: int, others: int) -> dict[str, Any]:
    ours, theirs = ssl.SSLContext(role), ssl.SSLContext(others)
    ours.load_cert_chain(certificate, key, password=lambda: "")
    for context in (ours, theirs):
        context.check_hostname = False
    ours.verify_mode, theirs.verify_mode = ssl.CERT_NONE, ssl.CERT_REQUIRED
    if others == ssl.PROTOCOL_TLS_SERVER:
        theirs.load_cert_chain(certificate, key, password=lambda: "")
    theirs.load_verify_locations(cafile=certificate)
    theirs.verify_flags |= ssl.VerifyFlags(PARTIAL_CHAIN)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    we_serve = role == ssl.PROTOCOL_TLS_SERVER
    we, they = ours.wrap_bio(there, back, server_side=we_serve), theirs.wrap_bio(back, there, server_side=not we_serve)
    for end in (they, we, they, we, they) if we_serve else (we, they, we, they, we):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return dict(they.getpeercert() or {})
