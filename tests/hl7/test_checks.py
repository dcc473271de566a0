"""What is asked of every message before anybody looks at what it is about."""

from __future__ import annotations

import pytest
from pumpd_hl7.checks import header_problems
from pumpd_hl7.message import Message, read_message

from tests.hl7.wire import ADT, adt


@pytest.mark.parametrize("control_id", ["\0", " ", "1\x1b2", ""])
def test_a_control_id_that_nobody_can_echo_is_refused(control_id: str) -> None:
    message = read_message(adt(control_id).encode())
    assert isinstance(message, Message)
    assert [(problem.segment, problem.field) for problem in header_problems(message, ADT, "real")] == [("MSH", 10)]
