# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import GPU, NAME, Network, Pool

SSM_IMAGE = f"resolve:ssm:{GPU}/image_id"


@pytest.fixture
def pool(client: t.Any, network: Network) -> Pool:
    return Pool(client, network)


def test_a_zone_without_room_is_told_and_another_is_taken(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"us-west-2a": 0}})
    pool.make()
    assert pool.zones() == ["b"]
    (message,) = pool.failures()
    assert message.startswith("We currently do not have sufficient g5.xlarge capacity in the Availability Zone")
    assert message.endswith("Launching EC2 instance failed.")
    failed = next(one for one in pool.activities() if one["StatusCode"] == "Failed")
    assert json.loads(failed["Details"])["Availability Zone"] == "us-west-2a"
    assert "Status Reason: We currently" in failed["Description"]


def test_a_group_without_room_stays_short_and_launches_once_there_is_some(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}})
    pool.make(DesiredCapacity=2)
    assert pool.group()["DesiredCapacity"] == 2
    assert pool.ids() == []
    assert len(pool.failures()) == 3
    aws.capacity({"g5.xlarge": {"*": None}})
    assert len(pool.ids()) == 2


def test_a_vcpu_quota_ends_as_a_failed_activity(aws: EmbeddedAws, pool: Pool) -> None:
    aws.limits(vcpus_g=4)
    pool.make(DesiredCapacity=2)
    assert len(pool.ids()) == 1
    assert "current vCPU limit of 4" in pool.failures()[0]


def test_an_image_that_went_ends_as_a_failed_activity(pool: Pool) -> None:
    pool.make()
    own = pool.ec2.create_image(InstanceId=pool.ids()[0], Name="ours")["ImageId"]
    pool.change(LaunchTemplate=pool.version(ImageId=own))
    pool.ec2.deregister_image(ImageId=own)
    pool.change(DesiredCapacity=2)
    assert len(pool.ids()) == 1
    assert pool.failures()[0] == f"The image id '[{own}]' does not exist. Launching EC2 instance failed."


def test_a_parameter_is_resolved_when_a_machine_is_launched(aws: EmbeddedAws, pool: Pool) -> None:
    pool.make(LaunchTemplate=pool.version(ImageId=SSM_IMAGE), DesiredCapacity=1)
    aws.new_images()
    pool.change(DesiredCapacity=2)
    images = [one["ImageId"] for one in pool.group()["Instances"]]
    assert images[0] == pool.image
    assert images[1] != pool.image


def test_the_first_type_with_room_is_taken(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}})
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge", "g4dn.xlarge"]))
    assert [one["InstanceType"] for one in pool.group()["Instances"]] == ["g4dn.xlarge"]
    shown = pool.group()["MixedInstancesPolicy"]
    assert [one["InstanceType"] for one in shown["LaunchTemplate"]["Overrides"]] == ["g5.xlarge", "g4dn.xlarge"]
    assert shown["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateName"] == NAME
    assert shown["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 100


def test_without_any_room_a_policy_names_the_code(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}, "g4dn.xlarge": {"*": 0}})
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge", "g4dn.xlarge"]))
    assert pool.failures()[0].startswith("Could not launch On-Demand Instances. InsufficientInstanceCapacity - We ")


def test_on_demand_comes_first_and_then_its_share(pool: Pool) -> None:
    shares = {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0}
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge"], **shares), DesiredCapacity=3)
    lifecycles = [pool.machine(one).get("InstanceLifecycle") for one in pool.ids()]
    assert lifecycles == [None, "spot", "spot"]


def test_a_policy_keeps_what_a_change_leaves_out(pool: Pool) -> None:
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge", "g4dn.xlarge"], OnDemandBaseCapacity=1))
    pool.change(MixedInstancesPolicy={"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50}})
    shown = pool.group()["MixedInstancesPolicy"]
    assert len(shown["LaunchTemplate"]["Overrides"]) == 2
    assert shown["InstancesDistribution"]["OnDemandBaseCapacity"] == 1
    assert shown["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 50
    pool.change(LaunchTemplate=pool.template)
    assert "MixedInstancesPolicy" not in pool.group()
