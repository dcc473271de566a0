"""The gateway put together: what listens, what is done with messages. Run and supervised by the daemon."""

from __future__ import annotations

from collections.abc import Sequence

from pumpd.gateways import GatewayPort, Hl7Settings, ListenSettings, PeerState
from pumpd_hl7.intake import Intake
from pumpd_hl7.reception import Reception
from pumpd_hl7.server import Server


class Hl7Gateway:
    """Implements pumpd.gateways.Gateway. run() may be called again after it failed."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort) -> None:
        self._settings, self._port = settings, port
        self._server: Server | None = None

    @property
    def port(self) -> int | None:
        """Where it listens now; None where it does not."""
        return None if self._server is None else self._server.port

    async def run(self) -> None:
        """Until cancelled. Raises OSError where it cannot listen, JournalUnavailable where nothing can be stored."""
        if self._settings.listen is not None:
            await self._listen(self._settings.listen)

    async def _listen(self, listen: ListenSettings) -> None:
        """What was acknowledged before a restart is done before anything new is heard."""
        port = self._port
        reception = Reception(self._settings, port)
        name = f"{port.wall_us():x}-"
        intake = Intake(port.store, reception, listen.peers, port.generation, port.wall_us, name)
        await intake.catch_up()
        server = Server(listen, intake, port.wall_us)
        await server.start()
        self._server = server
        try:
            await intake.run()
        finally:
            self._server = None
            await server.close()
            await intake.drain()

    def peers(self) -> Sequence[PeerState]:
        return () if self._server is None else self._server.peers()
