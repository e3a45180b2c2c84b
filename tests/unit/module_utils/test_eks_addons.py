"""Which version of an add-on is taken, and which settings it has."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _eks_addons
from ansible_collections.cloister.aws.plugins.module_utils._eks_addons import (
    Offered,
    choose,
    ordered,
    read_configuration,
    vet_configuration,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

NEW, DEFAULT, OLD, GONE = "v1.20.0-eksbuild.1", "v1.19.10-eksbuild.2", "v1.19.9-eksbuild.10", "v1.18.0-eksbuild.1"
THERE = Offered((NEW, DEFAULT, OLD), DEFAULT)


@pytest.mark.parametrize(
    ("wanted", "living", "taken"),
    [
        ("", "", DEFAULT),
        ("", OLD, OLD),
        ("", NEW, NEW),
        ("", GONE, DEFAULT),
        ("default", "", DEFAULT),
        ("default", OLD, DEFAULT),
        ("default", NEW, NEW),
        ("latest", "", NEW),
        ("latest", DEFAULT, NEW),
        (OLD, NEW, OLD),
    ],
)
def test_a_version_is_kept_followed_or_asked_for(wanted: str, living: str, taken: str) -> None:
    assert choose("vpc-cni", wanted, living, THERE, "1.33") == taken


def test_a_version_that_does_not_fit_is_refused_with_what_does() -> None:
    with pytest.raises(InputError, match=f"no version {GONE} for Kubernetes 1.33; AWS takes {DEFAULT} unasked"):
        choose("vpc-cni", GONE, "", THERE, "1.33")


def test_versions_are_ordered_by_their_numbers() -> None:
    assert sorted([OLD, NEW, DEFAULT, GONE], key=ordered) == [GONE, OLD, DEFAULT, NEW]


@pytest.mark.parametrize(("text", "read"), [(None, {}), ("", {}), ('{"a": 1}', {"a": 1}), ("a: 1", "a: 1")])
def test_settings_are_read_as_what_they_mean(text: str | None, read: t.Any) -> None:
    assert read_configuration(text) == read


SCHEMAS = [
    '{"properties": {"env": {}}, "additionalProperties": false}',
    '{"$ref": "#/definitions/VpcCni", "definitions": {"VpcCni": {"properties": {"env": {}}}}}',
]


class Aws:
    """An AWS that knows one schema."""

    def __init__(self, schema: str) -> None:
        self.schema = schema

    def call(self, *_: str, **__: str) -> dict[str, str]:
        return {"configurationSchema": self.schema}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_setting_that_is_not_in_the_schema_is_refused(schema: str) -> None:
    aws = t.cast(t.Any, Aws(schema))
    vet_configuration(aws, "vpc-cni", NEW, {"env": {"A": "1"}})
    with pytest.raises(InputError, match="has no setting evn; it has env"):
        vet_configuration(aws, "vpc-cni", NEW, {"evn": {}})


def test_a_schema_that_says_nothing_refuses_nothing() -> None:
    vet_configuration(t.cast(t.Any, Aws("")), "vpc-cni", NEW, {"env": {}})


def test_what_nodes_need_first_is_no_deployment() -> None:
    assert "coredns" not in _eks_addons.BEFORE_NODES
    assert {"vpc-cni", "kube-proxy"} < set(_eks_addons.BEFORE_NODES)
