"""Print a token for a cluster's Kubernetes API, as `aws eks get-token` does: a kubeconfig of ours runs it.

The token is a signed request that asks AWS who the caller is; the cluster sends it on and believes the answer. It is
good for fifteen minutes. https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
"""

from __future__ import annotations

import argparse
import base64
import json
import typing as t
from datetime import UTC, datetime, timedelta

import boto3

HEADER = "x-k8s-aws-id"
SIGNED_FOR_SECONDS = 60
GOOD_FOR = timedelta(minutes=14)


def token(sts: t.Any, cluster: str) -> str:
    """Return the token for a cluster by its name in AWS; ``sts`` is a client of its region."""

    def name_the_cluster(request: t.Any, **_event: t.Any) -> None:
        request.headers.add_header(HEADER, cluster)

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", name_the_cluster)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=SIGNED_FOR_SECONDS, HttpMethod="GET")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def credential(made: str, now: datetime) -> dict[str, t.Any]:
    """Return the token as a credential plugin prints it."""
    until = (now + GOOD_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    version = "client.authentication.k8s.io/v1beta1"
    return {
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": {},
        "status": {"expirationTimestamp": until, "token": made},
    }


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--region", required=True)
    asked = parser.parse_args()
    sts = boto3.client("sts", region_name=asked.region)
    print(json.dumps(credential(token(sts, asked.cluster), datetime.now(UTC))))


if __name__ == "__main__":
    main()
