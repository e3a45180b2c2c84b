# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks a rehearsed region what its clients ask, from the lab's internet, and tells which way each request took.

Every public name that leads to a load balancer is asked. What serves there is found out by asking: a model server lists
its models, guard takes a job, and whatever else answers at `/health` or `/`.
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes.docker import DockerError, docker
from lab.plane import client
from lab.plane.places import PARTNER

SECONDS = 60.0
PAUSE_SECONDS = 1.0
# One request may take so long.
LONGEST_SECONDS = 40
ROLE = "cloister:role"
Json = dict[str, t.Any]
# curl writes it behind the answer: https://curl.se/docs/manpage.html#-w
WRITTEN = "\n%{json}"


@dataclasses.dataclass(frozen=True)
class Heard:
    """One answer: `address` is where it came from, `problem` why there is none."""

    status: int
    body: str
    address: str
    headers: dict[str, str]
    problem: str = ""

    @property
    def json(self) -> t.Any:
        """The body, None when it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Unanswered(Exception):
    """Nobody answered a public name as it should be."""


@dataclasses.dataclass
class Asker:
    """A client of one region of an embedded AWS."""

    aws: EmbeddedAws
    server: str
    region: str
    seconds: float = SECONDS
    address: str = PARTNER

    def told(self) -> list[str]:
        """What to say: of each public name its answer and its way. DockerError when one is not answered in time."""
        region = Seen(self.aws.snapshot(self.region), {one["id"]: one for one in self.aws.instances()})
        lines: list[str] = []
        for host in region.public_names():
            lines += [*self._awaited(host, region), ""]
        return lines[:-1]

    def _awaited(self, host: str, region: Seen) -> list[str]:
        """Ask until it is answered: health checks take their time."""
        end = time.monotonic() + self.seconds
        while True:
            try:
                return self._asked(host, region)
            except Unanswered as silent:
                if time.monotonic() > end:
                    raise DockerError(f"https://{host}, asked from {self.address}: {silent}") from None
                time.sleep(PAUSE_SECONDS)

    def _asked(self, host: str, region: Seen) -> list[str]:
        models = self.get(host, "/v1/models")
        if models.status == 200 and isinstance(models.json, dict) and models.json.get("data"):
            name = models.json["data"][0]["id"]
            asked = {"model": name, "messages": [{"role": "user", "content": "Who are you?"}], "max_tokens": 12}
            heard = self.post(host, "/v1/chat/completions", asked)
            if heard.status != 200:
                raise Unanswered(f"{name} does not answer a chat: {_said(heard)}")
            answer = f"{name} answers: {heard.json['choices'][0]['message']['content']}"
            return [self._line(host, "a chat"), *self._way(heard, region, "vllm"), f"  -> {answer}"]
        if models.status == 0 or models.status >= 500:
            raise Unanswered(_said(models))
        job = self.post(host, "/jobs", {"prompt": "a smile"})
        if job.status == 200 and isinstance(job.json, dict) and "result" in job.json:
            return [self._line(host, "a job"), *self._job_way(job, region), f"  -> guard answers: {job.json['result']}"]
        if isinstance(job.json, dict) and job.status >= 500:
            raise Unanswered(f"guard did not do the job: {_said(job)}")
        health = self.get(host, "/health")
        if health.status != 200:
            raise Unanswered(f"not answered at /health: {_said(health)}")
        return [self._line(host, "its health"), *self._way(health, region), f"  -> answer: {health.body.strip()[:200]}"]

    def _line(self, host: str, what: str) -> str:
        return f"https://{host}, asked for {what} from {self.address}"

    def get(self, host: str, path: str) -> Heard:
        """GET it."""
        return self._curl(host, path)

    def post(self, host: str, path: str, body: Json) -> Heard:
        """POST a JSON object."""
        return self._curl(host, path, "--header", "Content-Type: application/json", "--data", json.dumps(body))

    def _curl(self, host: str, path: str, *more: str) -> Heard:
        command = ["curl", "--silent", "--show-error", "--max-time", str(LONGEST_SECONDS), "--dump-header", "-"]
        command += ["--write-out", WRITTEN, *more, f"https://{host}{path}"]
        done = client.run(self.server, command, self.address, seconds=LONGEST_SECONDS + 5)
        return heard(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace").strip())

    def _way(self, heard: Heard, region: Seen, role: str = "") -> list[str]:
        """Through whom a request went: the load balancer, a proxy if one wrote it down, and what that asked.

        Of what a load balancer has behind it only machines of `role` may have answered, where one is named.
        """
        said = [f"  -> {region.called(heard.address)}"]
        taken = self._taken(heard.headers.get("x-request-id", ""), region)
        if taken is not None:
            machine, line = taken
            upstream = str(line.get("upstream", "")).rpartition(":")[0]
            said.append(f"  -> Nginx on {region.called(machine['address'])}, which saw {line.get('client')} come")
            said.append(f"  -> {region.called(upstream) if upstream else 'nobody'}")
            said += [f"  -> {one}" for one in region.behind(upstream, role)]
        else:
            said += [f"  -> {one}" for one in region.behind(heard.address, role)]
        return said

    def _taken(self, request: str, region: Seen) -> tuple[Json, Json] | None:
        """The machine whose Nginx took a request, and its line in the log."""
        for one in region.machines("proxy") if request else ():
            try:
                line = docker("exec", one["container"], "grep", "-F", request, "/var/log/nginx/access.log")
            except DockerError:
                continue
            return one, json.loads(line.splitlines()[-1])
        return None

    def _job_way(self, heard: Heard, region: Seen) -> list[str]:
        job = heard.json
        accepted, webhook = job.get("accepted_by", {}), job.get("webhook_from", {})
        return [
            f"  -> {region.called(heard.address)}",
            f"  -> guard at {job.get('guard')}, which was told of {job.get('asked_by', {}).get('forwarded_for')}",
            f"  -> https://{accepted.get('host')}: {region.called(str(accepted.get('from')))}",
            f"  -> face-generator at {accepted.get('face_generator')}",
            f"  -> its webhook: {region.called(str(webhook.get('address')))}",
            f"  -> guard at {job.get('guard')}",
        ]


@dataclasses.dataclass
class Seen:
    """A region's snapshot, by what has an address in it."""

    snapshot: Json
    instances: dict[str, Json]

    def public_names(self) -> list[str]:
        """Names of public zones that lead to a load balancer of the region."""
        names = set()
        for zone in self.snapshot["hosted_zones"]:
            for record in [] if zone["PrivateZone"] else zone["Records"]:
                if record["Type"] == "A" and "*" not in record["Name"] and self._leads_to_balancer(record):
                    names.add(record["Name"].rstrip("."))
        return sorted(names)

    def _leads_to_balancer(self, record: Json) -> bool:
        alias = str((record.get("AliasTarget") or {}).get("DNSName", "")).rstrip(".").lower()
        named = {str(one["DNSName"]).lower() for one in self.snapshot["load_balancers"]}
        values = {one["Value"] for one in record.get("ResourceRecords") or ()}
        held = {address for one in self._balancers_interfaces() for address in _addresses(one)}
        return alias.removeprefix("dualstack.") in named or bool(values & held)

    def _balancers_interfaces(self) -> list[Json]:
        return [one for one in self.snapshot["network_interfaces"] if str(one.get("Description")).startswith("ELB ")]

    def machines(self, role: str) -> list[Json]:
        """Instances of a role that have machines."""
        return [one for one in self.instances.values() if one["tags"].get(ROLE) == role and one["container"]]

    def called(self, address: str) -> str:
        """What has an address, in words."""
        for one in self._balancers_interfaces():
            if address in _addresses(one):
                kind, name = str(one["Description"]).removeprefix("ELB ").split("/")[:2]
                return f"{ {'app': 'application', 'net': 'network'}.get(kind, kind) } load balancer {name} at {address}"
        for machine in self.instances.values():
            if machine["address"] == address:
                return f"{machine['id']} ({machine['tags'].get(ROLE)}) at {address}"
        return address

    def behind(self, address: str, role: str = "") -> list[str]:
        """What a load balancer at an address sends to; of machines of a role alone, where one is named."""
        owner = next(
            (str(one["Description"]) for one in self._balancers_interfaces() if address in _addresses(one)), ""
        )
        if not owner:
            return []
        suffix = f"loadbalancer/{owner.removeprefix('ELB ')}"
        found = []
        for group in self.snapshot["target_groups"]:
            if any(arn.endswith(suffix) for arn in group.get("LoadBalancerArns") or ()):
                found += [one["Target"]["Id"] for one in group.get("Targets") or ()]
        served = {one["id"] for one in self.machines(role)}
        found = [one for one in found if one in served] if role else found
        there = [self.called(self.instances[one]["address"]) if one in self.instances else one for one in found]
        return [f"one of its targets: {', '.join(sorted(set(there)))}"] if there else []


def heard(text: str, problem: str) -> Heard:
    """What curl wrote: headers, a body, and a line of what it knows of the request."""
    headers_and_body, _, known = text.rpartition("\n")
    try:
        about = json.loads(known)
    except ValueError:
        return Heard(0, "", "", {}, problem or "curl said nothing")
    head, _, body = headers_and_body.partition("\r\n\r\n")
    lines = (line.split(":", 1) for line in head.splitlines()[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in lines}
    return Heard(int(about.get("http_code") or 0), body, str(about.get("remote_ip") or ""), headers, problem)


def _said(heard: Heard) -> str:
    return heard.problem or f"{heard.status} {heard.body.strip()[:300]}"


def _addresses(interface: Json) -> set[str]:
    association = interface.get("Association") or {}
    return {str(one) for one in (interface.get("PrivateIpAddress"), association.get("PublicIp")) if one}
