# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inventory us with machines, tasks and a data plane: what partners reach, and what is done to it meanwhile.

Smaller than it is shipped: two proxies in the place of four, and no machines but theirs are configured. With
CLOISTER_ROLL=long there are four, as shipped. Beside the models, proxies lead to a service of others by its domain.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import yaml

from lab.embedded_aws.client import ROOT, NotRunningError
from lab.load.started import Load, serve
from lab.nodes import background, machine_image, network, node, service
from lab.nodes.docker import docker
from lab.nodes.follow import Follower, name_of, sweep
from lab.nodes.node import LABEL
from lab.nodes.places import SERVER, Places
from lab.nodes.tasks import SERVICES, Tasks
from lab.plane import Plane, client
from lab.plane.places import PARTNER, network_name
from tests.integration.playbook import Region, Run
from tests.integration.preloaded import end_all
from tests.integration.systems.built import Built, changed

LONG = os.environ.get("CLOISTER_ROLL") == "long"
REGION, HURRY = "us-west-2", 60.0
NAME, GUARD, MODELS = "partner.infer.example.com", "us.infer.example.com", "models.prod.infer.example.internal"
OTHERS = "app.legacy.example.com"
OTHERS_AT, OTHERS_THEN_AT = "203.0.113.90", "203.0.113.91"
SECRET = "us/proxy/partner"  # noqa: S105 - its name
HERE = Path(__file__).parent
LONGEST_SECONDS = 60.0
Json = dict[str, t.Any]
Ended = subprocess.CompletedProcess[bytes]


def inventory(scratch: Path) -> Path:
    """Inventory us, with addresses that nobody has here, few machines, and a service of others behind the proxies."""
    copied = changed("us", scratch, edge={"edge_cross_zone": not LONG})
    free = next(n for n in range(100, 150) if not network.taken(f"10.{n}.0.0/16"))
    edit(copied / "host_vars/network.yml", lambda said: _readdressed(said, free))
    edit(copied / "host_vars/pools.yml", _few)
    edit(copied / "host_vars/security_groups.yml", _let_out)
    edit(copied / "group_vars/role_proxy.yml", _with_others)
    return copied


def edit(file: Path, change: Callable[[t.Any], t.Any]) -> None:
    """Change what a file of the inventory says."""
    said = change(yaml.safe_load(file.read_text(encoding="utf-8")))
    file.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def _readdressed(said: Json, number: int) -> Json:
    return t.cast("Json", json.loads(json.dumps(said).replace('"10.0.', f'"10.{number}.')))


def _few(said: Json) -> Json:
    """Proxies are the only ones with a role, which is what gets a machine; one more stands for the models' server."""
    for pool in said["pools_defined"]:
        if pool["name"] == "proxy":
            pool["size"] = pool["size"] if LONG else {"min": 2, "max": 4}
        else:
            pool.pop("role", None)
    return said


def _let_out(said: Json) -> Json:
    (proxy,) = (one for one in said["security_groups_defined"] if one["name"] == "proxy")
    proxy["egress"].append({"reason": "the service of others", "cidrs": ["203.0.113.0/24"], "ports": [80]})
    return said


def _with_others(said: Json) -> Json:
    (site,) = said["proxy_sites"]
    site["routes"] = [{"path": path, "upstream": "others"} for path in ("/work", "/stream")]
    said["proxy_upstreams"].append({"name": "others", "servers": [{"address": OTHERS, "port": 80}]})
    return {**said, "proxy_resolver_valid_seconds": 1, "proxy_drain_quiet_seconds": 2}


