"""What an inventory comes to, counted without asking AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._capacity import PRICES, lines, machines, volumes
from ansible_collections.cloister.aws.plugins.module_utils._instance_sizes import _SIZES, size_of
from moto.ec2.models.instance_types import INSTANCE_TYPES

NODES = {
    "name": "apps",
    "instance_types": ["t3.large"],
    "size": {"min": 1, "max": 3, "desired": 3},
    "root_volume": {"gib": 20},
}
GPU = {"name": "gpu", "instance_types": ["g5.xlarge"], "size": {"min": 0, "max": 2}, "root_volume": {"gib": 100}}
DATABASE = {"name": "main", "instance_class": "db.t3.micro", "storage": {"gib": 20, "type": "gp2"}, "multi_az": True}
SYSTEM_1: list[dict[str, t.Any]] = [
    {"eks_cluster": {"name": "main"}, "eks_node_groups": [NODES, GPU]},
    {"database_instances": [DATABASE]},
]


def test_1_24_the_numbers_that_system_1_was_planned_by_come_out_of_its_inventory() -> None:
    told = lines(SYSTEM_1, PRICES)
    (nodes,) = [line for line in told if "nodes apps" in line]
    assert "6 vCPU, 24 GB, up to 5 Gbps each" in nodes
    assert volumes(machines(SYSTEM_1)) == {"gp3": 60, "database gp2": 20}
    (together,) = [line for line in told if line.startswith("  together:")]
    assert together == "  together: 8 vCPU, 25 GB; room for 105 pods; 20 GB database gp2; 60 GB gp3"


def test_what_scales_from_nothing_is_listed_and_not_counted() -> None:
    (gpu,) = [line for line in lines(SYSTEM_1, PRICES) if "nodes gpu" in line]
    assert gpu.split(maxsplit=2)[2] == "0 x g5.xlarge (0 to 2)"


def test_every_item_of_the_bill_is_a_line_and_the_sum_is_their_sum() -> None:
    told = lines(SYSTEM_1, PRICES)
    bill = told[next(place for place, line in enumerate(told) if line.startswith("US dollars")) + 1 :]
    amounts = [float(line.split()[0]) for line in bill]
    assert [line.split(maxsplit=1)[1] for line in bill[:-1]] == [
        "3 x t3.large",
        "2 x db.t3.micro",
        "1 x EKS control plane",
        "40 GB of database gp2",
        "60 GB of gp3",
    ]
    assert amounts[-1] == pytest.approx(sum(amounts[:-1]), abs=0.03)


def test_what_has_no_price_is_named_and_the_sum_says_so() -> None:
    stack = {"pools_defined": [{**GPU, "size": {"min": 2, "max": 2}, "instance_types": ["p5.48xlarge"]}]}
    told = "\n".join(lines([stack], PRICES))
    assert "?  2 x p5.48xlarge: no price is known" in told
    assert "together, without what has no price" in told
    assert "16 GPUs" in told


def test_other_prices_take_the_place_of_the_list() -> None:
    told = "\n".join(lines(SYSTEM_1, {**PRICES, "t3.large": 0.104}))
    assert f"{0.104 * 3 * 730:.2f}  3 x t3.large" in told


def test_a_type_that_is_not_in_the_table_is_counted_all_the_same() -> None:
    pool = {**GPU, "size": {"min": 1, "max": 1}, "instance_types": ["x9.large"]}
    assert "1 x x9.large; what one has is not known here; 100 GB gp3" in "\n".join(
        lines([{"pools_defined": [pool]}], {})
    )


def test_a_region_without_machines_has_no_summary() -> None:
    assert lines([{"network_vpcs": []}], PRICES) == []


@pytest.mark.parametrize("name", sorted(_SIZES))
def test_the_table_says_what_aws_says(name: str) -> None:
    raw, size = INSTANCE_TYPES[name], size_of(name)
    assert size is not None
    assert size.vcpus == raw["VCpuInfo"]["DefaultVCpus"]
    assert size.memory_gib * 1024 == raw["MemoryInfo"]["SizeInMiB"]
    assert size.gpus == sum(gpu["Count"] for gpu in raw.get("GpuInfo", {}).get("Gpus", []))
