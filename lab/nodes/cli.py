# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verbs of `python -m lab.nodes`: image, up, gpu, publish, missing, follow, stand-in, ask, down."""

from __future__ import annotations

import argparse
import json
import sys
import typing as t
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws, NotRunningError
from lab.nodes import ask, background, docker, gpus, image, network, node, registry, service
from lab.nodes.follow import MOST
from lab.nodes.stand_ins import StandIns


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit status (1: docker or the embedded AWS is not there or refused, 2: bad usage)."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (docker.DockerError, NotRunningError) as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.nodes", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="verb")
    made = _verb(verbs, "image", _image, "make the image of nodes, unless it is there")
    made.add_argument("suite", nargs="?", default="bookworm", choices=(*image.SUITES, "all"))
    up = _verb(verbs, "up", _up, "start a node and wait until it is up")
    up.add_argument("name", help="the container's name, and its host name")
    up.add_argument("--suite", default="bookworm", choices=image.SUITES)
    up.add_argument("--network", default="", metavar="NAME", help="a network of docker's; made when it is missing")
    up.add_argument("--alias", action="append", default=[], metavar="NAME", help="another name in its network")
    up.add_argument("--inner-docker", action="store_true", help="able to run a Docker of its own")
    up.add_argument(
        "--volume", action="append", default=[], metavar="FROM:TO", help="a folder of this machine in it, to read"
    )
    up.add_argument("--gpu", metavar="DRIVER", help="with GPUs for show and this version of the driver loaded, or none")
    publish = _verb(
        verbs, "publish", _publish, "start a registry and publish images; prints by which digests to pull them"
    )
    publish.add_argument("registry", help="its container's name")
    publish.add_argument(
        "images", nargs="+", metavar="NAME:TAG=FROM", help="a folder with a Dockerfile, or a local image"
    )
    publish.add_argument("--network", default="", metavar="NAME", help="where it is known as `registry`")
    _following_verbs(verbs)
    loaded = _verb(
        verbs, "gpu", _gpu, "let a node with GPUs have another version of the driver loaded, as after a reboot"
    )
    loaded.add_argument("name", help="the container's name")
    loaded.add_argument("driver", help="its version")
    down = _verb(verbs, "down", _down, "end nodes with their volumes")
    down.add_argument("names", nargs="*")
    down.add_argument("--network", default="", metavar="NAME", help="and the network, once nothing is in it")
    return parser


def _following_verbs(verbs: t.Any) -> None:
    """Those that have to do with an embedded AWS."""
    _verb(verbs, "missing", _missing, "say why no nodes can be made here; nothing when they can")
    text = (
        "bring machines to the instances with a role of the embedded AWS that AWS_ENDPOINT_URL leads to, until it ends"
    )
    follow = _verb(verbs, "follow", _follow, text)
    follow.add_argument("--most", type=int, default=MOST, metavar="N", help="no more than so many machines")
    follow.add_argument("--background", type=Path, metavar="LOG", help="in the background, with what it says in a file")
    follow.add_argument("--hurry", type=float, default=1.0, metavar="N", help="AWS's times are divided by this")
    stand_in = _verb(
        verbs, "stand-in", _stand_in, "bring what stands for what a node's roles name (JSON, standard input)"
    )
    stand_in.add_argument("--instance", required=True, metavar="I", help="its id, i-...")
    asked = _verb(verbs, "ask", _ask, "ask every public name as a client does; prints the answers, and their ways")
    asked.add_argument("--region", required=True, help="the AWS region")
    asked.add_argument("--seconds", type=float, default=ask.SECONDS, metavar="N", help="how long to wait for answers")


def _verb(verbs: t.Any, name: str, run: t.Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=text)
    verb.set_defaults(run=run)
    return t.cast("argparse.ArgumentParser", verb)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _image(options: argparse.Namespace) -> None:
    if options.suite == "all":
        background.make_images(_tell)
    else:
        print(image.ensure(options.suite, _tell))


def _up(options: argparse.Namespace) -> None:
    image.ensure(options.suite, _tell)
    if options.network:
        network.ensure(options.network)
    wanted = node.Wanted(
        options.name,
        options.suite,
        network=options.network,
        aliases=tuple(options.alias),
        inner_docker=options.inner_docker,
        more=tuple(f"--volume={Path(volume).absolute()}:ro" for volume in options.volume),
    )
    print(node.up(wanted))
    if options.gpu:
        gpus.put(options.name, options.gpu)


def _gpu(options: argparse.Namespace) -> None:
    gpus.load(options.name, options.driver)


def _publish(options: argparse.Namespace) -> None:
    if options.network:
        network.ensure(options.network)
    at = registry.start(options.registry, options.network, ("registry",) if options.network else ())
    print(json.dumps(dict(_published(at, image) for image in options.images)))


def _published(at: registry.Registry, wanted: str) -> tuple[str, str]:
    """(name:tag, name@digest) of one image that was brought."""
    reference, _, source = wanted.partition("=")
    name, _, tag = reference.rpartition(":")
    if not name or not source:
        raise docker.DockerError(f"expected NAME:TAG=FROM, such as vllm/vllm-openai:v1=images/vllm, not {wanted!r}")
    local = service.build(Path(source), f"cloister-service/{reference}") if Path(source).is_dir() else source
    return reference, f"{name}@{at.publish(local, name, tag)}"


def _missing(_: argparse.Namespace) -> None:
    print(image.missing() or "", end="")


def _follow(options: argparse.Namespace) -> None:
    if reason := image.missing():
        raise docker.DockerError(reason)
    if options.background:
        background.start(["follow", f"--most={options.most}", f"--hurry={options.hurry}"], options.background)
    else:
        background.follow(options.most, options.hurry)


def _stand_in(options: argparse.Namespace) -> None:
    aws = EmbeddedAws.from_environment()
    stand_ins = StandIns(aws, background.server_of(aws), Path(aws.status()["log"]))
    print(stand_ins.bring(options.instance, json.load(sys.stdin)))


def _ask(options: argparse.Namespace) -> None:
    aws = EmbeddedAws.from_environment()
    for line in ask.Asker(aws, background.server_of(aws), options.region, options.seconds).told():
        print(line)


def _down(options: argparse.Namespace) -> None:
    for name in options.names:
        node.down(name)
    if options.network:
        network.remove(options.network)
