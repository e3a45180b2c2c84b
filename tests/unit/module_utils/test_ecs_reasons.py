"""What ECS says of stopped tasks comes down to a cause and to what mends it."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._ecs_reasons import asked, reason, weightiest

AUTH = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
PULL = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
REGISTRY = "111122223333.dkr.ecr.us-west-2.amazonaws.com"
LAYERS = "prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com"
KEY_ARN = "arn:aws:secretsmanager:us-west-2:111122223333:secret:us/guard/key-AbCdEf"
ROLE = "User: arn:aws:sts::111122223333:assumed-role/us-task-execution/0a1b is not authorized to perform: "

# Text, slug, and the service that was not reached.
TEXTS = [
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
    (
        AUTH
        + "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request "
        'failed caused by: Post "https://api.ecr.us-west-2.amazonaws.com/": dial tcp 54.240.1.1:443: i/o '
        "timeout. Please "
        "check your task network configuration.",
        "service-not-reached",
        "ecr.api",
    ),
    (
        AUTH
        + "unable to retrieve ecr registry auth: service call has been retried 5 time(s): RequestError: send request "
        "failed caused by: Post https://api.ecr....",
        "service-not-reached",
        "ecr.api",
    ),
    (
        AUTH + "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret "
        f"{KEY_ARN} from secrets manager: RequestCanceled: request context canceled caused by: context "
        "deadline exceeded. "
        "Please check your task network configuration.",
        "service-not-reached",
        "secretsmanager",
    ),
    (
        AUTH + "unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request "
        "context canceled caused by: context deadline exceeded",
        "service-not-reached",
        "ssm",
    ),
    (
        AUTH + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: "
        f"{ROLE}ssm:GetParameters on resource: arn:aws:ssm:us-west-2:111122223333:parameter/us/x because "
        "no identity-based "
        "policy allows the ssm:GetParameters action",
        "denied",
        "",
    ),
    (
        AUTH
        + f"unable to retrieve secret from asm: service call has been retried once: failed to fetch secret {KEY_ARN}"
        f" from secrets manager: AccessDeniedException: {ROLE}secretsmanager:GetSecretValue on resource: {KEY_ARN}",
        "denied",
        "",
    ),
    (
        AUTH
        + f"unable to retrieve secret from asm: service call has been retried once: failed to fetch secret {KEY_ARN}"
        " from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        "secret-missing",
        "",
    ),
    (
        AUTH
        + "unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets "
        "Manager did not contain json key password",
        "secret-key-missing",
        "",
    ),
    (AUTH + "unable to retrieve secrets from ssm: invalid ssm parameters: /us/guard/level", "secret-missing", ""),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
    (
        f"{PULL}{REGISTRY}/us/guard:prod: failed to do request: Head "
        f'"https://{REGISTRY}/v2/us/guard/manifests/prod": dial '
        "tcp 10.0.16.9:443: i/o timeout",
        "service-not-reached",
        "ecr.dkr",
    ),
    (
        f"CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: "
        "failed open: failed "
        f'to do request: Get "https://{LAYERS}/x": dial tcp 52.218.1.1:443: i/o timeout',
        "service-not-reached",
        "s3",
    ),
    (
        f"{PULL}docker.io/library/nginx:1.27: failed to do request: Head "
        '"https://registry-1.docker.io/v2/library/nginx/'
        'manifests/1.27": dial tcp 34.205.13.154:443: i/o timeout',
        "registry-not-reached",
        "registry",
    ),
    (f"{PULL}{REGISTRY}/us/guard:nope: {REGISTRY}/us/guard:nope: not found", "image-missing", ""),
    (
        "CannotPullContainerError: Error response from daemon: manifest for us/guard:x not found: manifest unknown: "
        "Requested image not found",
        "image-missing",
        "",
    ),
    (f"{PULL}{REGISTRY}/us/guard:x: unexpected status code [manifests x]: 403 Forbidden", "denied", ""),
    (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does "
        "not contain descriptor"
        " matching platform 'linux/amd64'",
        "wrong-architecture",
        "",
    ),
    (
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReaderSeeker: failed "
        "open: unexpected status"
        " code: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit",
        "registry-rate-limit",
        "",
    ),
    (
        "CannotPullContainerError: failed to register layer: write /model/weights.bin: no space left on device",
        "disk-full",
        "",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
        "times: failed to "
        "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
        "exist. : exit status 1",
        "log-group-missing",
        "",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
        "times: failed to "
        "create Cloudwatch log stream: RequestError: send request failed caused by: Post "
        "https://logs.us-west-2.amazonaws.com"
        "/: dial tcp 52.94.1.1:443: i/o timeout : exit status 1",
        "service-not-reached",
        "logs",
    ),
    (
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "
        "Failed to resolve "
        '"fs-0123456789abcdef0.efs.us-west-2.amazonaws.com" - check that your file system ID is correct',
        "service-not-reached",
        "elasticfilesystem",
    ),
    ("OutOfMemoryError: Container killed due to memory usage", "out-of-memory", ""),
    ("Essential container in task exited; container guard: exited with code 137", "killed", ""),
    ("Essential container in task exited; container guard: exited with code 1", "container-exited", ""),
    ("Task failed container health checks", "container-unhealthy", ""),
    (
        "Task failed ELB health checks in (target-group "
        "arn:aws:elasticloadbalancing:us-west-2:111122223333:targetgroup/us-g"
        "uard/0a1b2c3d4e5f6071)",
        "target-unhealthy",
        "",
    ),
    (
        "(service us-guard) (instance i-0a1b) (port 8080) is unhealthy in target-group us-guard due to "
        "(reason Health checks "
        "failed with these codes: [404])",
        "target-unhealthy",
        "",
    ),
    (
        "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime "
        "task: OCI runtime cre"
        'ate failed: exec: "guardd": executable file not found in $PATH: unknown',
        "container-not-started",
        "",
    ),
    ("exec /usr/local/bin/guard: exec format error", "wrong-architecture", ""),
    ("Timeout waiting for network interface provisioning to complete.", "no-interface", ""),
    (
        "ECS was unable to assume the role "
        "'arn:aws:iam::111122223333:role/cloister/us/identity/us-guard-task' that was "
        "provided for this task. Please verify that the role being passed has the proper trust "
        "relationship and permissions",
        "role-not-trusted",
        "",
    ),
    (
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "fargate-capacity",
        "",
    ),
    ("You've reached the limit on the number of vCPUs you can run concurrently", "quota", ""),
    ("Your Spot Task was interrupted.", "spot-interrupted", ""),
    ("Host EC2 (instance i-0123456789abcdef0) terminated.", "machine-gone", ""),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
    (
        "(service us-model) was unable to place a task because no container instance met all of its "
        "requirements. Reason: No "
        "Container Instances were found in your capacity provider. For more information, see the "
        "Troubleshooting section",
        "no-machines",
        "",
    ),
    (
        "(service us-model) was unable to place a task because no container instance met all of its "
        "requirements. The closest"
        " matching (container-instance 0a1b) has insufficient GPU resource available.",
        "no-gpu-left",
        "",
    ),
    (
        "(service us-model) was unable to place a task because no container instance met all of its "
        "requirements. The closest"
        " matching (container-instance 0a1b) has insufficient memory available.",
        "no-room",
        "",
    ),
    (
        "(service us-model) was unable to place a task because no container instance met all of its "
        "requirements. The closest"
        " matching (container-instance 0a1b) is missing an attribute required by your task.",
        "machine-unfit",
        "",
    ),
    ("(service us-model) is unable to consistently start tasks successfully.", "not-placed", ""),
]


@pytest.mark.parametrize(("text", "slug", "service"), TEXTS, ids=[f"{one[1]}-{one[2]}" for one in TEXTS])
def test_a_text_of_ecs_comes_down_to_a_cause(text: str, slug: str, service: str) -> None:
    found = reason(text)
    assert found is not None
    assert (found.slug, found.service) == (slug, service)
    assert found.said
    assert found.fix


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)",
        "Task stopped by user",
        "(service us-guard) has reached a steady state.",
        "(service us-guard) has started 2 tasks: (task 0a1b) (task 2c3d).",
        "(service us-guard) registered 1 targets in (target-group "
        "arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/x/y)",
    ],
)
def test_what_is_ordinary_is_no_cause(text: str) -> None:
    assert reason(text) is None


def test_what_was_denied_is_named() -> None:
    found = reason(f"AccessDeniedException: {ROLE}secretsmanager:GetSecretValue on resource: {KEY_ARN}")
    assert found is not None
    assert found.said == "the execution role may not do secretsmanager:GetSecretValue"


def test_the_text_that_says_most_counts() -> None:
    texts = ["Essential container in task exited", "Scaling activity initiated by x", PULL + "x: not found"]
    found = weightiest(texts)
    assert found is not None
    assert (found[0], found[1].slug) == (texts[2], "image-missing")
    vague = weightiest(texts[:2])
    assert vague is not None
    assert vague[1].slug == "container-exited"
    assert weightiest([]) is None


def test_a_registry_of_others_is_no_service_of_aws() -> None:
    assert asked("Error response from daemon: Get https://registry.example.com/v2/: net/http: timeout") == ""
    found = reason(
        "CannotPullContainerError: Error: Get https://registry.example.com/v2/: dial tcp 1.2.3.4:443: i/o timeout"
    )
    assert found is not None
    assert found.service == "registry"
