"""The tail in shared memory: what was put last and whole is what is found; everything else is not believed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pumpd.journal import tail as tails
from pumpd.journal.inbox import Entry, is_reading
from pumpd.journal.records import GapRecord, Marked, PolicyRecord, Record, StepRecord
from pumpd.journal.recovery import contiguous, found_in, marked_in, parse
from pumpd.journal.sweep import sweep
from pumpd.journal.tail import HALF, HEAD, MARK, SLOT, THIN, Slot, Tail
from pumpd.journal.tail_lines import Unreadable, entry_of, line_of, mark_of
from pumpd.safety.events import Heard, SelfFault
from pumpd.units import Ms
from tests.journal.steps import Recorder, admitted, reading_step, wall, wall_ns
from tests.journal.test_durability import fault_step
from tests.safety.build import bed_policy, status

GAP = GapRecord("b1", 9, Ms(9), wall(9), 3, 7, "no room")
RULES = PolicyRecord("b1", 1, Ms(1), wall(1), bed_policy())


class Kept:
    """Stands for the journal: collects."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, record: Record) -> int:
        self.records.append(record)
        return len(self.records)

    def policy(self, bed: str, seq: int, now_ms: Ms, policy: Any) -> int:
        return self.append(PolicyRecord(bed, seq, now_ms, wall(now_ms), policy))


class Torn(bytearray):
    """Remembers each byte that is written, in order."""

    def __init__(self) -> None:
        super().__init__(SLOT)
        self.written: list[tuple[int, int]] = []

    def __setitem__(self, place: Any, value: Any) -> None:
        self.written += zip(range(place.start, place.stop), value, strict=True)
        super().__setitem__(place, value)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tails, "FOLDER", tmp_path)
    return tails.file_for("me", "/journal.db")


def entry(token: int, record: Record) -> Entry:
    return Entry(token, 5, not is_reading(record), record)


def seqs(path: Path) -> list[int]:
    """What the next start would find."""
    later = Tail.open(path, "me", "boot")
    try:
        return [one.record.seq for found in found_in(later.contents(), "me") for one in found.entries]
    finally:
        later.end()


def test_every_record_comes_back_equal() -> None:
    journal = Kept()
    recorder = admitted(Recorder(journal))  # type: ignore[arg-type]
    recorder.seconds(3)
    recorder.overspeed()
    for record in [*journal.records, GAP]:
        assert entry_of("b1", line_of(record, 77)) == Entry(0, 77, True, record)


def test_a_step_that_cannot_be_written_down_is_a_gap() -> None:
    bad = StepRecord("b1", 4, Ms(4), wall_ns(4), SelfFault("x", "\ud800", True), ())
    found = entry_of("b1", line_of(bad, 0)).record
    assert isinstance(found, GapRecord)
    assert (found.seq, found.first_seq, found.steps) == (4, 4, 1)


def test_a_write_cut_short_at_any_byte_leaves_what_was_there_before() -> None:
    memory = Torn()
    slot = Slot(memory)
    for text in (b"oldest " * 9, b"the one before" * 3):
        assert slot.put(text)
    before = bytes(memory)
    memory.written.clear()
    assert slot.put(b"never finished" * 4)
    torn = bytearray(before)
    for place, value in memory.written[:-1]:
        torn[place] = value
        # the last bytes of a header may happen to be those that are there already
        assert Slot(bytearray(torn)).content() in ({b"the one before" * 3} | {b"never finished" * 4} & {whole(torn)})
    assert Slot(memory).content() == b"never finished" * 4


def whole(memory: bytearray) -> bytes:
    """The text of the half that was being written, if all of it is there."""
    start = 1 * HALF + HEAD.size
    text = b"never finished" * 4
    return text if memory[start : start + len(text)] == text else b""


@pytest.mark.parametrize("place", [0, 7, 8, 16, 20, HEAD.size, HEAD.size + 5])
def test_one_flipped_bit_makes_a_half_worthless(place: int) -> None:
    memory = bytearray(SLOT)
    Slot(memory).put(b"a text")
    memory[HALF + place] ^= 1
    assert Slot(memory).content() is None


