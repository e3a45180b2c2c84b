"""A call that did its work and whose answer was lost is sent again, and what AWS then refuses is no error.

Creates are in the tests of their kinds; here are other writes that AWS does not take twice.
"""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds import network_world, test_iam_role


@pytest.fixture
def iam(aws: Aws, embedded_aws: EmbeddedAws) -> test_iam_role.World:
    return test_iam_role.World(aws, embedded_aws)


def test_the_default_group_is_closed(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    world = network_world.World(aws, embedded_aws)
    embedded_aws.reset_connections("RevokeSecurityGroup*", applied=True, each=True)
    world.apply("vpcs", network_world.MAIN)
    assert world.fields("vpcs")["main"]["default_security_group_closed"]


def test_a_profile_is_filled(iam: test_iam_role.World) -> None:
    iam.roles(test_iam_role.role())
    iam.lab.reset_connections("AddRoleToInstanceProfile", applied=True)
    iam.profiles("node")
    assert iam.inside("us-node") == ["us-node"]


def test_a_profile_that_somebody_else_filled_is_an_error(iam: test_iam_role.World) -> None:
    iam.roles(test_iam_role.role())
    iam.lab.fail("AddRoleToInstanceProfile", "LimitExceeded", status=409)
    with pytest.raises(RegionError, match="LimitExceeded"):
        iam.profiles("node")
