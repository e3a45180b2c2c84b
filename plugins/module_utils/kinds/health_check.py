# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health checks of Route 53: an address that is asked from all over the world, for the record that leads to it.

CreateHealthCheck takes no tags, but a ``CallerReference`` that ListHealthChecks gives back and nobody can change
(https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html). Its 64 characters have no room
for a part, so ours is ``cloister:<region>:<stack>:<digest of the part>:<random>``: by it one is found that a killed
run has not tagged, and by the digest it is known again. AWS deletes a health check that records still name
(https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHealthCheck.html), and nobody can tell what becomes
of their answers: so they come before records and go after them.
"""

from __future__ import annotations

import hashlib
import secrets
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._dns import full_name
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import (
    HOME,
    PART,
    REGION,
    STACK,
    Owner,
    tag_dict,
    tag_list,
)
from ansible_collections.cloister.aws.plugins.module_utils._record_wants import check_part
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import is_private, network

# ListTagsForResources takes ten a call; a health check carries ten tags.
BATCH = MOST_TAGS = 10
LONGEST_REFERENCE = 64
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHealthCheck.html, by field
_SET = {
    "address": "IPAddress",
    "port": "Port",
    "path": "ResourcePath",
    "host": "FullyQualifiedDomainName",
    "server_name": "EnableSNI",
    "failure_threshold": "FailureThreshold",
    "inverted": "Inverted",
    "disabled": "Disabled",
}


class HealthCheck(Kind):
    """A health check of an address.

    Fields: ``address``, ``port``, ``failure_threshold``, ``inverted``, ``disabled``; of HTTP and HTTPS also ``path``
    and ``host``, of HTTPS ``server_name``. What a person inverts or disables is put right. Protocol and interval
    never change on a living one, and its part says them.
    """

    noun = "health check"
    made_by = "dns"
    rank = 35

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self._references: dict[str, str] = {}

    def find(self) -> list[Found]:
        """Return what the owner owns, by reference; one without tags under the digest of its part."""
        checks = self.aws.pages("route53", "list_health_checks", "HealthChecks")
        ours = {
            check["Id"]: check
            for check in checks
            if "LinkedService" not in check and _reference(check).get(REGION) == self.owner.region
        }
        ids, tags = sorted(ours), dict[str, dict[str, str]]()
        for sets in each(self._tags, [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]):
            tags.update(sets)
        found = [Found(key, {**_reference(check), **tags.get(key, {})}, check) for key, check in ours.items()]
        return [item for item in found if self.owner.owns_at(item.tags, self.aws.region)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what is asked, and how many answers count."""
        config = found.raw["HealthCheckConfig"]
        defaults = {"inverted": False, "disabled": False, "server_name": False}
        said = {field: config.get(name, defaults.get(field)) for field, name in _SET.items()}
        return {**said, "address": _canonical(str(said["address"]))}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it. A repeated reference is given the same health check, so that a lost answer makes no second one."""
        reference = self._references.setdefault(want.part, f"{_head(tags)}{secrets.token_hex(4)}")
        config = {"Type": want.create["protocol"], "RequestInterval": want.create["interval_seconds"]}
        config |= {_SET[field]: value for field, value in want.fields.items()}
        answer = self.aws.call("route53", "create_health_check", CallerReference=reference, HealthCheckConfig=config)
        check = answer["HealthCheck"]
        return Found(check["Id"], _reference(check), check)

    def complete(self, found: Found, want: Want) -> None:
        """Tag it."""
        self.retag(found, self.owner.tags_for(want.part, want.tags))

    def renames(self, found: Found, want: Want) -> bool:
        """Return whether it is one that a killed run made for this wish and did not tag."""
        return found.part == _digest(want.part)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Change what differs, unless somebody else changed it since it was read."""
        said = {_SET[field]: want.fields[field] for field in changed}
        version = found.raw["HealthCheckVersion"]
        self.aws.call("route53", "update_health_check", HealthCheckId=found.id, HealthCheckVersion=version, **said)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags and those that its reference stands for, which a killed run may not have set."""
        whole = {**_reference(found.raw), **tags}
        self.aws.call(
            "route53",
            "change_tags_for_resource",
            ResourceType="healthcheck",
            ResourceId=found.id,
            AddTags=tag_list(whole),
        )

    def delete(self, found: Found) -> None:
        """Delete it; no record of ours names it any more."""
        self.aws.call("route53", "delete_health_check", HealthCheckId=found.id, absent_ok=True)

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse too many tags, and names that leave no room in its reference."""
        tags = self.owner.tags_for(want.part, want.tags)
        if len(tags) > MOST_TAGS:
            raise InputError(f"it would carry {len(tags)} tags and Route 53 takes {MOST_TAGS}: shorten region_tags")
        if len(_head(tags)) + 8 > LONGEST_REFERENCE:
            most = LONGEST_REFERENCE - len(_head(tags)) - 8 + len(tags[REGION]) + len(tags[STACK])
            raise InputError(
                f"region {tags[REGION]} and stack {tags[STACK]}: a stack with health checks and its region have names "
                f"of {most} characters together at most, as Route 53 keeps both; give one a shorter name"
            )

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the address and port that it asks."""
        config = found.raw["HealthCheckConfig"]
        return {"asks": f"{config.get('IPAddress')}:{config.get('Port')}"}

    def _tags(self, ids: list[str]) -> dict[str, dict[str, str]]:
        action = "list_tags_for_resources"
        answer = self.aws.call("route53", action, absent_ok=True, ResourceType="healthcheck", ResourceIds=ids)
        if answer is None:  # one of them is gone since it was listed: by another stack's teardown
            return {} if len(ids) == 1 else {key: tags for one in ids for key, tags in self._tags([one]).items()}
        return {item["ResourceId"]: tag_dict(item.get("Tags")) for item in answer["ResourceTagSets"]}


def _digest(part: str) -> str:
    return hashlib.sha256(part.encode()).hexdigest()[:12]


def _head(tags: t.Mapping[str, str]) -> str:
    return f"cloister:{tags[REGION]}:{tags[STACK]}:{_digest(tags[PART])}:"


def _reference(check: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the ownership tags that a health check's reference stands for, the digest in the place of the part."""
    words = str(check.get("CallerReference", "")).split(":")
    return {REGION: words[1], STACK: words[2], PART: words[3]} if len(words) == 5 and words[0] == "cloister" else {}


