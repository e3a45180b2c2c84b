# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route 53's health checks as HAProxy makes them."""

from __future__ import annotations

import typing as t

import pytest

from lab.plane import checkers

CHECK = {"Id": "c1", "IPAddress": "198.18.0.1", "Port": 443, "RequestInterval": 30, "FailureThreshold": 3}


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"Type": "TCP"}, ["server it 198.18.0.1:443 check inter 500ms rise 3 fall 3 source 15.177.0.10"]),
        (
            {"Type": "HTTP", "ResourcePath": "/alive"},
            [
                'http-check send meth GET uri "/alive" ver HTTP/1.1 hdr Host 198.18.0.1',
                "http-check expect status 200-399",
            ],
        ),
        (
            {"Type": "HTTPS", "FullyQualifiedDomainName": "a.example.com", "EnableSNI": True},
            ["server it 198.18.0.1:443 check inter 500ms rise 3 fall 3 check-ssl verify none check-sni a.example.com"],
        ),
    ],
)
def test_a_check_asks_what_it_says(more: dict[str, t.Any], wanted: list[str]) -> None:
    lines = [line.strip() for line in checkers.frame([{**CHECK, **more}], 60).splitlines()]
    assert lines[0] == "backend checker:c1"
    for one in wanted:
        assert any(line.startswith(one) for line in lines), one
    assert ("option httpchk" in lines) == (more["Type"] != "TCP")
