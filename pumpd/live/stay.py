"""What a stay is called towards screens: another word for every patient, which says nothing of who that is. Pure but
for its salt, which is another one in every run."""

from __future__ import annotations

import hashlib
import secrets

from pumpd.safety.events import Patient

_SALT = secrets.token_bytes(16)
NOBODY = "none"


def stay_of(patient: Patient | None) -> str:
    """Screens that may not know who lies in a bed know by it that somebody else does now."""
    if patient is None:
        return NOBODY
    return hashlib.blake2b(patient.mrn.encode(), key=_SALT, digest_size=8).hexdigest()
