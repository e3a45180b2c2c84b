# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked of docker for networks, images and a registry."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.nodes import image, network, registry, service
from lab.nodes.docker import DockerError

ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0
eth0 0002000A 00000000 0001 0 0 0 00FFFFFF 0 0 0
"""


@pytest.fixture(autouse=True)
def _networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = tmp_path / "route"
    routes.write_text(ROUTES)
    monkeypatch.setattr(network, "ROUTES", routes)
    bridge = {"Name": "bridge", "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}, {"Subnet": "fd00::/64"}]}}
    said = {"ls": "0f", "inspect": json.dumps([bridge])}
    monkeypatch.setattr(network, "docker", lambda _, verb, *rest: said[verb])


@pytest.mark.parametrize(
    ("cidr", "by"),
    [
        ("10.7.0.0/16", []),
        ("172.16.0.0/12", ["network bridge"]),
        ("10.0.0.0/16", ["route 10.0.2.0/24"]),
        ("192.168.0.0/16", []),
    ],
)
def test_addresses_are_taken_by_networks_and_by_ways_of_this_machine(cidr: str, by: list[str]) -> None:
    assert network.taken(cidr) == by


def test_an_image_is_made_anew_only_for_another_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = image._digest("bookworm")
    there = {"Config": {"Labels": {image.LABEL: wanted}}}
    monkeypatch.setattr(image, "inspect", lambda *_: there)
    monkeypatch.setattr(image, "_make", lambda *_: pytest.fail("it was there"))
    assert image.ensure("bookworm") == "cloister-node:bookworm"
    assert image._digest("trixie") != wanted
    monkeypatch.setattr(image, "PACKAGES", (*image.PACKAGES, "less"))
    assert image._digest("bookworm") != wanted


def test_a_suite_that_is_none_is_refused() -> None:
    with pytest.raises(DockerError, match=r"expected a suite of Debian .bookworm, trixie., not 'focal'"):
        image.ensure("focal")


def test_a_service_without_a_dockerfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match=f"expected a folder with a Dockerfile .* not {tmp_path}"):
        service.build(tmp_path, "x:1")


class Store(BaseHTTPRequestHandler):
    """As much of a registry as a push needs."""

    blobs: t.ClassVar[dict[str, bytes]] = {}
    manifests: t.ClassVar[dict[str, bytes]] = {}
    writes: t.ClassVar[list[str]] = []

    def _say(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        last = self.path.rpartition("/")[2]
        held = self.manifests.get(last, b"") or self.blobs.get(last, b"")
        digest = f"sha256:{hashlib.sha256(held).hexdigest()}"
        self._say(200 if held else 404, Docker_Content_Digest=digest)

    def do_POST(self) -> None:
        port = t.cast("t.Any", self.server).server_address[1]
        self._say(202, Location=f"http://127.0.0.1:{port}{self.path}1?_state=x")

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rpartition("/")[2]
        if "/manifests/" in self.path:
            self.manifests[name] = content
        else:
            name = self.path.rpartition("digest=")[2]
            self.blobs[name] = content
        self.writes.append(name)
        self._say(201)

    def log_message(self, *_: t.Any) -> None:
        pass


@pytest.fixture
def store() -> t.Iterator[registry.Registry]:
    for held in (Store.blobs, Store.manifests, Store.writes):
        held.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Store) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield registry.Registry("127.0.0.1", server.server_address[1])
        server.shutdown()


@pytest.fixture
def _saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image of two layers, as `docker save` writes it."""
    listed = [{"Config": "c.json", "Layers": ["1/layer.tar", "2/layer.tar"]}]
    files = {"manifest.json": json.dumps(listed), "c.json": "{}", "1/layer.tar": "one", "2/layer.tar": "two" * 999}

    def save(*arguments: str) -> str:
        with tarfile.open(arguments[2], "w") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return ""

    monkeypatch.setattr(registry, "docker", save)
    monkeypatch.setattr(registry, "inspect", lambda *_: {})


@pytest.mark.usefixtures("_saved")
def test_an_image_is_published_with_all_that_its_manifest_names(store: registry.Registry) -> None:
    digest = store.publish("local:1", "vllm/vllm-openai", "v1")
    manifest = json.loads(Store.manifests["v1"])
    named = [manifest["config"], *manifest["layers"]]
    assert [part["size"] for part in named] == [len(Store.blobs[part["digest"]]) for part in named]
    assert all(name == f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in Store.blobs.items())
    assert len(named) == 3
    assert store.digest("vllm/vllm-openai", "v1") == digest
    assert store.digest("vllm/vllm-openai", "v2") is None


@pytest.mark.usefixtures("_saved")
def test_an_image_has_one_digest_and_its_parts_travel_once(store: registry.Registry) -> None:
    digest = store.publish("local:1", "a/b", "v1")
    before = len(Store.writes)
    assert store.publish("local:1", "a/b", "v2") == digest
    assert Store.writes[before:] == ["v2"]


def test_what_docker_does_not_have_is_not_published(store: registry.Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "inspect", lambda *_: None)
    with pytest.raises(DockerError, match="cannot publish a/b:v1, this machine's docker has no image local:1"):
        store.publish("local:1", "a/b", "v1")
