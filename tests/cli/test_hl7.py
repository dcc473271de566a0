"""`pumpd hl7 check`, `send` and `listen`, as a person runs them: real processes, real sockets."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.call import run as call

FIXTURES = Path(__file__).parent.parent / "hl7" / "fixtures"
PUMP, OCCLUSION = FIXTURES / "pcd01_ketamine_syringe.hl7", FIXTURES / "pcd04_occlusion_start.hl7"


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def run(*arguments: object) -> tuple[int, str]:
    code, out, _ = call("hl7", *arguments)
    return code, out


def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.hl7"
    file.write_bytes(PUMP.read_bytes().replace(b"|3.5|", b"|3,5|", 1))
    return file


def test_good_messages_are_good_and_what_no_table_holds_is_said() -> None:
    code, said = run("check", PUMP, OCCLUSION, FIXTURES / "pcd05_accepted.hl7")
    assert (code, said.splitlines()[-1]) == (0, "3 messages, 0 with errors")
    assert "ORU^R40 OWN020: good" in said
    assert "not judged by hl7apy: no table for PRT" in said


def test_a_wrong_field_is_told_with_message_segment_field_and_reason(tmp_path: Path) -> None:
    code, said = run("check", broken(tmp_path))
    assert code == 1
    assert "message 1 ORU^R01 OWN001: bad" in said
    assert "error   OBX[5]-5   '3,5' is not a number [number]" in said


def test_hl7apy_finds_what_our_rules_do_not_look_at(tmp_path: Path) -> None:
    file = tmp_path / "long.hl7"
    file.write_bytes(
        PUMP.read_bytes().replace(b"PV1||I|", b"PV1||I|" + b"X" * 5, 1).replace(b"PV1|", b"NTE|1|ZZ|a\rPV1|")
    )
    _, said = run("check", "--json", file)
    assert any(finding["rule"].startswith("hl7apy") for finding in json.loads(said)[0]["findings"]), said


def test_json_says_the_same(tmp_path: Path) -> None:
    code, said = run("check", "--json", broken(tmp_path))
    (message,) = json.loads(said)
    assert code == 1
    assert (message["kind"], message["control_id"], message["good"]) == ("ORU^R01", "OWN001", False)
    assert [(row["segment"], row["sequence"], row["field"], row["severity"]) for row in message["findings"]] == [
        ("OBX", 5, 5, "error")
    ]


def test_several_messages_and_frames_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "many.hl7"
    file.write_bytes(PUMP.read_bytes() + b"\n\n" + OCCLUSION.read_bytes())
    assert run("check", file)[1].splitlines()[-1] == "2 messages, 0 with errors"
    file.write_bytes(b"\x0b" + PUMP.read_bytes() + b"\x1c\r\x0bMSH|lost\x0b" + OCCLUSION.read_bytes() + b"\x1c\r")
    code, said = run("check", file)
    assert (code, said.splitlines()[-1]) == (1, "3 messages, 1 with errors")
    assert "a start block inside of a frame" in said


def test_bytes_that_are_no_message_are_told(tmp_path: Path) -> None:
    file = tmp_path / "latin.hl7"
    file.write_bytes((FIXTURES / "adt_a02.hl7").read_bytes().replace(b"Ada", b"\xc4da"))
    code, said = run("check", file)
    assert code == 1
    assert "MSH-18" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nowhere.hl7"),
        ("check", "/dev/null"),
        ("send", PUMP, "--to", "ftp://127.0.0.1:1"),
        ("send", PUMP, "--to", "mllp://127.0.0.1"),
        ("send", PUMP, "--to", "mllps://127.0.0.1:1"),
        ("send", PUMP, "--to", "mllp://127.0.0.1:1"),
        ("listen", "--port", "1", "--host", "192.0.2.1"),
    ],
)
def test_what_cannot_be_run_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2


def test_what_is_sent_is_received_kept_and_answered(tmp_path: Path) -> None:
    file = tmp_path / "two.hl7"
    file.write_bytes(PUMP.read_bytes() + FIXTURES.joinpath("adt_a02.hl7").read_bytes() + broken(tmp_path).read_bytes())
    listen = [sys.executable, "-m", "pumpd.cli", "hl7", "listen", "--port", "0", "--out", str(tmp_path), "--count", "3"]
    with subprocess.Popen([*listen, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stderr is not None
        where = other.stderr.readline().removeprefix("listening at ").strip()
        code, said = run("send", file, "--to", f"mllp://{where}")
        rows = [json.loads(line) for line in other.stdout]
    assert code == 0
    assert [line.split() for line in said.splitlines()] == [["OWN001", "CA"], ["ADT0001", "CA"], ["OWN001", "CA"]]
    assert [(row["control_id"], row["good"]) for row in rows] == [
        ("OWN001", True),
        ("ADT0001", True),
        ("OWN001", False),
    ]
    assert (tmp_path / "000001.hl7").read_bytes().strip() == PUMP.read_bytes().strip()
    assert other.returncode == 1


def mute(received: list[bytes]) -> tuple[threading.Thread, int]:
    """Somebody who reads until the other side closes, and never answers."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server, server.accept()[0] as line:
            while data := line.recv(65536):
                received.append(data)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread, server.getsockname()[1]


@pytest.mark.parametrize(("wants", "code"), [(b"NE|NE", 0), (b"ER|NE", 0), (b"AL|NE", 2)])
def test_a_message_that_asks_for_no_answer_is_good_once_its_bytes_have_left(
    tmp_path: Path, wants: bytes, code: int
) -> None:
    file, received = tmp_path / "one.hl7", list[bytes]()
    raw = PUMP.read_bytes().replace(b"|AL|NE|", b"|" + wants + b"|", 1)
    file.write_bytes(raw)
    thread, port = mute(received)
    ended, said = run("send", file, "--to", f"mllp://127.0.0.1:{port}", "--wait", "1")
    thread.join()
    assert ended == code
    assert raw.strip() in b"".join(received)
    assert said.split(maxsplit=1)[1].startswith("sent; it asks for no answer" if code == 0 else "no answer")


def test_what_asks_for_no_answer_and_reaches_nobody_is_not_good(tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    file.write_bytes(PUMP.read_bytes().replace(b"|AL|NE|", b"|NE|NE|", 1))
    code, said = run("send", file, "--to", "mllp://127.0.0.1:1")
    assert code == 2
    assert "no answer" in said
