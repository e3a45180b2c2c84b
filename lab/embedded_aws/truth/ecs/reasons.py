# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS says when a task does not start, on Fargate and on container instances.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
Whole texts are in hashicorp/terraform-provider-aws#33044, Releem/releem-agent#195, civiform/civiform#7648,
ActionIQ/terraform-aws-retool-ecs-fargate#20, aws/copilot-cli#3104 and aws/amazon-ecs-agent#4181.
"""

from __future__ import annotations

import hashlib

UNABLE = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable "
    "to retrieve"
)
CANCELLED = "RequestCanceled: request context canceled caused by: context deadline exceeded."
CHECK = "Please check your task network configuration."
STREAM = "failed to create Cloudwatch log stream:"
DAEMON = "Error response from daemon:"
VALIDATE = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times:"
DRIVER = f"CannotStartContainerError: {DAEMON} failed to initialize logging driver:"
NO_SUCH_SECRET = "ResourceNotFoundException: Secrets Manager can't find the specified secret."  # noqa: S105 - words
NO_SUCH_GROUP = "ResourceNotFoundException: The specified log group does not exist."
# Which part of AWS each is, as the texts call it.
NAMES = {"secretsmanager": "AWS Secrets Manager", "ssm": "SSM Parameter Store"}


def secret_unreached(service: str, source: str, region: str, dial: str, fargate: bool) -> str:
    """No answer from Secrets Manager or Parameter Store; `dial` tells of host and address."""
    if not fargate:
        return f"{_fetching(service, source, region)} RequestError: send request failed caused by: {dial}"
    if service == "ssm":
        return f"{UNABLE} secrets from ssm: service call has been retried 5 time(s): {CANCELLED} {CHECK}"
    what = f"failed to fetch secret {source} from secrets manager:"
    return f"{UNABLE} secret from asm: service call has been retried 5 time(s): {what} {CANCELLED} {CHECK}"


def secret_refused(service: str, source: str, region: str, error: str, fargate: bool) -> str:
    """The service's own error: not there, not allowed, no such key."""
    if not fargate:
        return f"{_fetching(service, source, region)} {error}"
    if service == "ssm":
        return f"{UNABLE} secrets from ssm: service call has been retried 1 time(s): {error}"
    what = f"failed to fetch secret {source} from secrets manager:"
    return f"{UNABLE} secret from asm: service call has been retried 1 time(s): {what} {error}"


def _fetching(service: str, source: str, region: str) -> str:
    where = f"region {region}: secret {source}:" if service == "secretsmanager" else f"{region}:"
    return f"ResourceInitializationError: Fetching secret data from {NAMES[service]} in {where}"


def registry_auth_unreached(dial: str, fargate: bool) -> str:
    if fargate:
        retried = "service call has been retried 3 time(s): RequestError: send request failed caused by:"
        return f"{UNABLE} ecr registry auth: {retried} {dial}. {CHECK}"
    return f"CannotPullECRContainerError: RequestError: send request failed caused by: {dial}"


def registry_auth_refused(error: str, fargate: bool) -> str:
    if fargate:
        return f"{UNABLE} ecr registry auth: service call has been retried 1 time(s): {error}"
    return f"CannotPullECRContainerError: {error}"


def manifest_unreached(image: str, host: str, address: str, fargate: bool) -> str:
    if not fargate:
        return f'CannotPullContainerError: {DAEMON} Get "https://{host}/v2/": {address}'
    name, _, tag = image.partition("/")[2].rpartition(":")
    path = f"https://{host}/v2/{name or tag}/manifests/{tag if name else 'latest'}"
    failed = f'failed to resolve ref {image}: failed to do request: Head "{path}": {address}'
    return f"CannotPullContainerError: pull image manifest has been retried 5 time(s): {failed}"


def manifest_missing(image: str, fargate: bool) -> str:
    if not fargate:
        unknown = "manifest unknown: Requested image not found"
        return f"CannotPullContainerError: {DAEMON} manifest for {image} not found: {unknown}"
    failed = f"failed to resolve ref {image}: {image}: not found"
    return f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {failed}"


def manifest_refused(image: str, fargate: bool) -> str:
    if not fargate:
        return f"CannotPullContainerError: {DAEMON} pull access denied for {image.partition(':')[0]}: denied"
    failed = f"failed to resolve ref {image}: unexpected status from HEAD request: 403 Forbidden"
    return f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {failed}"


def layers_unreached(host: str, address: str, fargate: bool) -> str:
    """Layers come from a bucket of ECR's."""
    get = f'Get "https://{host}/{hashlib.sha256(host.encode()).hexdigest()[:16]}": {address}'
    if not fargate:
        return f"CannotPullContainerError: {DAEMON} {get}"
    failed = f"failed to copy: httpReadSeeker: failed open: failed to do request: {get}"
    return f"CannotPullContainerError: ref pull has been retried 5 time(s): {failed}"


def logs_unreached(dial: str, fargate: bool) -> str:
    sent = f"RequestError: send request failed caused by: {dial}"
    return f"{VALIDATE} {STREAM} {sent} : exit status 1" if fargate else f"{DRIVER} {STREAM} {sent}"


def logs_refused(error: str, fargate: bool) -> str:
    return f"{VALIDATE} {STREAM} {error} : exit status 1" if fargate else f"{DRIVER} {STREAM} {error}"


def denied(role: str, action: str, resource: str) -> str:
    """AWS's refusal of what the execution role's policies do not allow."""
    who = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/task"
    return (
        f"AccessDeniedException: User: {who} is not authorized to perform: {action} on resource: {resource} because "
        f"no identity-based policy allows the {action} action"
    )
