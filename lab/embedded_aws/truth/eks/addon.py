# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An add-on of a cluster: what is kept of it, and how it looks.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t

import yaml

from lab.embedded_aws.truth.eks.addon_catalog import OFFERS, Offer
from lab.embedded_aws.truth.eks.base import Body, Tags, arn, invalid, new_uuid, now
from lab.embedded_aws.truth.eks.cluster import Cluster

NO_ROOM: Body = {
    "code": "InsufficientNumberOfReplicas",
    "message": "The add-on is unhealthy because all deployments have all pods unscheduled no nodes available to "
    "schedule pods",
    "resourceIds": [],
}


@dataclasses.dataclass(eq=False)
class Addon:
    """An add-on. `state` is what was done to it; its status tells, too, whether its pods have a node."""

    cluster: Cluster
    offer: Offer
    version: str
    tags: Tags
    role: str | None = None
    configuration: str | None = None
    state: str = "CREATING"
    issues: list[Body] = dataclasses.field(default_factory=list)
    updates: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    uuid: str = dataclasses.field(default_factory=new_uuid)
    created: datetime.datetime = dataclasses.field(default_factory=now)
    modified: datetime.datetime = dataclasses.field(default_factory=now)
    gone: bool = False

    @property
    def name(self) -> str:
        return self.offer.name

    @property
    def arn(self) -> str:
        return arn(self.cluster.backend, f"addon/{self.cluster.name}/{self.name}/{self.uuid}")

    @property
    def status(self) -> str:
        return "DEGRADED" if self.state == "ACTIVE" and not self.has_room else self.state

    @status.setter
    def status(self, value: str) -> None:
        self.state = value

    @property
    def has_room(self) -> bool:
        from lab.embedded_aws.truth.eks import joining

        return not self.offer.deployment or joining.room_for(self.cluster, self.offer.namespace)

    @property
    def associations(self) -> list[t.Any]:
        """The pod identity associations that came with it."""
        return [one for one in self.cluster.associations.values() if one.owner == self.arn]

    @property
    def set(self) -> list[t.Any]:
        """What is set of it, for its fingerprint."""
        return [self.version, self.role, self.configuration]


def view(addon: Addon) -> Body:
    issues = addon.issues if addon.status != "DEGRADED" else [*addon.issues, NO_ROOM]
    shown = {
        "addonName": addon.name, "clusterName": addon.cluster.name, "status": addon.status,
        "addonVersion": addon.version, "health": {"issues": issues}, "addonArn": addon.arn,
        "createdAt": addon.created, "modifiedAt": addon.modified, "tags": dict(addon.tags),
        "serviceAccountRoleArn": addon.role, "configurationValues": addon.configuration,
        "podIdentityAssociations": [one.arn for one in addon.associations] or None,
        "namespaceConfig": {"namespace": addon.offer.namespace},
    }  # fmt: skip
    return {key: value for key, value in shown.items() if value is not None}


def offer_named(name: str) -> Offer:
    if name not in OFFERS:
        invalid("Addon specified is not supported")
    return OFFERS[name]


def version_for(offer: Offer, kubernetes: str, wanted: str | None) -> str:
    """The version that is asked for, else the default one; refused unless it fits the cluster."""
    fitting, default = offer.fitting(kubernetes), offer.default(kubernetes)
    if wanted and wanted not in fitting:
        invalid("Addon version specified is not supported")
    if default is None:
        invalid(f"Addon {offer.name} specified is not supported in {kubernetes} kubernetes version")
    return wanted or default


def check_configuration(offer: Offer, text: str | None) -> str | None:
    """Values are JSON or YAML whose keys are in the add-on's schema."""
    if not text:
        return None
    try:
        given = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        given = None
    said = "ConfigurationValue provided in request is not supported: "
    if not isinstance(given, dict):
        invalid(f"{said}it is neither JSON nor YAML of an object")
    wrong = sorted(set(given) - set(offer.settings))
    if wrong:
        invalid(f"{said}Json schema validation failed with error: [$.{wrong[0]}: is not defined in the schema and the "
                "schema does not allow additional properties]")  # fmt: skip
    return text
