"""Names, values and owners of records, without AWS."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._dns import (
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
    for said in (
        {"ttl": 60, "values": ["10.0.0.1", "10.0.0.2"]},
        {"alias": {"dns_name": "x.example.com", "zone_id": "Z1", "evaluate_target_health": False}},
    ):
        assert shape(record_set(("api.example.com", "A"), said)) == said


def test_only_a_companion_of_the_region_makes_a_record_ours() -> None:
    def told(name: str) -> dict[str, object]:
        return record_set((name, "A"), {"ttl": 60, "values": ["10.0.0.1"]})

    ours = [told("a.example.com"), companion(("a.example.com", "A"), "us", "dns")]
    kr = [told("b.example.com"), companion(("b.example.com", "A"), "kr", "dns")]
    route53 = [record_set(("example.com", kind), {"ttl": 60, "values": ["ns.example"]}) for kind in ("NS", "SOA")]
    delegation = record_set(("sub.example.com", "NS"), {"ttl": 60, "values": ["ns.example"]})
    content = sort_out([*route53, *kr, delegation, *ours], "example.com", "us")
    assert list(content.ours) == [("a.example.com", "A")]
    assert content.theirs == [*kr, delegation]
