# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.sessions.peer import OUTPUT, TERMINATE, Peer


def test_a_play_on_many_nodes_has_its_sessions_side_by_side(
    client: t.Any, node: str, echo: int, aws: EmbeddedAws
) -> None:
    ssm = client("ssm")

    def one(number: int) -> bytes:
        started = ssm.start_session(
            Target=node, DocumentName="AWS-StartSSHSession", Parameters={"portNumber": [str(echo)]}
        )
        peer = Peer(started)
        peer.shake_hands()
        said = b"session %03d " % number * 200
        for start in range(0, len(said), 512):
            peer.send(OUTPUT, said[start : start + 512])
        heard = peer.read(len(said), seconds=30)
        peer.flag(TERMINATE)
        peer.end(seconds=30)
        return heard

    with ThreadPoolExecutor(25) as pool:
        heard = list(pool.map(one, range(25)))
    assert heard == [b"SESSION %03d " % number * 200 for number in range(25)]
    assert {row["status"] for row in aws.sessions()} == {"Terminated"}
