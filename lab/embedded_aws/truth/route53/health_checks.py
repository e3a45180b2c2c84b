# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health checks of addresses: how they are made, changed and deleted, and what they find.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html. Checks of
other checks and of alarms are not modelled. What one finds is what was said of its address and port (`verdicts`);
an Elastic IP that nothing has answers nobody.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t
import uuid

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.route53.zones import Response, refuse
from lab.embedded_aws.verdicts import current as verdicts

Config = dict[str, t.Any]

KINDS = {"HTTP": 80, "HTTPS": 443, "HTTP_STR_MATCH": 80, "HTTPS_STR_MATCH": 443, "TCP": None}
LONGEST_REFERENCE = 64
REGIONS = (
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1",
    "sa-east-1",
)  # fmt: skip
NUMBERS = ("Port", "RequestInterval", "FailureThreshold")
SWITCHES = ("Inverted", "Disabled", "EnableSNI", "MeasureLatency")
TEXTS = ("IPAddress", "ResourcePath", "FullyQualifiedDomainName", "SearchString")
FOUND = {
    True: "Success: HTTP Status Code 200, OK",
    False: "Failure: Connection timed out. The endpoint or the internet connection is down, or requests are being "
    "blocked by your firewall.",
}
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html names the RFCs. Ranges for
# documentation are left out: the addresses of the embedded AWS are made of them.
UNREACHABLE = [
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/4", "240.0.0.0/4", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
    )
]  # fmt: skip


@dataclasses.dataclass
class HealthCheck:
    """A health check as Route 53 keeps it."""

    id: str
    reference: str
    config: Config
    version: int = 1

    def healthy(self) -> bool:
        """Whether Route 53 answers with the records that name it; a disabled one always is, unless inverted."""
        return (bool(self.config["Disabled"]) or self.reached()) != self.config["Inverted"]

    def reached(self) -> bool:
        """Whether the endpoint answers; a new one counts as well until something else is found."""
        address = str(self.config.get("IPAddress"))
        said = verdicts.answers(address, self.config["Port"])
        return not _held_by_nothing(address) if said is None else said


def _held_by_nothing(address: str) -> bool:
    from moto.ec2.models import ec2_backends

    allocated = [
        one
        for regions in list(ec2_backends.values())
        for backend in list(regions.values())
        for one in backend.addresses
        if one.public_ip == address
    ]
    return any(not one.association_id for one in allocated)


def view(check: HealthCheck) -> dict[str, t.Any]:
    return {
        "Id": check.id, "CallerReference": check.reference, "HealthCheckConfig": check.config,
        "HealthCheckVersion": check.version,
    }  # fmt: skip


def find_check(self: Response, identifier: str) -> HealthCheck:
    check = self.backend.health_checks.get(identifier)
    if check is None:
        refuse("NoSuchHealthCheck", f"A health check with id {identifier} does not exist.")
    return t.cast("HealthCheck", check)


def _references(self: Response) -> dict[str, Config]:
    """What each reference was first used for; it is used up even when its health check is gone."""
    return t.cast("dict[str, Config]", self.backend.__dict__.setdefault("health_check_references", {}))


def create_health_check(self: Response) -> ActionResult:
    reference, given = self._get_param("CallerReference"), self._get_param("HealthCheckConfig")
    if not 0 < len(reference) <= LONGEST_REFERENCE:
        refuse("InvalidInput", f"1 validation error detected: Value '{reference}' at 'callerReference' is too long")
    config, used = _whole(given), _references(self)
    if reference in used:
        there = next((one for one in self.backend.health_checks.values() if one.reference == reference), None)
        if there is None or used[reference] != config:
            refuse(
                "HealthCheckAlreadyExists",
                f"A health check has already been created with the specified caller reference: {reference}",
            )
        return ActionResult({"HealthCheck": view(there)})
    _check(config)
    limits.check(
        "health_checks", len(self.backend.health_checks), "TooManyHealthChecks",
        "You have reached the maximum number of active health checks. To request a higher limit, create a case with "
        "the AWS Support Center.", "route53",
    )  # fmt: skip
    check = HealthCheck(str(uuid.uuid4()), reference, config)
    self.backend.health_checks[check.id], used[reference] = check, dict(config)
    location = f"https://route53.amazonaws.com/2013-04-01/healthcheck/{check.id}"
    return ActionResult({"HealthCheck": view(check), "Location": location})


def _read(given: t.Mapping[str, t.Any]) -> Config:
    """The members that were given, as what they are."""
    config: Config = {name: given[name] for name in TEXTS if given.get(name) is not None}
    config |= {name: int(given[name]) for name in NUMBERS if given.get(name) is not None}
    config |= {name: given[name] in (True, "true") for name in SWITCHES if given.get(name) is not None}
    return config | ({"Regions": list(given["Regions"])} if given.get("Regions") else {})


