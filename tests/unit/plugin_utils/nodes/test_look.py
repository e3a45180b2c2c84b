# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes of several AWS regions and accounts, and what happens when one does not answer."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.listing import Wanted
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.look import look
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Place

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.plugin_utils.nodes.world import ACCOUNT, PARTNER, World, profiles

OREGON, SEOUL = "us-west-2", "ap-northeast-2"


@pytest.fixture
def here(embedded_aws: EmbeddedAws) -> World:
    return World(embedded_aws)


def test_several_regions_and_accounts_are_one_list(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = World(here.lab, SEOUL, new_account=False)
    partner = World(here.lab, SEOUL, PARTNER)
    profiles(tmp_path, monkeypatch, ours=here, partner=partner)
    expected = {
        here.machine(): (ACCOUNT, OREGON),
        there.hybrid()[0]: (ACCOUNT, SEOUL),
        partner.machine(): (PARTNER, SEOUL),
    }
    places = [Place(OREGON, "ours"), Place(SEOUL, "ours"), Place(SEOUL, "partner")]
    found = look(places, Wanted())
    assert found.failures == []
    assert {one["id"]: (one["account"], one["aws_region"]) for one in found.nodes} == expected
    assert {one["account"]: one["profile"] for one in found.nodes} == {ACCOUNT: "ours", PARTNER: "partner"}


def test_a_role_is_taken_with_the_credentials_of_the_profile(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles(tmp_path, monkeypatch, ours=here)
    arn = here.iam.get_role(RoleName="machine")["Role"]["Arn"]
    machine, said = here.machine(), list[dict[str, t.Any]]()
    call = Aws.call

    def noted(self: Aws, service: str, action: str, /, **params: t.Any) -> t.Any:
        said.extend([params] if action == "assume_role" else [])
        return call(self, service, action, **params)

    monkeypatch.setattr(Aws, "call", noted)
    (one,) = look([Place(OREGON, "ours", arn, "a word")], Wanted()).nodes
    assert (one["id"], one["role_arn"], one["profile"]) == (machine, arn, "ours")
    assert [(asked["RoleArn"], asked["ExternalId"]) for asked in said] == [(arn, "a word")]
    assert here.lab.reads()["actions"]["sts:GetCallerIdentity"] == 1


def test_a_wrong_account_is_refused_before_anything_is_listed_anywhere(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = World(here.lab, SEOUL, PARTNER)
    profiles(tmp_path, monkeypatch, ours=here, partner=partner)
    here.lab.clear_journal()
    places = [Place(OREGON, "ours", allowed_account_ids=(ACCOUNT,)), Place(SEOUL, "partner", "", "", (ACCOUNT,))]
    with pytest.raises(InputError, match=PARTNER):
        look(places, Wanted())
    assert set(here.lab.reads()["actions"]) == {"sts:GetCallerIdentity"}


def test_a_region_that_does_not_answer_is_told_beside_the_nodes_of_the_others(here: World) -> None:
    machine = here.machine()
    here.lab.fail("DescribeInstances", "UnauthorizedOperation", times=1)
    found = look([Place(OREGON), Place(SEOUL)], Wanted())
    assert len(found.failures) == 1
    assert "UnauthorizedOperation" in found.failures[0]
    # Whichever region asked first met the fault; the machine is listed unless that was its own.
    assert found.failures[0].startswith((OREGON, SEOUL))
    assert [one["id"] for one in found.nodes] == ([machine] if found.failures[0].startswith(SEOUL) else [])


def test_an_account_without_credentials_is_told_and_hides_no_other(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles(tmp_path, monkeypatch, ours=here)
    machine = here.machine()
    found = look([Place(OREGON, "ours"), Place(OREGON, "nobody")], Wanted())
    assert [one["id"] for one in found.nodes] == [machine]
    assert found.failures[0].startswith("us-west-2 (profile nobody): ")


def test_when_no_place_answers_there_is_no_list(here: World) -> None:
    here.lab.fail("DescribeInstances", "UnauthorizedOperation", times=9)
    with pytest.raises(RegionError, match="UnauthorizedOperation"):
        look([Place(OREGON), Place(SEOUL)], Wanted())
    here.lab.clear_faults()
