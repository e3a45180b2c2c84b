# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the plane is in a network, and what leads to it from there."""

from __future__ import annotations

import pytest

from lab.plane import name_server, ways
from lab.plane.world import key_of, read
from tests.unit.lab.plane import plane_world as made


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [("10.0.0.0/16", "10.0.0.2"), ("10.4.128.0/20", "10.4.128.2"), ("203.0.113.70/24", "203.0.113.2")],
)
def test_the_resolver_of_a_network_is_its_second_address(cidr: str, expected: str) -> None:
    assert name_server(cidr) == expected


def test_machines_get_to_the_internet_to_public_addresses_and_to_peers_by_the_plane() -> None:
    found = ways("10.0.0.0/16")
    assert {"203.0.113.0/24 via 10.0.0.2", "198.18.0.0/15 via 10.0.0.2", "10.0.0.0/8 via 10.0.0.2"} <= set(found)
    assert "10.0.0.0/8 via 10.0.0.2" not in ways("10.0.0.0/8"), "its own range is no way to somewhere else"


def test_haproxy_knows_things_by_name_and_id() -> None:
    assert [key_of(one) for one in (made.EDGE, made.MODELS)] == ["edge.aa11", "models.dd44"]


def test_what_two_regions_tell_of_is_one_thing() -> None:
    zone = {"Id": "Z1", "Name": "example.com.", "PrivateZone": False, "Records": []}
    other = {"region": "q", "hosted_zones": [zone], "vpcs": [{"VpcId": "vpc-q", "CidrBlock": "10.3.0.0/16"}]}
    told = [{**made.snapshot(), "hosted_zones": [zone]}, other]
    world = read([{"snapshot": one, "registrations": {}, "certificates": {}} for one in told])
    assert len(world.region.all("hosted_zones")) == 1
    assert world.vpcs == {made.VPC: "10.0.0.0/16", made.OTHER_VPC: "10.9.0.0/16", "vpc-q": "10.3.0.0/16"}