def _whole(given: t.Mapping[str, t.Any]) -> Config:
    """The configuration with what Route 53 puts where nothing was said."""
    if given["Type"] not in KINDS:
        raise NotImplementedError(f"health checks of type {given['Type']}")
    config = {"Type": given["Type"], "Inverted": False, "Disabled": False, "MeasureLatency": False, **_read(given)}
    config.setdefault("Port", KINDS[given["Type"]])
    config.setdefault("EnableSNI", given["Type"].startswith("HTTPS"))
    return {"RequestInterval": 30, "FailureThreshold": 3, **config}


def _check(config: Config) -> None:
    """Refuse what Route 53 does not ask."""
    address, name, web = config.get("IPAddress"), config.get("FullyQualifiedDomainName"), config["Type"] != "TCP"
    https, matching = config["Type"].startswith("HTTPS"), config["Type"].endswith("_STR_MATCH")
    hidden = address and any(ipaddress.ip_address(address) in one for one in UNREACHABLE)
    for wrong, message in (
        (not (address or name), "Either IPAddress or FullyQualifiedDomainName must be specified."),
        (hidden, f"The IP address {address} is in a private, reserved or multicast range, which cannot be checked."),
        (
            address and name and not web,
            "TCP health checks that have IP address must not have a fully qualified domain name specified.",
        ),
        (config.get("ResourcePath") and not web, "TCP health checks must not have a resource path specified."),
        (not 1 <= (config["Port"] or 0) <= 65535, "A port of 1 to 65535 must be specified."),
        (matching != bool(config.get("SearchString")), "SearchString is for health checks that match strings."),
        (config["RequestInterval"] not in (10, 30), "RequestInterval is 10 or 30."),
        (not 1 <= config["FailureThreshold"] <= 10, "FailureThreshold is 1 to 10."),
        (config["EnableSNI"] and not https, "SNI can be enabled only for HTTPS health checks."),
        (config.get("ResourcePath", "/")[:1] != "/", "ResourcePath must begin with a slash."),
        ("Regions" in config and len({*config["Regions"]}) < 3, "At least three regions must be specified."),
    ):
        if wrong:
            _wrong(message)


def _wrong(message: str) -> t.NoReturn:
    refuse("InvalidInput", f"Invalid parameter : {message}")


def update_health_check(self: Response) -> ActionResult:
    check = find_check(self, self._get_param("HealthCheckId"))
    version = self._get_param("HealthCheckVersion")
    if version is not None and int(version) != check.version:
        refuse("HealthCheckVersionMismatch", f"The health check has version {check.version}, not {version}.")
    given = _read({name: self._get_param(name) for name in (*TEXTS, *NUMBERS, *SWITCHES, "Regions")})
    if "IPAddress" in given and not check.config.get("IPAddress"):
        _wrong("IPAddress cannot be added to an existing health check.")
    reset = {*(self._get_param("ResetElements") or ())}
    config = {**{key: value for key, value in check.config.items() if key not in reset}, **given}
    _check(config)
    check.config, check.version = config, check.version + 1
    return ActionResult({"HealthCheck": view(check)})


def get_health_check(self: Response) -> ActionResult:
    return ActionResult({"HealthCheck": view(find_check(self, self._get_param("HealthCheckId")))})


def delete_health_check(self: Response) -> ActionResult:
    """AWS lets one go that records still name."""
    check = find_check(self, self._get_param("HealthCheckId"))
    del self.backend.health_checks[check.id]
    self.backend.resource_tags.pop(check.id, None)
    return EmptyResult()


def list_health_checks(self: Response) -> ActionResult:
    size, marker = int(self._get_param("MaxItems") or 100), self._get_param("Marker")
    ids = sorted(self.backend.health_checks)
    start = ids.index(marker) if marker in ids else 0
    page, rest = ids[start : start + size], ids[start + size :]
    result = {
        "HealthChecks": [view(self.backend.health_checks[one]) for one in page], "Marker": marker or "",
        "IsTruncated": bool(rest), "NextMarker": rest[0] if rest else None, "MaxItems": str(size),
    }  # fmt: skip
    return ActionResult(result)


def get_health_check_status(self: Response) -> ActionResult:
    """What each region's checkers found, before it is inverted; nobody asks for a disabled one."""
    check = find_check(self, self._get_param("HealthCheckId"))
    regions = [] if check.config["Disabled"] else check.config.get("Regions") or REGIONS
    report = {"Status": FOUND[check.reached()], "CheckedTime": utcnow()}
    seen = [
        {"Region": region, "IPAddress": f"15.177.{n}.7", "StatusReport": report} for n, region in enumerate(regions)
    ]
    return ActionResult({"HealthCheckObservations": seen})
