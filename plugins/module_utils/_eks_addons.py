# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Add-ons of EKS clusters: what is offered for a version of Kubernetes, which one is taken, and what nodes need first.

https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html,
https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonConfiguration.html
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent")
"""What runs once on every node: a node is ready only with the first two, and pods take roles only with the third."""
ESSENTIAL = ("vpc-cni", "kube-proxy", "coredns")
"""What pods cannot do without: off the list, EKS lets go of them and leaves what runs."""
FOLLOW = ("", "default", "latest")
_NUMBER = re.compile(r"\d+")


class Offered(t.NamedTuple):
    """Versions of an add-on for one version of Kubernetes, newest first, and the one that AWS takes unasked."""

    versions: tuple[str, ...]
    default: str


def offered(aws: Aws, name: str, kubernetes: str) -> Offered:
    """Ask EKS what there is of an add-on. Raise `InputError` where it has none of that name."""
    listed = aws.pages("eks", "describe_addon_versions", "addons", addonName=name, kubernetesVersion=kubernetes)
    infos = [info for addon in listed if addon["addonName"] == name for info in addon["addonVersions"]]
    if not infos:
        raise InputError(
            f"EKS add-on {name}: EKS offers none of that name for Kubernetes {kubernetes} in {aws.region}; see aws eks "
            f"describe-addon-versions --kubernetes-version {kubernetes}"
        )
    versions = sorted((info["addonVersion"] for info in infos), key=ordered, reverse=True)
    default = next((info["addonVersion"] for info in infos if _default(info, kubernetes)), versions[0])
    return Offered(tuple(versions), default)


def choose(name: str, wanted: str, living: str, there: Offered, kubernetes: str) -> str:
    """Return the version that an add-on is to have.

    ``wanted`` is a version, or one of `FOLLOW`: "" keeps a living one as long as it fits the cluster, ``default`` and
    ``latest`` follow what AWS offers. None of them ever goes backwards.
    """
    if wanted not in FOLLOW:
        if wanted not in there.versions:
            raise InputError(
                f"EKS add-on {name}: there is no version {wanted} for Kubernetes {kubernetes}; AWS takes "
                f"{there.default} unasked, and the newest are {', '.join(there.versions[:4])}"
            )
        return wanted
    target = there.versions[0] if wanted == "latest" else there.default
    fits = living in there.versions
    if fits and (wanted == "" or ordered(living) > ordered(target)):
        return living
    return target


def ordered(version: str) -> tuple[int, ...]:
    """Return what versions like ``v1.18.3-eksbuild.1`` are ordered by."""
    return tuple(int(number) for number in _NUMBER.findall(version))


def read_configuration(text: str | None) -> t.Any:
    """Return an add-on's own settings; what is no JSON, as EKS takes YAML too, as text."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def configuration_text(said: t.Mapping[str, t.Any]) -> str:
    """Return settings as they are sent."""
    return json.dumps(said, separators=(",", ":"), sort_keys=True)


def vet_configuration(aws: Aws, name: str, version: str, said: t.Mapping[str, t.Any]) -> None:
    """Refuse settings that the add-on does not have, before anything is written; EKS itself judges their values."""
    answer = aws.call("eks", "describe_addon_configuration", addonName=name, addonVersion=version)
    schema = json.loads(answer.get("configurationSchema") or "{}")
    known = _properties(schema)
    if schema.get("additionalProperties", True) is not False and not known:
        return
    strange = sorted(set(said) - known)
    if strange:
        raise InputError(
            f"EKS add-on {name} {version} has no setting {', '.join(strange)}; it has "
            f"{', '.join(sorted(known)) or 'none'}"
        )


def _properties(schema: t.Mapping[str, t.Any]) -> set[str]:
    """Return the names of settings at the top; schemas of EKS often only point at a definition."""
    target: t.Any = schema
    for step in str(schema.get("$ref", "#")).removeprefix("#").strip("/").split("/"):
        target = target.get(step, {}) if step else target
    return set(target.get("properties", {}))


def _default(info: t.Mapping[str, t.Any], kubernetes: str) -> bool:
    return any(
        one["clusterVersion"] == kubernetes and one.get("defaultVersion") for one in info.get("compatibilities", ())
    )
