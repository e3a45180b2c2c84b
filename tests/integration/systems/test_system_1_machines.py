"""System 1: machines, database, images and nights. Rows 1.05 to 1.07, 1.09, 1.10, 1.15, 1.20 and 1.21, F10."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.playbook import ROOT, Region
from tests.integration.systems import seoul
from tests.integration.systems.built import Built, changed

NIGHT = ("-e", "resting_calendar=office-hours")


def test_1_05_nobody_comes_in_to_the_operator_host_and_a_run_says_how_to_get_there(kr: Built) -> None:
    (host,) = seoul.machines(kr, "operator")
    assert "KeyName" not in host
    assert "PublicIpAddress" not in host
    group = kr.described("describe_security_groups", "SecurityGroups")["operator"]
    assert group["IpPermissions"] == []
    run = kr.region.play("site.yml", "--limit", "operator")
    assert f"aws ssm start-session --region ap-northeast-2 --target {host['InstanceId']}" in run.output


def test_1_05_no_group_lets_anybody_in_on_port_22(kr: Built) -> None:
    groups = kr.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [kr.id("main")]}])["SecurityGroups"]
    rules = [(group["GroupName"], rule) for group in groups for rule in group["IpPermissions"]]
    opened = {name for name, rule in rules if "FromPort" in rule and rule["FromPort"] <= 22 <= rule["ToPort"]}
    assert opened == set()


def test_1_06_no_image_is_named_by_hand_and_the_lock_keeps_which_it_was(kr: Built) -> None:
    folders = [ROOT / folder for folder in ("inventories", "playbooks", "roles")]
    named = [path for folder in folders for path in folder.rglob("*.yml") if _names_an_image(path)]
    assert named == []
    lock = (kr.region.scratch / "images.lock.yml").read_text(encoding="utf-8")
    assert all(machine["ImageId"] in lock for which in ("vllm", "fastapi") for machine in seoul.machines(kr, which))


def _names_an_image(path: Path) -> bool:
    # A lock file is what a run wrote down.
    return path.name != "images.lock.yml" and bool(re.search(r"ami-[0-9a-f]{8}", path.read_text(encoding="utf-8")))


def test_1_07_the_server_for_models_has_a_gpu_and_an_encrypted_volume_for_them(kr: Built) -> None:
    (server,) = seoul.machines(kr, "vllm")
    assert server["InstanceType"] == "g5.xlarge"
    ids = [disk["Ebs"]["VolumeId"] for disk in server["BlockDeviceMappings"]]
    disks = kr.ec2.describe_volumes(VolumeIds=ids)["Volumes"]
    assert sorted(disk["Size"] for disk in disks) == [100, 200]
    assert all(disk["Encrypted"] for disk in disks)


def test_1_09_two_servers_for_fastapi_may_pull_from_our_registry(kr: Built) -> None:
    servers = seoul.machines(kr, "fastapi")
    assert [server["InstanceType"] for server in servers] == ["t3.medium"] * 2
    assert len({server["Placement"]["AvailabilityZone"] for server in servers}) == 2
    assert {server["IamInstanceProfile"]["Arn"].rpartition("/")[2] for server in servers} == {"kr-ai-node"}


def test_1_10_ai_servers_are_private_and_a_public_one_must_be_declared(kr: Built, tmp_path: Path) -> None:
    report = kr.region.play("playbooks/exposure.yml")
    assert report.rc == 0, report.output
    pools = kr.said("pools", "pools_defined")
    pools[1]["subnets"] = ["public-b"]
    region = Region.raised(changed("kr", tmp_path, pools={"pools_defined": pools}), tmp_path)
    refused = region.play("playbooks/preflight.yml")
    region.lab.stop()
    assert refused.rc != 0
    assert "exposure: public where the internet is meant to reach" in re.sub(r"\s+", " ", refused.output)


def test_1_15_the_database_is_whole_private_and_encrypted_and_nobody_knows_its_password(kr: Built) -> None:
    (found,) = kr.client("rds").describe_db_instances()["DBInstances"]
    assert (found["Engine"], found["DBInstanceClass"], found["AllocatedStorage"]) == ("mysql", "db.t3.micro", 20)
    assert (found["MultiAZ"], found["StorageEncrypted"], found["PubliclyAccessible"]) == (True, True, False)
    assert (found["DBName"], found["MasterUsername"], found["DeletionProtection"]) == ("prod_db", "prod", True)
    assert len(found["DBSubnetGroup"]["Subnets"]) == 3
    assert found["MasterUserSecret"]["SecretStatus"] == "active"
    groups = kr.described("describe_security_groups", "SecurityGroups")
    assert [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]] == [groups["database"]["GroupId"]]
    assert groups["database"]["IpPermissionsEgress"] == []


def test_1_20_a_pushed_tag_never_moves(kr: Built) -> None:
    found = kr.client("ecr").describe_repositories()["repositories"]
    assert {one["repositoryName"] for one in found} >= {"kr/backend", "kr/frontend", "kr/ai"}
    assert all(one["imageTagMutability"].startswith("IMMUTABLE") for one in found)


def test_f10_1_21_a_machine_that_took_anothers_place_rests_and_starts_by_its_tag(kr: Built) -> None:
    (first,) = seoul.machines(kr, "vllm")
    kr.ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    (second,) = seoul.machines(kr, "vllm")
    assert second["InstanceId"] != first["InstanceId"]
    stopped = kr.region.play("playbooks/stop.yml", *NIGHT)
    assert stopped.rc == 0, stopped.output
    assert seoul.machines(kr, "vllm") == seoul.machines(kr, "fastapi") == []
    assert len(seoul.machines(kr, "operator")) == 1
    at_rest = kr.region.play("site.yml", "--check")
    assert at_rest.rc == 0, at_rest.output
    assert at_rest.actions == set()
    started = kr.region.play("playbooks/start.yml", *NIGHT)
    assert started.rc == 0, started.output
    assert (len(seoul.machines(kr, "vllm")), len(seoul.machines(kr, "fastapi"))) == (1, 2)


def test_1_21_the_calendar_names_no_machine(kr: Built) -> None:
    scheduler = kr.client("scheduler")
    found = [one for one in scheduler.list_schedules()["Schedules"] if one["GroupName"].startswith("kr-")]
    assert len(found) == 2
    for one in found:
        said = scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"])
        assert said["ScheduleExpressionTimezone"] == "Asia/Seoul"
        assert "office-hours" in said["Target"]["Input"]
        assert not re.search(r"\bi-[0-9a-f]{8,}", said["Target"]["Input"])
