# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The services that an endpoint can lead to, and what an endpoint asks of its VPC and subnets: read once, then known.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._service_names import full_names

_LOOK_AGAIN = (0.4, 0.8, 1.6, 3.2)


class EndpointServices:
    """What AWS says about services, subnets' zones and VPCs' DNS; each asked once in a module run."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._once = Once()

    def service(self, service: str, kind: str) -> t.Mapping[str, t.Any]:
        """Return AWS's description of a service; ``kind`` is ``interface`` or ``gateway``.

        Raise `InputError` when the region does not offer it in that form.
        """
        names = full_names(service, self._aws.region)
        filters = [{"Name": "service-name", "Values": names}]

        def read() -> list[t.Mapping[str, t.Any]]:
            # One that was just made is listed a moment later; AWS's own have always been there.
            for pause in (*(_LOOK_AGAIN if ".vpce-svc-" in service else ()), None):
                listed = self._aws.pages("ec2", "describe_vpc_endpoint_services", "ServiceDetails", Filters=filters)
                if listed or pause is None:
                    return listed
                time.sleep(pause)
            raise AssertionError("unreachable")

        offered = self._once.get(("service", service), read)
        forms = {
            form["ServiceType"].lower(): detail
            for detail in offered
            if detail["ServiceName"] in names
            for form in detail.get("ServiceType", ())
        }
        if kind not in forms:
            has = f"as {' and '.join(sorted(forms))} only" if forms else "not at all (is the name right?)"
            raise InputError(
                f"{self._aws.region} offers the service {service} {has}, and a {kind} endpoint is wanted; "
                "`aws ec2 describe-vpc-endpoint-services` lists what there is"
            )
        return forms[kind]

    def zones(self, subnets: t.Sequence[str]) -> dict[str, str]:
        """Return the availability zone of each subnet id."""
        return {raw["SubnetId"]: raw["AvailabilityZone"] for raw in self._subnets(subnets)}

    def free_addresses(self, subnets: t.Sequence[str]) -> dict[str, int]:
        """Return how many free addresses each subnet id has."""
        return {raw["SubnetId"]: raw["AvailableIpAddressCount"] for raw in self._subnets(subnets)}

    def _subnets(self, subnets: t.Sequence[str]) -> list[t.Mapping[str, t.Any]]:
        wanted = tuple(sorted(subnets))
        if not wanted:
            return []
        return self._once.get(
            ("subnets", wanted), lambda: self._aws.pages("ec2", "describe_subnets", "Subnets", SubnetIds=list(wanted))
        )

    def dns_off(self, vpc: str) -> list[str]:
        """Return the DNS attributes that are off in a VPC; private names of endpoints need both."""
        names = ("EnableDnsSupport", "EnableDnsHostnames")

        def on(name: str) -> bool:
            attribute = name[0].lower() + name[1:]
            answer = self._aws.call("ec2", "describe_vpc_attribute", VpcId=vpc, Attribute=attribute)
            return bool(answer[name]["Value"])

        def read() -> list[str]:
            return [name for name, is_on in zip(names, each(on, names), strict=True) if not is_on]

        return self._once.get(("dns", vpc), read)

    def standing(self, vpc: str) -> list[t.Mapping[str, t.Any]]:
        """Return all endpoints of a VPC, whoever made them, as AWS describes them."""
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        return self._once.get(
            ("standing", vpc), lambda: self._aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=filters)
        )
