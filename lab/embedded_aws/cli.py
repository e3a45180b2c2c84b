# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verbs of `python -m lab.embedded_aws`: start, stop, status, writes, attach, publish, ..."""

from __future__ import annotations

import argparse
import json
import os
import sys
import typing as t
from pathlib import Path

from lab.embedded_aws import needs
from lab.embedded_aws.client import EmbeddedAws, NotRunningError
from lab.embedded_aws.delays import REALISTIC

DEFAULT_ACCOUNT = "123456789012"


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit status (1: no server, 2: bad usage)."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except NotRunningError as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.embedded_aws", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="verb")
    start = _verb(verbs, "start", _start, "start a server in the background and print how to reach it")
    _serving_options(start)
    start.add_argument("--state", type=Path, metavar="FILE", help="where the running server is written down")
    start.add_argument("--keep-state", action="store_true", help="go on with the server FILE tells of, if it runs")
    serve = _verb(verbs, "serve", _serve, "serve in the foreground")
    _serving_options(serve)
    serve.add_argument("--remove-log", action="store_true", help="remove the log folder at the end")
    for name, run, text in (
        ("stop", _stop, "stop a server"),
        ("status", _status, "print a server's status as JSON"),
        ("writes", _writes, "print the write log as JSON lines"),
        ("attach", _attach, "let a running container be the machine of an instance or hybrid node"),
        ("detach", _detach, "leave an instance without a machine; its container stays"),
        ("fire", _fire, "let the time of a rule or of a schedule come"),
        ("publish", _publish, "bring images, secrets and parameters, as a pipeline or a person would"),
    ):
        found = _verb(verbs, name, run, text)
        found.add_argument(
            "--state", type=Path, metavar="FILE", help="the server FILE tells of; else the environment's"
        )
        if name == "fire":
            found.add_argument("--region", required=True, help="the AWS region that it is in")
            found.add_argument("name", help="a rule, or GROUP/NAME of a schedule")
        if name in ("attach", "detach"):
            found.add_argument("--instance", required=True, metavar="I", help="its id, i-... or mi-...")
        if name == "attach":
            found.add_argument("--container", required=True, metavar="C", help="its name or id")
    _published_options(found)
    return parser


def _published_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--region", required=True, help="the AWS region that secrets and parameters are put into")
    verb.add_argument("--image", action="append", default=[], metavar="REPOSITORY:TAG", help="in any AWS region")
    for option in ("--secret", "--parameter"):
        verb.add_argument(option, action="append", default=[], metavar="NAME", help="with a value that is made up")
    text = "also what the ecs_services of this region need, which are read as JSON from standard input"
    verb.add_argument("--needed-by", metavar="REGION_NAME", help=text)
    text = "also the certificates that proxies of this inventory have in Secrets Manager, signed by the lab's CA"
    verb.add_argument("--inventory", type=Path, metavar="DIR", help=text)


def _verb(verbs: t.Any, name: str, run: t.Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=text)
    verb.set_defaults(run=run)
    return t.cast("argparse.ArgumentParser", verb)


def _serving_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--account", default=DEFAULT_ACCOUNT, type=_account, help="the account id callers are in")
    verb.add_argument("--owner-pid", type=int, metavar="PID", help="end when this process ends")
    verb.add_argument("--log", type=Path, metavar="DIR", help="keep server.log and writes.jsonl here")
    text = "JSON or YAML: name -> seconds, see delays.py; or the word realistic"
    verb.add_argument("--delays", type=_delays_file, metavar="FILE", help=text)
    verb.add_argument("--hurry", type=float, default=1.0, metavar="N", help="divide all delays by this, above 0")


def _delays_file(text: str) -> Path:
    return REALISTIC if text == "realistic" else Path(text)


def _account(text: str) -> str:
    if len(text) != 12 or not text.isdigit():
        raise argparse.ArgumentTypeError(f"an account id has 12 digits, not {text!r}")
    return text


def _start(options: argparse.Namespace) -> None:
    from lab.embedded_aws import daemon

    status = daemon.start(
        options.account,
        options.state,
        options.keep_state,
        options.owner_pid,
        options.log,
        options.delays,
        options.hurry,
    )
    print(json.dumps(status))


def _serve(options: argparse.Namespace) -> None:
    from lab.embedded_aws import daemon, server

    try:
        delays = _read_delays(options.delays, options.hurry)
        server.serve(options.account, options.log, delays, options.owner_pid)
    finally:
        if options.remove_log and options.log:
            daemon.remove_folder(options.log)
        # At once: an orderly end would wait for the thread that still imports.
        os._exit(0)


def _read_delays(file: Path | None, hurry: float) -> dict[str, float]:
    if file is None:
        return {}
    text = file.read_text()
    if file.suffix == ".json":
        said = json.loads(text)
    else:
        import yaml

        said = yaml.safe_load(text)
    return {name: float(seconds) / hurry for name, seconds in said.items()}


def _publish(options: argparse.Namespace) -> None:
    needed = needs.of(json.load(sys.stdin) if options.needed_by else [], options.needed_by)
    # No value is taken here: a command line is seen by everybody on the machine.
    secrets = dict.fromkeys([*options.secret, *needed.secrets], "")
    parameters = dict.fromkeys([*options.parameter, *needed.parameters], "")
    images = [*options.image, *needed.images]
    certificates = needs.certificates(options.inventory) if options.inventory else {}
    print(json.dumps(_found(options).publish(options.region, images, secrets, parameters, certificates)))


def _fire(options: argparse.Namespace) -> None:
    embedded = _found(options)
    print(embedded.fire(options.region, options.name))
    embedded.settle()


def _attach(options: argparse.Namespace) -> None:
    print(json.dumps(_found(options).attach(options.instance, options.container)))


def _detach(options: argparse.Namespace) -> None:
    _found(options).detach(options.instance)


def _found(options: argparse.Namespace) -> EmbeddedAws:
    if options.state:
        from lab.embedded_aws import daemon

        status = daemon.read_state(options.state)
        if status is None:
            raise NotRunningError(f"no embedded AWS runs that {options.state} tells of")
        return EmbeddedAws.from_status(status)
    if not os.environ.get("AWS_ENDPOINT_URL"):
        raise NotRunningError("name a server with --state FILE or AWS_ENDPOINT_URL and AWS_SECRET_ACCESS_KEY")
    return EmbeddedAws.from_environment()


def _stop(options: argparse.Namespace) -> None:
    from lab.embedded_aws import daemon

    daemon.stop(_found(options).status())


def _status(options: argparse.Namespace) -> None:
    print(json.dumps(_found(options).status()))


def _writes(options: argparse.Namespace) -> None:
    for record in _found(options).writes():
        print(json.dumps(record))
