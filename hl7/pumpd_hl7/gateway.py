"""The gateway put together: what listens, what is done with messages. Run and supervised by the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pumpd.gateways import GatewayPort, Hl7Settings, ListenSettings, PeerState
from pumpd_hl7.intake import Intake
from pumpd_hl7.keeping import keeping
from pumpd_hl7.outbox import Outbox
from pumpd_hl7.reception import Reception
from pumpd_hl7.server import Server
from pumpd_hl7.telling import Teller

DEAF, OWED = "hl7_not_listening", "hl7_owed"
RETRY_S = 5.0


class Hl7Gateway:
    """Implements pumpd.gateways.Gateway. run() may be called again after it failed."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort) -> None:
        self._settings, self._port = settings, port
        self._server: Server | None = None
        self._deaf = self._owes = False
        self._outboxes = {send.id: Outbox(send, port.store, port.wall_us, port.fault) for send in settings.send}
        self._teller = Teller(settings, port, lambda destination: self._outboxes[destination].wake())

    @property
    def port(self) -> int | None:
        """Where it listens now; None where it does not."""
        return None if self._server is None else self._server.port

    async def run(self) -> None:
        """Until cancelled. Raises JournalUnavailable where nothing can be stored."""
        if self._settings.send:
            self._teller.listen()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keeping(self._settings.keep, self._port))
            if self._settings.listen is not None:
                tasks.create_task(self._listen_on(self._settings.listen))
            if self._settings.send:
                tasks.create_task(self._teller.run())
            for outbox in self._outboxes.values():
                tasks.create_task(outbox.run())

    async def _listen_on(self, listen: ListenSettings) -> None:
        """An address that is taken, or certificates that cannot be read, keep nothing from being sent."""
        while True:
            try:
                await self._listen(listen)
            except OSError as error:
                self._deaf = True
                self._port.fault(DEAF, f"{listen.host}:{listen.port}: {error.strerror or error}", True)
                await asyncio.sleep(RETRY_S)

    async def _listen(self, listen: ListenSettings) -> None:
        """What was acknowledged before a restart is done before anything new is heard."""
        port = self._port
        reception = Reception(self._settings, port, self.wake)
        name = f"{port.wall_us():x}-"
        intake = Intake(port.store, reception, listen.peers, port.generation, port.wall_us, name, self._owing)
        await intake.catch_up()
        self._owing(intake.owed if self._owes else 0)
        server = Server(listen, intake, port.wall_us)
        await server.start()
        self._server = server
        if self._deaf:
            self._deaf = False
            port.fault(DEAF, "", False)
        try:
            await intake.run()
        finally:
            self._server = None
            await server.close()
            await intake.drain()

    def _owing(self, count: int) -> None:
        """An alarm as long as something that was acknowledged could not be done."""
        if self._owes or count:
            self._owes = count > 0
            self._port.fault(OWED, f"{count} to be carried out" if count else "", self._owes)

    def wake(self) -> None:
        """Look at what waits: a person has settled a dead letter."""
        for outbox in self._outboxes.values():
            outbox.wake()

    def waiting_since_us(self, destination: str) -> int | None:
        """Wall time since when the oldest message for it waits; None when none does."""
        outbox = self._outboxes.get(destination)
        return None if outbox is None else outbox.waiting_since_us()

    def peers(self) -> Sequence[PeerState]:
        listening = () if self._server is None else self._server.peers()
        return (*listening, *(outbox.state() for outbox in self._outboxes.values()))