class Living:
    """The region, alive; what is asked of it is asked by partners from the lab's internet."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.region = Region.raised(inventory(scratch), scratch)
        self.built, self.aws = Built(self.region), self.region.lab
        self.server = background.server_of(self.aws)
        self.told: list[str] = []
        self.places = Places(self.aws, self.server)
        self.followers = (
            Follower(self.aws, self.server, self.places, tell=self.told.append),
            Tasks(self.aws, self.server, self.places, self.told.append),
        )
        elsewhere = {OTHERS: [OTHERS_AT]}
        self.plane = Plane(self.aws, self.server, HURRY, self.told.append, elsewhere=elsewhere)
        self.thread = threading.Thread(target=background.together, args=(*self.followers, self.plane))
        self.started = contextlib.ExitStack()
        self.changes: Json = {"proxy_source": "distribution", "proxy_nginx_version": machine_image.told()["nginx"]}

    def build(self) -> None:
        """Build it, bring its machines, configure them, and wait until a partner is answered."""
        self.aws.publish(REGION, certificates={SECRET: [NAME]})
        for one in self.followers:
            one.begin()
        background.make_images(self.told.append)
        self.thread.start()
        built = self.region.play("site.yml")
        assert built.rc == 0, built.output
        self.until(self.plane_is_there)
        for address, name in ((OTHERS_AT, "first"), (OTHERS_THEN_AT, "second")):
            serve(self.server, address, name)
        self.start_models(service.build(SERVICES / "vllm", "cloister-service/vllm"), "--model=model")
        configured = self.roll(roll_mends=True, roll_sweeps=True, configure_batches="100%")
        assert configured.rc == 0, configured.output
        self.until(self.whole)

    def end(self) -> None:
        """Take all of it away, each part whatever becomes of the others."""
        with contextlib.ExitStack() as last:
            last.callback(sweep, self.server)
            last.callback(self.plane.end)
            if self.thread.is_alive():
                last.callback(self.thread.join, LONGEST_SECONDS)
            last.callback(self._stop)
            self.started.close()

    def _stop(self) -> None:
        with contextlib.suppress(NotRunningError):
            self.aws.stop()

    # Who is there

    def plane_is_there(self) -> bool:
        return bool(docker("ps", "--quiet", f"--filter=name=^cloister-plane-{self.server}$"))

    def proxies(self) -> dict[str, Json]:
        """Machines of the pool that run, by id; in the order of their ids."""
        found = (one for one in self.aws.instances() if one["tags"].get("cloister:part") == "proxy")
        return {one["id"]: one for one in sorted(found, key=lambda one: one["id"]) if one["state"] == "running"}

    def health(self, group: str = "edge-https") -> dict[str, str]:
        """States of the targets of a group, by id."""
        elb = self.built.client("elbv2")
        arn = elb.describe_target_groups(Names=[f"us-{group}"])["TargetGroups"][0]["TargetGroupArn"]
        found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}

    def whole(self) -> bool:
        """Whether all proxies are well, and a partner is answered."""
        states = {"edge-https": self.health(), "edge-http": self.health("edge-http")}
        well = all(one == dict.fromkeys(self.proxies(), "healthy") for one in states.values())
        return well and self.asked().returncode == 0

    def addresses(self) -> list[str]:
        """The partner's addresses: what the name answers."""
        found = client.run(self.server, ["getent", "ahostsv4", NAME]).stdout.decode().splitlines()
        return sorted({line.split()[0] for line in found if line})

    def inside(self, proxy: str, *argv: str) -> str:
        """What a program says on a proxy; "" when it fails."""
        done = subprocess.run(["docker", "exec", name_of(proxy), *argv], capture_output=True, timeout=60)
        return done.stdout.decode() if done.returncode == 0 else ""

    def workers(self) -> dict[str, list[str]]:
        """Processes of Nginx by proxy: a reload begins others."""
        script = "cd /proc/$(cat /run/nginx.pid)/task && echo * && cat */children"
        return {one: sorted(self.inside(one, "sh", "-c", script).split()) for one in self.proxies()}

    def start_models(self, image: str, *arguments: str, more: t.Sequence[str] = ()) -> None:
        """Put a server of models where the region has a machine for it, in the place of one that is there."""
        (one,) = (one for one in self.aws.instances() if one["tags"].get("cloister:part") == "vllm")
        name = f"edge-models-{self.server}"
        docker("rm", "--force", name)  # one that is not there is no failure
        where = [f"--network={network_name(one['vpc'])}", f"--ip={one['address']}"]
        labels = [f"--label={said}" for said in (LABEL, f"{SERVER}={self.server}")]
        slow = "--env=STAND_IN_PAUSE_SECONDS=0.05"
        listens = ("--served-model-name=model", "--host=0.0.0.0", "--port=8000")
        docker("run", "--detach", f"--name={name}", *where, *labels, slow, *more, image, *arguments, *listens)

    # What is asked

    def asked(self, path: str = "/work", *more: str, address: str = PARTNER) -> subprocess.CompletedProcess[bytes]:
        """A request of a partner's, once; 0 only with an answer of 2xx."""
        url = path if path.startswith("http") else f"https://{NAME}{path}"
        command = ["curl", "-sS", "--fail", "--max-time", "5", *more, url]
        return client.run(self.server, command, address)

    def load(self, **wanted: t.Any) -> Load:
        """Clients of the partner's that begin now."""
        begun = Load.start(self.server, NAME, **wanted)
        self.started.callback(begun.process.kill)
        return begun

    def until(self, true: Callable[[], t.Any], seconds: float = LONGEST_SECONDS) -> t.Any:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < end, f"not so after {seconds} s: {self.told[-5:]}"
            time.sleep(0.2)
        return found

    # What is done

    def start_roll(self, *words: str, **said: t.Any) -> Roll:
        """Begin to roll, to what `changes` say, which is what an inventory would; `said` is for this once."""
        waits = {"roll_settle_seconds": 3, "roll_healthy_seconds": 60, "roll_unhealthy_seconds": 60}
        spoken = {"configure_nodes": True, **waits, **self.changes, **said}
        begun = Roll(self.region, [*words, "-e", json.dumps(spoken)])
        self.started.callback(begun.kill)
        return begun

    def roll(self, *words: str, **said: t.Any) -> Run:
        """Roll to the end."""
        return self.start_roll(*words, **said).ended()

    def bring_certificate(self) -> None:
        """What a person does who bought another one."""
        text = json.dumps(self.aws.issue([NAME]))
        self.built.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)

    def bring_newer_nginx(self) -> str:
        """Let the machines' repositories have the next version of Nginx; returns it."""
        old = str(self.changes["proxy_nginx_version"])
        kept, _, last = old.rpartition(".")
        newer = f"{kept}.{int(last) + 1}"
        script = (HERE / "newer.sh").read_bytes()
        for one in self.proxies():
            docker("exec", "-i", name_of(one), "sh", "-eu", "-s", old, newer, stdin=script)
        return newer

    def installed(self) -> dict[str, str]:
        """The version of Nginx's package on each proxy."""
        query = ("dpkg-query", "--show", "--showformat=${Version}", "nginx")
        return {one: self.inside(one, *query) for one in self.proxies()}

    def revive(self, proxy: str) -> None:
        """A machine whose power is back."""
        name = name_of(proxy)
        docker("start", name)
        node.await_boot(name)
        self.places.of(self.proxies()[proxy]).settle(name)


class Roll:
    """playbooks/roll.yml, as it runs; what it says goes into a file, so that it never waits for a reader."""

    def __init__(self, region: Region, words: t.Sequence[str]) -> None:
        self.file = region.scratch / "roll.log"
        with self.file.open("wb") as said:
            self.process = subprocess.Popen(
                region.command("playbooks/roll.yml", *words), cwd=ROOT, env=region.environment(),
                stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def runs(self) -> bool:
        return self.process.poll() is None

    def ended(self, seconds: float = 900) -> Run:
        """Wait for its end; one that takes longer is killed."""
        try:
            rc = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return Run(rc, self.file.read_text(encoding="utf-8"), {})

    def kill(self) -> None:
        """End it with all that it runs, if it does."""
        if self.runs():
            end_all(self.process.pid)
