"""hl7apy in a process of its own: what it finds is told with its place, what it cannot look at is said."""

from __future__ import annotations

import pytest
from pumpd_hl7 import judge as judging
from pumpd_hl7.judge import judge

from tests.hl7.mutated import fixture, put


def _text(name: str, segment: str = "", field: int = 0, value: str = "") -> str:
    message = fixture(name)
    return "\r".join((put(message, segment, field, value) if segment else message).lines)


def test_each_message_has_its_own_verdict_in_order() -> None:
    good, bad, gap = judge(
        [_text("adt_a02"), _text("adt_a02", "PV1", 2, ""), _text("pcd05_accepted")],
    )
    assert (good.findings, good.unjudged) == ((), "")
    assert [(one.segment, one.field, one.severity) for one in bad.findings] == [("PV1", 2, "error")]
    assert gap.unjudged.startswith("no table for PRT")


def test_a_segment_that_a_structure_lacks_is_not_dropped_silently() -> None:
    (said,) = judge([_text("pcd01_monitor") + "\rZZZ|1"])
    assert "structure" in said.unjudged


def test_text_that_is_no_message_ends_in_words() -> None:
    nothing, odd = judge(["", "MSH|^~\\&|" + "\\" * 50 + "\rOBX|1|NM|^^^^&&&&~~~~"])
    assert nothing.unjudged
    assert isinstance(odd.findings, tuple)
    assert judge([]) == []


def test_a_judge_that_is_not_done_in_time_has_judged_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "START_S", 0.0)
    monkeypatch.setattr(judging, "EACH_S", 0.001)
    (said,) = judge([_text("adt_a02")])
    assert said.unjudged.startswith("hl7apy gave up: not done within")


def test_a_machine_without_hl7apy_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "__name__", "pumpd_hl7.no_such_module")
    with pytest.raises(OSError, match="hl7apy cannot be run"):
        judge([_text("adt_a02")])
