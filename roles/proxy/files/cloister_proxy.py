# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is done to a proxy on its own node: reload, take out of service, drain, put back, replace, check.

Installed as /usr/local/sbin/cloister-proxy, for the role, for a roll, for a person in a hurry and for Run Command. Each
word prints one JSON object and ends with 0 when it is so. Python 3.9. Signals: https://nginx.org/en/docs/control.html
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import typing as t
from pathlib import Path

SETTINGS = Path("/etc/nginx/cloister-proxy.json")
DIGEST = re.compile(r'map "" \$proxy_configuration \{\s*default "([0-9a-f]+)";')
# While this lies there, each answer ends its connection, so that clients go where the load balancer sends them.
DRAINING = "keepalive_timeout 0;\nset $proxy_mode draining;\n"
# https://docs.kernel.org/networking/proc_net_tcp.html: established, syn received, fin wait 1, close wait
BUSY = {"01", "03", "04", "08"}
LOOK_SECONDS = 0.2
RELOAD_SECONDS = 30


class Trouble(Exception):
    """What was wanted is not so; the message says what was found and what to do."""


def digest_of(configuration: str) -> str:
    """The digest that a configuration of the role's names as its own."""
    found = DIGEST.search(configuration)
    if not found:
        raise Trouble("nginx.conf is not one that the role proxy wrote; run the role first")
    return found[1]


def busy_connections(table: str, ports: t.Collection[int]) -> int:
    """How many connections of /proc/net/tcp's lines come in on ``ports`` and have something under way."""
    rows = (line.split() for line in table.splitlines()[1:])
    return sum(1 for row in rows if len(row) > 3 and row[3] in BUSY and int(row[1].rsplit(":", 1)[1], 16) in ports)


def told(name: str, days: int, warn_days: int, alarm_days: int) -> str:
    """A line for the journal about a certificate's end, with the priority that systemd reads from it."""
    priority = 3 if days <= alarm_days else 4 if days <= warn_days else 6
    ends = f"ends in {days} days" if days >= 0 else f"ended {-days} days ago"
    return f"<{priority}>certificate of {name} {ends}"


def leaf(pem: str) -> bytes:
    """The first certificate of a PEM, DER."""
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE-----") : pem.index(end)] + end)


