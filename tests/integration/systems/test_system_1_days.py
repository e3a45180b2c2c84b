"""System 1: what people do with it day after day. Row 1.25: deploy, health check, rollback, backup."""

from __future__ import annotations

from tests.integration.systems import seoul
from tests.integration.systems.built import Built


def test_1_25_the_health_check_finds_all_well_and_what_is_ill(kr: Built) -> None:
    well = kr.region.play("playbooks/healthcheck.yml")
    assert well.rc == 0, well.output
    assert "stand and can be used" in well.output
    assert well.writes == []
    scaling = kr.client("autoscaling")
    scaling.suspend_processes(AutoScalingGroupName="kr-fastapi", ScalingProcesses=["Launch"])
    (first, _second) = seoul.machines(kr, "fastapi")
    kr.ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    ill = kr.region.play("playbooks/healthcheck.yml")
    scaling.resume_processes(AutoScalingGroupName="kr-fastapi", ScalingProcesses=["Launch"])
    assert ill.rc != 0
    assert "pools: Auto Scaling group fastapi" in ill.output
    assert "has 1 of 2 healthy machines in service" in ill.output
    healed = kr.region.play("site.yml", "--limit", "pools")
    assert healed.rc == 0, healed.output
    assert kr.region.play("playbooks/healthcheck.yml").rc == 0


def test_1_25_a_deployment_is_a_run_and_the_way_back_is_the_inventory_of_before(kr: Built) -> None:
    before = {machine["InstanceId"] for machine in seoul.machines(kr, "fastapi")}
    pools = kr.said("pools", "pools_defined")
    pools[1]["instance_types"] = ["t3.large"]
    with kr.saying("pools", pools_defined=pools):
        deployed = kr.region.play("site.yml", "--limit", "pools")
    assert deployed.rc == 0, deployed.output
    new = seoul.machines(kr, "fastapi")
    assert [machine["InstanceType"] for machine in new] == ["t3.large"] * 2
    assert before.isdisjoint(machine["InstanceId"] for machine in new)
    back = kr.region.play("site.yml", "--limit", "pools")
    assert back.rc == 0, back.output
    assert [machine["InstanceType"] for machine in seoul.machines(kr, "fastapi")] == ["t3.medium"] * 2


def test_1_25_a_backup_is_a_snapshot_that_a_teardown_keeps(kr: Built) -> None:
    rds = kr.client("rds")
    refused = kr.region.play("playbooks/backup.yml", "-e", "backup_databases=mian")
    assert refused.rc != 0
    assert "no database is called mian; the region has main" in refused.output
    planned = kr.region.play("playbooks/backup.yml", "--check")
    assert planned.writes == []
    taken = kr.region.play("playbooks/backup.yml")
    assert taken.rc == 0, taken.output
    (found,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert found["DBSnapshotIdentifier"].startswith("kr-main-backup-")
    assert found["DBSnapshotIdentifier"] in taken.output
    assert found["Status"] == "available"
    refused = kr.region.play("playbooks/teardown.yml", "-e", "teardown_confirm=kr")
    assert refused.rc != 0
    assert refused.writes == []
    assert "DB instance main, EKS cluster main" in refused.output
    going = kr.region.play("playbooks/teardown.yml", "--check", "-e", "teardown_release_data=true")
    assert going.rc == 0, going.output
    gone = {(kind, part) for _stack, kind, part, action in going.actions if action == "remove"}
    assert ("DB instance", "main") in gone
    assert ("DB snapshot", found["DBSnapshotIdentifier"]) not in gone
