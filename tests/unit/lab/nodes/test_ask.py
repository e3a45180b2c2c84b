# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asking a region as its clients do: which names, what for, and what is told of the way."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest

from lab.nodes import ask
from lab.nodes.docker import DockerError

PROXY, MODEL = "i-00000000000000001", "i-00000000000000002"
EDGE, INNER = "198.19.0.5", "10.0.16.9"


def interface(kind: str, name: str, private: str, public: str = "") -> dict[str, t.Any]:
    association = {"Association": {"PublicIp": public}} if public else {}
    return {"Description": f"ELB {kind}/{name}/0123", "PrivateIpAddress": private, **association}


def balancer(kind: str, name: str) -> str:
    return f"arn:aws:elasticloadbalancing:us-west-2:1:loadbalancer/{kind}/{name}/0123"


SNAPSHOT: dict[str, t.Any] = {
    "load_balancers": [{"DNSName": "us-public-1.us-west-2.elb.amazonaws.com"}, {"DNSName": "us-edge.elb.test"}],
    "network_interfaces": [
        interface("net", "us-edge", "10.0.1.5", EDGE), interface("app", "us-internal", INNER),
        interface("app", "us-public", "10.0.1.6", "198.19.0.7"),
    ],
    "target_groups": [
        {"LoadBalancerArns": [balancer("app", "us-internal")],
         "Targets": [{"Target": {"Id": MODEL}}, {"Target": {"Id": "10.0.18.9"}}]},
        {"LoadBalancerArns": [balancer("app", "us-public")], "Targets": [{"Target": {"Id": "10.0.17.4"}}]},
    ],
    "hosted_zones": [
        {"PrivateZone": True, "Records": [{"Name": "inner.", "Type": "A", "ResourceRecords": [{"Value": EDGE}]}]},
        {"PrivateZone": False, "Records": [
            {"Name": "partner.example.com.", "Type": "A", "ResourceRecords": [{"Value": EDGE}]},
            {"Name": "us.example.com.", "Type": "A",
             "AliasTarget": {"DNSName": "dualstack.us-public-1.us-west-2.elb.amazonaws.com."}},
            {"Name": "elsewhere.example.com.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}]},
            {"Name": "partner.example.com.", "Type": "TXT", "ResourceRecords": [{"Value": '"x"'}]},
        ]},
    ],
}  # fmt: skip


class Aws:
    """A region with a proxy and a model server."""

    def snapshot(self, region: str) -> dict[str, t.Any]:
        return SNAPSHOT

    def instances(self) -> list[dict[str, t.Any]]:
        return [
            {"id": PROXY, "address": "10.0.16.4", "tags": {ask.ROLE: "proxy"}, "container": "proxy"},
            {"id": MODEL, "address": "10.0.17.4", "tags": {ask.ROLE: "vllm"}, "container": "vllm"},
        ]


class World:
    """What answers at each address, by "METHOD host/path"."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, tuple[int, t.Any]] = {}
        self.address, self.asked = EDGE, 0
        self.logged = {"request": "r1", "client": "203.0.113.70", "upstream": f"{INNER}:443"}
        monkeypatch.setattr(ask.client, "run", self.run)
        monkeypatch.setattr(ask, "docker", self.docker)
        monkeypatch.setattr(ask, "PAUSE_SECONDS", 0.001)

    def run(self, server: str, argv: list[str], address: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
        self.asked += 1
        method = "POST" if "--data" in argv else "GET"
        status, body = self.answers.get(f"{method} {argv[-1].removeprefix('https://')}", (404, {"detail": "Not Found"}))
        head = f"HTTP/1.1 {status} X\r\nX-Request-Id: r1\r\n\r\n"
        known = json.dumps({"http_code": status, "remote_ip": self.address})
        text = body if isinstance(body, str) else json.dumps(body)
        return subprocess.CompletedProcess(argv, 0, f"{head}{text}\n{known}".encode(), b"")

    def docker(self, *words: str) -> str:
        assert words[:2] == ("exec", "proxy")
        return json.dumps(self.logged)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.fixture
def asker() -> ask.Asker:
    return ask.Asker(t.cast("t.Any", Aws()), "7.100", "us-west-2", seconds=0.05)


def partner(world: World) -> None:
    choice = {"message": {"content": "these words"}}
    world.answers = {
        "GET partner.example.com/v1/models": (200, {"data": [{"id": "model"}]}),
        "POST partner.example.com/v1/chat/completions": (200, {"choices": [choice]}),
        "GET us.example.com/health": (200, "ok"),
    }


def test_public_names_of_load_balancers_are_asked_and_no_others(asker: ask.Asker, world: World) -> None:
    partner(world)
    said = asker.told()
    assert [line for line in said if line.startswith("https://")] == [
        "https://partner.example.com, asked for a chat from 203.0.113.70",
        "https://us.example.com, asked for its health from 203.0.113.70",
    ]


def test_a_chat_is_told_with_the_way_that_it_took(asker: ask.Asker, world: World) -> None:
    partner(world)
    assert asker.told()[1:6] == [
        f"  -> network load balancer us-edge at {EDGE}",
        f"  -> Nginx on {PROXY} (proxy) at 10.0.16.4, which saw 203.0.113.70 come",
        f"  -> application load balancer us-internal at {INNER}",
        f"  -> one of its targets: {MODEL} (vllm) at 10.0.17.4",
        "  -> model answers: these words",
    ]


def test_a_job_is_told_with_its_webhook(asker: ask.Asker, world: World) -> None:
    partner(world)
    del world.answers["GET us.example.com/health"]
    told = {
        "result": "a face", "guard": "10.0.32.8", "asked_by": {"forwarded_for": "203.0.113.70"},
        "accepted_by": {"host": "api.internal", "from": INNER, "face_generator": "10.0.48.4"},
        "webhook_from": {"address": INNER},
    }  # fmt: skip
    world.answers["POST us.example.com/jobs"] = (200, told)
    said = "\n".join(asker.told())
    assert f"-> https://api.internal: application load balancer us-internal at {INNER}" in said
    assert f"-> its webhook: application load balancer us-internal at {INNER}" in said
    assert said.endswith("-> guard answers: a face")


def test_what_is_not_answered_is_told(asker: ask.Asker, world: World) -> None:
    partner(world)
    world.answers["GET us.example.com/health"] = (503, "")
    with pytest.raises(DockerError, match=r"us.example.com, asked from 203.0.113.70: not answered at /health: 503"):
        asker.told()


def test_what_is_not_answered_yet_is_asked_again(
    asker: ask.Asker, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner(world)
    well = world.answers.pop("GET us.example.com/health")
    monkeypatch.setattr(ask.time, "sleep", lambda _: world.answers.update({"GET us.example.com/health": well}))
    asker.seconds = 60
    assert "https://us.example.com, asked for its health from 203.0.113.70" in asker.told()


def test_a_model_that_is_listed_and_does_not_answer_is_no_answer(asker: ask.Asker, world: World) -> None:
    partner(world)
    world.answers["POST partner.example.com/v1/chat/completions"] = (502, "Bad Gateway")
    with pytest.raises(DockerError, match="model does not answer a chat: 502 Bad Gateway"):
        asker.told()


def test_what_curl_could_not_do_is_what_is_told() -> None:
    told = ask.heard("", "curl: (28) Connection timed out")
    assert (told.status, told.problem) == (0, "curl: (28) Connection timed out")


def test_an_edge_that_is_not_reached_yet_is_not_asked_for_something_else(asker: ask.Asker, world: World) -> None:
    partner(world)
    world.answers["GET partner.example.com/v1/models"] = (502, "Bad Gateway")
    world.answers["GET partner.example.com/health"] = (200, "")
    with pytest.raises(DockerError, match=r"partner.example.com, asked from 203.0.113.70: 502 Bad Gateway"):
        asker.told()
