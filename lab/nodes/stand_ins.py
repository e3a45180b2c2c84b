# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands for what a machine fetches from its makers and from AWS, and a lab cannot: nodes are configured by it.

Each node brings what its roles name, and gets variables for them: addresses and versions of what is there instead.
What stood for what is noted, to be said at the end.
"""

from __future__ import annotations

import dataclasses
import fcntl
import io
import json
import tarfile
import typing as t
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes import machine_image, registry, service
from lab.nodes.docker import docker, inspect
from lab.nodes.follow import name_of
from lab.nodes.node import LABEL
from lab.nodes.places import SERVER, registry_of
from lab.nodes.tasks import SERVICES, stand_in
from lab.plane.places import internet_name

VLLM, VLLM_TAG = "vllm/vllm-openai", "lab"
VARIABLES, NOTES, LOCK = "stand_ins.json", "stand_ins.txt", "stand_ins.lock"
# A model's folder, for a server that only looks whether it is one.
MODEL = {"config.json": "{}\n", "chat_template.jinja": "{{ messages }}\n"}
Named = t.Mapping[str, t.Any]


@dataclasses.dataclass
class StandIns:
    """What stands for others beside one embedded AWS's machines."""

    aws: EmbeddedAws
    server: str
    folder: Path

    def bring(self, instance: str, named: Named) -> Path:
        """Bring what a node's roles name, {role, images, model, upstreams}; returns the file of their variables.

        One node at a time: those of a batch name the same things.
        """
        with (self.folder / LOCK).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            return self._bring(instance, named)

    def _bring(self, instance: str, named: Named) -> Path:
        file = self.folder / VARIABLES
        store = registry_of(self.server)
        role = str(named.get("role") or "")
        if not file.exists():
            self._write(file, variables(self._publish(store, SERVICES / "vllm", VLLM, VLLM_TAG), machine_image.told()))
        for image in named.get("images") or ():
            self._pulled(store, str(image))
        if model := str(named.get("model") or ""):
            self._model(instance, model)
        for host, port in {(one["address"], int(one["port"])) for one in named.get("upstreams") or ()}:
            self._other(host, port)
        self._note(*NOTED.get(role, ()))
        return file

    def _publish(self, store: str, folder: Path, name: str, tag: str) -> str:
        """Put a service into the registry under a name; its digest."""
        there = registry.start(store)
        return there.digest(name, tag) or there.publish(
            service.build(folder, f"cloister-service/{folder.name}"), name, tag
        )

    def _pulled(self, store: str, image: str) -> None:
        """An image of ECR's, under its own name. One by digest cannot be: nothing else has that digest."""
        folder = stand_in(image) or SERVICES / "app"
        host, _, path = image.partition("/")
        name, _, tag = path.rpartition(":")
        if ".dkr.ecr." in host and name and "@" not in image:
            self._publish(store, folder, name, tag)
            self._note(
                f"{image}: a small server of the lab (lab/services/{folder.name}), in a registry that answers as ECR"
            )

    def _model(self, instance: str, model: str) -> None:
        """A model's folder on the machine; one of Hugging Face's is only a name for the server that stands in."""
        self._note(
            f"the model {model}: a folder that holds none, as the server that stands in for vLLM computes nothing"
        )
        if not model.startswith("/"):
            return
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as archive:
            for name, text in MODEL.items():
                member = tarfile.TarInfo(f"{model.strip('/')}/{name}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        docker("cp", "-", f"{name_of(instance)}:/", stdin=held.getvalue())

    def _other(self, host: str, port: int) -> None:
        """A service of others that proxies lead to, if no zone of the account has its name: in the lab's internet."""
        if self._zoned(host):
            return
        name = f"cloister-other-{host}-{self.server}"
        self._note(f"{host}: a small server of the lab (lab/services/app) in its internet")
        if inspect("container", name) is not None:
            return
        image = service.build(SERVICES / "app", "cloister-service/app")
        where = [f"--network={internet_name(self.server)}", f"--network-alias={host}", f"--env=PORT={port}"]
        docker(
            "run", "--detach", f"--name={name}", f"--label={LABEL}", f"--label={SERVER}={self.server}", *where, image
        )

    def _zoned(self, host: str) -> bool:
        zones = [
            one["Name"].rstrip(".")
            for region in {one["region"] for one in self.aws.instances()}
            for one in self.aws.snapshot(region)["hosted_zones"]
        ]
        return any(host == zone or host.endswith(f".{zone}") for zone in zones)

    def _write(self, file: Path, content: t.Mapping[str, t.Any]) -> None:
        half = file.with_suffix(".new")
        half.write_text(json.dumps(content, indent=2), encoding="utf-8")
        half.rename(file)

    def _note(self, *lines: str) -> None:
        """Keep in mind what stood for what, each once."""
        file = self.folder / NOTES
        said = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        with file.open("a", encoding="utf-8") as notes:
            notes.writelines(f"{line}\n" for line in lines if line not in said)


NOTED = {
    "proxy": ("Nginx: that of Debian's next release, not Nginx's own packages",),
    "vllm": (
        "vLLM's image: a server of the lab that takes its arguments and answers as it does, in made-up words",
        "NVIDIA's driver and toolkit: packages of the lab with programs that answer as NVIDIA's do; GPUs are /dev/null",
    ),
    "operator": ("kubectl, helm, eksctl, k9s and the AWS CLI: scripts that say what they stand for",),
    "app": ("Amazon's credential helper for Docker: a script, as the lab's registry asks for no password",),
}  # fmt: skip


def variables(vllm_digest: str, told: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the roles are told in the place of the inventory; `told` is what the machines' image has."""
    programs = [
        {"name": name, "url": f"file://{machine_image.PROGRAMS}/{name}", "sha256": {"amd64": digest, "arm64": digest}}
        for name, digest in told["programs"].items()
    ]
    return {
        "docker_source": "distribution",
        "docker_registry_mirrors": ["http://registry:5000"],
        "node_base_cloudwatch_config": {},
        "nvidia_driver_source": "vendor",
        "nvidia_driver_version": machine_image.DRIVER,
        "nvidia_driver_repository_url": "file:///srv/driver",
        "nvidia_driver_repository_fingerprint": told["driver_key"],
        "nvidia_toolkit_version": machine_image.TOOLKIT,
        "nvidia_toolkit_repository_url": "file:///srv/toolkit",
        "nvidia_toolkit_repository_fingerprint": told["toolkit_key"],
        "nvidia_further_packages": [],
        "operator_tools_programs": programs,
        "proxy_source": "distribution",
        "proxy_nginx_version": told["nginx"],
        "vllm_image": f"{VLLM}@{vllm_digest}",
        "vllm_image_gib": 1,
        "vllm_volume_device": "",
    }
