"""Ownership of what AWS keeps for a whole account."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._owner import HOME, Owner, elsewhere

OWNER = Owner("us", "identity")
TAGS = OWNER.tags_for("node")


def test_what_lives_in_another_aws_region_is_of_another_region_of_that_name() -> None:
    assert OWNER.owns_at(TAGS, "us-west-2")
    assert OWNER.owns_at({**TAGS, HOME: "us-west-2"}, "us-west-2")
    assert not OWNER.owns_at({**TAGS, HOME: "us-east-1"}, "us-west-2")
    assert not OWNER.owns_at({HOME: "us-west-2"}, "us-west-2")


def test_whose_it_is_is_told_where_that_is_known() -> None:
    assert elsewhere("role/node", {"owner": "somebody"}) == "role/node"
    assert "region us in us-east-1" in elsewhere("role/node", {**TAGS, HOME: "us-east-1"})
