# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of an application load balancer's listener as HAProxy has them: which one a request meets, and what it does.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Thing

MET = "txn.met"
DICE = "txn.dice"
FORWARDED = "routing.http.xff_header_processing.mode"


def lines(
    listener: Thing, attributes: t.Mapping[str, str], backend: t.Callable[[str], list[tuple[str, str]]]
) -> list[str]:
    """The lines of a frontend; `backend` tells of a target group which backends take it, each with a condition."""
    numbered = [one for one in listener.get("Rules") or () if str(one.get("Priority") or "").isdigit()]
    ordered = sorted(numbered, key=lambda one: int(one["Priority"]))
    found = _headers(listener, attributes)
    for rule in ordered:
        names = []
        for index, condition in enumerate(rule.get("Conditions") or ()):
            names.append(f"rule{rule['Priority']}_{index}")
            found += [f"acl {names[-1]} {one}" for one in _condition(condition)]
        found.append(
            f"http-request set-var({MET}) int({rule['Priority']}) if !{{ var({MET}) -m found }} {' '.join(names)}"
        )
    found.append(f"http-request set-var({MET}) int(0) if !{{ var({MET}) -m found }}")
    default = next((one for one in listener.get("Rules") or () if one.get("IsDefault")), None)
    last = (default or {}).get("Actions") or listener.get("DefaultActions") or ()
    actions = [(0, list(last)), *((int(one["Priority"]), list(one.get("Actions") or ())) for one in ordered)]
    done = [line for number, listed in actions for one in listed for line in _action(listener, number, one, backend)]
    # HAProxy wants answers of its own before it is told of backends.
    return found + sorted(done, key=lambda line: line.startswith("use_backend"))


def quoted(text: str) -> str:
    """Text as one word of a configuration."""
    return '"' + re.sub(r'([\\"$])', r"\\\1", text).replace("\n", "\\n").replace("\r", "\\r") + '"'


def weighted(groups: t.Sequence[Thing]) -> list[tuple[str, int]]:
    """Target groups of an action in turn, each with the number of a hundred dice rolls below which it is chosen."""
    total = sum(int(one.get("Weight", 1)) for one in groups)
    found, passed = [], 0
    for one in groups:
        passed += int(one.get("Weight", 1))
        if int(one.get("Weight", 1)):
            found.append((str(one["TargetGroupArn"]), round(passed * 1000 / total)))
    return found


def groups_of(action: Thing) -> list[Thing]:
    """Where an action of type forward leads."""
    named = (action.get("ForwardConfig") or {}).get("TargetGroups")
    return list(named or [{"TargetGroupArn": action["TargetGroupArn"]}])


def _headers(listener: Thing, attributes: t.Mapping[str, str]) -> list[str]:
    mode = attributes.get(FORWARDED, "append")
    secure = listener.get("Protocol") == "HTTPS"
    found = ["http-request set-header X-Amzn-Trace-Id Root=%[uuid] unless { req.hdr(X-Amzn-Trace-Id) -m found }"]
    if mode == "remove":
        found.append("http-request del-header X-Forwarded-For")
    if mode == "append":
        there, before = "{ req.hdr(X-Forwarded-For) -m found }", "%[req.hdr(X-Forwarded-For)]"
        found += [
            f'http-request set-header X-Forwarded-For "{before}, %[src]" if {there}',
            f"http-request set-header X-Forwarded-For %[src] unless {there}",
        ]
    return [
        *found,
        f"http-request set-header X-Forwarded-Proto {'https' if secure else 'http'}",
        f"http-request set-header X-Forwarded-Port {listener['Port']}",
    ]


def _expression(value: str, anything: str = ".*") -> str:
    """A pattern with * and ? as a regular expression."""
    return "".join({"*": anything, "?": "."}.get(one, re.escape(one)) for one in value)


def _wildcards(values: t.Iterable[str]) -> str:
    """Patterns, each as a word that must fit whole."""
    return " ".join(quoted(f"^{_expression(value)}$") for value in values)


def _condition(condition: Thing) -> list[str]:
    """Expressions of which one must hold."""
    field = condition["Field"]
    config = next((value for key, value in condition.items() if key.endswith("Config")), condition)
    values = list(config.get("Values") or condition.get("Values") or ())
    if field == "host-header":
        return [f"req.hdr(host),field(1,:) -i -m reg {_wildcards(values)}"]
    if field == "path-pattern":
        return [f"path -m reg {_wildcards(values)}"]
    if field == "http-header":
        return [f"req.fhdr({config['HttpHeaderName']}) -i -m reg {_wildcards(values)}"]
    if field == "http-request-method":
        return [f"method {' '.join(values)}"]
    if field == "source-ip":
        return [f"src {' '.join(values)}"]
    if field == "query-string":
        return [_query(one) for one in values]
    # Nobody meets what is not known here.
    return ["always_false"]


def _query(pair: Thing) -> str:
    if pair.get("Key"):
        return f"url_param({pair['Key']}) -i -m reg {_wildcards([str(pair['Value'])])}"
    expression = _expression(str(pair["Value"]), "[^&]*")
    return f"query -i -m reg {quoted(f'(^|&)([^=&]*=)?{expression}(&|$)')}"


def _action(
    listener: Thing, number: int, action: Thing, backend: t.Callable[[str], list[tuple[str, str]]]
) -> list[str]:
    met = f"{{ var({MET}) -m int {number} }}"
    if action.get("Type") == "redirect":
        return _redirect(listener, action["RedirectConfig"], met)
    if action.get("Type") == "fixed-response":
        config = action["FixedResponseConfig"]
        body = str(config.get("MessageBody") or "")
        content = f" content-type {config.get('ContentType') or 'text/plain'} string {quoted(body)}" if body else ""
        return [f"http-request return status {config['StatusCode']}{content} if {met}"]
    if action.get("Type") != "forward":
        return [f"http-request return status 500 if {met}"]
    groups = groups_of(action)
    found = [f"http-request set-var({DICE}) rand(1000) if {met}"] if len(groups) > 1 else []
    for arn, below in weighted(groups):
        chosen = f" {{ var({DICE}) -m int lt {below} }}" if len(groups) > 1 else ""
        found += [f"use_backend {name} if {met}{chosen}{condition}" for name, condition in backend(arn)]
    return found


def _redirect(listener: Thing, config: Thing, met: str) -> list[str]:
    """AWS names the port whatever it is, and leaves the question mark out of an empty query."""
    scheme = str(config.get("Protocol") or "#{protocol}").replace("#{protocol}", str(listener["Protocol"])).lower()
    host = str(config.get("Host") or "#{host}").replace("#{host}", "%[req.hdr(host),field(1,:)]")
    port = str(config.get("Port") or "#{port}").replace("#{port}", str(listener["Port"]))
    path = (
        str(config.get("Path") or "/#{path}").replace("/#{path}", "%[path]").replace("#{path}", "%[path,regsub(^/,)]")
    )
    path = path.replace("#{host}", "%[req.hdr(host),field(1,:)]").replace("#{port}", port)
    query = str(config.get("Query", "#{query}"))
    code = str(config["StatusCode"]).removeprefix("HTTP_")
    to = f"{scheme}://{host}:{port}{path}"
    bare = f'http-request redirect location "{to}" code {code} if {met}'
    if query == "#{query}":
        return [f'http-request redirect location "{to}?%[query]" code {code} if {met} {{ query -m len gt 0 }}', bare]
    query = query.replace("#{query}", "%[query]")
    return [f'http-request redirect location "{to}?{query}" code {code} if {met}'] if query else [bare]