def _canonical(address: str) -> str:
    """Return an address as it is compared: of IPv6 there are several spellings."""
    found = network(address)
    return str(found.network_address) if found else address


def want(
    record: t.Mapping[str, t.Any], domain: str, answer: t.Mapping[str, t.Any], address: str, aws_region: str
) -> Want:
    """Return the wish for the health check of one multivalue answer of a record; ``address`` is what it leads to."""
    said, web = answer["health_check"], answer["health_check"]["protocol"] != "TCP"
    part = str(check_part(record, domain, answer))
    if not is_unknown(address) and (network(address) is None or is_private(network(address))):
        raise InputError(f"health check {part}: Route 53 asks over the internet, which has no address {address}")
    if not web and (said["path"] or said["host"]):
        raise InputError(f"health check {part}: TCP asks for no path and no host; set protocol to HTTP or HTTPS")
    name = full_name(record["name"], domain)
    if web and not said["host"] and name.startswith("*"):
        raise InputError(f"health check {part}: say which `host` it asks for, as {name} is none")
    fields = {
        "address": _canonical(address),
        "port": said["port"],
        "failure_threshold": said["failure_threshold"],
        "inverted": False,
        "disabled": False,
    }
    if web:
        fields |= {"path": said["path"] or "/", "host": said["host"] or name}
    if said["protocol"] == "HTTPS":
        fields["server_name"] = True
    create = {key: said[key] for key in ("protocol", "interval_seconds")}
    return Want(part, fields, create, {HOME: aws_region})
