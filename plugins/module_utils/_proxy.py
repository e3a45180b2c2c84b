# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a TLS proxy is asked to be: whether its sites, upstreams and certificates fit together. Pure.

Only what nginx would misread or take for something else is judged here; what it refuses by itself it refuses when its
configuration is tested. https://nginx.org/en/docs/http/server_names.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections import Counter

Entry = t.Mapping[str, t.Any]
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
# https://datatracker.ietf.org/doc/html/rfc1123#section-2.1
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.I)
SERVER_NAME = re.compile(r"(\*\.)?" + HOST.pattern, re.I)
PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
HOST_HEADER = re.compile(r"[A-Za-z0-9.:-]*")
WORD = re.compile(r"[^\s;{}'\"]*")


def faults(sites: t.Sequence[Entry], upstreams: t.Sequence[Entry], certificates: t.Iterable[str]) -> list[str]:
    """Return what does not fit, a sentence each: which variable, what is wrong, what would be right."""
    known, held = {upstream["name"] for upstream in upstreams}, list(certificates)
    found = [] if sites else ["proxy_sites is empty; a proxy without a site answers nobody: list one"]
    found += _names("proxy_sites", [site["name"] for site in sites])
    found += _names("proxy_upstreams", [upstream["name"] for upstream in upstreams])
    found += _names("proxy_certificates", held)
    found += _twice("server_names of proxy_sites", [name for site in sites for name in site["server_names"]])
    for site in sites:
        found += [f"proxy_sites, {site['name']}: {fault}" for fault in _site(site, known, set(held))]
    for upstream in upstreams:
        found += [f"proxy_upstreams, {upstream['name']}: {fault}" for fault in _upstream(upstream)]
    unused = sorted(set(held) - {site["certificate"] for site in sites})
    return found + [
        f"proxy_certificates, {name}: no site shows it; name it in a site or take it out" for name in unused
    ]


def certificate_entries(certificates: t.Sequence[Entry], sites: t.Sequence[Entry]) -> list[dict[str, t.Any]]:
    """Return certificates with the ``domains`` that they must be for: all server names of the sites that show them."""
    return [
        {
            **entry,
            "domains": sorted(
                {name for site in sites if site["certificate"] == entry["name"] for name in site["server_names"]}
            ),
        }
        for entry in certificates
    ]


def trusts(upstreams: t.Sequence[Entry]) -> list[dict[str, t.Any]]:
    """Return which private CAs upstreams are believed by, as the module ``server_certificates`` takes it."""
    return [{"name": one["name"], "cas": list(one["trusted_cas"])} for one in upstreams if one.get("trusted_cas")]


def node_sites(sites: t.Sequence[Entry], files: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """Return what a node has to know of its sites to check itself. ``files`` are paths by certificate, no suffix."""
    return [
        {
            "name": site["name"],
            "server_name": site["server_names"][0],
            "certificate": f"{files[site['certificate']]}.pem",
            "probe": {"status": 200, **site["probe"]} if site.get("probe") else None,
        }
        for site in sites
    ]


def _names(variable: str, names: t.Sequence[str]) -> list[str]:
    wrong = [name for name in names if not NAME.fullmatch(name)]
    bad = [f"{variable}: {name!r} is no name; write small letters, digits, - and _, such as infer" for name in wrong]
    return bad + _twice(variable, names)


def _twice(what: str, names: t.Iterable[str]) -> list[str]:
    return [
        f"{what}: {name} is there {count} times; once is right" for name, count in Counter(names).items() if count > 1
    ]


def _site(site: Entry, upstreams: t.Collection[str], certificates: t.Collection[str]) -> t.Iterator[str]:
    if not site["server_names"]:
        yield "server_names is empty; write the names that clients use"
    for name in site["server_names"]:
        if not SERVER_NAME.fullmatch(name):
            yield f"{name!r} is no name of a server; write one such as infer.us.example.com or *.us.example.com"
    if site["certificate"] not in certificates:
        yield f"certificate {site['certificate']!r} is not in proxy_certificates (there are: {_listed(certificates)})"
    routes = site.get("routes") or ()
    for upstream in [site["upstream"], *(route["upstream"] for route in routes)]:
        if upstream not in upstreams:
            yield f"upstream {upstream!r} is not in proxy_upstreams (there are: {_listed(upstreams)})"
    for route in routes:
        if not PATH.fullmatch(route["path"]) or route["path"] == "/":
            yield f"{route['path']!r} is no path of a route; write one such as /v1/ (all others go to its upstream)"
    yield from _twice("routes", [route["path"] for route in routes])
    yield from _manners(site)


def _manners(site: Entry) -> t.Iterator[str]:
    if not HOST_HEADER.fullmatch(site.get("host_header") or ""):
        yield f"host_header {site['host_header']!r} is no host; write one such as app.example.com, or leave it empty"
    for cidr in site.get("allowed_cidrs") or ():
        if not _is_network(cidr):
            yield f"{cidr!r} in allowed_cidrs is no range of addresses; write one such as 203.0.113.0/24"
    if site.get("burst") and not site.get("requests_per_second"):
        yield "burst needs requests_per_second, from which it departs"
    if site.get("probe") and not PATH.fullmatch(site["probe"]["path"]):
        yield f"probe: {site['probe']['path']!r} is no path; write one such as /v1/models"


def _upstream(upstream: Entry) -> t.Iterator[str]:
    servers = upstream["servers"]
    if not [server for server in servers if not server.get("backup")]:
        yield "servers has none that is no backup; nginx needs one"
    for server in servers:
        if not HOST.fullmatch(server["address"]):
            yield f"{server['address']!r} is no address; write a name or an IPv4 address, and the port as port"
        if not 0 < int(server["port"]) < 65536:
            yield f"port {server['port']} of {server['address']} is none; write one from 1 to 65535"
    if upstream.get("tls_name") and not HOST.fullmatch(upstream["tls_name"]):
        yield f"tls_name {upstream['tls_name']!r} is no name of a server"
    if not WORD.fullmatch(upstream.get("trusted_ca_file") or ""):
        yield f"trusted_ca_file {upstream['trusted_ca_file']!r} is no path"
    if upstream.get("trusted_cas") and upstream.get("trusted_ca_file"):
        yield "it is trusted by trusted_cas and by trusted_ca_file; write one of them"
    if upstream.get("trusted_cas") and upstream.get("protocol", "http") != "https":
        yield "trusted_cas says whose certificate is believed, and over http it shows none; write protocol: https"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _listed(names: t.Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
