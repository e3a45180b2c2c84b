"""What services of an inventory need and no run makes."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

from lab.embedded_aws import needs
from lab.embedded_aws.client import EmbeddedAws

SERVICES: list[dict[str, t.Any]] = [
    {
        "name": "guard",
        "containers": [
            {"image": {"repository": "guard", "tag": "prod-20260701-0930"}, "secrets": {"KEY": {"secret": "us/key"}}},
            {"image": {"uri": "public.ecr.aws/nginx/nginx:1"}, "secrets": {"TOKEN": {"parameter": "/us/token"}}},
        ],
    },
    {
        "name": "worker",
        "containers": [{"image": {"repository": "worker", "newest": "prod"}, "secrets": {"KEY": {"secret": "us/key"}}}],
    },
]


def test_images_of_the_regions_own_repositories_and_secrets_are_named_once() -> None:
    assert needs.of(SERVICES, "us") == (
        ["us/guard:prod-20260701-0930", f"us/worker:prod-{needs.NEWEST}"],
        ["us/key"],
        ["/us/token"],
    )


def test_what_is_needed_is_brought_by_one_command() -> None:
    lab = EmbeddedAws.start()
    try:
        command = [sys.executable, "-m", "lab.embedded_aws", "publish", "--region=us-west-2", "--needed-by=us"]
        subprocess.run(command, input=json.dumps(SERVICES), text=True, env=lab.environment, check=True)
        held = {thing["kind"] for thing in lab.holdings() if not thing["default"]}
        assert held == {"secretsmanager:secret", "ssm:parameter"}
    finally:
        lab.stop()


def test_certificates_that_proxies_show_from_secrets_are_named_with_their_domains(tmp_path: Path) -> None:
    folder = tmp_path / "group_vars"
    folder.mkdir()
    said = {
        "proxy_sites": [
            {"name": "a", "server_names": ["a.example.com", "*.a.example.com"], "certificate": "shown"},
            {"name": "b", "server_names": ["{{ somewhere }}"], "certificate": "unknown"},
        ],
        "proxy_certificates": [
            {"name": "shown", "source": "secret", "secret": "us/proxy/a"},
            {"name": "unknown", "source": "secret", "secret": "us/proxy/b"},
            {"name": "signed", "source": "private_ca", "ca": "inner"},
        ],
    }
    (folder / "role_proxy.yml").write_text(json.dumps(said), encoding="utf-8")
    (folder / "nodes.yml").write_text("", encoding="utf-8")
    assert needs.certificates(tmp_path) == {"us/proxy/a": ["*.a.example.com", "a.example.com"]}
