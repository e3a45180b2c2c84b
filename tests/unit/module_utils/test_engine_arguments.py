# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings as arguments of vLLM; and the role's own are arguments that vLLM takes."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.filter.engine_arguments import engine_arguments
from ansible_collections.cloister.aws.plugins.module_utils._engine_arguments import words
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

from lab.services.vllm import serve

ROOT = Path(__file__).parents[3]
KNOWN = json.loads((ROOT / "lab/services/vllm/arguments.json").read_text(encoding="utf-8"))
ENGINE = yaml.safe_load((ROOT / "roles/vllm/vars/main.yml").read_text(encoding="utf-8"))["__vllm_engine"]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"dtype": "float16", "max_model_len": 4096}, ["--dtype", "float16", "--max-model-len", "4096"]),
        ({"gpu-memory-utilization": 0.7}, ["--gpu-memory-utilization", "0.7"]),
        ({"enforce-eager": True, "enable-prefix-caching": False}, ["--enforce-eager", "--no-enable-prefix-caching"]),
        ({"served-model-name": ["a", "b"]}, ["--served-model-name", "a", "b"]),
        ({"limit-mm-per-prompt": {"image": 2}}, ["--limit-mm-per-prompt", '{"image": 2}']),
        ({"seed": 0}, ["--seed", "0"]),
        ({"seed": None, "revision": "", "lora-modules": []}, []),
    ],
)
def test_settings_become_words_of_a_command_line(settings: dict[str, t.Any], wanted: list[str]) -> None:
    assert words(settings) == engine_arguments(settings) == wanted


@pytest.mark.parametrize("name", ["--dtype", "Dtype", "d type", "", "dtype=float16", "d;rm"])
def test_what_is_no_name_of_an_argument_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is no name of an argument"):
        words({name: 1})


def test_a_template_is_told_what_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="is no name of an argument"):
        engine_arguments({"--dtype": 1})


def test_every_argument_of_the_role_is_one_of_vllm_and_a_switch_only_where_vllm_has_one() -> None:
    switches = {"enforce-eager", "enable-prefix-caching", "enable-auto-tool-choice", "trust-remote-code"}
    assert [name for name in ENGINE if f"--{name}" not in KNOWN] == []
    assert {name for name in ENGINE if KNOWN[f"--{name}"].get("nargs") == 0} == switches
    assert [name for name in switches if f"--no-{name}" not in KNOWN] == []


def test_every_choice_of_the_role_is_one_of_vllm() -> None:
    specs = yaml.safe_load((ROOT / "roles/vllm/meta/argument_specs.yml").read_text(encoding="utf-8"))
    choices = specs["argument_specs"]["main"]["options"]["vllm_dtype"]["choices"]
    assert set(choices) <= set(KNOWN["--dtype"]["choices"])


def test_the_stand_in_refuses_what_vllm_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    model = ["--model", str(tmp_path)]
    assert serve.told([*model, "--dtype", "float16"]).dtype == "float16"
    for wrong in (["--swap-space", "4"], ["--dtype", "float8"], ["--model", f"{tmp_path}/none"]):
        with pytest.raises(SystemExit):
            serve.told([*model, *wrong])
    assert "unrecognized arguments: --swap-space" in capsys.readouterr().err


def test_the_stand_in_takes_its_key_from_a_file_as_vllm_does(tmp_path: Path) -> None:
    config = tmp_path / "vllm.yaml"
    config.write_text('api-key: "a: \\"key\\""\n', encoding="utf-8")
    assert serve.told(["org/model", "--config", str(config)]).api_key == ['a: "key"']
