# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load on a host: POSTs on connections that are kept, and long streams. SIGTERM ends it; prints what was met.

It prints a line as soon as it was answered at all.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import signal
import ssl
import typing as t

from lab.load.clients import Clients, Wanted

BEGUN = "begun"


def main(words: t.Sequence[str] | None = None) -> int:
    """Run; the exit status is 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m lab.load", description=__doc__)
    for field in dataclasses.fields(Wanted):
        if field.name != "host":
            kind = {"int": int, "float": float}.get(str(field.type), str)
            parser.add_argument(f"--{field.name}", type=kind, default=field.default)
    parser.add_argument("host")
    parser.add_argument("--ca", metavar="FILE", help="whom to believe; what this machine believes when it is not said")
    parser.add_argument("--plain", action="store_true", help="without TLS")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = vars(parser.parse_args(words))
    ca, plain, told = (options.pop(name) for name in ("ca", "plain", "json"))
    trust = None if plain else ssl.create_default_context(cafile=ca)
    report = asyncio.run(_run(Clients(Wanted(**options), trust)))
    print(report.as_json() if told else report.told())
    return int(bool(report.failures))


async def _run(clients: Clients) -> t.Any:
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, clients.over.set)
    running = asyncio.create_task(clients.run())
    await clients.begun.wait()
    print(BEGUN, flush=True)
    return await running


if __name__ == "__main__":
    raise SystemExit(main())
