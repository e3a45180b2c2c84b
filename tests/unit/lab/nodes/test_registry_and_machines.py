# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry as ECR, and the image that a rehearsal's machines start from."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from lab.nodes import docker, image, machine_image, registry

HOST = "1.dkr.ecr.us-west-2.amazonaws.com"


def test_the_registry_answers_as_ecr_with_a_certificate_and_the_same_store(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[str, ...], bytes]] = []
    monkeypatch.setattr(registry, "docker", lambda *words, stdin=b"": asked.append((words, stdin)))
    registry.answer_as("store", HOST, {"certificate": "LEAF\n", "chain": "ROOT\n", "private_key": "KEY\n"})
    written = {words[-1].rpartition('>"')[2].rstrip('"'): content for words, content in asked if content}
    assert written[f"/etc/lab/{HOST}/tls.pem"] == b"LEAF\nROOT\n"
    assert written[f"/etc/lab/{HOST}/tls.key"] == b"KEY\n"
    told = yaml.safe_load(written[f"/etc/lab/{HOST}/config.yml"])
    assert told["storage"] == {"filesystem": {"rootdirectory": "/srv/registry"}}
    assert told["http"] == {
        "addr": ":443", "tls": {"certificate": f"/etc/lab/{HOST}/tls.pem", "key": f"/etc/lab/{HOST}/tls.key"},
    }  # fmt: skip
    # No key is seen by who looks at processes.
    assert not [words for words, _ in asked if any("KEY" in word for word in words)]
    assert asked[-1][0][-1] == f"/etc/lab/{HOST}/config.yml"


def test_machines_have_an_image_of_their_own_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, t.Mapping[str, bytes], str]] = []
    monkeypatch.setattr(image, "ensure", lambda *_: "cloister-node:trixie")
    monkeypatch.setattr(machine_image, "inspect", lambda *_: {"Id": "sha256:1"})
    monkeypatch.setattr(image, "is_made", lambda name, recipe: any(recipe == one[2] for one in made))
    monkeypatch.setattr(image, "build", lambda *given: made.append(given))
    assert machine_image.ensure() == machine_image.ensure() == "cloister-machine:trixie"
    ((name, files, _),) = made
    assert (name, files["Dockerfile"].splitlines()[0]) == (machine_image.IMAGE, b"FROM cloister-node:trixie")
    assert {"machine.sh", "repositories.sh", "module.py", "nvidia-smi", "docker-credential-ecr-login"} <= set(files)


def test_roles_are_told_what_is_in_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    said = f"1.30.6\nDRIVER\nTOOLKIT\n{'a' * 64}  aws\n{'b' * 64}  kubectl"
    monkeypatch.setattr(machine_image, "ensure", lambda: "image")
    monkeypatch.setattr(machine_image, "docker", lambda *_: said)
    told = machine_image.told()
    assert (told["nginx"], told["driver_key"], told["toolkit_key"]) == ("1.30.6", "DRIVER", "TOOLKIT")
    assert told["programs"] == {"aws": "a" * 64, "kubectl": "b" * 64}


def test_what_no_command_line_may_hold_is_in_dockers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, t.Any]] = []

    def run(command: list[str], **more: t.Any) -> t.Any:
        seen.append({"command": command, **more})
        return docker.subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(docker.subprocess, "run", run)
    docker.docker("create", "--env=KEY", environment={"KEY": "hidden"})
    assert (seen[0]["command"], seen[0]["env"]["KEY"]) == (["docker", "create", "--env=KEY"], "hidden")
