# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The message gateway: a websocket server on loopback, in a thread of its own, from the first session on.

On AWS it is ssmmessages.<region>.amazonaws.com. A client connects to /v1/data-channel/<session> and sends its token as
its first message.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import typing as t

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from lab.embedded_aws.sessions import agent
from lab.embedded_aws.sessions.channel import Channel
from lab.embedded_aws.sessions.session import Session, current

PATH = "/v1/data-channel/"
ROLE = "?role=publish_subscribe"
TOKEN_SECONDS = 10.0
START_SECONDS = 10.0
MOST_BYTES = 1 << 20
POLICY_VIOLATION = 1008


class Listener:
    """Opens channels; one for the whole server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port = 0
        self._channels: dict[str, Channel] = {}

    def url(self, session: Session) -> str:
        """Where a client opens the session's channel."""
        with self._lock:
            if self._loop is None:
                self._start()
        return f"ws://127.0.0.1:{self._port}{PATH}{session.id}{ROLE}"

    def end(self, session: Session) -> None:
        """End a session as TerminateSession does, and wait until it has ended."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(session), self._loop).result(START_SECONDS)

    def forget(self) -> None:
        """End all sessions and forget them."""
        for session in current.all():
            self.end(session)
        self._channels.clear()
        current.clear()

    def _start(self) -> None:
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="sessions", daemon=True).start()
        if not ready.wait(START_SECONDS):
            raise RuntimeError(f"the message gateway did not start within {START_SECONDS:g} seconds")

    async def _serve(self, ready: threading.Event) -> None:
        # No compression: what passes is encrypted mostly. No pings: AWS leaves them to the client.
        server = await serve(
            self._opened, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=MOST_BYTES, server_header=None
        )
        self._loop = asyncio.get_running_loop()
        self._port = next(iter(server.sockets)).getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def _opened(self, socket: ServerConnection) -> None:
        path = socket.request.path if socket.request else ""
        session = current.get(path.removeprefix(PATH).partition("?")[0])
        said: dict[str, t.Any] = {}
        with contextlib.suppress(TimeoutError, ValueError, ConnectionClosed):
            async with asyncio.timeout(TOKEN_SECONDS):
                said = json.loads(await socket.recv())
        if session is None or not session.opens(str(said.get("TokenValue", ""))):
            await socket.close(POLICY_VIOLATION, "expected the token of a session that is not over")
            return
        channel = self._channels.get(session.id)
        if channel is None:
            channel = self._channels[session.id] = Channel(session)
        await channel.serve(socket, agent.run)

    async def _end(self, session: Session) -> None:
        channel = self._channels.get(session.id) or Channel(session)
        channel.left = True
        await channel.end()


listener = Listener()
