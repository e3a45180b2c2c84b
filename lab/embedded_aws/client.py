# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The client of the control endpoint, for tests and benchmarks.

aws = EmbeddedAws.start()            # or EmbeddedAws.from_environment()
aws.fail("CreateVpc", "RequestLimitExceeded", times=3)
assert aws.writes() == []
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
Json = dict[str, t.Any]


class NotRunningError(Exception):
    """No embedded AWS answers at that endpoint."""


class EmbeddedAws:
    """A running embedded AWS. `environment` holds what an AWS client needs to reach it."""

    def __init__(self, environment: dict[str, str], account: str = "", pid: int = 0) -> None:
        self.environment, self.account, self.pid = environment, account, pid
        self.endpoint = environment["AWS_ENDPOINT_URL"]
        self._address = urlsplit(self.endpoint).netloc

    @classmethod
    def start(cls, *options: str) -> EmbeddedAws:
        """Start one in the background with the options of `start`; it ends with this process."""
        command = [sys.executable, "-m", "lab.embedded_aws", "start", "--owner-pid", str(os.getpid()), *options]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
        return cls.from_status(json.loads(done.stdout))

    @classmethod
    def from_status(cls, status: Json) -> EmbeddedAws:
        """The server that a line of `start` describes."""
        return cls(status["environment"], status["account"], status["pid"])

    @classmethod
    def from_environment(cls) -> EmbeddedAws:
        """The server that this process's AWS_ENDPOINT_URL leads to."""
        names = ("AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY")
        return cls({name: os.environ.get(name, "") for name in names})

    # Reading

    def status(self) -> Json:
        """{endpoint, pid, account, log, environment}."""
        return self._call("GET", "status")

    def writes(self, since: int = 0) -> list[Json]:
        """Write records with a sequence above `since`; journal.py tells their keys."""
        return t.cast("list[Json]", self._call("GET", f"writes?since={since}")["writes"])

    def reads(self) -> Json:
        """{total, actions: {"ec2:DescribeVpcs": n}, runs: {run id: n}}."""
        return self._call("GET", "reads")

    def holdings(self) -> list[Json]:
        """All that exists: [{kind, id, name, account, region, tags, default}]; holdings.py tells the kinds."""
        return t.cast("list[Json]", self._call("GET", "holdings")["holdings"])

    def snapshot(self, region: str, account: str = "") -> Json:
        """A region as it is judged: `Snapshot` of module_utils/reachability, read without a request to AWS."""
        return self._call("GET", f"snapshot?region={region}&account={account}")

    def pulse(self) -> list[t.Any]:
        """Changes whenever something does that load balancers, resolvers or security groups live by; cheap to ask."""
        return t.cast("list[t.Any]", self._call("GET", "pulse")["pulse"])

    def edges(self) -> list[Json]:
        """Regions that have something there: [{account, region, snapshot, registrations, certificates}]; edge.py."""
        return t.cast("list[Json]", self._call("GET", "edges")["edges"])

    # Setting

    def target_checks(
        self, targets: t.Iterable[str], found: t.Mapping[int, Json], answers: t.Mapping[str, bool] | None = None
    ) -> None:
        """What checks that are really made find: of these targets, {healthy, reason, description} by registration.

        `answers` is what those of Route 53 find, by address:port.
        """
        checks = {str(key): one for key, one in found.items()}
        body = {"targets": sorted(targets), "found": checks, "answers": dict(answers or {})}
        self._call("POST", "target_checks", body)

    def fail(self, action: str, code: str, times: int = 1, **more: t.Any) -> None:
        """Answer the first `times` calls of `action` with error `code`; more: status, message, each, applied."""
        self._call("POST", "fault", {"action": action, "kind": "error", "code": code, "times": times, **more})

    def reset_connections(self, action: str, times: int = 1, applied: bool = False, each: bool = False) -> None:
        """Cut the connection of the first `times` calls, after the work is done when `applied`."""
        rule = {"action": action, "kind": "reset", "times": times, "applied": applied, "each": each}
        self._call("POST", "fault", rule)

    def slow(self, action: str, seconds: float, times: int = 1, each: bool = False) -> None:
        """Hold the first `times` calls back for `seconds`."""
        self._call(
            "POST", "fault", {"action": action, "kind": "slow", "seconds": seconds, "times": times, "each": each}
        )

    def latency(self, milliseconds: float) -> None:
        """Add so much to every call from now on."""
        self._call("POST", "latency", {"milliseconds": milliseconds})

    def hide_new_ids(self, calls: int, prefixes: list[str] | None = None) -> None:
        """What is made from now on stays unseen for `calls` calls that ask for it or name it."""
        self._call("POST", "hide", {"calls": calls, "prefixes": prefixes})

    def expire_credentials(self, after_writes: int | None) -> None:
        """End every session once so many more writes are done; None lets sessions live again."""
        self._call("POST", "expire", {"after_writes": after_writes})

    def kill_at_write(self, pid: int, write: int, when: str = "after", action: str = "*") -> None:
        """SIGKILL `pid` when the `write`-th matching write from now is about to be ("before") or is applied."""
        self._call("POST", "kill", {"pid": pid, "write": write, "when": when, "action": action})

    def delays(self, **seconds: float) -> None:
        """Set how long slow things take; delays.py tells the names."""
        self._call("POST", "delays", seconds)

    def skip(self, seconds: float) -> None:
        """Let so much time pass at once: what slow things take, not what timestamps tell."""
        self._call("POST", "skip", {"seconds": seconds})

    def limits(self, **most: int) -> None:
        """Enforce quotas; limits.py tells the names."""
        self._call("POST", "limits", most)

    def capacity(self, most: dict[str, dict[str, int | None]]) -> None:
        """Let AWS have room for so many machines: {"g5.xlarge": {"us-west-2a": 0, "*": 2}}."""
        self._call("POST", "capacity", most)

    def new_images(self) -> None:
        """Amazon releases new images: its public parameters lead to new ids, the old images stay."""
        self._call("POST", "new_images")

    def publish(
        self,
        region: str,
        images: t.Sequence[str] = (),
        secrets: t.Mapping[str, str] | None = None,
        parameters: t.Mapping[str, str] | None = None,
        certificates: t.Mapping[str, t.Sequence[str]] | None = None,
    ) -> Json:
        """Bring what a person or pipeline would: images ``name:tag``; secrets and parameters by name, "" is made up.

        `certificates` are secrets by name, each a certificate for these domains that the lab's CA signs.
        """
        body: Json = {"region": region, "images": list(images), "secrets": secrets or {}}
        body |= {"parameters": parameters or {}, "certificates": certificates or {}}
        return self._call("POST", "publish", body)

    def authority(self) -> str:
        """The certificate, PEM, of the lab's CA, which clients trust."""
        return str(self._call("GET", "authority")["certificate"])

    def issue(self, names: t.Sequence[str]) -> dict[str, str]:
        """{certificate, private_key, chain}, PEM: for these names, signed by the lab's CA."""
        return t.cast("dict[str, str]", self._call("POST", "issue", {"names": list(names)}))

    def target_health(
        self,
        target: str,
        port: int | None = None,
        healthy: bool | None = False,
        reason: str = "",
        description: str = "",
    ) -> None:
        """What the health checks of a load balancer's target find from now on; None takes back what was said.

        `target` is an instance id, an address or an ARN, or a path that health checks ask targets for; port None means
        all; `reason` is AWS's, such as Target.ResponseCodeMismatch.
        """
        said = {"target": target, "port": port, "healthy": healthy, "reason": reason, "description": description}
        self._call("POST", "target_health", said)

    def attach(self, instance: str, container: str) -> Json:
        """Let a running container be the machine of an instance or hybrid node: {instance_id, container, address}."""
        return self._call("POST", "attach", {"instance": instance, "container": container})

    def detach(self, instance: str) -> None:
        """Leave the instance without a machine; the container stays."""
        self._call("POST", "detach", {"instance": instance})

    def machines(self) -> list[Json]:
        """What is attached: [{instance_id, container, address}]."""
        return t.cast("list[Json]", self._call("GET", "machines")["machines"])

    def ping(self, node: str, status: str | None = "ConnectionLost", minutes_ago: float = 60) -> None:
        """What Systems Manager says of a node's agent from now on; None takes back what was said."""
        self._call("POST", "ping", {"node": node, "status": status, "minutes_ago": minutes_ago})

    def register(
        self, region: str, activation: t.Mapping[str, str], computer: str, address: str, account: str = ""
    ) -> str:
        """Play the agent of a machine from elsewhere: register by an answer of CreateActivation; the node's id."""
        said = {"activation_id": activation["ActivationId"], "code": activation["ActivationCode"]}
        body = {"account": account, "region": region, **said, "computer": computer, "address": address}
        return str(self._call("POST", "register", body)["node"])

    def sessions(self) -> list[Json]:
        """Sessions of Session Manager: [{id, region, target, document, status, owner, connections, counts}]."""
        return t.cast("list[Json]", self._call("GET", "sessions")["sessions"])

    def channel_fault(self, **fault: t.Any) -> None:
        """What goes wrong in sessions that start from now on: drop_every=7, ...; sessions/channel_faults.py tells."""
        self._call("POST", "channel_fault", fault)

    def key_seconds(self, seconds: float) -> None:
        """How long a key of EC2 Instance Connect lets in; a minute unless this says otherwise."""
        self._call("POST", "key_seconds", {"seconds": seconds})

    def instances(self) -> list[Json]:
        """Instances that are not over, in every account and region; instances.py tells their keys."""
        return t.cast("list[Json]", self._call("GET", "instances")["instances"])

    def tasks(self) -> list[Json]:
        """Tasks with an address of their own, in every account and region; tasks.py tells which and their keys."""
        return t.cast("list[Json]", self._call("GET", "tasks")["tasks"])

    def await_tasks(self, wanted: bool) -> None:
        """Let tasks with an address run only once their containers are brought; False: as ever."""
        self._call("POST", "await_tasks", {"wanted": wanted})

    def bring_task(self, task: str) -> None:
        """The containers of a task are there, or nothing will ever stand for it: it runs."""
        self._call("POST", "bring_task", {"task": task})

    def await_machines(self, tag: str | None, but: t.Collection[str] = ()) -> None:
        """Let no agent answer on instances with this tag, but these, until they have a machine; None: on any."""
        self._call("POST", "await", {"tag": tag, "but": sorted(but)})

    def emit(self, region: str, event: Json) -> list[str]:
        """Let AWS put an event on the default bus; the names of the rules it met. API calls need a trail, as ever."""
        return t.cast("list[str]", self._call("POST", "emit", {"region": region, "event": event})["met"])

    def fire(self, region: str, name: str) -> str:
        """Let the time of a rule or of a schedule come, `name` or `group/name`; the ARN of what was fired."""
        return str(self._call("POST", "fire", {"region": region, "name": name})["fired"])

    def settle(self, seconds: float = 30) -> None:
        """Wait until every function that an event led to has run; TimeoutError when that takes longer."""
        if not self._call("POST", "settle", {"seconds": seconds})["settled"]:
            raise TimeoutError(f"functions still run after {seconds} s")

    def account_keys(self, account: str) -> dict[str, str]:
        """Keys of another account, to see what crosses accounts."""
        return {**self.environment, **self._call("POST", "account", {"account": account})}

    def clear_faults(self) -> None:
        """No faults, latency, hidden ids or kills from now on."""
        self._call("POST", "clear_faults")

    def clear_journal(self) -> None:
        """Count writes and reads from zero."""
        self._call("POST", "clear_journal")

    def reset(self) -> None:
        """Empty every account and the journal; faults, limits and delays are as at the start."""
        self._call("POST", "reset")

    def stop(self) -> None:
        """Stop the server."""
        self._call("POST", "stop")

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        headers = {"X-Cloister-Key": self.environment["AWS_SECRET_ACCESS_KEY"], "Connection": "close"}
        try:
            connection.request(method, f"/_cloister/{path}", json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as lost:
            raise NotRunningError(f"no embedded AWS answers at {self.endpoint}: {lost}") from lost
        finally:
            connection.close()
        if response.status >= 400:
            raise ValueError(answer["error"])
        return t.cast("Json", answer)
