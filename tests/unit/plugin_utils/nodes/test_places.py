# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where nodes are looked for, by a source's options and by the region beside it."""

from __future__ import annotations

import os
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Place
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.places import environment, places, variables

SOURCE = "inventories/us/nodes.ssm_nodes.yml"
REGION: dict[str, t.Any] = {
    "region_name": "us",
    "region_aws_region": "us-west-2",
    "region_allowed_account_ids": ["111122223333"],
    "region_environment": {"AWS_PROFILE": "production", "AWS_CA_BUNDLE": "/etc/ca.pem"},
}


@pytest.fixture(autouse=True)
def _no_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def test_what_options_leave_out_the_region_says() -> None:
    assert places({}, REGION, SOURCE) == [Place("us-west-2", "production", allowed_account_ids=("111122223333",))]


def test_options_go_before_the_region() -> None:
    said = {"aws_regions": ["eu-central-1"], "allowed_account_ids": ["444455556666"], "profile": "other"}
    assert places(said, REGION, SOURCE) == [Place("eu-central-1", "other", "", "", ("444455556666",))]


def test_each_account_has_its_regions_and_what_it_leaves_out_is_said_beside_it() -> None:
    accounts = [
        {"profile": "one", "aws_regions": ["us-east-1", "us-east-2"]},
        {"role_arn": "arn:aws:iam::444455556666:role/x", "external_id": "e", "allowed_account_ids": ["444455556666"]},
    ]
    assert places({"accounts": accounts}, REGION, SOURCE) == [
        Place("us-east-1", "one", "", "", ("111122223333",)),
        Place("us-east-2", "one", "", "", ("111122223333",)),
        Place("us-west-2", "production", "arn:aws:iam::444455556666:role/x", "e", ("444455556666",)),
    ]


def test_a_place_that_is_named_twice_is_looked_at_once() -> None:
    assert len(places({"aws_regions": ["us-west-2", "us-west-2"]}, REGION, SOURCE)) == 1


def test_without_a_region_it_is_said_where_one_could_be_named() -> None:
    with pytest.raises(InputError, match=r"aws_regions in .*, or region_aws_region in inventories/us/group_vars/all"):
        places({}, {}, SOURCE)


def test_a_misspelt_word_of_an_account_is_told() -> None:
    with pytest.raises(InputError, match="regions"):
        places({"accounts": [{"regions": ["us-west-2"]}]}, REGION, SOURCE)


def test_a_shell_that_leads_elsewhere_brings_its_own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a rehearsal does: the region's profile is for the real account."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert places({}, REGION, SOURCE)[0].profile == ""
    assert variables(REGION) == {}


def test_the_regions_environment_is_there_while_aws_is_asked_and_not_longer() -> None:
    said = variables(REGION)
    assert said == {"AWS_CA_BUNDLE": "/etc/ca.pem"}
    os.environ["AWS_MAX_ATTEMPTS"] = "12"
    with environment({**said, "AWS_MAX_ATTEMPTS": "3"}):
        assert (os.environ["AWS_CA_BUNDLE"], os.environ["AWS_MAX_ATTEMPTS"]) == ("/etc/ca.pem", "3")
    assert "AWS_CA_BUNDLE" not in os.environ
    assert os.environ.pop("AWS_MAX_ATTEMPTS") == "12"
