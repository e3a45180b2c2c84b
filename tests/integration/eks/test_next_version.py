"""A cluster is taken to the next version of Kubernetes by one number, and to no other."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.integration.playbook import ROOT, Region, Run, cut
from tests.integration.rehearsal.neighbours import session

STACKS = ("network", "identity", "security_groups", "eks")


def set_version(region: Region, version: str) -> None:
    """Change the one number."""
    file = region.inventory / "host_vars/eks.yml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    said["eks_cluster"] |= {"version": version, "upgrade_policy": "standard", "ingress": []}
    file.write_text(yaml.safe_dump(said), encoding="utf-8")


@dataclass
class Steps:
    """What was run, and what stood after it."""

    region: Region
    built: Run
    planned: Run
    stepped: Run
    again: Run
    skipped: Run
    back: Run
    versions: dict[str, str]


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Steps]:
    """Build at 1.34, go to 1.35, then ask for what EKS does not do."""
    scratch = tmp_path_factory.mktemp("next")
    inventory = Path(shutil.copytree(ROOT / "inventories/kr", scratch / "kr"))
    cut(inventory, *STACKS)
    region = Region.raised(inventory, scratch)
    runs = {}
    for name, version, playbook in (
        ("built", "1.34", "site.yml"),
        ("planned", "1.35", "playbooks/plan.yml"),
        ("stepped", "1.35", "site.yml"),
        ("again", "1.35", "site.yml"),
        ("skipped", "1.37", "site.yml"),
        ("back", "1.34", "site.yml"),
    ):
        set_version(region, version)
        runs[name] = region.play(playbook)
    try:
        yield Steps(region, **runs, versions=versions(region))
    finally:
        region.lab.stop()


def versions(region: Region) -> dict[str, str]:
    """What the control plane and each node group run."""
    eks = session(region)("eks")
    found = {"control plane": eks.describe_cluster(name="kr-main")["cluster"]["version"]}
    for name in eks.list_nodegroups(clusterName="kr-main")["nodegroups"]:
        found[name] = eks.describe_nodegroup(clusterName="kr-main", nodegroupName=name)["nodegroup"]["version"]
    return t.cast("dict[str, str]", found)


def test_the_step_is_planned_and_taken_control_plane_first(steps: Steps) -> None:
    for run in (steps.built, steps.planned, steps.stepped):
        assert run.rc == 0, run.output
    assert steps.planned.writes == []
    assert steps.stepped.actions == steps.planned.actions
    assert {(kind, part) for _stack, kind, part, _action in steps.planned.actions} >= {
        ("EKS cluster", "main"),
        ("EKS node group", "main apps"),
        ("EKS node group", "main gpu"),
    }
    written = [write["action"] for write in steps.stepped.region_writes]
    nodes = [at for at, action in enumerate(written) if action == "UpdateNodegroupVersion"]
    addons = [at for at, action in enumerate(written) if action == "UpdateAddon"]
    assert written[0] == "UpdateClusterVersion"
    assert len(nodes) == 2
    assert min(addons) < min(nodes)
    assert steps.versions == {"control plane": "1.35", "apps": "1.35", "gpu": "1.35"}


def test_nothing_is_left_to_do_then(steps: Steps) -> None:
    assert (steps.again.rc, steps.again.actions, steps.again.region_writes) == (0, set(), [])


@pytest.mark.parametrize(
    ("run", "words"),
    [("skipped", "set version: '1.36', run"), ("back", "cannot go back to 1.34; set version: '1.35'")],
)
def test_any_other_step_is_refused_before_any_write(steps: Steps, run: str, words: str) -> None:
    refused: Run = getattr(steps, run)
    assert refused.rc != 0
    assert refused.region_writes == []
    assert words in " ".join(refused.output.split())