def days_left(der: bytes, now: float) -> int:
    """For how many whole days after ``now``, seconds since 1970, a certificate is valid; negative when it ended."""
    command = ["openssl", "x509", "-inform", "DER", "-noout", "-enddate"]
    end = subprocess.run(command, input=der, capture_output=True, check=True).stdout.decode().strip()
    return int((ssl.cert_time_to_seconds(end.split("=", 1)[1]) - now) // 86400)


def outdated(pid: int) -> bool:
    """Whether a process runs a program that has been replaced since it started."""
    return os.readlink(f"/proc/{pid}/exe").endswith(" (deleted)")


def within(seconds: float, is_so: t.Callable[[], bool]) -> bool:
    """Wait until something is so; returns whether it came to be."""
    deadline = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return so


class Proxy:
    """Nginx on this node, as the role's settings describe it."""

    def __init__(self, settings: dict[str, t.Any]) -> None:
        self.settings = settings
        state = Path(settings["state"])
        self.failing, self.drain_file = state / "failing", state / "drain.conf"

    def master(self) -> int:
        """The process that holds the sockets; it says itself where it is."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(pid := int(Path(self.settings["pid"]).read_text(encoding="utf-8")), 0)
            return pid
        raise Trouble("nginx does not run: journalctl -u nginx")

    def state(self) -> dict[str, str]:
        """What workers say they run."""
        port = self.settings["status_port"]
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
                asked.request("GET", "/state")
                return t.cast("dict[str, str]", json.loads(asked.getresponse().read()))
        except (OSError, ValueError, http.client.HTTPException) as exc:
            raise Trouble(f"nginx does not answer on 127.0.0.1:{port}: {exc}") from None

    def wanted(self) -> dict[str, str]:
        """What they should say."""
        configuration = Path(self.settings["configuration"]).read_text(encoding="utf-8")
        mode = "draining" if self.drain_file.exists() else "serving"
        return {"configuration": digest_of(configuration), "mode": mode}

    def runs_what_it_should(self) -> bool:
        """Whether workers run the configuration that lies there."""
        with contextlib.suppress(Trouble):
            return self.wanted().items() <= self.state().items()
        return False

    def test(self) -> None:
        """Raise `Trouble` when nginx refuses its configuration."""
        tested = subprocess.run(["nginx", "-t", "-q"], capture_output=True, text=True, check=False)
        if tested.returncode != 0:
            raise Trouble(f"nginx refuses its configuration: {tested.stderr.strip()}")

    def reload(self) -> bool:
        """Let workers take the configuration up, and see that they did; returns whether they had to."""
        if self.runs_what_it_should():
            return False
        self.test()
        log = Path(self.settings["error_log"])
        before = log.stat().st_size
        os.kill(self.master(), signal.SIGHUP)
        if not within(RELOAD_SECONDS, self.runs_what_it_should):
            said = log.read_bytes()[before:].decode(errors="replace").splitlines()
            why = "; ".join(line for line in said if "[emerg]" in line or "[alert]" in line)
            raise Trouble(f"nginx goes on with its old configuration: {why or 'it does not say why'}")
        return True

    def replace(self) -> bool:
        """Let the installed program take over the sockets of one that was replaced; no connection is refused."""
        old = self.master()
        if not outdated(old):
            return False
        self.test()
        os.kill(old, signal.SIGUSR2)
        if not within(RELOAD_SECONDS, lambda: self.took_over(old)):
            raise Trouble("the new nginx did not start; the old one goes on: tail /var/log/nginx/error.log")
        os.kill(old, signal.SIGQUIT)
        return True

    def took_over(self, old: int) -> bool:
        """Whether another master has workers."""
        with contextlib.suppress(Trouble, OSError):
            new = self.master()
            children = Path(f"/proc/{new}/task/{new}/children").read_text(encoding="utf-8").split()
            return new != old and not outdated(new) and bool(children) and self.runs_what_it_should()
        return False

    def fail(self) -> bool:
        """Let the health check fail on purpose; all requests are answered as before."""
        with contextlib.suppress(FileExistsError):
            self.failing.touch(exist_ok=False)
            return True
        return False

    def drain(self, seconds: float, quiet_seconds: float) -> bool:
        """Fail health, let each answer end its connection, and wait until clients have gone."""
        changed = self.fail() | (not self.drain_file.exists())
        self.drain_file.write_text(DRAINING, encoding="utf-8")
        self.reload()
        quiet_since, deadline = time.monotonic(), time.monotonic() + seconds
        while (now := time.monotonic()) - quiet_since < quiet_seconds or self.busy():
            if (busy := self.busy()) or time.time() - self.last_request() < now - quiet_since:
                quiet_since = now
            if now > deadline:
                found = f"{busy} connections are still open" if busy else "requests still come in"
                raise Trouble(f"after {seconds:.0f} seconds {found}: is this node's target deregistered?")
            time.sleep(LOOK_SECONDS)
        return changed

    def busy(self) -> int:
        """How many clients have something under way."""
        tables = [table.read_text(encoding="utf-8") for table in Path("/proc/net").glob("tcp*")]
        return sum(busy_connections(table, self.settings["client_ports"]) for table in tables)

    def last_request(self) -> float:
        """When the last request ended that a client made."""
        return Path(self.settings["access_log"]).stat().st_mtime

    def serve(self) -> bool:
        """Put the node back: connections are kept again, then health is well again."""
        changed = self.failing.exists() or self.drain_file.exists()
        self.drain_file.unlink(missing_ok=True)
        self.reload()
        self.failing.unlink(missing_ok=True)
        return changed

    def check(self, probes: bool) -> list[str]:
        """What is wrong with this node, a sentence each; with ``probes`` the sites are asked through it too."""
        found: list[str] = []
        with noted(found):
            pid = self.master()
            self.test()
            if outdated(pid):
                found.append("nginx runs a program that has been replaced: cloister-proxy replace")
            if not self.runs_what_it_should():
                found.append("nginx does not run the configuration that lies there: cloister-proxy reload")
            for site in self.settings["sites"]:
                with noted(found):
                    self.look_at(site, probes)
        return found

    def look_at(self, site: dict[str, t.Any], probes: bool) -> None:
        """Raise `Trouble` unless a site shows its certificate, and answers its probe."""
        der = leaf(Path(site["certificate"]).read_text(encoding="utf-8"))
        with self.asked(site["server_name"]) as connection:
            if hashlib.sha256(connection.getpeercert(True) or b"").digest() != hashlib.sha256(der).digest():
                raise Trouble(f"site {site['name']} shows another certificate than {site['certificate']}")
            if (days := days_left(der, time.time())) < 0:
                raise Trouble(f"the certificate of site {site['name']} ended {-days} days ago")
            if not probes or not site.get("probe"):
                return
            path, status, host = site["probe"]["path"], site["probe"]["status"], site["server_name"]
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            if answer.status != status:
                raise Trouble(f"site {site['name']} answers {path} with {answer.status}, expected {status}")

    def asked(self, server_name: str) -> ssl.SSLSocket:
        """A TLS connection to this node's own port, as a client has it. Whom it shows is compared, not believed."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.settings["https_port"]), timeout=10)
        plain.sendall(b"PROXY TCP4 127.0.0.1 127.0.0.1 1 443\r\n" if self.settings["proxy_protocol"] else b"")
        return context.wrap_socket(plain, server_hostname=server_name.replace("*", "any"))

    def certificates(self) -> tuple[list[str], bool]:
        """Lines for the journal about all certificates, and whether one is so near its end that somebody must act."""
        warn, alarm, lines, cried = self.settings["warn_days"], self.settings["alarm_days"], [], False
        for site in self.settings["sites"]:
            days = days_left(leaf(Path(site["certificate"]).read_text(encoding="utf-8")), time.time())
            lines.append(told(site["name"], days, warn, alarm))
            cried = cried or days <= alarm
        return lines, cried


@contextlib.contextmanager
def noted(found: list[str]) -> t.Iterator[None]:
    """Note what is wrong and go on with the next."""
    try:
        yield
    except (Trouble, OSError, ValueError, http.client.HTTPException) as exc:
        found.append(str(exc))


def parsed(words: t.Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="cloister-proxy", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--settings", type=Path, default=SETTINGS, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="word", required=True)
    for word in ("reload", "replace", "fail", "serve", "certificates"):
        commands.add_parser(word)
    commands.add_parser("check").add_argument("--probes", action="store_true", help="ask the sites through this node")
    drain = commands.add_parser("drain")
    drain.add_argument("--seconds", type=float, default=900, help="how long clients are waited for")
    drain.add_argument("--quiet-seconds", type=float, default=10, help="how long no request may have come")
    return parser.parse_args(words)


def main(words: t.Sequence[str] | None = None) -> int:
    """Do what the word says, print one JSON object; returns the exit status."""
    p = parsed(words)
    try:
        proxy = Proxy(json.loads(p.settings.read_text(encoding="utf-8")))
        if p.word == "certificates":
            lines, alarm = proxy.certificates()
            print("\n".join(lines))
            return int(alarm)
        if p.word == "check":
            told_of: dict[str, t.Any] = {"faults": proxy.check(p.probes)}
        else:
            word = getattr(proxy, p.word)
            told_of = {"changed": word(p.seconds, p.quiet_seconds) if p.word == "drain" else word()}
        print(json.dumps({**told_of, "failing": proxy.failing.exists(), **proxy.wanted()}))
        return int(bool(told_of.get("faults")))
    except (Trouble, OSError) as exc:
        print(json.dumps({"changed": False, "failed": True, "msg": str(exc)}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
