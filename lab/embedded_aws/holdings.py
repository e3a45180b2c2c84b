# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that exists in every account and region, so that a test can say "nothing of ours is left" and mean it.

A holding is {kind, id, name, account, region, tags, default, fingerprint}: `kind` is service:type as in the tagging
API, `default` says AWS made it itself, `fingerprint` changes when anything about the thing changes. Things that AWS
still lists after their end (deleted NAT gateways, dead peerings) are not held.
"""

from __future__ import annotations

import hashlib
import json
import sys
import typing as t

from lab.embedded_aws.backend_lock import BACKEND

Holding = dict[str, t.Any]
ENDED = ("deleted", "failed", "rejected", "expired", "terminated")


def holdings() -> list[Holding]:
    """Every holding, sorted by kind and id."""
    with BACKEND:
        _let_time_pass()
        found = [*_network(), *_identity(), *_zones(), *_registries(), *_certificates(), *_scaling(), *_others()]
    return sorted(found, key=lambda one: (one["kind"], one["account"], one["region"], one["id"]))


def _let_time_pass() -> None:
    """What node groups stand on goes with them when their time has come."""
    if "lab.embedded_aws.truth.eks.nodes" in sys.modules:
        from lab.embedded_aws.truth.ec2.base import catch_up
        from lab.embedded_aws.truth.eks import base, nodes

        for backend in _backends("moto.eks.models", "eks_backends"):
            catch_up(base.ec2_of(backend))
            nodes.look(backend)


def _holding(
    kind: str,
    identifier: str,
    backend: t.Any,
    tags: dict[str, str],
    shown: t.Any,
    name: str = "",
    default: bool = False,
) -> Holding:
    text = json.dumps([shown, tags], default=str, sort_keys=True)
    return {
        "kind": kind, "id": identifier, "name": name or tags.get("Name", ""), "account": backend.account_id,
        "region": backend.region_name, "tags": tags, "default": default,
        "fingerprint": hashlib.sha256(text.encode()).hexdigest()[:16],
    }  # fmt: skip


def _backends(module: str, name: str) -> t.Iterator[t.Any]:
    loaded = sys.modules.get(module)
    for regions in list(getattr(loaded, name, {}).values()):
        yield from list(regions.values())


def _network() -> t.Iterator[Holding]:
    if "lab.embedded_aws.truth.ec2" not in sys.modules:
        return
    from lab.embedded_aws.truth.ec2.base import catch_up, tags_of
    from lab.embedded_aws.truth.ec2.kinds import KINDS

    for backend in _backends("moto.ec2.models", "ec2_backends"):
        catch_up(backend)
        for kind in KINDS.values():
            for thing in list(kind.objects(backend)):
                shown = kind.view(thing)
                if _state(shown) not in ENDED:
                    tags = dict(tags_of(backend, thing.id))
                    name = shown.get("GroupName", "")
                    yield _holding(f"ec2:{kind.type}", thing.id, backend, tags, shown, name, _by_aws(backend, thing))


def _state(shown: dict[str, t.Any]) -> str:
    """Most kinds have a state; a peering says it in a status, an instance under a name."""
    status, state = shown.get("Status"), shown.get("State")
    if isinstance(status, dict):
        return str(status.get("Code"))
    return str(state.get("Name") if isinstance(state, dict) else state)


def _by_aws(backend: t.Any, thing: t.Any) -> bool:
    """Whether AWS made the thing itself, with the account or with a VPC."""
    if getattr(thing, "is_default", False) is True or getattr(thing, "main_association_id", None):
        return True
    if getattr(thing, "requester_managed", False) or getattr(thing, "resource_owner_id", None) == "AWS":
        return True
    if _made_by_aws(thing):
        return True
    owner = getattr(thing, "vpc_id", None) or getattr(getattr(thing, "vpc", None), "id", None)
    vpc = backend.vpcs.get(owner)
    in_default = vpc is not None and vpc.is_default
    if thing.id.startswith("sgr-"):
        group = next((groups[thing.group_id] for groups in backend.groups.values() if thing.group_id in groups), None)
        return group is not None and group.is_default
    return in_default and thing.id.startswith(("subnet-", "igw-"))


def _made_by_aws(thing: t.Any) -> bool:
    """What EKS makes of itself is its own as long as the cluster or node group is there."""
    maker = getattr(thing, "made_by", None)
    return maker is not None and not maker.gone


def _identity() -> t.Iterator[Holding]:
    for backend in _backends("moto.iam.models", "iam_backends"):
        for role in backend.roles.values():
            shown = [role.path, role.assume_role_policy_document, sorted(role.managed_policies), role.policies]
            shown += [role.permissions_boundary_arn, role.description, role.max_session_duration]
            yield _holding("iam:role", role.arn, backend, _pairs(role.tags), shown, role.name)
        for policy in backend.managed_policies.values():
            if policy.account_id == backend.account_id and policy.arn.split(":")[4] != "aws":
                shown = [[version.document, version.is_default] for version in policy.versions]
                yield _holding("iam:policy", policy.arn, backend, _pairs(policy.tags), shown, policy.name)
        for profile in backend.instance_profiles.values():
            shown, tags = [role.name for role in profile.roles], _pairs(profile.tags)
            by_aws = _made_by_aws(profile)
            yield _holding("iam:instance-profile", profile.arn, backend, tags, shown, profile.name, by_aws)
        for provider in backend.open_id_providers.values():
            shown = [provider.url, provider.client_id_list, provider.thumbprint_list]
            yield _holding("iam:oidc-provider", provider.arn, backend, _pairs(provider.tags), shown, provider.url)


def _pairs(tags: t.Any) -> dict[str, str]:
    """moto keeps IAM tags as a list of pairs, or as a dict of pairs."""
    rows = tags.values() if isinstance(tags, dict) else tags or []
    return {row["Key"]: row["Value"] for row in rows}


def _zones() -> t.Iterator[Holding]:
    from lab.embedded_aws.truth.route53.records import view

    for backend in _backends("moto.route53.models", "route53_backends"):
        for zone in backend.zones.values():
            tags = dict(backend.resource_tags.get(zone.resource_id) or {})
            shown = [zone.comment, zone.vpcs, [view(record) for record in zone.rrsets]]
            yield _holding("route53:hostedzone", zone.resource_id, backend, tags, shown, zone.name)
        for check in backend.health_checks.values():
            tags = dict(backend.resource_tags.get(check.id) or {})
            yield _holding("route53:healthcheck", check.id, backend, tags, check.config, check.reference)


def _certificates() -> t.Iterator[Holding]:
    for backend in _backends("moto.acm.models", "acm_backends"):
        for one in backend._certificates.values():
            tags = {key: str(value) for key, value in one.tags.items()}
            shown = [one.type, one.status, one.cert.decode(), one.chain.decode()]
            yield _holding("acm:certificate", one.arn, backend, tags, shown)


def _registries() -> t.Iterator[Holding]:
    for backend in _backends("moto.ecr.models", "ecr_backends"):
        for repository in backend.repositories.values():
            tags = backend.tagger.get_tag_dict_for_resource(repository.arn)
            shown = [repository.lifecycle_policy, repository.policy, repository.image_tag_mutability]
            shown += [repository.image_scanning_configuration, [one.image_tags for one in repository.images]]
            yield _holding("ecr:repository", repository.arn, backend, tags, shown, repository.name)
        for prefix, rule in getattr(backend, "pull_through_rules", {}).items():
            yield _holding("ecr:pull-through-cache-rule", prefix, backend, {}, rule, prefix)


def _scaling() -> t.Iterator[Holding]:
    """Auto Scaling groups, which the tagging API does not list."""
    if "lab.embedded_aws.truth.autoscaling" not in sys.modules:
        return
    from lab.embedded_aws.truth.autoscaling.group import view
    from lab.embedded_aws.truth.autoscaling.underneath import tend_all

    for backend in _backends("moto.autoscaling.models", "autoscaling_backends"):
        tend_all(backend)
        for group in backend.autoscaling_groups.values():
            tags, by_aws = {one["Key"]: one["Value"] for one in group.tags}, _made_by_aws(group)
            yield _holding("autoscaling:autoScalingGroup", group.arn, backend, tags, view(group), group.name, by_aws)


def _others() -> t.Iterator[Holding]:
    """What any other service lists for the tagging API."""
    base, tagging = sys.modules.get("moto.core.base_backend"), sys.modules.get("moto.core.resource_tagging")
    if base is None or tagging is None:
        return
    for service in list(base.BackendDict._instances):
        if isinstance(service.backend, type) and issubclass(service.backend, tagging.TaggableResourcesMixin):
            for regions in list(service.values()):
                for backend in list(regions.values()):
                    yield from _listed(backend)


def _listed(backend: t.Any) -> t.Iterator[Holding]:
    from lab.embedded_aws.truth.ec2.kinds import KINDS

    known = {"acm:certificate", *(f"ec2:{kind.type}" for kind in KINDS.values())}
    for one in backend.iter_tagged_resources():
        # Public parameters are AWS's.
        if one.resource_type not in known and ":parameter/aws/" not in one.arn:
            identifier = one.arn.rpartition("/")[2] if one.resource_type.startswith("ec2:") else one.arn
            shown, name = one.extra.get("shown", one.arn), one.extra.get("name", "")
            yield _holding(one.resource_type, identifier, backend, dict(one.tags), shown, name)
