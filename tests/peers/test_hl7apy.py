"""hl7apy: its messages over a connection for each, and its MLLP server, which takes one message per connection."""

from __future__ import annotations

import asyncio
import socket
import threading

from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message, parse_segment

from tests.peers.messages import IN, OUT, texts
from tests.peers.ours import all_good, deliver, our_server


def _send(port: int, messages: dict[str, str]) -> list[str]:
    """Connects anew for each, as its documentation does."""
    built = [parse_message(text, find_groups=False) for text in list(messages.values())[: len(IN)]]
    answers = []
    for number, control_id in enumerate(messages):
        message = built[number % len(built)]
        message.msh.msh_10 = control_id
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(message.to_mllp().encode())
            answer = b""
            while not answer.endswith(b"\x1c\r"):
                piece = line.recv(4096)
                assert piece, "closed without an answer"
                answer += piece
        stated = parse_segment(answer.decode().split("\r")[1], version="2.6")
        answers.append(f"{stated.msa_1.to_er7()} {stated.msa_2.to_er7()}")
    return answers


async def test_what_it_sends_is_taken_once() -> None:
    messages = texts(IN)
    async with our_server() as ours:
        answers = await asyncio.to_thread(_send, ours.server.port, messages)
        assert answers == all_good(messages, "CA")
        assert ours.notes.applied == list(messages)


async def test_what_we_send_its_server_gets_once() -> None:
    messages, heard = texts(OUT), []

    class Handler(AbstractHandler):
        def reply(self) -> str:
            header = parse_segment(self.incoming_message.split("\r")[0], version="2.6")
            control_id = header.msh_10.to_er7()
            heard.append(control_id)
            return f"\x0bMSH|^~\\&|EHR|H|PUMPD|H|20260115||ACK|A{control_id}|P|2.6\rMSA|AA|{control_id}\r\x1c\r"

    kinds = {"ORU^R01^ORU_R01": (Handler,), "ORU^R40^ORU_R40": (Handler,)}
    with MLLPServer("127.0.0.1", 0, kinds) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            answers = await deliver(messages, server.server_address[1], one_message=True)
        finally:
            server.shutdown()
            thread.join()
    assert answers == all_good(messages, "AA")
    assert heard == list(messages)
