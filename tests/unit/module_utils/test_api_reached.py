"""What a run says of consumers who do not reach an API."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._api_reached import Way, complaint
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import broken, passed, verdict

HOST = "abc.gr7.us-west-2.eks.amazonaws.com"


def way(consumer: str = "operator") -> Way:
    steps = [
        passed("dns", f"{HOST} is the endpoint"),
        broken("connection-pending", "nobody has let it in", "let it in"),
    ]
    return Way(consumer, "operator-a", verdict(steps))


def test_a_complaint_names_who_how_far_why_what_is_innocent_and_what_to_do() -> None:
    text = complaint("main", HOST, [way()])
    assert f"not reached by its own name {HOST}" in text
    assert "from operator (operator-a): tcp: connection-pending: nobody has let it in; let it in" in text
    assert f"innocent: dns: {HOST} is the endpoint" in text


def test_every_consumer_that_fails_has_its_line() -> None:
    text = complaint("main", HOST, [way(), way("partner")])
    assert "from operator" in text
    assert "from partner" in text


def test_a_way_is_told_as_plain_data() -> None:
    told = way().told()
    assert (told["consumer"], told["subnet"], told["reached"], told["cause"]) == (
        "operator", "operator-a", False, "connection-pending",
    )  # fmt: skip
