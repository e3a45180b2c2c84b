# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why ECS stopped a task or cannot place one, read from ECS's own words.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html; wordings also from
aws-app-mesh-examples#413, copilot-cli#3104, releem-agent#195, minecraft-ondemand#74, amazon-ecs-agent#4181,
terraform-aws-retool-ecs-fargate#20, containers-roadmap#331 and #653.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A cause: a stable slug, what is likely wrong, what mends it.

    ``service`` is the AWS service that was not reached (``ecr.api``), empty where the network is not to blame.
    """

    slug: str
    said: str
    fix: str
    service: str = ""


# What ECS was fetching, as its words tell, and the service that has it.
_ASKED: tuple[tuple[str, str], ...] = (
    (r"starport-layer-bucket|\.s3[.-][a-z0-9-]+\.amazonaws|failed to copy: httpReadSeeker", "s3"),
    (r"secrets? from asm|secretsmanager|Secrets Manager", "secretsmanager"),
    (r"secrets? from ssm|api\.ssm|ssm\.[a-z0-9-]+\.amazonaws|ssm parameter", "ssm"),
    (r"ecr registry auth|api\.ecr\.|GetAuthorizationToken", "ecr.api"),
    (r"\.dkr[.-]ecr[.-]", "ecr.dkr"),
    (r"logger args|logging driver|log ?stream|logs\.[a-z0-9-]+\.amazonaws", "logs"),
    (r"EFS|mount\.nfs|fs-[0-9a-f]{8,}", "elasticfilesystem"),
)
_NO_ANSWER = re.compile(
    r"i/o timeout|deadline exceeded|no such host|connection refused|RequestCanceled|request send failed|"
    r"send request failed|TLS handshake timeout|connection timed out|Client\.Timeout|network is unreachable|"
    r'Failed to resolve "|Temporary failure in name resolution',
    re.I,
)
_DENIED = re.compile(r"AccessDenied|not authorized to perform|403 Forbidden|denied:|no basic auth credentials", re.I)
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)")

# The first that fits counts: narrow wordings before wide ones.
_TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        r"unable to assume the role|could not assume role|RoleArn.*trust",
        "role-not-trusted",
        "ECS may not take the task's role",
        "give the role trusted_services: [ecs-tasks] in identity_roles",
    ),
    (
        r"did not contain json key",
        "secret-key-missing",
        "the secret holds no such key",
        "correct key in secrets, or write the key into the secret",
    ),
    (
        r"can't find the specified secret|invalid ssm parameters|ParameterNotFound|unexpected ARN format",
        "secret-missing",
        "a secret or parameter is not there, or has no value yet",
        "create it, and give it a value",
    ),
    (
        r"log group does not exist",
        "log-group-missing",
        "the service's log group is gone",
        "run the ecs stack again: it makes the group",
    ),
    (
        r"toomanyrequests|pull rate limit|429 Too Many",
        "registry-rate-limit",
        "the public registry turns anonymous pulls away",
        "pull through registry_pull_through_caches, or push the image to a repository of the region",
    ),
    (
        r"does not contain descriptor matching platform|exec format error|no match for platform",
        "wrong-architecture",
        "the image is built for another processor",
        "build it for the service's architecture, or set architecture: arm64",
    ),
    (
        r"manifest unknown|manifest for .* not found|name unknown|repository .* does not exist|[Ii]mage .*not found|"
        r": not found|pull access denied|ImageNotFound",
        "image-missing",
        "the image is not in its repository",
        "push it, or correct image",
    ),
    (
        r"no space left on device",
        "disk-full",
        "the image or what the task writes does not fit on the disk",
        "raise ephemeral_storage_gib (Fargate) or root_volume of the pool",
    ),
    (
        r"OutOfMemory|OOMKilled|killed due to memory usage",
        "out-of-memory",
        "a container took more memory than it may",
        "raise memory_mib, or have the container take less",
    ),
    (
        r"failed container health checks",
        "container-unhealthy",
        "a container fails its own health check",
        "look into its log; raise start_seconds of health_check where it only needs longer to start",
    ),
    (
        r"failed (ELB|elastic load balanc\w+) health checks|is unhealthy in .*target-?group|is unhealthy in \(target",
        "target-unhealthy",
        "a load balancer gets no healthy answer from the tasks",
        "check path, port and matcher of the target group's health_check, and raise health_check_grace_seconds where "
        "the container only needs longer to start",
    ),
    (
        r"No Container Instances were found",
        "no-machines",
        "no machine of the pool has joined the cluster",
        "see that the pool's machines start, have a way to ecs, ecs-agent and ecs-telemetry, and name this cluster",
    ),
    (
        r"insufficient GPU|doesn't have enough GPU|RESOURCE:GPU|no GPU",
        "no-gpu-left",
        "no machine of the pool has a free GPU",
        "raise the pool's size, or allow the roll-over to stop a task first (deployment minimum_percent)",
    ),
    (
        r"insufficient CPU|insufficient memory|doesn't have enough (CPU|memory)|RESOURCE:(CPU|MEMORY)|have no free",
        "no-room",
        "no machine of the pool has room for a task",
        "ask for less cpu and memory_mib, or larger instance_types or size in the pool",
    ),
    (
        r"missing an attribute|ATTRIBUTE",
        "machine-unfit",
        "no machine of the pool can do what the task asks for",
        "give the service a pool with fitting instance_types and image (GPU, architecture)",
    ),
    (
        r"unable to place a task|unable to consistently start tasks",
        "not-placed",
        "ECS finds no place for a task",
        "look at the events and at the stopped tasks",
    ),
    (
        r"Capacity is unavailable|RESOURCE:FARGATE",
        "fargate-capacity",
        "Fargate has no capacity in these zones now",
        "add subnets in other zones, or run again later",
    ),
    (
        r"limit on the number of vCPUs|maximum number of .*tasks|vcpu limit",
        "quota",
        "the account's quota for Fargate vCPUs is used up",
        "ask Service Quotas for more",
    ),
    (
        r"Spot Task was interrupted|SpotInterruption|spot interruption",
        "spot-interrupted",
        "AWS took spot capacity back",
        "keep a base of fargate or on-demand machines",
    ),
    (
        r"Host EC2 .*(terminated|stopped)",
        "machine-gone",
        "the machine under the task went away",
        "ECS starts the task again on another one",
    ),
    (
        r"network interface provisioning",
        "no-interface",
        "AWS gave the task no network interface in time",
        "see that the subnets have free addresses, and run again",
    ),
    (
        r"executable file not found|no such file or directory|CannotStartContainer|CannotCreateContainer|"
        r"ContainerRuntimeError|ContainerRuntimeTimeout|DockerTimeout",
        "container-not-started",
        "the container runtime could not start the container",
        "correct command, entrypoint, user and mounts of the container",
    ),
    (
        r"exited with code 137|exit code:? 137",
        "killed",
        "a container was killed: out of memory, or it did not stop in time",
        "raise memory_mib or stop_seconds",
    ),
    (
        r"Essential container in task exited|exited with code|exit code",
        "container-exited",
        "a container ended by itself",
        "look into its log for why",
    ),
)
_COMPILED = [(re.compile(pattern, re.I), Reason(slug, said, fix)) for pattern, slug, said, fix in _TABLE]
# Words that say nothing went wrong.
_ORDINARY = re.compile(r"^(Scaling activity initiated by|Task stopped by user|Service scheduler-initiated)", re.I)
_CALLS = re.compile(r"(CannotPull\w*Error|ResourceInitializationError|failed to initialize logging driver|logger args)")


def asked(text: str) -> str:
    """Return the AWS service that ECS was asking, such as ``ecr.api``; empty where its words do not tell."""
    return next((service for pattern, service in _ASKED if re.search(pattern, text, re.I)), "")


def reason(text: str) -> Reason | None:
    """Return what a stopped reason or an event of ECS comes down to; None for what is ordinary or not known."""
    if not text or _ORDINARY.search(text):
        return None
    if _NO_ANSWER.search(text) and (asked(text) or _CALLS.search(text)):
        return _no_answer(asked(text))
    if _DENIED.search(text):
        return _denied(text)
    return next((found for pattern, found in _COMPILED if pattern.search(text)), None)


def _no_answer(service: str) -> Reason:
    if not service:
        said, fix = "the image's registry does not answer from the task's subnet", "give the subnet a way to it"
        return Reason("registry-not-reached", said, fix, "registry")
    said = f"{service} does not answer from the task's subnet"
    return Reason("service-not-reached", said, f"give the subnet a way to {service}: an endpoint, or NAT", service)


def _denied(text: str) -> Reason:
    action = _ACTION.search(text)
    what = action[1] if action else {"ecr.api": "ecr:GetAuthorizationToken"}.get(asked(text), "what it asked for")
    fix = f"allow {what} in the policies of the service's execution_role"
    return Reason("denied", f"the execution role may not do {what}", fix)


def weightiest(texts: t.Iterable[str]) -> tuple[str, Reason] | None:
    """Return the text that says most, with its reason: the earliest that is more than a container's end."""
    known = [(text, found) for text in texts if (found := reason(text))]
    vague = ("container-exited", "killed", "not-placed")
    return next((pair for pair in known if pair[1].slug not in vague), known[0] if known else None)
