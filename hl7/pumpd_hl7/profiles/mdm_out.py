"""MDM^T02: the report of a course as a document. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from pumpd.safety.events import Patient
from pumpd_hl7.message import escape
from pumpd_hl7.profiles.outgoing import Sender, header, pid, pv1
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import message, segment


@dataclass(frozen=True, slots=True)
class Document:
    """A finished document. id: its own, the same for every copy. html: its bytes. made_us: when."""

    id: str
    title: str
    html: bytes
    made_us: int


def document_message(patient: Patient, location: str, document: Document, sender: Sender, control_id: str) -> bytes:
    """TXA-17 AU: authenticated by nobody yet; the document is whole in OBX-5 as Base64."""
    at = time_text(document.made_us)
    txa = segment(
        "TXA",
        {1: "1", 2: "PN", 3: "TX", 4: at, 6: at, 12: sender.entity(document.id), 16: escape(document.title), 17: "AU"},
    )
    body = base64.b64encode(document.html).decode("ascii")
    obx = segment("OBX", {1: "1", 2: "ED", 3: f"^{escape(document.title)}", 5: f"^text^html^Base64^{body}", 11: "F"})
    evn = segment("EVN", {1: "T02", 2: at})
    return message(header(sender, "MDM", control_id, document.made_us), evn, pid(patient), pv1(location), txa, obx)
