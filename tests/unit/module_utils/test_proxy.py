# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sites, upstreams and certificates of a proxy: what fits passes, and each thing that does not is told by itself."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _proxy

SITE = {
    "name": "infer",
    "server_names": ["us.infer.example.com", "*.us.infer.example.com"],
    "certificate": "infer",
    "upstream": "models",
    "routes": [{"path": "/apps/", "upstream": "apps"}],
    "allowed_cidrs": ["203.0.113.0/24"],
    "probe": {"path": "/v1/models"},
}
UPSTREAMS = [
    {
        "name": "models",
        "servers": [{"address": "models.example.internal", "port": 8000}],
        "trusted_ca_file": "/etc/a.pem",
    },
    {"name": "apps", "servers": [{"address": "10.0.0.1", "port": 80}, {"address": "b", "port": 80, "backup": True}]},
]


def faults(site: t.Mapping[str, t.Any] | None = None, upstream: t.Mapping[str, t.Any] | None = None) -> list[str]:
    """What is wrong with the good example when something of it is another."""
    return _proxy.faults([{**SITE, **(site or {})}], [{**UPSTREAMS[0], **(upstream or {})}, UPSTREAMS[1]], ["infer"])


def test_what_fits_passes() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("site", "sentence"),
    [
        ({"name": "In fer"}, "'In fer' is no name"),
        ({"server_names": []}, "server_names is empty"),
        ({"server_names": ["a.test; return 200"]}, "'a.test; return 200' is no name of a server"),
        ({"server_names": ["a.test", "a.test"]}, "a.test is there 2 times"),
        ({"certificate": "other"}, "certificate 'other' is not in proxy_certificates (there are: infer)"),
        ({"upstream": "other"}, "upstream 'other' is not in proxy_upstreams (there are: apps, models)"),
        ({"routes": [{"path": "/a/", "upstream": "other"}]}, "upstream 'other' is not in proxy_upstreams"),
        ({"routes": [{"path": "/", "upstream": "apps"}]}, "'/' is no path of a route"),
        ({"routes": [{"path": "/a { }", "upstream": "apps"}]}, "'/a { }' is no path of a route"),
        ({"routes": [{"path": "/a/", "upstream": "apps"}] * 2}, "routes: /a/ is there 2 times"),
        ({"host_header": "a b"}, "host_header 'a b' is no host"),
        ({"allowed_cidrs": ["203.0.113.7/24"]}, "'203.0.113.7/24' in allowed_cidrs is no range"),
        ({"burst": 5}, "burst needs requests_per_second"),
        ({"probe": {"path": "v1"}}, "probe: 'v1' is no path"),
    ],
)
def test_what_does_not_fit_in_a_site_is_told(site: dict[str, t.Any], sentence: str) -> None:
    assert any(sentence in fault for fault in faults(site)), faults(site)


@pytest.mark.parametrize(
    ("upstream", "sentence"),
    [
        ({"servers": []}, "servers has none that is no backup"),
        ({"servers": [{"address": "a", "port": 80, "backup": True}]}, "servers has none that is no backup"),
        ({"servers": [{"address": "a:80", "port": 80}]}, "'a:80' is no address"),
        ({"servers": [{"address": "a", "port": 0}]}, "port 0 of a is none"),
        ({"tls_name": "a b"}, "tls_name 'a b' is no name"),
        ({"trusted_ca_file": "/etc/a;"}, "trusted_ca_file '/etc/a;' is no path"),
        ({"trusted_cas": ["inner"]}, "trusted by trusted_cas and by trusted_ca_file"),
        ({"trusted_cas": ["inner"], "trusted_ca_file": "", "protocol": "http"}, "over http it shows none"),
        ({"name": "apps"}, "proxy_upstreams: apps is there 2 times"),
    ],
)
def test_what_does_not_fit_in_an_upstream_is_told(upstream: dict[str, t.Any], sentence: str) -> None:
    assert any(sentence in fault for fault in faults(upstream=upstream)), faults(upstream=upstream)


def test_a_proxy_without_sites_and_a_certificate_that_nobody_shows_are_told() -> None:
    assert any("proxy_sites is empty" in fault for fault in _proxy.faults([], UPSTREAMS, []))
    assert _proxy.faults([SITE], UPSTREAMS, ["infer", "old"]) == [
        "proxy_certificates, old: no site shows it; name it in a site or take it out"
    ]


def test_a_certificate_is_for_the_names_of_all_sites_that_show_it() -> None:
    second = {**SITE, "name": "second", "server_names": ["second.test"]}
    entries = [{"name": "infer", "source": "secret"}, {"name": "old", "source": "secret"}]
    told = _proxy.certificate_entries(entries, [SITE, second])
    assert [entry["domains"] for entry in told] == [
        ["*.us.infer.example.com", "second.test", "us.infer.example.com"],
        [],
    ]
    assert told[0]["source"] == "secret"


def test_a_node_is_told_what_to_ask_its_sites() -> None:
    silent = {**SITE, "name": "silent", "probe": None}
    told = _proxy.node_sites([SITE, silent], {"infer": "/certificates/infer-1"})
    assert told[0] == {
        "name": "infer",
        "server_name": "us.infer.example.com",
        "certificate": "/certificates/infer-1.pem",
        "probe": {"status": 200, "path": "/v1/models"},
    }
    assert told[1]["probe"] is None


def test_upstreams_that_private_cas_vouch_for_are_listed_with_them() -> None:
    upstreams = [{"name": "models", "trusted_cas": ["inner", "inner-2"]}, {"name": "apps", "trusted_cas": []}]
    assert _proxy.trusts([*upstreams, {"name": "more"}]) == [{"name": "models", "cas": ["inner", "inner-2"]}]
