# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The witness: every write in order, and a count of the reads.

A record is {sequence, time, service, action, region, named, made, status, error, run_id, access_key}: `named`
holds the ids and names the request carried, `made` those that first appeared in its answer.
"""

from __future__ import annotations

import collections
import json
import threading
import time
import typing as t
from pathlib import Path

from lab.embedded_aws.call import Call, ids_in
from lab.embedded_aws.errors import code_of
from lab.embedded_aws.http_server import Answer

# Answers repeat ids of things that were there before; these prefixes are made by the action itself.
MADE_BY = {
    "CreateVpc": ("vpc",), "CreateSubnet": ("subnet",), "CreateInternetGateway": ("igw",),
    "AllocateAddress": ("eipalloc",), "CreateNatGateway": ("nat",), "CreateRouteTable": ("rtb",),
    "CreateSecurityGroup": ("sg",), "CreateVpcEndpoint": ("vpce", "eni"), "CreateFlowLogs": ("fl",),
    "CreateVpcPeeringConnection": ("pcx",), "CreateNetworkInterface": ("eni",),
    "AuthorizeSecurityGroupIngress": ("sgr",), "AuthorizeSecurityGroupEgress": ("sgr",),
    "AssociateRouteTable": ("rtbassoc",), "ReplaceRouteTableAssociation": ("rtbassoc",),
    "AssociateAddress": ("eipassoc",), "CreateManagedPrefixList": ("pl",),
    "RunInstances": ("i", "eni", "vol"), "CreateVolume": ("vol",), "CreateLaunchTemplate": ("lt",),
}  # fmt: skip
# What has no id, and whose answer is empty: action -> the parameter with its name.
MADE_BY_NAME = {"CreateAutoScalingGroup": "AutoScalingGroupName"}


class Journal:
    """Writes in memory and, when a folder is given, as JSON lines in writes.jsonl there."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._writes: list[dict[str, t.Any]] = []
        self._total = 0
        self._reads: collections.Counter[str] = collections.Counter()
        self._run_reads: collections.Counter[str] = collections.Counter()
        self._file = (folder / "writes.jsonl").open("a", buffering=1) if folder else None

    def record(self, call: Call, answer: Answer) -> list[str]:
        """Note one answered call; returns the ids it made."""
        if not call.writes:
            with self._lock:
                self._reads[call.name] += 1
                self._run_reads[call.run_id or ""] += 1
            return []
        named = call.named()
        made = _made(call, answer, named)
        entry = {
            "sequence": 0, "time": round(time.time(), 3), "service": call.service, "action": call.action,
            "region": call.region, "named": named, "made": made, "status": answer.status,
            "error": code_of(answer), "run_id": call.run_id, "access_key": call.access_key,
        }  # fmt: skip
        with self._lock:
            entry["sequence"] = len(self._writes) + 1
            self._writes.append(entry)
            self._total += 1
            if self._file:
                self._file.write(json.dumps(entry) + "\n")
        return made

    def writes(self, since: int = 0) -> list[dict[str, t.Any]]:
        """Records whose sequence is greater than `since`."""
        with self._lock:
            return self._writes[since:]

    def total(self) -> int:
        """How many writes there ever were, whatever was forgotten since."""
        with self._lock:
            return self._total

    def reads(self) -> dict[str, t.Any]:
        """Counts of reads: {total, actions: {service:action: n}, runs: {run id: n}}."""
        with self._lock:
            return {"total": self._reads.total(), "actions": dict(self._reads), "runs": dict(self._run_reads)}

    def clear(self) -> None:
        """Forget what was counted in memory; the file keeps its lines."""
        with self._lock:
            self._writes.clear()
            self._reads.clear()
            self._run_reads.clear()


def _made(call: Call, answer: Answer, named: list[str]) -> list[str]:
    if answer.status >= 400:
        return []
    if call.action in MADE_BY_NAME:
        return [call.fields[MADE_BY_NAME[call.action]]]
    text = answer.body.decode("utf-8", "replace")
    known = set(named)
    prefixes = MADE_BY.get(call.action)
    found = dict.fromkeys(
        value for value in ids_in(text) if value not in known and (not prefixes or value.rpartition("-")[0] in prefixes)
    )
    if call.service == "route53":
        found = dict.fromkeys(value for value in _zone_ids(text) if value not in known)
    return list(found) if call.service != "ec2" or prefixes else []


def _zone_ids(text: str) -> t.Iterator[str]:
    for part in text.split("/hostedzone/")[1:]:
        yield part.partition("<")[0]
