# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which requests a listener's rule means.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item

MOST_VALUES = MOST_WILDCARDS = 5
LONGEST_VALUE = 128
FORMS = {
    "hosts": (re.compile(r"[A-Za-z0-9.*?-]*\.[A-Za-z]+|[A-Za-z0-9.?-]*\*"), "a host name, api.example.internal"),
    "paths": (re.compile(r"[/*][A-Za-z0-9_.$/~\"'@:+&*?-]*"), "a path that starts with /, such as /v1/*"),
    "methods": (re.compile(r"[A-Z_-]{1,40}"), "a method in capitals, GET"),
}
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}")


def conditions(rule: Item) -> t.Iterator[Problem]:
    """A rule means some requests, and says so in values that AWS takes, not too many of them."""
    headers = rule.child("headers")
    by_name = headers.value if isinstance(headers.value, t.Mapping) else {}
    values = [(key, item) for key in FORMS for item in rule.items(key)]
    texts = [str(item.value) for _key, item in values]
    cidrs = list(rule.items("source_cidrs"))
    for key, item in values:
        form, right = FORMS[key]
        if not form.fullmatch(str(item.value)) or len(str(item.value)) > LONGEST_VALUE:
            yield item.problem(None, f"{shown(item.value)} is nothing that a rule can look for here.", right)
    for item in cidrs:
        yield from _range(item)
    for name, listed in by_name.items():
        texts += [str(value) for value in listed] if isinstance(listed, (list, tuple)) else []
        yield from _header(headers, str(name), listed)
    yield from _count(rule, texts, len(texts) + len(cidrs))


def _header(headers: Item, name: str, listed: t.Any) -> t.Iterator[Problem]:
    if name.lower() == "host":
        yield headers.problem(name, "The host is no header here.", "hosts: [...]")
    elif not HEADER.fullmatch(name):
        yield headers.problem(name, f"{shown(name)} is not the name of a header.", "a name of at most 40 characters")
    if not isinstance(listed, (list, tuple)) or not listed:
        yield headers.problem(name, f"{shown(listed)} is not a list of values.", f"{name}: [value]")


def _range(item: Item) -> t.Iterator[Problem]:
    try:
        ipaddress.ip_network(str(item.value))
    except ValueError:
        yield item.problem(None, f"{shown(item.value)} is not a range.", "a range such as 10.0.0.0/8")
    if "/" not in str(item.value):
        yield item.problem(None, f"{shown(item.value)} has no size.", f"{item.value}/32 for one address")


def _count(rule: Item, texts: t.Sequence[str], count: int) -> t.Iterator[Problem]:
    wildcards = sum(text.count("*") + text.count("?") for text in texts)
    given = ("hosts", "paths", "methods", "headers", "source_cidrs")
    if not count and all(not rule.get(key, []) for key in given):
        yield rule.problem(None, "It does not say which requests it means.", f"at least one of {', '.join(given)}")
    if count > MOST_VALUES:
        yield rule.problem(None, f"It looks for {count} values.", f"at most {MOST_VALUES} in all, or two rules")
    elif wildcards > MOST_WILDCARDS:
        yield rule.problem(None, f"It has {wildcards} wildcards.", f"at most {MOST_WILDCARDS} in all, or two rules")
