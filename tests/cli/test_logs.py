"""What the daemon's log says of an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from pumpd.cli.serve import plain_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_an_error_is_logged_with_its_lines_and_without_the_values_of_its_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain_logs()
    patient = "Birch, Bela 4712"
    try:
        raise ValueError("unreadable")
    except ValueError:
        structlog.get_logger("test").exception("failed", bed="b1")
    said = capsys.readouterr().out
    assert "ValueError: unreadable" in said
    assert "test_logs.py" in said
    assert patient not in said