def test_a_text_that_is_too_long_leaves_what_was_there() -> None:
    slot = Slot(bytearray(SLOT))
    assert slot.put(b"short")
    assert not slot.put(bytes(HALF))
    assert slot.content() == b"short"


def test_readings_wait_for_the_first_record_that_matters_and_committed_ones_are_gone(shared: Path) -> None:
    tail = Tail.open(shared, "me", "boot")
    for number in (1, 2, 3):
        tail.add(entry(number, reading_step(number, number)), 0)
    tail.end()
    assert seqs(shared) == []
    tail = Tail.open(shared, "me", "boot")
    for number in (1, 2, 3):
        tail.add(entry(number, reading_step(number, number)), 0)
    tail.add(entry(4, fault_step(4, 4)), 2)
    tail.end()
    assert seqs(shared) == [3, 4]


def test_a_foreseen_step_is_there_before_it_is_added_and_once_only(shared: Path) -> None:
    tail, step = Tail.open(shared, "me", "boot"), fault_step(2, 2)
    tail.add(entry(1, reading_step(1, 1)), 0)
    tail.foresee(entry(-1, step), 0)
    copy = shared.with_name("killed")
    copy.write_bytes(shared.read_bytes())
    copy.chmod(0o600)
    assert seqs(copy) == [1, 2]
    tail.add(entry(2, step), 0)
    tail.add(entry(3, fault_step(3, 3)), 0)
    tail.end()
    assert seqs(shared) == [1, 2, 3]


def test_each_bed_has_its_own_slot(shared: Path) -> None:
    tail = Tail.open(shared, "me", "boot")
    for token, bed in enumerate(("b1", "b2", "b1"), start=1):
        tail.add(entry(token, fault_step(token, token, bed)), 0)
    found = found_in(tail.contents(), "me")
    tail.end()
    assert {one.bed: [e.record.seq for e in one.entries] for one in found} == {"b1": [1, 3], "b2": [2]}


def test_a_disk_that_stalls_for_long_costs_readings_and_no_decision(shared: Path) -> None:
    tail = Tail.open(shared, "me", "boot")
    for number in range(1, THIN + 9):
        urgent = number in (5, THIN + 8)
        record = fault_step(number, number) if urgent else reading_step(number, number)
        tail.add(entry(number, record), 0)
    (found,) = found_in(tail.contents(), "me")
    tail.end()
    records = [one.record for one in found.entries]
    assert [record.seq for record in records if isinstance(record, StepRecord)][:1] == [5]
    assert records[-1] == fault_step(THIN + 8, THIN + 8)
    taken, left = contiguous(found.entries, 0)
    assert (len(taken), left) == (len(records), 0), "gaps stand where readings were"


def test_another_journal_s_or_another_version_s_slot_is_refused_and_garbage_too(shared: Path) -> None:
    tail = Tail.open(shared, "me", "boot")
    tail.add(entry(1, fault_step(1, 1)), 0)
    (content,) = tail.contents()
    tail.end()
    assert content is not None
    assert found_in([content], "somebody else") == []
    for bad in (b"", b"garbage", content.replace(b"tail 2", b"tail 1"), content[:-9], b"[1]"):
        with pytest.raises(Unreadable):
            parse(bad, "me")


def test_what_is_left_of_a_journal_that_is_gone_is_swept_away(shared: Path, tmp_path: Path) -> None:
    for name, place in (("gone", "/no/such/journal.db"), ("there", str(tmp_path)), ("used", "/no/such/journal.db")):
        tail = Tail.open(shared.with_name(f"pumpd-{name}.tail"), name, "boot", place)
        tail.add(entry(1, fault_step(1, 1)), 0)
        if name != "used":
            tail.end()
    sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pumpd-there.tail", "pumpd-used.tail"]


