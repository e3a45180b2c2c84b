# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node gets for what a lab cannot fetch: brought by what its roles name, and told to them."""

from __future__ import annotations

import concurrent.futures
import io
import json
import tarfile
import time
import typing as t
from pathlib import Path

import pytest
import yaml

from lab.nodes import machine_image, registry, service, stand_ins

ROOT = Path(__file__).parents[4]
NODE = "i-00000000000000001"
ECR = "111122223333.dkr.ecr.us-west-2.amazonaws.com"
TOLD = {"nginx": "1.30.6", "driver_key": "D", "toolkit_key": "T", "programs": {"kubectl": "5" * 64}}


class Store:
    """A registry that keeps names."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], str] = {}

    def digest(self, name: str, tag: str) -> str | None:
        return "sha256:there" if (name, tag) in self.there else None

    def publish(self, local: str, name: str, tag: str) -> str:
        self.there[name, tag] = local
        return "sha256:new"


class Aws:
    """An embedded AWS whose only zones are these."""

    def instances(self) -> list[dict[str, str]]:
        return [{"region": "us-west-2"}]

    def snapshot(self, region: str) -> dict[str, t.Any]:
        return {"hosted_zones": [{"Name": "prod.infer.example.internal."}]}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(stand_ins, "registry_of", lambda server: "registry")
    monkeypatch.setattr(registry, "start", lambda name: made)
    monkeypatch.setattr(service, "build", lambda folder, name: name)
    monkeypatch.setattr(machine_image, "told", lambda: TOLD)
    monkeypatch.setattr(stand_ins, "inspect", lambda *_: None)
    return made


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], bytes]]:
    done: list[tuple[tuple[str, ...], bytes]] = []
    monkeypatch.setattr(stand_ins, "docker", lambda *words, stdin=b"": done.append((words, stdin)))
    return done


@pytest.fixture
def made(store: Store, docker: t.Any, tmp_path: Path) -> stand_ins.StandIns:
    return stand_ins.StandIns(t.cast("t.Any", Aws()), "7.100", tmp_path)


def notes(made: stand_ins.StandIns) -> list[str]:
    return (made.folder / stand_ins.NOTES).read_text(encoding="utf-8").splitlines()


def test_roles_are_told_where_the_stand_ins_are(made: stand_ins.StandIns, store: Store) -> None:
    told = json.loads(made.bring(NODE, {"role": "proxy"}).read_text(encoding="utf-8"))
    assert (told["proxy_source"], told["proxy_nginx_version"]) == ("distribution", "1.30.6")
    assert told["vllm_image"] == "vllm/vllm-openai@sha256:new"
    assert told["operator_tools_programs"][0]["url"] == "file:///srv/lab-programs/kubectl"
    assert store.there == {("vllm/vllm-openai", "lab"): "cloister-service/vllm"}
    assert notes(made) == list(stand_ins.NOTED["proxy"])


def test_each_variable_that_is_told_is_one_of_a_role() -> None:
    known = {
        name
        for file in (ROOT / "roles").glob("*/meta/argument_specs.yml")
        for name in yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    }
    assert set(stand_ins.variables("sha256:new", TOLD)) <= known


def test_what_was_said_is_said_once_for_many_nodes(made: stand_ins.StandIns) -> None:
    for _ in range(3):
        made.bring(NODE, {"role": "vllm", "model": "/srv/models/model"})
    assert len(notes(made)) == len(set(notes(made))) == 1 + len(stand_ins.NOTED["vllm"])


def test_images_of_ecrs_are_there_under_their_names_and_those_of_others_are_left(
    made: stand_ins.StandIns, store: Store
) -> None:
    made.bring(NODE, {"images": [f"{ECR}/kr/ai:prod-1", f"{ECR}/us/guard:1", "nginx:1", f"{ECR}/kr/ai@sha256:0"]})
    assert store.there["kr/ai", "prod-1"] == "cloister-service/app"
    assert store.there["us/guard", "1"] == "cloister-service/guard"
    assert len(store.there) == 3


def test_a_models_folder_is_on_the_machine_and_a_name_at_hugging_face_is_no_folder(
    made: stand_ins.StandIns, docker: list[tuple[tuple[str, ...], bytes]]
) -> None:
    made.bring(NODE, {"role": "vllm", "model": "Qwen/Qwen3-8B"})
    assert docker == []
    made.bring(NODE, {"role": "vllm", "model": "/srv/models/model"})
    ((words, content),) = docker
    assert words == ("cp", "-", f"cloister-{NODE}:/")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["srv/models/model/config.json", "srv/models/model/chat_template.jinja"]


def test_a_service_of_others_stands_in_the_labs_internet_and_ours_is_found_by_its_zone(
    made: stand_ins.StandIns, docker: list[tuple[tuple[str, ...], bytes]]
) -> None:
    ours = {"address": "models.prod.infer.example.internal", "port": 443}
    made.bring(NODE, {"role": "proxy", "upstreams": [ours, {"address": "app.legacy.example.com", "port": 80}]})
    ((words, _),) = docker
    assert words[0] == "run"
    assert {"--network=cloister-internet-7.100", "--network-alias=app.legacy.example.com", "--env=PORT=80"} <= set(
        words
    )


def test_nodes_of_a_batch_bring_what_they_all_name_once(
    made: stand_ins.StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: set[str] = set()

    def run(*words: str, stdin: bytes = b"") -> str:
        name = words[2].removeprefix("--name=")
        # Docker takes its time, and refuses a name that somebody has.
        time.sleep(0.02)
        assert name not in there
        there.add(name)
        return ""

    monkeypatch.setattr(stand_ins, "docker", run)
    monkeypatch.setattr(stand_ins, "inspect", lambda _, name: {} if name in there else None)
    named = {"role": "proxy", "upstreams": [{"address": "app.legacy.example.com", "port": 80}]}
    with concurrent.futures.ThreadPoolExecutor(4) as nodes:
        assert len(list(nodes.map(lambda place: made.bring(f"i-{place}", named), range(4)))) == 4
    assert there == {"cloister-other-app.legacy.example.com-7.100"}
