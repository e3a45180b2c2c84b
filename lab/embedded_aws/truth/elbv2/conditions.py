# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The conditions of rules: fields, values and their limits.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from lab.embedded_aws.truth.elbv2.base import Params, invalid, not_modelled

CONFIGS = {
    "host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig", "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig", "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}  # fmt: skip
# AWS shows these both in their config and, as it did before there were configs, in Values.
OLD = ("host-header", "path-pattern")
ONCE = ("host-header", "path-pattern", "http-request-method", "source-ip")
MOST_VALUES, MOST_WILDCARDS, LONGEST = 5, 6, 128


def read_conditions(given: list[Params]) -> list[Params]:
    """The conditions of a request as AWS shows them, checked."""
    if not given:
        invalid("A condition must be specified")
    shown = [_read(one) for one in given]
    fields = [one["Field"] for one in shown]
    for field in ONCE:
        if fields.count(field) > 1:
            invalid(f"A rule can only have one '{field}' condition")
    values = [value for one in shown for value in _texts(one)]
    if len(values) > MOST_VALUES:
        invalid(f"A rule can only have '{MOST_VALUES}' condition values")
    if sum(value.count("*") + value.count("?") for value in values) > MOST_WILDCARDS:
        invalid(f"A rule can only have '{MOST_WILDCARDS}' condition wildcards")
    return shown


def _read(given: Params) -> Params:
    field = given.get("Field")
    if field not in CONFIGS:
        invalid(f"Condition field '{field}' must be one of '[{', '.join(CONFIGS)}]'")
    name = CONFIGS[field]
    # A condition read from AWS and sent back holds both.
    config = dict(given.get(name) or {})
    if given.get("Values") and field not in OLD:
        invalid(f"The 'Values' field is not compatible with '{field}'")
    if not config and given.get("Values"):
        config = {"Values": list(given["Values"])}
    if given.get("Values") and list(given["Values"]) != list(config.get("Values") or []):
        invalid(f"You cannot provide both Values and '{name}' for a condition of type '{field}'")
    if given.get("RegexValues") or config.get("RegexValues"):
        not_modelled("conditions with regular expressions")
    if not config.get("Values"):
        invalid("A condition value must be specified")
    _CHECKS[field](config)
    return {"Field": field, **({"Values": list(config["Values"])} if field in OLD else {}), name: config}


def _texts(shown: Params) -> list[str]:
    values = shown[CONFIGS[shown["Field"]]]["Values"]
    return [one if isinstance(one, str) else one["Value"] for one in values]


def _fits(value: str, pattern: str, field: str) -> None:
    if not value:
        invalid(f"The '{field}' value must not be empty")
    if len(value) > LONGEST:
        invalid(f"The '{field}' value is too long; the limit is '{LONGEST}'")
    if not re.fullmatch(pattern, value):
        invalid(f"The '{field}' value '{value}' contains a character that is not allowed")


def _host(config: Params) -> None:
    for value in config["Values"]:
        _fits(value, r"[A-Za-z0-9.*?-]+", "host-header")
        if not re.search(r"\.[A-Za-z*?-]+$", value):
            invalid(f"The 'host-header' value '{value}' must have letters after its last '.' character")


def _path(config: Params) -> None:
    for value in config["Values"]:
        _fits(value, r"[A-Za-z0-9_.$/~\"'@:+&*?%=,;!()-]+", "path-pattern")


def _header(config: Params) -> None:
    name = str(config.get("HttpHeaderName") or "")
    if not re.fullmatch(r"[A-Za-z0-9*?!#$%&'+.^_`|~-]{1,40}", name):
        invalid(f"The 'HttpHeaderName' value '{name}' is invalid; it can be up to '40' characters")
    if name.lower() == "host":
        invalid("A condition on the header 'Host' needs the field 'host-header'")
    for value in config["Values"]:
        _fits(value, r"[\x20-\x7e]+", "http-header")


def _query(config: Params) -> None:
    for one in config["Values"]:
        if "Value" not in one:
            invalid("A 'Value' must be specified in 'QueryStringKeyValuePair'")
        for text in (one["Value"], one.get("Key") or "*"):
            _fits(text, r"[\x20-\x7e]+", "query-string")


def _method(config: Params) -> None:
    for value in config["Values"]:
        if not re.fullmatch(r"[A-Z_-]{1,40}", value):
            invalid("The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore")


def _source(config: Params) -> None:
    for value in config["Values"]:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            invalid(f"The 'source-ip' value '{value}' must be a CIDR block")
        if "/" not in value:
            invalid(f"The 'source-ip' value '{value}' must be a CIDR block")


_CHECKS: dict[str, Callable[[Params], None]] = {
    "host-header": _host, "path-pattern": _path, "http-header": _header, "query-string": _query,
    "http-request-method": _method, "source-ip": _source,
}  # fmt: skip
