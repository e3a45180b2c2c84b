# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Attributes of load balancers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
"""

from __future__ import annotations

import json
import sys
import typing as t

from lab.embedded_aws.truth.elbv2.attributes import Table, check, choice, first_values, flag, number, text
from lab.embedded_aws.truth.elbv2.base import (
    Backend,
    Response,
    action,
    answer,
    misconfigured,
    pairs,
    params,
    settings,
)
from lab.embedded_aws.truth.elbv2.finding import load_balancer
from lab.embedded_aws.truth.elbv2.state import APPLICATION, NETWORK, LoadBalancer


def _logs(kind: str) -> Table:
    return {f"{kind}.s3.enabled": flag(), f"{kind}.s3.bucket": text(), f"{kind}.s3.prefix": text()}


TABLES: dict[str, Table] = {
    APPLICATION: {
        **_logs("access_logs"),
        "idle_timeout.timeout_seconds": number("60", 1, 4000),
        "deletion_protection.enabled": flag(),
        "routing.http2.enabled": flag("true"),
        "routing.http.drop_invalid_header_fields.enabled": flag(),
        "routing.http.xff_client_port.enabled": flag(),
        "routing.http.preserve_host_header.enabled": flag(),
        "routing.http.xff_header_processing.mode": choice("append", "append", "preserve", "remove"),
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": flag(),
        "routing.http.desync_mitigation_mode": choice("defensive", "monitor", "defensive", "strictest"),
        "load_balancing.cross_zone.enabled": choice("true", "true"),
        "client_keep_alive.seconds": number("3600", 60, 604800),
        "waf.fail_open.enabled": flag(),
        "zonal_shift.config.enabled": flag(),
        "ipv6.deny_all_igw_traffic": flag(),
        **_logs("connection_logs"),
        **_logs("health_check_logs"),
    },
    NETWORK: {
        **_logs("access_logs"),
        "deletion_protection.enabled": flag(),
        "load_balancing.cross_zone.enabled": flag(),
        "ipv6.deny_all_igw_traffic": flag(),
        "dns_record.client_routing_policy": choice(
            "any_availability_zone",
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ),
        "zonal_shift.config.enabled": flag(),
        "secondary_ips.auto_assigned.per_subnet": number("0", 0, 7),
    },
}
KNOWN = {key for table in TABLES.values() for key in table}
# Who writes the logs: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
# and https://docs.aws.amazon.com/elasticloadbalancing/latest/network/enable-access-logs.html
WRITERS = {APPLICATION: "logdelivery.elasticloadbalancing.amazonaws.com", NETWORK: "delivery.logs.amazonaws.com"}


def defaults(kind: str, scheme: str) -> dict[str, str]:
    """What a new load balancer's attributes are."""
    denied = "true" if scheme == "internal" else "false"
    return {**first_values(TABLES[kind]), "ipv6.deny_all_igw_traffic": denied}


@action
def describe_load_balancer_attributes(response: Response) -> t.Any:
    balancer = load_balancer(response.elbv2_backend, params(response)["LoadBalancerArn"])
    return answer(Attributes=pairs(balancer.attributes))


@action
def modify_load_balancer_attributes(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    balancer = load_balancer(backend, given["LoadBalancerArn"])
    wanted = settings(given)
    kind = balancer.type
    check(TABLES[kind], KNOWN, wanted, "Load balancer", f"load balancers with type '{kind}'")
    after = {**balancer.attributes, **wanted}
    _check_logs(backend, balancer, wanted, after)
    secondary = "secondary_ips.auto_assigned.per_subnet"
    if int(after.get(secondary, 0)) < int(balancer.attributes.get(secondary, 0)):
        misconfigured(f"The value of '{secondary}' cannot be decreased")
    balancer.attributes = after
    return answer(Attributes=pairs(after))


def _check_logs(backend: Backend, balancer: LoadBalancer, wanted: dict[str, str], after: dict[str, str]) -> None:
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        asked = any(key.startswith(f"{kind}.") for key in wanted)
        if not asked or after.get(f"{kind}.s3.enabled") != "true":
            continue
        bucket = after[f"{kind}.s3.bucket"]
        if not bucket:
            misconfigured(f"The value of '{kind}.s3.bucket' must be specified when '{kind}.s3.enabled' is 'true'")
        if not _may_write(backend, bucket, balancer.type):
            misconfigured(f"Access Denied for bucket: {bucket}. Please check S3bucket permission")


def _may_write(backend: Backend, bucket: str, kind: str) -> bool:
    """Whether the bucket is in this region and its policy lets the writer of such logs put objects."""
    buckets = sys.modules.get("moto.s3.models")
    if buckets is None:
        return False
    found = buckets.s3_backends[backend.account_id][backend.partition].buckets.get(bucket)
    if found is None or found.region_name != backend.region_name or not found.policy:
        return False
    statements = json.loads(found.policy)["Statement"]
    return any(_grants(one, WRITERS[kind]) for one in (statements if isinstance(statements, list) else [statements]))


def _grants(statement: dict[str, t.Any], writer: str) -> bool:
    """Older regions name an account of AWS's, arn:...:root, in the writer's place."""
    principal, actions = json.dumps(statement.get("Principal")), json.dumps(statement.get("Action"))
    allowed = statement.get("Effect") == "Allow" and ("s3:PutObject" in actions or "s3:*" in actions)
    return allowed and (writer in principal or ":root" in principal)
