"""docs/links.md says what there is: every form of a link, every word for a line that is down, the keys of [capture]."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pumpd.config.link_url import LinkError, ServerLink, SocketLink, parse_link
from pumpd.config.ward_file import CaptureTable
from pumpd.device import Line
from pumpd.links import Reason, SerialLink
from pumpd.links.capture import read_file, read_header
from pumpd.links.comport import ComPort

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "links.md").read_text(encoding="utf-8")
LINKS = [link for link in re.findall(r"(?:serial|socket|rfc2217)://[^\s`\")]+", TEXT) if link.count("/") > 1]
EXAMPLES = [link for link in LINKS if "host:port" not in link and not link.endswith("://")]


def test_every_link_of_the_page_is_one() -> None:
    found = [parse_link(link) for link in EXAMPLES]
    assert not [link for link in found if isinstance(link, LinkError)]
    assert {type(link) for link in found} == {SerialLink, SocketLink, ServerLink}
    assert any(link.receive_only for link in found if not isinstance(link, LinkError))


def test_every_word_for_a_line_that_is_down_is_on_the_page() -> None:
    ours = {Reason.CLOSED, Reason.FAILED}  # at the daemon's own end, and for its own bugs
    assert [reason for reason in Reason if reason not in ours and reason.value not in TEXT] == []


def test_every_key_of_the_capture_table_is_on_the_page_with_its_default() -> None:
    rows = dict(re.findall(r"\| `([a-z_]+)` \| ([^|]+) \|", TEXT))
    for key, field in CaptureTable.model_fields.items():
        expected = "`capture`" if field.default is None else str(field.default).lower()
        assert expected in rows[key].replace("`true`", "true"), key


def test_the_pages_capture_is_one(tmp_path: Path) -> None:
    shown = re.search(r"(# pumpd capture 1:.*?)```", TEXT, re.DOTALL)
    assert shown
    path = tmp_path / "page"
    path.write_text(shown[1], encoding="utf-8")
    assert (read_header(path).device, read_header(path).now_ms) == ("4b-01-p1", 430)
    assert [chunk.sent for chunk in read_file(path)] == [True, False]


@pytest.mark.parametrize(
    "answer",
    ["ff fd 2c ff fa 2c 65 00 00 25 80 ff f0", ""],
)
def test_a_refusal_reads_as_on_the_page(answer: str) -> None:
    port = ComPort(Line((115200,)), 115200, tap=False)
    port.receive(bytes.fromhex(answer))
    assert f"{Reason.NOT_SET}: " in TEXT
    assert (port.trouble or port.unanswered) in TEXT
