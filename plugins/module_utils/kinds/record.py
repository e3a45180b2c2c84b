# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records: what a stack says in a zone, all of it one member, since Route 53 changes a zone in atomic batches.

Whose a record is, its companion says (`_dns`). A batch creates records with CREATE and takes them away with DELETE,
which names the old record exactly, and never uses UPSERT: if somebody else made or changed a record since it was
read, Route 53 refuses the batch as a whole, and we look again.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import time
import typing as t
from collections import defaultdict
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._dns import (
    Content,
    clash,
    companion,
    plain,
    record_set,
    said_by_others,
    shape,
    sort_out,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    OwnershipError,
    UnsureError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._record_wants import (
    Lookup,
    address_of,
    is_name,
    key_of,
    label_of,
    wishes,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds import health_check
from ansible_collections.cloister.aws.plugins.module_utils.kinds.hosted_zone import HostedZone

# A batch takes 1,000 values and 32,000 characters of them.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
MOST_VALUES, MOST_CHARACTERS = 1000, 32000
TRIES = 4
_LEADING = ("A", "AAAA", "CNAME")
Changes = list[dict[str, t.Any]]
Entries = t.Sequence[t.Mapping[str, t.Any]]


class Records(Kind):
    """The records of a stack in a zone; part and id are the zone's. One field a record, such as ``api A``: its shape.

    A field that should be None is a record of ours that is no longer listed. One that is ``{}`` is a companion whose
    record was deleted by hand.
    """

    noun = "records"
    made_by = "dns"
    rank = 30
    wait_seconds = 0
    """How long to wait until Route 53's name servers all answer what was changed; 0 does not wait."""

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self.zones: t.Sequence[Found] | None = None
        """The region's zones; read when nobody has set them."""
        self._domains: dict[str, str] = {}
        self._contents: dict[str, Content] = {}

    def find(self) -> list[Found]:
        """Return one for each zone, ours or adopted, in which the owner has records."""
        self._read()
        return [
            self._found(zone, part if self.owner.stack else f"{part} of {stack}", stack)
            for zone, part in self._parts.items()
            for stack in sorted({own.stack for own in self._contents[zone].ours.values()})
            if self.owner.stack in (None, stack)
        ]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return the shape of each record by its short name and type."""
        domain = self._domains[found.id]
        return {
            label_of(key, domain): shape(own.record) if own.record else {}
            for key, own in self._contents[found.id].ours.items()
            if own.stack == found.stack
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make the first records that the stack has in the zone."""
        found = self._found(want.create["zone"], want.part, str(self.owner.stack))
        self._bring(found, want.fields)
        self._look(found.id)
        return found

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Change what differs, all of it in one batch."""
        self._bring(found, {name: want.fields[name] for name in changed})

    def delete(self, found: Found) -> None:
        """Delete all that the stack has in the zone."""
        self._bring(found, dict.fromkeys(self.fields(found)))

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Leave it: companions stand for the tags that records cannot carry, and are found with them."""

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the full names of the stack's records there that lead to an address; proofs and the like do not."""
        ours = self._contents[found.id].ours
        keys = [key for key, own in ours.items() if own.stack == found.stack]
        return {"names": sorted({key[0] for key in keys if key[1] in _LEADING and not key[0].startswith("_")})}

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse to stand where others have a record, and name it."""
        zone = want.create.get("zone")
        if zone:
            self._refuse_clashes(zone, want.part, want.fields)

    def wants(self, records: Entries, names: Names, checks: t.Mapping[str, str] | None = None) -> list[Want]:
        """Return the wishes for the entries of ``dns_records``, one for each zone they name.

        ``checks`` are the ids of the health checks that `checks` wants, by part.
        """
        by_zone: dict[str, list[t.Mapping[str, t.Any]]] = defaultdict(list)
        for record in records:
            by_zone[record["zone"]].append(record)
        places = {part: self._place(part, names) for part in by_zone}
        self.zones = list(names.every(HostedZone).values())
        self._read()
        lookups = partial(address_of, names, self.aws), (checks or {}).__getitem__
        return [self._want(part, by_zone[part], *places[part], *lookups) for part in by_zone]

    def checks(self, records: Entries, names: Names) -> list[Want]:
        """Return the wishes for the health checks of these entries."""
        wanted = []
        for record in records:
            for answer in [answer for answer in record.get("multivalue") or () if answer["health_check"]]:
                domain = self._place(record["zone"], names)[1] or record["zone"]
                given = answer["address"]
                address = address_of(names, self.aws, given) if is_name(given) else given
                wanted.append(health_check.want(record, domain, answer, address, self.aws.region))
        return wanted

    def said_by_others(self, zone: str) -> dict[str, t.Any]:
        """Return the shapes of what others have put into a zone that has been read, by label."""
        said, domain = said_by_others(self._contents[zone], self.owner.stack), self._domains[zone]
        return {label_of(key, domain): shape(item) for key, item in said.items()}

    def _place(self, part: str, names: Names) -> tuple[str | None, str]:
        """Return a zone's id, None when it does not exist yet, and its domain."""
        if names.adopted(HostedZone, part):
            zone = names.id(HostedZone, part)
            return zone, self._domain(zone)
        found = names.found(HostedZone, part)
        return (found.id, plain(found.raw["Name"])) if found else (None, "")

    def _want(self, part: str, records: Entries, zone: str | None, domain: str, *lookups: Lookup) -> Want:
        fields = wishes(records, part, domain or part, zone, *lookups)
        if zone:
            mine = self._found(zone, part, str(self.owner.stack))
            fields = {**dict.fromkeys(self.fields(mine)), **fields}
        return Want(part, fields, create={"zone": zone})

    def _read(self) -> None:
        """Read the record sets of every zone that may hold ours, once."""
        if self._contents:
            return
        zones = HostedZone(self.aws, Owner(self.owner.region)).find() if self.zones is None else self.zones
        self._parts = {zone.id: zone.part for zone in zones}
        self._domains.update({zone.id: plain(zone.raw["Name"]) for zone in zones})
        self._parts.update({zone: part for part, zone in self.adopted.get(HostedZone.noun, {}).items()})
        each(self._look, list(self._parts))

    def _look(self, zone: str) -> Content:
        sets = self.aws.pages(
            "route53", "list_resource_record_sets", "ResourceRecordSets", absent_ok=True, HostedZoneId=zone
        )
        self._contents[zone] = sort_out(sets, self._domain(zone), self.owner.region)
        return self._contents[zone]

    def _domain(self, zone: str) -> str:
        if zone not in self._domains:
            answer = self.aws.call("route53", "get_hosted_zone", Id=zone)
            self._domains[zone] = plain(answer["HostedZone"]["Name"])
        return self._domains[zone]

    def _found(self, zone: str, part: str, stack: str) -> Found:
        # Records carry no tags: what the companions say stands for them, so that none ever differs.
        return Found(zone, Owner(self.owner.region, stack, self.owner.tags).tags_for(part), {})

    def _refuse_clashes(self, zone: str, part: str, wanted: t.Mapping[str, t.Any]) -> None:
        content, domain = self._contents[zone], self._domains[zone]
        keys = [key_of(label, domain) for label, form in wanted.items() if form]
        theirs = [item for key in keys if (item := clash(key, content, self.owner.stack))]
        if theirs:
            raise OwnershipError(
                f"zone {part} ({zone}) already holds {'; '.join(sorted(set(theirs)))}, which stack {self.owner.stack} "
                "did not make and does not change: delete it where it was made, or take ours off the list"
            )

    def _bring(self, found: Found, wanted: t.Mapping[str, t.Any]) -> None:
        """Make ``wanted`` true, None standing for absence; after a lost answer or a lost race, look and try again."""
        for tries in range(TRIES):
            changes = self._changes(found, wanted)
            try:
                for batch in batches(changes):
                    self._send(found, batch)
            except ApiError as exc:
                raced = isinstance(exc, UnsureError) or exc.code == "InvalidChangeBatch"
                if not raced or tries + 1 == TRIES:
                    raise
                time.sleep(tries)
                self._look(found.id)
                self._refuse_clashes(found.id, found.part, wanted)
            else:
                return

    def _changes(self, found: Found, wanted: t.Mapping[str, t.Any]) -> list[Changes]:
        """Return what turns the zone's content into ``wanted``: one list for all that shares a name."""
        old: dict[str, Changes] = defaultdict(list)
        new: dict[str, Changes] = defaultdict(list)
        for label, form in wanted.items():
            key = key_of(label, self._domains[found.id])
            own = self._contents[found.id].ours.get(key)
            same = own and own.record and shape(own.record) == form
            if own and own.record and not same:
                old[key[0]].append(_change("DELETE", own.record))
            if own and form is None:
                old[key[0]].append(_change("DELETE", own.companion))
            if form and not same:
                new[key[0]].append(_change("CREATE", record_set(key, form)))
            if form and not own:
                new[key[0]].append(_change("CREATE", companion(key, self.owner.region, found.stack)))
        return [old[name] + new[name] for name in sorted({*old, *new})]

    def _send(self, found: Found, changes: Changes) -> None:
        answer = self.aws.make(
            "route53", "change_resource_record_sets", HostedZoneId=found.id, ChangeBatch={"Changes": changes}
        )
        change = answer["ChangeInfo"]["Id"].removeprefix("/change/")
        if self.wait_seconds:
            what = f"records of zone {found.part} in all of Route 53's name servers"
            self.until(what, lambda: self._in_sync(change), self.wait_seconds)

    def _in_sync(self, change: str) -> bool:
        answer = self.aws.call("route53", "get_change", Id=change)
        return bool(answer["ChangeInfo"]["Status"] == "INSYNC")


def batches(changes: t.Sequence[Changes]) -> t.Iterator[Changes]:
    """Yield batches within Route 53's limits; what shares a name stays together, so that no name is without answer."""
    batch: Changes = []
    room = [MOST_VALUES, MOST_CHARACTERS]
    for group in changes:
        values = [item["Value"] for change in group for item in change["ResourceRecordSet"].get("ResourceRecords", ())]
        needs = [len(values), sum(map(len, values))]
        if batch and (needs[0] > room[0] or needs[1] > room[1]):
            yield batch
            batch, room = [], [MOST_VALUES, MOST_CHARACTERS]
        batch += group
        room = [room[0] - needs[0], room[1] - needs[1]]
    if batch:
        yield batch


def _change(action: str, item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"Action": action, "ResourceRecordSet": {key: value for key, value in item.items() if value != []}}
