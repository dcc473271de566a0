"""The one adapter to the broker's client: what a connection that goes away leaves behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from pumpd.bus.wire import LinkLost, connect
from tests.bus.brokers import Mosquitto


async def test_a_connection_that_goes_while_something_is_to_be_written_leaves_no_error_behind(
    mosquitto: Mosquitto,
) -> None:
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    with suppress(LinkLost):
        async with connect(mosquitto.broker, "somebody") as link:
            inner: Any = link._client._client
            inner.on_socket_register_write(inner, None, inner._sock)
            inner._sock_close()
            for _ in range(3):
                await asyncio.sleep(0)
    assert wrong == []
