# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's end of a session: it shakes hands with the client, then lets the plugin that was asked for do the work.

agent/session/datachannel/datachannel.go and agent/session/plugins of AWS's agent.
"""

from __future__ import annotations

import asyncio
import json
import time
import typing as t

from lab.embedded_aws.sessions import multiplexing, ports, shell
from lab.embedded_aws.sessions.channel import Channel
from lab.embedded_aws.sessions.messages import Payload

HANDSHAKE_SECONDS = 15.0
TIMED_OUT = "Handshake timed out. Please ensure that you have the latest version of the session manager plugin."
SUCCESS = 1
# What a client and an agent must be for several connections in one port session.
MULTIPLEXES_CLIENT = (1, 1, 70)
MULTIPLEXES_AFTER_AGENT = (3, 0, 196, 0)
# Older agents let smux itself look whether the other side is there.
PROBES_UNTIL_AGENT = (3, 1, 1511, 0)
LOCAL_FORWARDING = "LocalPortForwarding"


async def run(channel: Channel) -> str:
    """Be the agent of one session to its end; what went wrong, or nothing."""
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            client_version = await _shake_hands(channel)
    except TimeoutError:
        return TIMED_OUT
    except ValueError as refused:
        return str(refused)
    return await _plugin(channel, client_version)


async def _shake_hands(channel: Channel) -> str:
    """The client's version, once it has answered; ValueError when it cannot do what it is asked."""
    session, began = channel.session, time.monotonic()
    asked = {"SessionType": session.kind, "Properties": session.properties or None}
    request = {
        "AgentVersion": session.agent_version,
        "RequestedClientActions": [{"ActionType": "SessionType", "ActionParameters": asked}],
    }
    await _say(channel, Payload.HANDSHAKE_REQUEST, request)
    while True:
        message = await channel.incoming.next()
        await channel.incoming.done()
        if message.payload_type == Payload.HANDSHAKE_RESPONSE:
            break
    version = _client_version(message.json())
    took = {"HandshakeTimeToComplete": int((time.monotonic() - began) * 1e9), "CustomerMessage": ""}
    await _say(channel, Payload.HANDSHAKE_COMPLETE, took)
    return version


def _client_version(response: dict[str, t.Any]) -> str:
    for one in response.get("ProcessedClientActions") or []:
        if one.get("ActionStatus") != SUCCESS:
            kind, status, why = one.get("ActionType"), one.get("ActionStatus"), one.get("Error")
            raise ValueError(f"{kind} failed on client with status {status} error: {why}")
    return str(response.get("ClientVersion", ""))


async def _say(channel: Channel, payload_type: Payload, said: dict[str, t.Any]) -> None:
    await channel.outgoing.write(payload_type, json.dumps(said).encode())


async def _plugin(channel: Channel, client_version: str) -> str:
    session = channel.session
    if session.kind != "Port":
        return await shell.run(channel)
    agent = _numbers(session.agent_version)
    local = session.properties.get("type") == LOCAL_FORWARDING
    if local and agent > MULTIPLEXES_AFTER_AGENT and _numbers(client_version) >= MULTIPLEXES_CLIENT:
        return await multiplexing.run(channel, probes=agent <= PROBES_UNTIL_AGENT)
    return await ports.run(channel, reconnects=local)


def _numbers(version: str) -> tuple[int, ...]:
    """1.2.10 after 1.2.9; what is no version is before all."""
    return tuple(int(part) if part.isdigit() else -1 for part in version.split("."))
