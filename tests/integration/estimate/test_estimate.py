"""`playbooks/estimate.yml` compares what ways out cost, and asks nothing of AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.playbook import ROOT, Region


@pytest.mark.parametrize("region", ["us", "kr"])
def test_2_04_the_inventorys_way_out_is_told_beside_the_others(region: str, tmp_path: Path) -> None:
    raised = Region.raised(ROOT / "inventories" / region, tmp_path)
    run = raised.play("playbooks/estimate.yml", "-e", "estimate_aws_gb=100000")
    reads = raised.lab.reads()["total"]
    raised.lab.stop()
    assert run.rc == 0, run.output
    assert (reads, run.writes) == (0, [])
    assert "(the inventory's choice)" in run.output
    assert "Cheapest at this traffic: endpoints" in run.output
    assert "hours of their public addresses" in run.output
