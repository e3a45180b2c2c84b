# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What state a service is in, read from ECS's own description of it; pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html: a deployment is IN_PROGRESS, COMPLETED
once the service is steady, or FAILED when the circuit breaker gave up on it.
"""

from __future__ import annotations

import typing as t

Raw = t.Mapping[str, t.Any]


def deployment(service: Raw) -> Raw:
    """Return the deployment that is to stay."""
    known = service.get("deployments", ())
    return next((one for one in known if one.get("status") == "PRIMARY"), {})


def failed(service: Raw) -> Raw | None:
    """Return the deployment that ECS has given up on."""
    return next((one for one in service.get("deployments", ()) if one.get("rolloutState") == "FAILED"), None)


def sound(service: Raw) -> bool:
    """Return whether ECS goes on with the deployment that is to stay."""
    return deployment(service).get("rolloutState") != "FAILED"


def steady(service: Raw) -> bool:
    """Return whether every deployment is complete and as many tasks run as are wanted."""
    known = service.get("deployments", ())
    complete = all(one.get("rolloutState", "COMPLETED") == "COMPLETED" for one in known)
    return complete and len(known) == 1 and service["runningCount"] == service["desiredCount"]


def missing(service: Raw) -> str:
    """Return in words what is missing from the steady state."""
    known = service.get("deployments", ())
    told = [f"{service['runningCount']} of {service['desiredCount']} tasks run, {service.get('pendingCount', 0)} start"]
    told += [
        f"deployment of {one.get('taskDefinition', '').rpartition('/')[2]} is {one.get('rolloutState', 'in progress')}"
        + (f" ({one['rolloutStateReason']})" if one.get("rolloutStateReason") else "")
        for one in known
        if one.get("rolloutState") != "COMPLETED"
    ]
    return "; ".join(told)
