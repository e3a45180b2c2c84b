# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session from its start to its end: one loop that serves the websocket and whatever the session is used for.

Nothing here waits longer than the session's timeout: not for AWS, not for the agent, not for a websocket that broke.
"""

from __future__ import annotations

import contextlib
import itertools
import selectors
import time
import typing as t

from . import codec
from .channel import PAYLOAD_BYTES, Channel, cut
from .deadline import deadline
from .errors import EndedError, LinkLostError, ProtocolError, ServiceError, SilentError
from .handshake import Agent, Cipher, answer, meet
from .link import Link, open_link, refuse_plain
from .service import Service, Started
from .use import READ, WRITE, Use

# What may wait for the websocket before files are read on.
_MOST_BUFFERED_BYTES = 512 * 1024
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
# What the node is given to say that the session has ended, and AWS after it.
_GOODBYE_SECONDS, _TERMINATE_SECONDS = 1.0, 5.0


class Session:
    """One session with a node. ``timeout`` is for how many seconds anything may be silent."""

    def __init__(self, service: Service, target: str, timeout: float, say: t.Callable[[str], None]) -> None:
        self.target = target
        self.timeout = timeout
        self._service = service
        self._say = say
        self._channel = Channel(timeout)
        self._link: Link | None = None
        self._started: Started | None = None
        self._agent: Agent | None = None
        self._begun = self._ended = False
        self._watched: dict[t.Any, int] = {}
        self._selector = selectors.PollSelector()

    def run(self, use: Use, document: str | None, parameters: t.Mapping[str, str]) -> None:
        """Start the session, serve it until either side ends it, and leave nothing of it behind.

        Raise `SessionError` for any end but a wanted one.
        """
        try:
            with deadline(self.timeout, f"a session with {self.target}"):
                self._started = self._service.start(self.target, document, parameters)
                self._open(self._started)
            self._serve(use)
        except EndedError as exc:
            self._ended = True
            if str(exc) and not use.finished:
                raise EndedError(f"{self.target} ended the session: {exc}") from exc
        finally:
            use.close()
            self._end()

    def send(self, data: bytes, content: int = codec.DATA) -> None:
        """Send data to the node; who has much of it looks at `room_bytes` first."""
        cipher = self._agent.cipher if self._agent and content == codec.DATA else None
        now = time.monotonic()
        for part in cut(data):
            self._channel.send(content, cipher.encrypt(part) if cipher else part, now)

    def flag(self, which: int) -> None:
        """Raise a flag of the protocol."""
        self._channel.send(codec.FLAG, which.to_bytes(4, "big"), time.monotonic())

    @property
    def room_bytes(self) -> int:
        """How many bytes may be sent now."""
        if self._link is None or self._link.buffered > _MOST_BUFFERED_BYTES:
            return 0
        return self._channel.room() * PAYLOAD_BYTES

    def _serve(self, use: Use) -> None:
        end = time.monotonic() + self.timeout
        while not (use.finished and self._channel.settled):
            try:
                self._turn(use)
            except LinkLostError as exc:
                self._take_up(exc)
            except SilentError as exc:
                raise SilentError(f"{self.target} {exc}") from exc
            if not self._begun and time.monotonic() > end:
                raise SilentError(f"{self.target} has an agent that has not answered for {self.timeout:.0f} s")

    def _turn(self, use: Use) -> None:
        """Wait for the next thing that happens, and serve it."""
        link, now = self._link, time.monotonic()
        if link is None:
            raise LinkLostError("the websocket was not opened")
        waits = [link.keep(now, self.timeout), None if use.full else self._channel.due(now)]
        if not self._channel.settled and link.unheard(now) > self.timeout / 2:
            # A router may have forgotten the connection; there is time to try another.
            raise LinkLostError(f"the websocket was silent for {self.timeout / 2:.1f} s")
        if self._begun:
            waits.append(use.tick(now))
        self._flush(link)
        self._watch(use, link)
        for key, events in self._selector.select(min(wait for wait in waits if wait is not None)):
            if key.fileobj is not link:
                use.ready(key.fileobj, events)
            elif events & READ:
                self._receive(use, link)
        self._flush(link)

    def _flush(self, link: Link) -> None:
        outgoing, self._channel.outgoing = self._channel.outgoing, []
        link.send(outgoing)

    def _watch(self, use: Use, link: Link) -> None:
        """Watch what the use and the websocket want watched, and nothing else."""
        wanted: dict[t.Any, int] = {link: (0 if use.full else READ) | (WRITE if link.buffered else 0)}
        if self._begun:
            wanted.update(use.watch())
        wanted = {file: events for file, events in wanted.items() if events}
        for file in self._watched.keys() - wanted.keys():
            self._selector.unregister(file)
        for file, events in wanted.items():
            if file not in self._watched:
                self._selector.register(file, events)
            elif self._watched[file] != events:
                self._selector.modify(file, events)
        self._watched = wanted

    def _receive(self, use: Use, link: Link) -> None:
        for raw in link.receive():
            for message in self._channel.receive(raw, time.monotonic()):
                self._take(use, message)

    def _take(self, use: Use, message: codec.Message) -> None:
        """Answer what belongs to the beginning of a session; hand the rest on."""
        now, cipher = time.monotonic(), self._agent.cipher if self._agent else None
        if message.content == codec.HANDSHAKE_REQUEST:
            self._agent, said = answer(message, self._cipher)
            self._channel.send(codec.HANDSHAKE_RESPONSE, said, now)
        elif message.content == codec.CHALLENGE_REQUEST:
            self._channel.send(codec.CHALLENGE_RESPONSE, meet(message, cipher), now)
        elif self._agent is None:
            raise ProtocolError(
                f"{self.target} has an agent without a handshake. Update it: it is older than 2.3.672.0"
            )
        elif message.content == codec.HANDSHAKE_COMPLETE:
            told = str(codec.document(message).get("CustomerMessage") or "")
            if told:
                self._say(told)
            use.begin(self, self._agent)
            self._begun = True
        elif cipher and message.content in (codec.DATA, codec.STDERR, codec.EXIT_CODE):
            use.received(message.content, cipher.decrypt(message.payload))
        else:
            use.received(message.content, message.payload)

    def _cipher(self, key_id: str) -> Cipher:
        session = self._started.session if self._started else ""
        return self._service.cipher(key_id, session, self.target)

    def _open(self, started: Started) -> None:
        refuse_plain(started.url, self._service.endpoint)
        headers = self._service.signature(started.url)
        self._link = open_link(started.url, headers, started.token, min(self.timeout, 10))

    def _take_up(self, lost: LinkLostError) -> None:
        """Go on over a new websocket.

        Raise `SilentError` when there is none in time, `EndedError` when there is no session any more.
        """
        self._drop_link()
        now = time.monotonic()
        end = self._channel.deadline(now)
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            left = end - time.monotonic() - pause
            if left <= 0:
                raise SilentError(f"{self.target} was cut off and could not be reached again: {lost}")
            time.sleep(pause)
            with contextlib.suppress(LinkLostError, SilentError), deadline(left, "a websocket"):
                if self._resumed():
                    self._channel.taken_up(time.monotonic())
                    return

    def _resumed(self) -> bool:
        """Ask AWS for a new websocket and open it; False when it is worth asking again."""
        session = self._started.session if self._started else ""
        try:
            started = self._service.resume(session)
        except ServiceError as exc:
            if not exc.passing:
                raise EndedError(str(exc)) from exc
            return False
        if started is None:
            raise EndedError("it was idle for too long, or somebody ended it")
        self._open(started)
        return True

    def _drop_link(self) -> None:
        if self._link is not None:
            if self._link in self._watched:
                self._selector.unregister(self._link)
                del self._watched[self._link]
            self._link.close()
            self._link = None

    def _end(self) -> None:
        """Leave no session behind: ask the agent to end it, and AWS when the agent says nothing."""
        if self._started is not None and not self._ended:
            with contextlib.suppress(ServiceError, SilentError), deadline(_TERMINATE_SECONDS, "the session's end"):
                if not self._goodbye():
                    self._service.terminate(self._started.session)
        self._drop_link()
        self._selector.close()

    def _goodbye(self) -> bool:
        """Raise the flag that ends the session; return whether the agent has confirmed it."""
        link, use = self._link, Use()
        if link is None or not self._begun:
            return False
        end = time.monotonic() + _GOODBYE_SECONDS
        self.flag(codec.TERMINATE_SESSION)
        try:
            while time.monotonic() < end:
                self._flush(link)
                self._begun = False
                self._watch(use, link)
                if self._selector.select(max(end - time.monotonic(), 0)):
                    self._receive(use, link)
        except EndedError:
            return True
        except (LinkLostError, ProtocolError):
            pass
        return False
