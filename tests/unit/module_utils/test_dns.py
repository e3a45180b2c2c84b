"""Names, values and owners of records, without AWS."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._dns import (
    clash,
    companion,
    full_name,
    plain,
    quoted,
    record_set,
    shape,
    short_name,
    sort_out,
    unquoted,
    values_found,
    values_wanted,
)
from hypothesis import given
from hypothesis import strategies as st

LATIN = st.text(st.characters(max_codepoint=255), max_size=600)


@given(LATIN)
def test_a_text_comes_back_as_it_went(text: str) -> None:
    assert unquoted(quoted(text)) == text


@given(LATIN)
def test_a_quoted_text_has_strings_of_at_most_255_bytes(text: str) -> None:
    for piece in quoted(text).split('" "'):
        assert len(unquoted(f'"{piece.strip(chr(34))}"')) <= 255 or '"' in text


def test_a_value_that_another_tool_wrote_in_several_strings_is_one_text() -> None:
    assert values_found("TXT", ['"v=spf1 " "-all"']) == ["v=spf1 -all"]


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("api", "api.example.com"),
        ("API", "api.example.com"),
        ("@", "example.com"),
        ("", "example.com"),
        ("*", "*.example.com"),
        ("*.dev", "*.dev.example.com"),
        ("api.example.com.", "api.example.com"),
        ("example.com", "example.com"),
        ("_acme-challenge.api", "_acme-challenge.api.example.com"),
    ],
)
def test_names_are_of_the_zone(name: str, full: str) -> None:
    assert full_name(name, "example.com") == full
    assert full_name(short_name(full, "example.com"), "example.com") == full


def test_escapes_of_route_53_are_read() -> None:
    assert plain("\\052.Example.com.") == "*.example.com"


@pytest.mark.parametrize(
    ("kind", "written", "given_back"),
    [
        ("A", "10.0.0.1", "10.0.0.1"),
        ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
        ("CNAME", "Host.Example.com", "host.example.com."),
        ("MX", "10 Mail.example.com", "10 mail.example.com."),
        ("SRV", "1 10 5269 Host.example.com.", "1 10 5269 host.example.com"),
        ("CAA", '0 issue "amazon.com"', '0 issue "amazon.com"'),
        ("TXT", "a b", '"a b"'),
    ],
)
def test_equal_values_are_equal_however_written(kind: str, written: str, given_back: str) -> None:
    assert values_wanted(kind, [written]) == values_found(kind, [given_back])


def test_a_record_set_has_the_shape_it_was_made_of() -> None:
    for key, said in (
        (("api.example.com", "A", ""), {"ttl": 60, "values": ["10.0.0.1", "10.0.0.2"]}),
        (
            ("api.example.com", "A", ""),
            {"alias": {"dns_name": "x.example.com", "zone_id": "Z1", "evaluate_target_health": False}},
        ),
        (("api.example.com", "A", "edge-a"), {"ttl": 60, "values": ["192.0.2.1"], "health_check": None}),
        (("api.example.com", "A", "edge-b"), {"ttl": 60, "values": ["192.0.2.2"], "health_check": "0a1b"}),
    ):
        assert shape(record_set(key, said)) == said


def told(name: str, identifier: str = "", **more: object) -> dict[str, object]:
    return {**record_set((name, "A", identifier), {"ttl": 60, "values": ["10.0.0.1"]}), **more}


def test_only_a_companion_of_the_region_makes_a_record_ours() -> None:
    ours = [told("a.example.com"), companion(("a.example.com", "A", ""), "us", "dns")]
    kr = [told("b.example.com"), companion(("b.example.com", "A", ""), "kr", "dns")]
    route53 = [record_set(("example.com", kind, ""), {"ttl": 60, "values": ["ns.example"]}) for kind in ("NS", "SOA")]
    delegation = record_set(("sub.example.com", "NS", ""), {"ttl": 60, "values": ["ns.example"]})
    content = sort_out([*route53, *kr, delegation, *ours], "example.com", "us")
    assert list(content.ours) == [("a.example.com", "A", "")]
    assert content.theirs == [*kr, delegation]


def test_of_multivalue_answers_each_has_its_own_companion() -> None:
    ours = [told("a.example.com", "edge-a"), companion(("a.example.com", "A", "edge-a"), "us", "edge")]
    theirs = [told("a.example.com", "hand"), told("a.example.com", "edge-a", MultiValueAnswer=None, Weight=1)]
    content = sort_out([*ours, *theirs], "example.com", "us")
    assert {key: (own.stack, own.record) for key, own in content.ours.items()} == {
        ("a.example.com", "A", "edge-a"): ("edge", ours[0])
    }
    assert content.theirs == theirs


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (("a.example.com", "A", "edge-b"), None),
        (("a.example.com", "A", "hand"), "a.example.com A (10.0.0.1)"),
        (("a.example.com", "A", ""), "a.example.com A (10.0.0.1)"),
        (("a.example.com", "CNAME", ""), "a.example.com A (10.0.0.1)"),
        (("a.example.com", "TXT", ""), None),
        (("b.example.com", "A", "edge-a"), "b.example.com A of stack dns"),
        (("c.example.com", "A", "edge-a"), "c.example.com A edge-a of stack dns"),
        (("c.example.com", "A", "edge-b"), None),
        (("c.example.com", "A", ""), "c.example.com A edge-a of stack dns"),
        (("d.example.com", "A", "edge-a"), "_cloister-a.d.example.com TXT (somebody)"),
    ],
)
def test_what_cannot_stand_side_by_side_is_told(key: tuple[str, str, str], why: str | None) -> None:
    keys = [("b.example.com", "A", ""), ("c.example.com", "A", "edge-a")]
    text = record_set(("_cloister-a.d.example.com", "TXT", ""), {"ttl": 60, "values": ["somebody"]})
    others = [told("a.example.com", "hand"), text, *(companion(one, "us", "dns") for one in keys)]
    content = sort_out(others, "example.com", "us")
    assert clash(key, content, "edge") == why
    assert clash(key, content, "dns") == (None if why and why.endswith("of stack dns") else why)
