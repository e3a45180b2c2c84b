# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who brings containers to tasks: what is started, with what it is told, and what goes."""

from __future__ import annotations

import io
import tarfile
import typing as t

import pytest

from lab.nodes import service, tasks
from lab.nodes.docker import DockerError
from lab.nodes.places import Place

HOST = "111122223333.dkr.ecr.us-west-2.amazonaws.com/us"


class Aws:
    """An embedded AWS with tasks that a test names."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, t.Any]] = {}
        self.awaited: list[bool] = []
        self.brought: list[str] = []

    def await_tasks(self, wanted: bool) -> None:
        self.awaited.append(wanted)

    def bring_task(self, task: str) -> None:
        self.brought.append(task)

    def put(self, identifier: str, *images: str, **environment: str) -> None:
        self.there[identifier] = {
            "id": identifier, "account": "1", "region": "us-west-2", "service": "guard", "vpc": "vpc-1",
            "vpc_cidr": "10.1.0.0/16", "address": "10.1.0.9", "authorities": ["REGION\n"],
            "containers": [
                {"name": f"c{place}", "image": image, "ports": [8080 + place], "environment": environment}
                for place, image in enumerate(images)
            ],
        }  # fmt: skip

    def tasks(self) -> list[dict[str, t.Any]]:
        return list(self.there.values())

    def authority(self) -> str:
        return "LAB\n"


class Docker:
    """Containers that are there, with what they were made with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there: dict[str, tuple[str, ...]] = {}
        self.told: dict[str, dict[str, str]] = {}
        self.trusted: dict[str, bytes] = {}
        self.own, self.refused = True, ""
        self.listened: list[tuple[str, int]] = []
        monkeypatch.setattr(tasks, "docker", self.docker)
        monkeypatch.setattr(tasks, "_await_listener", lambda address, port: self.listened.append((address, port)))
        monkeypatch.setattr(service, "build", lambda folder, name: name)

    def of(self, one: dict[str, t.Any]) -> Place:
        return Place("cloister-vpc-1", one["vpc_cidr"], self.own, "10.1.0.3", "ecr")

    def docker(self, verb: str, *more: str, stdin: bytes = b"", environment: t.Mapping[str, str] | None = None) -> str:
        if verb == "create":
            if self.refused and more[-1].endswith(self.refused):
                raise DockerError("no space left")
            name = more[0].removeprefix("--name=")
            self.there[name], self.told[name] = more[1:], dict(environment or {})
        elif verb == "cp":
            with tarfile.open(fileobj=io.BytesIO(stdin)) as archive:
                (member,) = archive.getmembers()
                file = t.cast("t.IO[bytes]", archive.extractfile(member))
                self.trusted[f"/{member.name}"] = file.read()
        elif verb == "rm":
            del self.there[more[-1]]
        return "10.1.0.9" if verb == "inspect" else ""


@pytest.fixture
def region() -> Aws:
    return Aws()


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    return Docker(monkeypatch)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def followed(region: Aws, docker: Docker, said: list[str]) -> tasks.Tasks:
    return tasks.Tasks(t.cast("t.Any", region), "7.100", t.cast("t.Any", docker), said.append)


def test_a_task_gets_what_stands_for_it_at_its_address(region: Aws, docker: Docker, followed: tasks.Tasks) -> None:
    region.put("t1", f"{HOST}/guard:prod-1", WEBHOOK_KEY="hidden")
    followed.look()
    followed.look()
    (name,) = docker.there
    made = docker.there[name]
    assert name == "cloister-task-t1-c0"
    assert made[:3] == ("--network=cloister-vpc-1", "--ip=10.1.0.9", "--dns=10.1.0.2")
    assert "--label=cloister.lab.server=7.100" in made
    assert made[-1] == "cloister-service/guard"
    assert docker.told[name] == {
        "WEBHOOK_KEY": "hidden", "PORT": "8080", "SSL_CERT_FILE": tasks.AUTHORITIES,
    }  # fmt: skip
    # Whoever looks at processes sees names alone.
    assert not [one for one in made if "hidden" in one]
    assert docker.trusted == {tasks.AUTHORITIES: b"REGION\nLAB\n"}
    assert (docker.listened, region.brought) == ([("10.1.0.9", 8080)], ["t1"])


def test_containers_of_a_task_share_its_address_and_a_port_of_its_own_is_kept(
    region: Aws, docker: Docker, followed: tasks.Tasks
) -> None:
    region.put("t1", f"{HOST}/guard:1", f"{HOST}/face-generator@sha256:0", PORT="9")
    followed.look()
    assert docker.there["cloister-task-t1-c1"][0] == "--network=container:cloister-task-t1-c0"
    assert docker.there["cloister-task-t1-c1"][-1] == "cloister-service/face_generator"
    assert docker.told["cloister-task-t1-c1"]["PORT"] == "9"


def test_containers_go_with_their_task(region: Aws, docker: Docker, followed: tasks.Tasks) -> None:
    region.put("t1", f"{HOST}/guard:1", f"{HOST}/app:1")
    region.put("t2", f"{HOST}/guard:1")
    followed.look()
    del region.there["t1"]
    followed.look()
    assert list(docker.there) == ["cloister-task-t2-c0"]


def test_an_image_that_nothing_stands_for_stays_a_name_and_is_told_once(
    region: Aws, docker: Docker, followed: tasks.Tasks, said: list[str]
) -> None:
    region.put("t1", "public.ecr.aws/nginx/nginx:1")
    region.put("t2", "public.ecr.aws/nginx/nginx:1")
    followed.look()
    assert docker.there == {}
    assert said == ["nothing stands for public.ecr.aws/nginx/nginx:1: c0 of a task is a name"]
    assert (docker.listened, region.brought) == ([], ["t1", "t2"])


def test_tasks_wait_for_their_containers_while_somebody_brings_them(region: Aws, followed: tasks.Tasks) -> None:
    followed.begin()
    followed.end()
    assert region.awaited == [True, False]


def test_what_docker_refuses_leaves_no_half_of_a_task(
    region: Aws, docker: Docker, followed: tasks.Tasks, said: list[str]
) -> None:
    docker.refused = "app"
    region.put("t1", f"{HOST}/guard:1", f"{HOST}/app:1")
    followed.look()
    followed.look()
    assert docker.there == {}
    assert said[1:] == ["task t1 (guard) gets no container: no space left"]


def test_where_docker_chose_the_addresses_no_plane_is_asked_for_names(
    region: Aws, docker: Docker, followed: tasks.Tasks, said: list[str]
) -> None:
    docker.own = False
    region.put("t1", f"{HOST}/guard:1")
    followed.look()
    assert docker.there["cloister-task-t1-c0"][:2] == ("--network=cloister-vpc-1", "--label=cloister.lab")
    assert "at an address of docker's" in said[0]


@pytest.mark.parametrize("image", ["", "nginx:1", f"{HOST}/../guard/", "vllm_cpu"])
def test_only_the_labs_own_services_stand_for_images(image: str) -> None:
    assert tasks.stand_in(image) is None
