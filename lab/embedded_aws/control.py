# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The control endpoint, /_cloister/: what tests and benchmarks read from and set in a running server.

Every call needs the header X-Cloister-Key with the secret access key `start` printed: the kill hook signals
processes of the server's owner, so no other user of the machine may set it.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import sys
import threading
import traceback
import typing as t
from collections.abc import Callable
from urllib.parse import parse_qsl

from lab.embedded_aws import machines, task_containers
from lab.embedded_aws.accounts import Accounts
from lab.embedded_aws.capacity import current as capacity
from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import Delays
from lab.embedded_aws.faults import Faults, Kill, Rule
from lab.embedded_aws.http_server import Answer, HttpRequest
from lab.embedded_aws.invocations import current as invocations
from lab.embedded_aws.journal import Journal
from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.sessions.channel_faults import ChannelFault
from lab.embedded_aws.sessions.channel_faults import current as channel_faults
from lab.embedded_aws.sessions.session import current as sessions
from lab.embedded_aws.verdicts import Verdict
from lab.embedded_aws.verdicts import current as verdicts

PREFIX = "/_cloister/"
KEY_HEADER = "x-cloister-key"
Body = dict[str, t.Any]


@dataclasses.dataclass
class Control:
    """Answers GET writes, reads, holdings, status and POST faults, latency, hide, expire, kill, ..."""

    journal: Journal
    faults: Faults
    accounts: Accounts
    delays: Delays
    secret: str
    status: Body
    stop: Callable[[], None]

    def answer(self, request: HttpRequest) -> Answer:
        """The JSON answer to one control request; 403 without the key, 404 for an unknown path."""
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, ""), self.secret):
            return _json({"error": f"the control endpoint needs {KEY_HEADER}: <AWS_SECRET_ACCESS_KEY>"}, 403)
        verb = f"{request.method} {request.path.removeprefix(PREFIX)}"
        handler = getattr(self, "_" + verb.lower().replace(" ", "_"), None)
        if handler is None:
            return _json({"error": f"no such control call: {verb}"}, 404)
        body = json.loads(request.body) if request.body else dict(parse_qsl(request.query))
        try:
            return _json(handler(body))
        except (TypeError, ValueError, KeyError) as wrong:
            return _json({"error": f"{verb}: {wrong}"}, 400)
        except Exception as broken:  # noqa: BLE001 - the caller learns what broke
            traceback.print_exc()
            return _json({"error": f"{verb} broke down: {type(broken).__name__}: {broken}"}, 500)

    def _get_status(self, _: Body) -> Body:
        return self.status

    def _get_writes(self, body: Body) -> Body:
        return {"writes": self.journal.writes(int(body.get("since", 0)))}

    def _get_reads(self, _: Body) -> Body:
        return self.journal.reads()

    def _get_holdings(self, _: Body) -> Body:
        from lab.embedded_aws.holdings import holdings

        return {"holdings": holdings()}

    def _get_snapshot(self, body: Body) -> Body:
        from lab.embedded_aws.backend_lock import BACKEND
        from lab.embedded_aws.snapshot import snapshot

        with BACKEND:
            return dict(snapshot(str(body.get("account") or self.accounts.main), str(body["region"])))

    def _get_pulse(self, _: Body) -> Body:
        from lab.embedded_aws.edge import pulse

        return {"pulse": [self.journal.total(), *pulse()]}

    def _get_edges(self, _: Body) -> Body:
        from lab.embedded_aws.edge import edges

        return {"edges": edges()}

    def _post_target_checks(self, body: Body) -> Body:
        verdicts.check(body["targets"], {int(key): Verdict(**one) for key, one in body["found"].items()})
        ends = (key.rpartition(":") for key in body["answers"])
        verdicts.ask({(address, int(port)): body["answers"][f"{address}:{port}"] for address, _, port in ends})
        return {}

    def _post_clear_journal(self, _: Body) -> Body:
        self.journal.clear()
        return {}

    def _post_fault(self, body: Body) -> Body:
        self.faults.add(Rule(**body))
        return {}

    def _post_latency(self, body: Body) -> Body:
        self.faults.set_latency(float(body["milliseconds"]))
        return {}

    def _post_hide(self, body: Body) -> Body:
        self.faults.hiding.start(int(body["calls"]), body.get("prefixes"))
        return {}

    def _post_expire(self, body: Body) -> Body:
        self.faults.expire_after(body.get("after_writes"))
        return {}

    def _post_kill(self, body: Body) -> Body:
        self.faults.set_kill(Kill(**body))
        return {}

    def _post_clear_faults(self, _: Body) -> Body:
        self.faults.clear()
        channel_faults.clear()
        return {}

    def _post_delays(self, body: Body) -> Body:
        self.delays.update(body)
        return {"delays": self.delays.seconds}

    def _post_skip(self, body: Body) -> Body:
        clock.skip(float(body["seconds"]))
        return {}

    def _post_limits(self, body: Body) -> Body:
        limits.update(body)
        return {"limits": limits.most}

    def _post_capacity(self, body: Body) -> Body:
        capacity.update(body)
        return {"capacity": capacity.most}

    def _post_new_images(self, _: Body) -> Body:
        from lab.embedded_aws.truth.public_images import releases

        return {"release": releases.publish()}

    def _post_target_health(self, body: Body) -> Body:
        verdicts.say(**body)
        return {}

    def _post_ping(self, body: Body) -> Body:
        from lab.embedded_aws.truth.managed_nodes.pings import current as pings

        pings.say(**body)
        return {}

    def _post_register(self, body: Body) -> Body:
        from lab.embedded_aws.truth import apply
        from lab.embedded_aws.truth.managed_nodes.hybrid import register

        apply("ssm")
        return {"node": register(str(body.pop("account", "") or self.accounts.main), **body)}

    def _get_machines(self, _: Body) -> Body:
        return {"machines": [dataclasses.asdict(one) for one in machines.attached()]}

    def _get_instances(self, _: Body) -> Body:
        from lab.embedded_aws.instances import instances

        return {"instances": instances()}

    def _get_tasks(self, _: Body) -> Body:
        from lab.embedded_aws.tasks import tasks

        return {"tasks": tasks()}

    def _post_await_tasks(self, body: Body) -> Body:
        from lab.embedded_aws.tasks import expect

        expect(bool(body["wanted"]))
        return {}

    def _post_bring_task(self, body: Body) -> Body:
        from lab.embedded_aws.tasks import bring

        bring(str(body["task"]))
        return {}

    def _get_authority(self, _: Body) -> Body:
        from lab.embedded_aws.authority import authority

        return {"certificate": authority().certificate}

    def _post_issue(self, body: Body) -> Body:
        from lab.embedded_aws.authority import authority

        return dict(authority().issue([str(name) for name in body["names"]]))

    def _post_await(self, body: Body) -> Body:
        machines.awaited.set(body.get("tag"), body.get("but", ()))
        return {}

    def _post_attach(self, body: Body) -> Body:
        return dataclasses.asdict(machines.attach(str(body["instance"]), str(body["container"])))

    def _post_detach(self, body: Body) -> Body:
        machines.detach(str(body["instance"]))
        return {}

    def _get_sessions(self, _: Body) -> Body:
        return {"sessions": [one.shown() for one in sessions.all()]}

    def _post_channel_fault(self, body: Body) -> Body:
        channel_faults.add(ChannelFault(**body))
        return {}

    def _post_key_seconds(self, body: Body) -> Body:
        channel_faults.key_seconds = float(body["seconds"])
        return {}

    def _post_account(self, body: Body) -> Body:
        identifier, secret = self.accounts.add(str(body["account"]))
        return {"AWS_ACCESS_KEY_ID": identifier, "AWS_SECRET_ACCESS_KEY": secret}

    def _post_publish(self, body: Body) -> Body:
        from lab.embedded_aws.supplies import publish

        return publish(
            str(self.status["account"]), body["region"], body["images"], body["secrets"], body["parameters"],
            body.get("certificates", {}),
        )  # fmt: skip

    def _post_emit(self, body: Body) -> Body:
        from lab.embedded_aws.clockwork import emit

        return {"met": emit(str(body.get("account") or self.accounts.main), body["region"], body["event"])}

    def _post_fire(self, body: Body) -> Body:
        from lab.embedded_aws.clockwork import fire

        return {"fired": fire(str(body.get("account") or self.accounts.main), body["region"], body["name"])}

    def _post_settle(self, body: Body) -> Body:
        return {"settled": invocations.settle(float(body["seconds"]))}

    def _post_reset(self, _: Body) -> Body:
        from lab.embedded_aws.moto_app import empty
        from lab.embedded_aws.supplies import forget
        from lab.embedded_aws.truth.managed_nodes.pings import current as pings
        from lab.embedded_aws.truth.public_images import releases

        invocations.forget()
        _end_sessions()
        empty()
        forget()
        self.journal.clear()
        self.faults.clear()
        channel_faults.clear()
        limits.clear()
        verdicts.clear()
        capacity.clear()
        machines.clear()
        task_containers.clear()
        pings.clear()
        releases.reset()
        self.delays.reset()
        return {}

    def _post_stop(self, _: Body) -> Body:
        # After the answer has left: the caller waits for it.
        threading.Timer(0.05, self.stop).start()
        return {}


def _end_sessions() -> None:
    if "lab.embedded_aws.sessions.listener" in sys.modules:
        from lab.embedded_aws.sessions.listener import listener

        listener.forget()


def _json(body: Body, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(body, default=str).encode())
