# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verbs of `python -m lab.plane`: client, image."""

from __future__ import annotations

import argparse
import subprocess
import sys

from lab.embedded_aws.client import EmbeddedAws, NotRunningError
from lab.nodes.docker import DockerError
from lab.plane import client, image
from lab.plane.places import PARTNER


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns its exit status (1: docker or the plane is not there or refused, 2: bad usage)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (DockerError, NotRunningError) as refused:
        print(refused, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.plane", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="verb")
    text = "run a program in the lab's internet, with a client's address, resolver and trust"
    asked = verbs.add_parser("client", help=text, description=text)
    asked.add_argument("--address", default=PARTNER, help=f"the client's, one of 203.0.113.0/24 (default {PARTNER})")
    asked.add_argument("--server", help="whose internet; that of AWS_ENDPOINT_URL's embedded AWS when it is not said")
    asked.add_argument("--image", action="store_true", help="a program of the node's image, not one of this machine's")
    asked.add_argument("argv", nargs=argparse.REMAINDER, metavar="PROGRAM ...")
    asked.set_defaults(run=_client)
    text = "make the image of the plane, unless it is there"
    made = verbs.add_parser("image", help=text, description=text)
    made.set_defaults(run=_image)
    return parser


def _client(options: argparse.Namespace) -> int:
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise DockerError("expected a program to run, such as: client -- curl https://partner.infer.example.com/")
    server = options.server or _server()
    if options.image:
        name = client.ensure(server, options.address)
        return subprocess.call(["docker", "exec", "-i", name, *argv])
    return subprocess.call(client.entering(server, argv, options.address))


def _server() -> str:
    from lab.nodes.background import server_of

    return server_of(EmbeddedAws.from_environment())


def _image(_: argparse.Namespace) -> int:
    print(image.ensure(lambda text: print(text, file=sys.stderr, flush=True)))
    return 0
