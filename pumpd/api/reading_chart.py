"""What a chart says, as JSON. Entries are given as they were written; nothing is computed here."""

from __future__ import annotations

from typing import Any

import msgspec

from pumpd.api.acts import unknown_bed
from pumpd.api.errors import ApiError
from pumpd.clinical.chart import Noted
from pumpd.clinical.entries import Route
from pumpd.clinical.vocabulary import Vocabulary, Word
from pumpd.live.clinical_shape import curve_shape
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import UnknownBed, WardPort
from pumpd.live.stamp import Stamp

LONGEST_H = 72


class ChartReading:
    """Raises ApiError for a bed that is not there."""

    def __init__(self, hub: LiveHub, ward: WardPort) -> None:
        self._hub, self._ward = hub, ward

    def chart(self, bed: str) -> bytes:
        """Newest first, by the time at which things happened. ready false: the chart is still being read."""
        self._known(bed)
        chart, stamp = self._ward.chart(bed), self._hub.stamp()
        notes = () if chart is None else chart.notes
        newest = sorted(notes, key=lambda note: (note.at_ms, note.noted_ms), reverse=True)
        entries = [_entry(note, stamp) for note in newest]
        return encode({"bed": bed, "time": self._hub.time(), "ready": chart is not None, "entries": entries})

    def vocabulary(self, bed: str) -> bytes:
        """The words by what they are for, with the labels that people read."""
        self._known(bed)
        words = self._ward.words(bed)
        listed = {name: getattr(words, name) for name in ("contraindications", "adjuncts", "rules", "benzodiazepines")}
        said = words.vocabulary or Vocabulary("", "", (), (), (), ("absent", "mild", "moderate", "severe"), "")
        return encode(
            {
                **listed,
                "opioids": sorted(set(words.opioids.values())),
                "pain": [_word(word) for word in said.pain],
                "side_effects": [{**_word(one), "psychomimetic": one.psychomimetic} for one in said.side_effects],
                "medicines": [{**_word(one), "sedating": one.sedating} for one in said.medicines],
                "severities": said.severities,
                "satisfaction": said.satisfaction,
                "routes": list(Route),
            }
        )

    async def concentration(self, bed: str, hours: int) -> bytes:
        """The band over time, and what it is compared with."""
        if not 1 <= hours <= LONGEST_H:
            raise ApiError(422, "invalid", f"hours: 1 to {LONGEST_H}")
        try:
            curve = await self._ward.curve(bed, hours)
        except UnknownBed:
            raise unknown_bed(bed) from None
        return encode(curve_shape(curve, self._hub.stamp()))

    def _known(self, bed: str) -> None:
        if bed not in self._ward.bed_ids():
            raise unknown_bed(bed)


def _word(word: Word) -> dict[str, Any]:
    return {"code": word.code, "label": word.label}


def _entry(note: Noted, stamp: Stamp) -> dict[str, Any]:
    """kind: opioid_given, assessment, ...; entry: as it was written."""
    written = msgspec.to_builtins(note.entry)
    kind = str(written.pop("type"))
    return {
        "id": note.id,
        "kind": "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).strip("_"),
        "entry": written,
        "at": stamp.text(note.at_ms),
        "noted": stamp.text(note.noted_ms),
        "by": note.by,
        "reason": note.reason,
        "corrects": note.corrects,
        "corrected_by": note.corrected_by,
    }
