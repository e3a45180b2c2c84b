# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""System 1's AI servers, rows 1.07 to 1.09: what their inventory makes of the roles of their machines."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
GROUPS = ROOT / "inventories/kr/group_vars"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


def made_of(tmp_path: Path, role: str, group: str, **asked: str) -> t.Any:
    """What expressions come to with a role's variables, as a machine of the group has them."""
    files = [ROOT / "roles" / role / "defaults/main.yml", GROUPS / "all/region.yml", GROUPS / f"{group}.yml"]
    internal = ROOT / "roles" / role / "vars/main.yml"
    files += [internal] if internal.exists() else []
    told = tmp_path / "told.json"
    copy = {"content": "{{ asked | to_json }}", "dest": str(told), "mode": "0600"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(file) for file in files],
        "vars": {"asked": asked},
        "tasks": [{"ansible.builtin.copy": copy}],
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    command = [str(PLAYBOOK), "-i", "localhost,", "-c", "local", str(playbook)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(told.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> t.Any:
    return made_of(
        tmp_path_factory.mktemp("vllm"),
        "vllm",
        "role_vllm",
        words="{{ __vllm_engine | combine(vllm_engine_extra) | cloister.aws.engine_arguments }}",
        mounts="{{ __vllm_mounts }}",
        port="{{ vllm_address ~ ':' ~ vllm_port }}",
        image="{{ vllm_image }}",
        gpus="{{ vllm_gpus }}",
        volume="{{ [vllm_volume_device, vllm_volume_path] }}",
        checks="{{ __vllm_checks }}",
    )


def test_1_07_the_server_for_models_has_all_gpus_its_volume_and_port_8002(vllm: t.Any) -> None:
    assert vllm["gpus"] == ["all"]
    assert vllm["port"] == "0.0.0.0:8002"
    pools = yaml.safe_load((ROOT / "inventories/kr/host_vars/pools.yml").read_text(encoding="utf-8"))["pools_defined"]
    (pool,) = [pool for pool in pools if pool.get("role") == "vllm"]
    assert vllm["volume"][0] in [volume["device"] for volume in pool["volumes"]]
    models = next(mount for mount in vllm["mounts"] if mount["target"] == "/model")
    assert models["source"].startswith(f"{vllm['volume'][1]}/")
    assert "writable" not in models


def test_1_07_its_image_is_a_digest_of_the_vendors(vllm: t.Any) -> None:
    name, _, digest = vllm["image"].partition("@sha256:")
    assert name == "vllm/vllm-openai"
    assert len(digest) == 64


def test_1_08_the_engine_is_told_what_it_was_told_by_hand(vllm: t.Any) -> None:
    words = " ".join(vllm["words"])
    for wanted in (
        "--model /model",
        "--tokenizer /model",
        "--chat-template /model/chat_template.jinja",
        "--host 0.0.0.0",
        "--port 8000",
        "--dtype float16",
        "--gpu-memory-utilization 0.7",
    ):
        assert f"{wanted} " in f"{words} ", wanted


def test_1_08_it_is_ready_when_it_is_healthy_knows_its_model_and_completes(vllm: t.Any) -> None:
    asked = [check["url"].removeprefix("http://127.0.0.1:8002") for check in vllm["checks"]]
    assert asked == ["/health", "/v1/models", "/v1/completions"]
    assert vllm["checks"][1]["fields"] == {"data.0.id": "model"}
    assert vllm["checks"][2]["body"]["model"] == "model"


def test_1_09_each_server_of_fastapi_has_two_containers_of_the_registrys_images(tmp_path: Path) -> None:
    told = made_of(
        tmp_path,
        "app_container",
        "role_app",
        apps="{{ app_container_defined }}",
        registries="{{ docker_ecr_registries }}",
    )
    assert {app["name"]: app["port"] for app in told["apps"]} == {"ai-prod": 8000, "ai-dev": 8001}
    (registry,) = told["registries"]
    assert registry.startswith("444455556666.dkr.ecr.ap-northeast-2.")
    pushed = yaml.safe_load((ROOT / "inventories/kr/host_vars/registry.yml").read_text(encoding="utf-8"))
    names = {f"{registry}/kr/{repository['name']}" for repository in pushed["registry_repositories"]}
    assert {app["image"].rpartition(":")[0] for app in told["apps"]} <= names
