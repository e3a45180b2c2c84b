"""The wrong account, dead credentials and what only AWS can tell are refused by reads alone."""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.playbook import ROOT, Region
from tests.integration.rehearsal.neighbours import session

PREFLIGHT = "playbooks/preflight.yml"


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Region]:
    raised = Region.raised(ROOT / "inventories" / "us", tmp_path_factory.mktemp("strangers"))
    yield raised
    raised.lab.stop()


@pytest.fixture(autouse=True)
def empty(region: Region) -> EmbeddedAws:
    region.reset()
    return region.lab


def test_another_account_sees_one_read_and_no_write(region: Region) -> None:
    run = region.play("site.yml", **region.lab.account_keys("999988887777"))
    assert run.rc != 0
    assert region.lab.reads()["actions"] == {"sts:GetCallerIdentity": 1}
    assert run.writes == []
    for words in ("999988887777", "111122223333", "region_allowed_account_ids", "AWS_PROFILE"):
        assert words in run.output


def test_credentials_that_have_expired_are_told_in_one_sentence(region: Region) -> None:
    region.lab.fail("GetCallerIdentity", "ExpiredToken", times=20)
    run = region.play(PREFLIGHT)
    assert run.rc != 0
    assert "credentials have expired" in run.output
    assert run.writes == []


def test_a_profile_that_does_not_exist_is_told_with_where_it_is_said(region: Region) -> None:
    without_keys = dict.fromkeys((name for name in region.lab.environment if name != "AWS_ENDPOINT_URL"), "")
    run = region.play(PREFLIGHT, "-e", '{"region_environment": {"AWS_PROFILE": "nobody"}}', **without_keys)
    assert run.rc != 0
    assert "nobody" in run.output
    assert "region_environment" in run.output
    assert region.lab.reads()["total"] == 0


def test_a_zone_that_the_account_does_not_have_is_told_with_those_it_has(region: Region, tmp_path: Path) -> None:
    copied = Region(tmp_path / "us", region.lab, tmp_path)
    for file in (ROOT / "inventories" / "us").rglob("*.yml"):
        target = copied.inventory / file.relative_to(ROOT / "inventories" / "us")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text(encoding="utf-8").replace("us-west-2c", "us-west-2x"), encoding="utf-8")
    run = copied.play(PREFLIGHT)
    assert run.rc != 0
    assert "us-west-2x" in run.output
    assert "us-west-2a, us-west-2b, us-west-2c" in run.output
    assert run.writes == []


def test_a_quota_without_room_is_told_with_the_way_to_more(region: Region) -> None:
    for _ in range(5):
        session(region)("ec2").allocate_address(Domain="vpc")
    run = region.play(PREFLIGHT)
    assert run.rc != 0
    assert "EC2-VPC Elastic IPs is 5" in run.output
    assert "request-service-quota-increase" in run.output
    assert run.writes == []


def test_a_quota_that_cannot_be_read_is_a_warning(region: Region) -> None:
    region.lab.fail("GetServiceQuota", "AccessDeniedException", times=20)
    run = region.play(PREFLIGHT)
    assert run.rc == 0
    assert "could not be read, so it is not checked" in run.output


def test_a_file_that_is_no_yaml_is_named_with_the_line(region: Region, tmp_path: Path) -> None:
    copied = Region(tmp_path / "us", region.lab, tmp_path)
    shutil.copytree(ROOT / "inventories" / "us", copied.inventory)
    network = copied.inventory / "host_vars" / "network.yml"
    network.write_text(network.read_text() + "network_vpcs: []\n")
    run = copied.play("site.yml")
    assert run.rc != 0
    assert f"{network}:{len(network.read_text().splitlines())}:1 cannot be read" in run.output
    assert "duplicate mapping key 'network_vpcs'" in run.output
    assert region.lab.reads()["total"] == 0
