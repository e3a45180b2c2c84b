# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry of the lab's own, in a container: it stands for the vendors' where none can be reached.

A Docker that has it as its mirror pulls a vendor's image under the vendor's name and by digest, and gets what was
published here. https://distribution.github.io/distribution/spec/api/
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import json
import tarfile
import tempfile
import time
import typing as t

from lab.nodes import image
from lab.nodes.docker import DockerError, docker, inspect
from lab.nodes.node import LABEL

IMAGE = "cloister-registry:bookworm"
PORT = 5000
START_SECONDS = 30
# The same store, over TLS.
TLS = """version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: /srv/registry}}}}
http: {{addr: ":443", tls: {{certificate: {folder}/tls.pem, key: {folder}/tls.key}}}}
"""
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def start(name: str, network: str = "", aliases: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> Registry:
    """Start a registry in a container, or take the one of that name that runs."""
    there = inspect("container", name)
    if there is None or not there["State"]["Running"]:
        if there is not None:
            docker("rm", "--force", "--volumes", name)
        where = [f"--network={network}"] if network else []
        where += [f"--network-alias={alias}" for alias in aliases]
        where += [f"--label={label}" for label in labels]
        docker("run", "--detach", f"--name={name}", f"--label={LABEL}", *where, _image())
    networks = (inspect("container", name) or {})["NetworkSettings"]["Networks"].values()
    registry = Registry(next(one["IPAddress"] for one in networks if one["IPAddress"]))
    registry.wait()
    return registry


def ecr_host(account: str, region: str) -> str:
    """The host of an account's registry: https://docs.aws.amazon.com/general/latest/gr/ecr.html"""
    return f"{account}.dkr.ecr.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def answer_as(name: str, host: str, certificate: t.Mapping[str, str]) -> None:
    """Let the registry of that name answer over TLS too, as `host`: what is published is there under its names."""
    folder = f"/etc/lab/{host}"
    configuration = TLS.format(folder=folder).encode()
    files = {
        "tls.pem": (certificate["certificate"] + certificate["chain"]).encode(),
        "tls.key": certificate["private_key"].encode(),
        "config.yml": configuration,
    }
    for file, content in files.items():
        docker("exec", "-i", name, "sh", "-ec", f'mkdir -p {folder}; umask 077; cat >"{folder}/{file}"', stdin=content)
    # The newest is who answers: one account and region is what a rehearsal has.
    docker("exec", name, "sh", "-c", "pkill -f '[/]etc/lab/' || true")
    docker("exec", "--detach", name, "/usr/bin/docker-registry", "serve", f"{folder}/config.yml")


def _image() -> str:
    recipe = (image.RECIPE / "registry.Dockerfile").read_bytes()
    node = image.ensure()
    known = hashlib.sha256(recipe + str((inspect("image", node) or {})["Id"]).encode()).hexdigest()[:16]
    with image.alone():
        if not image.is_made(IMAGE, known):
            image.build(IMAGE, {"Dockerfile": recipe.replace(b"FROM node", f"FROM {node}".encode())}, known)
    return IMAGE


class Registry:
    """A running registry at an address of a network of docker's."""

    def __init__(self, address: str, port: int = PORT) -> None:
        self.address, self.port = address, port

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._call("GET", "/v2/", (200,))
                return
            except OSError as silent:
                if time.monotonic() > end:
                    raise DockerError(f"no registry answers at {self.address}:{self.port}: {silent}") from None
                time.sleep(0.1)

    def publish(self, local: str, name: str, tag: str) -> str:
        """Put the image `local` of this machine's Docker under `name`:`tag`; returns its digest, `sha256:...`."""
        if inspect("image", local) is None:
            raise DockerError(f"cannot publish {name}:{tag}, this machine's docker has no image {local}")
        with tempfile.NamedTemporaryFile() as saved:
            docker("save", "--output", saved.name, local)
            with tarfile.open(saved.name) as archive:
                manifest = self._upload(archive, name)
        self._call("PUT", f"/v2/{name}/manifests/{tag}", (201,), manifest, MANIFEST)
        return _digest(manifest)

    def digest(self, name: str, tag: str) -> str | None:
        """The digest that a tag leads to; None when there is no such image."""
        answer = self._call("HEAD", f"/v2/{name}/manifests/{tag}", (200, 404))
        return answer.headers["Docker-Content-Digest"] if answer.status == 200 else None

    def _upload(self, archive: tarfile.TarFile, name: str) -> bytes:
        """Put what `docker save` wrote into the registry, but for the manifest, which is returned."""
        (listed,) = json.loads(_member(archive, "manifest.json").read())
        config = _member(archive, listed["Config"]).read()
        parts = [{"mediaType": CONFIG, "size": len(config), "digest": self._put(name, config)}]
        for path in listed["Layers"]:
            with tempfile.TemporaryFile() as packed:
                # No time and no name in it: an image has one digest, however often it is published.
                with gzip.GzipFile("", "wb", 1, packed, mtime=0) as packing, _member(archive, path) as layer:
                    while piece := layer.read(1 << 20):
                        packing.write(piece)
                parts.append({"mediaType": LAYER, "size": packed.tell(), "digest": self._put_file(name, packed)})
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
        return json.dumps(manifest, indent=3).encode()

    def _put(self, name: str, content: bytes) -> str:
        with tempfile.TemporaryFile() as held:
            held.write(content)
            return self._put_file(name, held)

    def _put_file(self, name: str, file: t.Any) -> str:
        size = file.tell()
        file.seek(0)
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        if self._call("HEAD", f"/v2/{name}/blobs/{digest}", (200, 404)).status == 404:
            began = self._call("POST", f"/v2/{name}/blobs/uploads/", (202,))
            file.seek(0)
            path = began.headers["Location"].partition(f":{self.port}")[2]
            self._call("PUT", f"{path}&digest={digest}", (201,), file, size=size)
        return digest

    def _call(
        self, method: str, path: str, expected: tuple[int, ...], body: t.Any = None, kind: str = "", size: int = 0
    ) -> http.client.HTTPResponse:
        headers = {"Accept": MANIFEST, "Content-Type": kind or "application/octet-stream"}
        headers |= {"Content-Length": str(size)} if size else {}
        connection = http.client.HTTPConnection(self.address, self.port, timeout=300)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            said = response.read()
        if response.status not in expected:
            raise DockerError(f"the lab's registry: {method} {path}: {response.status} {said.decode(errors='replace')}")
        return response


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _member(archive: tarfile.TarFile, path: str) -> t.IO[bytes]:
    found = archive.extractfile(path)
    if found is None:
        raise DockerError(f"docker save wrote an archive whose {path} is no file")
    return found
