"""How Helm gets to a cluster: by a tunnel, by the cluster's own certificate, with a token that it asks for itself."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import typing as t
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._cluster_access import Cluster, kubeconfig
from ansible_collections.cloister.aws.plugins.module_utils._x509 import issue, new_key, root

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.eks_apps.kubernetes_api import Api
from tests.integration.playbook import ROOT

HOST = "0123456789ABCDEF.gr7.ap-northeast-2.eks.amazonaws.com"
TOKEN = [sys.executable, str(ROOT / "roles/eks_apps/files/eks_token.py")]
HELM = Path(sys.executable).with_name("helm")


@pytest.fixture(scope="module")
def lab() -> t.Iterator[EmbeddedAws]:
    started = EmbeddedAws.start("--account", "444455556666")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def authority() -> tuple[str, str]:
    """The cluster's own CA: its key and its certificate."""
    key = new_key("EC_prime256v1")
    return key, root(key, "kubernetes", 365, [], datetime.now(UTC))


@pytest.fixture(scope="module")
def api(authority: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Api]:
    issued = issue(*authority, [HOST.lower()], 30, "EC_prime256v1", datetime.now(UTC))
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    pem.write_text(issued.private_key + issued.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    served = Api(context)
    yield served
    served.stop()


@pytest.fixture
def cluster(authority: tuple[str, str]) -> Cluster:
    pem = base64.b64encode(authority[1].encode()).decode()
    return Cluster("kr-main", "ap-northeast-2", f"https://{HOST.lower()}", pem, "vpc-1")


def helm_list(config: dict[str, t.Any], lab: EmbeddedAws, scratch: Path) -> subprocess.CompletedProcess[str]:
    """Ask for the releases of a namespace, as kubernetes.core.helm does first of all."""
    file = scratch / "kubeconfig"
    file.write_text(json.dumps(config))
    homes = {f"HELM_{what}_HOME": str(scratch) for what in ("CACHE", "CONFIG", "DATA")}
    said = {**os.environ, **lab.environment, **homes, "KUBECONFIG": str(file), "HELM_NAMESPACE": "apps"}
    return subprocess.run([HELM, "list"], env=said, capture_output=True, text=True, check=False, timeout=60)


def test_through_a_tunnel_the_certificate_is_still_the_clusters(
    api: Api, cluster: Cluster, lab: EmbeddedAws, tmp_path: Path
) -> None:
    done = helm_list(kubeconfig(cluster, api.address, TOKEN), lab, tmp_path)
    assert done.returncode == 0, done.stderr
    assert api.cluster.asked


def test_the_token_is_a_signed_request_that_names_the_cluster(
    api: Api, cluster: Cluster, lab: EmbeddedAws, tmp_path: Path
) -> None:
    helm_list(kubeconfig(cluster, api.address, TOKEN), lab, tmp_path)
    kind, _space, token = api.cluster.asked[-1][2].partition(" ")
    assert (kind, token.partition(".")[0]) == ("Bearer", "k8s-aws-v1")
    said = token.partition(".")[2]
    url = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()
    assert "Action=GetCallerIdentity" in url
    assert "x-k8s-aws-id" in url.partition("SignedHeaders=")[2].partition("&")[0]
    assert "X-Amz-Expires=60" in url


def test_who_answers_with_another_certificate_gets_no_token(
    api: Api, cluster: Cluster, lab: EmbeddedAws, tmp_path: Path
) -> None:
    before = len(api.cluster.asked)
    elsewhere = replace(cluster, endpoint="https://fedcba9876543210.gr7.ap-northeast-2.eks.amazonaws.com")
    done = helm_list(kubeconfig(elsewhere, api.address, TOKEN), lab, tmp_path)
    assert done.returncode != 0
    assert "certificate is valid for" in done.stderr
    assert len(api.cluster.asked) == before


def test_a_kubeconfig_holds_no_secret(cluster: Cluster) -> None:
    config = kubeconfig(cluster, "", TOKEN)
    assert set(config["users"][0]["user"]) == {"exec"}
    assert config["clusters"][0]["cluster"]["server"] == f"https://{HOST.lower()}"
