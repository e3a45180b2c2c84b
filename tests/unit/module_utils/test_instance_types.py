"""What the name of an instance type says, held against what AWS says of all types that moto knows."""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import moto
import pytest
from ansible_collections.cloister.aws.plugins.module_utils._instance_types import (
    Offer,
    architecture,
    bucket,
    capacity,
    has_gpu,
    offer,
    split,
    well_formed,
)

RECORDED = Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"


@pytest.fixture(scope="module")
def recorded() -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", json.loads(gzip.decompress(RECORDED.read_bytes())))


def test_every_type_that_aws_has_is_well_formed(recorded: dict[str, t.Any]) -> None:
    assert len(recorded) > 1000
    assert [name for name in recorded if not well_formed(name) and not name.startswith("mac")] == []


def test_a_name_never_says_the_wrong_architecture(recorded: dict[str, t.Any]) -> None:
    said = {name: architecture(name) for name in recorded}
    wrong = [
        name for name, one in said.items()
        if one and one not in recorded[name]["ProcessorInfo"]["SupportedArchitectures"]
    ]  # fmt: skip
    assert wrong == []
    assert sum(one is not None for one in said.values()) > 1000


def test_a_name_never_says_wrongly_whether_there_is_a_gpu(recorded: dict[str, t.Any]) -> None:
    said = {name: has_gpu(name) for name in recorded}
    assert [name for name, one in said.items() if one is not None and one != bool(recorded[name].get("GpuInfo"))] == []


@pytest.mark.parametrize("name", ["g5", "t3.", ".large", "T3.large", "g5 xlarge", "5g.large", ""])
def test_what_is_no_type_is_not_well_formed(name: str) -> None:
    assert not well_formed(name)


@pytest.mark.parametrize("name", ["qq9.xlarge", "mac2.metal", "mac-m4.metal", "nonsense"])
def test_a_family_that_is_not_known_is_not_judged(name: str) -> None:
    assert has_gpu(name) is None
    assert architecture(name) is None
    assert bucket(name) is None


@pytest.mark.parametrize(
    ("name", "quota"),
    [
        ("t3.medium", "standard"), ("im4gn.large", "standard"), ("g5.xlarge", "g"), ("gr6.4xlarge", "g"),
        ("vt1.3xlarge", "g"), ("p5.48xlarge", "p"), ("p6-b200.48xlarge", "p"), ("x2idn.16xlarge", None),
        ("u-6tb1.metal", None), ("hpc7g.4xlarge", None), ("trn1.2xlarge", None),
    ],
)  # fmt: skip
def test_a_type_counts_for_the_quota_of_its_family(name: str, quota: str | None) -> None:
    assert bucket(name) == quota


def test_grace_is_arm_though_its_name_has_no_g(recorded: dict[str, t.Any]) -> None:
    assert architecture("p6e-gb200.36xlarge") == "arm64"
    assert architecture("g5.xlarge") == "x86_64"
    assert architecture("g5g.xlarge") == "arm64"


def test_what_aws_says_of_a_type_is_taken_in(recorded: dict[str, t.Any]) -> None:
    assert offer({"InstanceType": "g5.12xlarge", **recorded["g5.12xlarge"]}) == Offer(
        "g5.12xlarge", 48, 196608, ("x86_64",), 4, "A10G", "NVIDIA", 91552
    )
    assert offer({"InstanceType": "t3.medium", **recorded["t3.medium"]}).gpus == 0


def test_capacity_is_that_of_the_smallest_type_or_of_the_largest() -> None:
    types = [Offer("a", 4, 16384, (), 1, "A10G"), Offer("b", 8, 32768, (), 1, "T4")]
    assert capacity(2, types) == {"machines": 2, "vcpus": 8, "gpus": 2, "gpu": "A10G or T4", "memory_gib": 32}
    assert capacity(2, types, largest=True)["vcpus"] == 16


@pytest.mark.parametrize(
    ("machines", "base", "percent", "both"),
    [
        (4, 0, 100, (4, 0)),
        (4, 1, 0, (1, 3)),
        (4, 1, 50, (3, 1)),
        (1, 2, 0, (1, 0)),
        (0, 1, 50, (0, 0)),
        (3, 0, 10, (1, 2)),
    ],
)
def test_what_does_not_divide_is_on_demand(machines: int, base: int, percent: int, both: tuple[int, int]) -> None:
    assert split(machines, base, percent) == both