def test_a_sweep_neither_holds_nor_makes_the_files_of_others(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another daemon that starts at that moment would do without what its killed run left; a clean end stays clean."""
    tail = Tail.open(shared, "me", "boot", str(shared.parent))
    tail.add(entry(1, fault_step(1, 1)), 0)
    tail.end()
    ended = shared.with_name("pumpd-ended.tail")
    looked: list[Path] = []

    def found(folder: Path, pattern: str) -> list[Path]:
        looked.append(folder)
        return [ended, shared]  # the first was removed since it was found

    held: list[bool] = []
    with monkeypatch.context() as patched:
        patched.setattr(type(shared), "glob", found)
        patched.setattr(tails, "_hold", lambda *_: held.append(True))
        sweep()
    assert looked
    assert held == []
    assert seqs(shared) == [1]
    assert not ended.exists()


def test_only_what_follows_without_a_hole_is_taken() -> None:
    entries = [entry(n, fault_step(n, n)) for n in (3, 4, 5, 7, 8)]
    assert [e.record.seq for e in contiguous(entries, 3)[0]] == [4, 5]
    assert contiguous(entries, 3)[1] == 2
    assert contiguous(entries, 1) == ([], 5)
    assert contiguous(entries, 8) == ([], 0)
    rules = entry(1, RULES)
    assert contiguous([rules, entry(2, fault_step(1, 1))], 0)[0] == [rules, entry(2, fault_step(1, 1))]
    assert [e.record.seq for e in contiguous([entry(1, GAP), entry(2, fault_step(10, 10))], 6)[0]] == [9, 10]


def test_a_file_that_others_may_write_or_that_is_a_link_or_held_is_not_used(shared: Path) -> None:
    shared.touch(0o666)
    shared.chmod(0o666)
    with pytest.raises(PermissionError):
        Tail.open(shared, "me", "boot")
    shared.chmod(0o600)
    held = Tail.open(shared, "me", "boot")
    with pytest.raises(OSError):  # noqa: PT011 whatever flock says
        Tail.open(shared, "me", "boot")
    held.end()
    shared.unlink()
    os.symlink("elsewhere", shared)
    with pytest.raises(OSError):  # noqa: PT011 whatever O_NOFOLLOW says
        Tail.open(shared, "me", "boot")


def heard(rate_ul_h: int = 700_000) -> Heard:
    return Heard("p1", status(rate_ul_h))


@pytest.mark.req("ALA-06", "INT-02")
def test_a_report_whose_stop_leaves_is_marked_before_any_record_of_its_bed_and_the_newest_counts(shared: Path) -> None:
    tail = Tail.open(shared, "me", "boot")
    tail.note("b1", 7, Ms(700), heard(1))
    tail.note("b2", 3, Ms(300), heard(2))
    tail.note("b1", 9, Ms(900), heard(3))
    tail.add(entry(1, fault_step(1, 1)), 0)
    found = marked_in(tail.marks(), "me")
    tail.end()
    assert found == {"b1": Marked("b1", 9, Ms(900), heard(3)), "b2": Marked("b2", 3, Ms(300), heard(2))}
    assert seqs(shared) == [1], "the mark leaves the records alone"


def test_a_mark_that_was_cut_short_or_is_another_journal_s_is_none() -> None:
    memory = Torn()
    Slot(memory).put_mark(b'["pumpd tail 2","me","boot","b1",""]\n' + mark_of(1, Ms(1), heard()))
    assert len(marked_in(filter(None, [Slot(memory).mark()]), "me")) == 1
    assert marked_in(filter(None, [Slot(memory).mark()]), "somebody else") == {}
    for kept in range(len(memory.written)):
        killed = bytearray(SLOT)
        for place, byte in memory.written[:kept]:
            killed[place] = byte
        assert Slot(killed).mark() is None


def test_a_report_too_long_for_its_mark_leaves_the_one_before() -> None:
    slot = Slot(bytearray(SLOT))
    assert slot.put_mark(b"before")
    assert not slot.put_mark(bytes(MARK))
    assert slot.mark() == b"before"
