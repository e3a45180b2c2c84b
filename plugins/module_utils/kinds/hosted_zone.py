# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosted zones: public ones, and private ones that the VPCs associated with them see.

CreateHostedZone takes no tags (https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html), so
that a run killed before it tags would leave a zone without an owner. It does take a ``CallerReference``, which
ListHostedZones gives back and nobody can change: ours is ``cloister:<region>:<stack>:<part>:<random>``. By it a zone
is found; its tags come second and are healed. The random end is there because a reference serves only once.
"""

from __future__ import annotations

import secrets
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._dns import Content, is_domain, plain, sort_out, told
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import (
    HOME,
    KEEP,
    PART,
    REGION,
    STACK,
    Owner,
    tag_dict,
    tag_list,
)
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

# ListTagsForResources takes ten zones a call; a zone carries ten tags.
BATCH = MOST_TAGS = 10
LONGEST_REFERENCE = 128
_RACING = Patience(frozenset({"ConcurrentModification"}), seconds=60)
_FIELDS = ("name", "private", "comment", "vpcs", "authorised_vpcs")

VpcPlace = dict[str, str]
"""``{id, region}``."""


class HostedZone(Kind):
    """A hosted zone. Fields: ``name``, ``private``, ``comment``, ``vpcs``, ``authorised_vpcs`` (``{id, region}``)."""

    noun = "hosted zone"
    made_by = "dns"
    rank = 40
    others_seconds = 60.0  # how long a zone that goes waits for records of the region's other stacks
    immutable = {
        "name": "list the new domain as a zone of its own, move, then take the old one off the list",
        "private": "list both, the private one with a `part` of its own, move, then take the old one off the list",
    }

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self.seen: list[t.Mapping[str, t.Any]] = []
        """Every zone of the account, as `find` last saw them."""
        self.region: list[Found] = []
        """Those of the region, whichever stack made them."""
        self._details: dict[str, dict[str, t.Any]] = {}

    def find(self) -> list[Found]:
        """Return what the owner owns, by reference."""
        zones = self.aws.pages("route53", "list_hosted_zones", "HostedZones")
        self.seen = [zone for zone in zones if "LinkedService" not in zone]
        ours = {bare_id(zone): zone for zone in self.seen if _reference(zone).get(REGION) == self.owner.region}
        ids = sorted(ours)
        tags: dict[str, dict[str, str]] = {}
        for sets in each(self._tags, [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]):
            tags.update(sets)
        found = [Found(key, {**_reference(zone), **tags.get(key, {})}, zone) for key, zone in ours.items()]
        self.region = [item for item in found if Owner(self.owner.region).owns_at(item.tags, self.aws.region)]
        return [item for item in self.region if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is and who sees it. A VPC of another account that is authorised is no association of ours."""
        config = found.raw.get("Config", {})
        details = self._detail(found)
        return {
            "name": plain(found.raw["Name"]),
            "private": config.get("PrivateZone", False),
            "comment": config.get("Comment") or "",
            "vpcs": [vpc for vpc in details["vpcs"] if vpc not in details["authorised_vpcs"]],
            "authorised_vpcs": details["authorised_vpcs"],
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, a private one with the first of its VPCs; the reference carries the ownership."""
        fields = want.fields
        place = {"VPC": _vpc(fields["vpcs"][0])} if fields["private"] else {}
        answer = self.aws.make(
            "route53",
            "create_hosted_zone",
            Name=fields["name"],
            CallerReference=f"{_reference_head(tags)}{secrets.token_hex(4)}",
            HostedZoneConfig={"Comment": fields["comment"], "PrivateZone": fields["private"]},
            **place,
        )
        zone = answer["HostedZone"]
        servers = answer.get("DelegationSet", {}).get("NameServers", [])
        self._details[bare_id(zone)] = {"vpcs": fields["vpcs"][:1], "authorised_vpcs": [], "name_servers": servers}
        return Found(bare_id(zone), _reference(zone), zone)

    def complete(self, found: Found, want: Want) -> None:
        """Tag it and let the other VPCs see it."""
        self.retag(found, self.owner.tags_for(want.part, want.tags))
        have = self.fields(found)
        self.update(found, want, [name for name in _FIELDS if have[name] != want.fields[name]])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring the comment and who sees it to what is wanted; new VPCs come before old ones go."""
        if "comment" in changed:
            self.aws.call("route53", "update_hosted_zone_comment", Id=found.id, Comment=want.fields["comment"])
        if not {"vpcs", "authorised_vpcs"} & set(changed):
            return
        have, wanted = self._detail(found), want.fields
        for vpc in [vpc for vpc in wanted["authorised_vpcs"] if vpc not in have["authorised_vpcs"]]:
            self._place("create_vpc_association_authorization", found, vpc)
        for vpc in [vpc for vpc in wanted["vpcs"] if vpc not in have["vpcs"]]:
            self._place("associate_vpc_with_hosted_zone", found, vpc)
        for vpc in [vpc for vpc in have["authorised_vpcs"] if vpc not in wanted["authorised_vpcs"]]:
            self._place("delete_vpc_association_authorization", found, vpc)
        for vpc in [vpc for vpc in have["vpcs"] if vpc not in [*wanted["vpcs"], *wanted["authorised_vpcs"]]]:
            self._place("disassociate_vpc_from_hosted_zone", found, vpc)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags and those that its reference stands for, which a killed run may not have set."""
        self.aws.call(
            "route53",
            "change_tags_for_resource",
            ResourceType="hostedzone",
            ResourceId=found.id,
            AddTags=tag_list({**_reference(found.raw), **tags}),
        )

    def delete(self, found: Found) -> None:
        """Delete it with the stack's own records, once those of the region's other stacks are gone; never another's."""
        content, end = self._content(found), time.monotonic() + self.others_seconds
        while (others := _others(content, found)) and time.monotonic() < end:
            time.sleep(1)
            content = self._content(found)
        _refuse_strangers([*content.theirs, *others], found)
        ours = [item for own in content.ours.values() for item in (own.record, own.companion) if item]
        if ours:
            batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": item} for item in ours]}
            self.aws.call("route53", "change_resource_record_sets", HostedZoneId=found.id, ChangeBatch=batch)
        self.aws.call("route53", "delete_hosted_zone", Id=found.id, absent_ok=True)

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse too many tags, and a VPC that already sees another private zone of the name."""
        tags = self.owner.tags_for(want.part, want.tags)
        if len(tags) > MOST_TAGS:
            raise InputError(f"it would carry {len(tags)} tags and Route 53 takes {MOST_TAGS}: shorten region_tags")
        have = self._detail(found)["vpcs"] if found else []
        new = [vpc for vpc in want.fields["vpcs"] if vpc not in have and not is_unknown(vpc)]
        for vpc, zones in zip(new, each(self._seen_by, new), strict=True):
            for zone in zones:
                if plain(zone["Name"]) == want.fields["name"] and zone["HostedZoneId"] != (found and found.id):
                    owner = zone["Owner"].get("OwningAccount") or zone["Owner"].get("OwningService")
                    raise OwnershipError(
                        f"VPC {vpc['id']} already sees a zone called {want.fields['name']}, {zone['HostedZoneId']} of "
                        f"{owner}, and AWS allows one: take the VPC from that zone by hand, or name ours otherwise"
                    )

    def vet_removal(self, found: Found) -> None:
        """Refuse while records stand in it that the region did not make."""
        _refuse_strangers(self._content(found).theirs, found)

    def foreign(self, want: Want) -> str | None:
        """Return a public zone of the same name; private ones get in each other's way only in a VPC (`vet`)."""
        if want.fields["private"]:
            return None
        for zone in self.seen:
            if plain(zone["Name"]) == want.fields["name"] and not zone.get("Config", {}).get("PrivateZone"):
                adopt = f"region_adopted: {{{self.noun}: {{{want.part}: {bare_id(zone)}}}}}"
                return f"public zone {bare_id(zone)} (to put records into it as it is, set {adopt})"
        return None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its domain and, of a public zone, the name servers that the parent domain must point at."""
        servers = self._detail(found)["name_servers"]
        return {"domain": plain(found.raw["Name"]), **({"name_servers": servers} if servers else {})}

    def shadows(self, wants: t.Iterable[Want]) -> list[str]:
        """Return a warning for each private zone that hides names of a public zone of the account from its VPCs."""
        public = [zone for zone in self.seen if not zone.get("Config", {}).get("PrivateZone")]
        return [
            f"private zone {want.fields['name']} hides public zone {plain(zone['Name'])} ({bare_id(zone)}) from its "
            "VPCs: there, a name that only the public zone has does not exist"
            for want in wants
            for zone in public
            if want.fields["private"] and f".{plain(zone['Name'])}".endswith(f".{want.fields['name']}")
        ]

    def _tags(self, ids: list[str]) -> dict[str, dict[str, str]]:
        action = "list_tags_for_resources"
        answer = self.aws.call("route53", action, absent_ok=True, ResourceType="hostedzone", ResourceIds=ids)
        if answer is None:  # one of them is gone since it was listed: by another stack's teardown
            return {} if len(ids) == 1 else {key: tags for one in ids for key, tags in self._tags([one]).items()}
        return {item["ResourceId"]: tag_dict(item.get("Tags")) for item in answer["ResourceTagSets"]}

    def _detail(self, found: Found) -> dict[str, t.Any]:
        if found.id not in self._details:
            zone = self.aws.call("route53", "get_hosted_zone", Id=found.id)
            # A public zone has no VPCs and refuses the question.
            authorised = (
                self.aws.pages("route53", "list_vpc_association_authorizations", "VPCs", HostedZoneId=found.id)
                if zone["HostedZone"].get("Config", {}).get("PrivateZone")
                else []
            )
            self._details[found.id] = {
                "vpcs": _places(zone.get("VPCs")),
                "authorised_vpcs": _places(authorised),
                "name_servers": zone.get("DelegationSet", {}).get("NameServers", []),
            }
        return self._details[found.id]

    def _seen_by(self, vpc: VpcPlace) -> list[t.Mapping[str, t.Any]]:
        return self.aws.pages(
            "route53", "list_hosted_zones_by_vpc", "HostedZoneSummaries", VPCId=vpc["id"], VPCRegion=vpc["region"]
        )

    def _place(self, action: str, found: Found, vpc: VpcPlace) -> None:
        self.aws.call("route53", action, HostedZoneId=found.id, VPC=_vpc(vpc), patience=_RACING)

    def _content(self, found: Found) -> Content:
        sets = self.aws.pages(
            "route53", "list_resource_record_sets", "ResourceRecordSets", absent_ok=True, HostedZoneId=found.id
        )
        return sort_out(sets, plain(found.raw["Name"]), self.owner.region)


def bare_id(zone: t.Mapping[str, t.Any]) -> str:
    """Return a zone's id without the ``/hostedzone/`` that Route 53 puts before it."""
    return str(zone["Id"]).removeprefix("/hostedzone/")


def _others(content: Content, found: Found) -> list[t.Any]:
    return [own.record for own in content.ours.values() if own.stack != found.stack and own.record]


def _refuse_strangers(records: t.Iterable[t.Any], found: Found) -> None:
    theirs = sorted(told(item) for item in records)
    if theirs:
        raise OwnershipError(
            f"zone {found.id} holds records that stack {found.stack} did not make, and stays: {'; '.join(theirs)}. "
            "Remove them where they were made, then run again"
        )


def _reference_head(tags: t.Mapping[str, str]) -> str:
    return f"cloister:{tags[REGION]}:{tags[STACK]}:{tags[PART]}:"


def _reference(zone: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the ownership tags that a zone's reference stands for."""
    words = str(zone.get("CallerReference", "")).split(":")
    return {REGION: words[1], STACK: words[2], PART: words[3]} if len(words) == 5 and words[0] == "cloister" else {}


def _vpc(vpc: VpcPlace) -> dict[str, str]:
    return {"VPCRegion": vpc["region"], "VPCId": vpc["id"]}


def _places(vpcs: t.Iterable[t.Mapping[str, str]] | None) -> list[VpcPlace]:
    return _sorted({"id": vpc["VPCId"], "region": vpc["VPCRegion"]} for vpc in vpcs or ())


def _sorted(vpcs: t.Iterable[t.Mapping[str, str]]) -> list[VpcPlace]:
    return [{"id": one, "region": region} for region, one in sorted({(vpc["region"], vpc["id"]) for vpc in vpcs})]


def want(zone: t.Mapping[str, t.Any], names: Names, owner: Owner, aws_region: str) -> Want:
    """Return the wish for one entry of ``dns_zones``."""
    name, part = plain(zone["name"]), zone["part"] or plain(zone["name"])
    head = _reference_head(owner.tags_for(part))
    if not is_unknown(name) and not is_domain(name):
        raise InputError(f"hosted zone {zone['name']}: this is no domain name of at least two labels")
    if ":" in part or len(head) + 8 > LONGEST_REFERENCE:
        most = LONGEST_REFERENCE - 8 - len(head) + len(part)
        raise InputError(f"hosted zone {name}: give it a `part` of at most {most} characters, without colons")
    vpcs = [{"id": names.id(Vpc, vpc), "region": aws_region} for vpc in zone["vpcs"]] + zone["other_vpcs"]
    if zone["private"] and not vpcs:
        raise InputError(f"hosted zone {name}: a private zone needs at least one VPC in `vpcs` or `other_vpcs`")
    if not zone["private"] and (vpcs or zone["authorised_vpcs"]):
        raise InputError(f"hosted zone {name}: VPCs see public zones as everybody does; set `private`, or name no VPCs")
    keep = not zone["private"] if zone["keep"] is None else zone["keep"]
    fields = {
        "name": name,
        "private": zone["private"],
        "comment": zone["comment"],
        "vpcs": _sorted(vpcs),
        "authorised_vpcs": _sorted(zone["authorised_vpcs"]),
    }
    return Want(part, fields, tags={KEEP: "true" if keep else "false", HOME: aws_region})
