# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameter Store: names AWS takes, and the public AMI parameters of every region.

Names: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
Public parameters: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html and
https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html. The image ids are made up, but always the
same for one name in one region.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import typing as t

from lab.embedded_aws.truth.patching import before, install, refuser

refuse = refuser("ssm")

NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
ECS = re.compile(
    r"(/aws/service/ecs/optimized-ami/amazon-linux-(?:2|2023)(?:/(?:gpu|arm64|neuron|inf))?/recommended)(?:/(\w+))?"
)
EKS = re.compile(
    r"(/aws/service/eks/optimized-ami/1\.[23]\d/"
    r"(?:amazon-linux-2(?:-gpu|-arm64)?|amazon-linux-2023/(?:x86_64|arm64)/(?:standard|nvidia|neuron))/recommended)"
    r"(?:/(\w+))?"
)
LATEST = re.compile(
    r"/aws/service/ami-amazon-linux-latest/"
    r"(?:al2023-ami-(?:minimal-)?kernel-(?:default|6\.1|6\.12)|amzn2-ami-(?:minimal-)?(?:kernel-5\.10-)?hvm)[\w-]*"
    r"(?:x86_64|arm64)[\w-]*"
)
EKS_VERSION = "20261101"


def image_id(region: str, name: str) -> str:
    """The image a public parameter of this name leads to."""
    return "ami-0" + hashlib.sha256(f"{region}{name}".encode()).hexdigest()[:16]


def public_value(region: str, name: str) -> str | None:
    """The value of a public AMI parameter, None when AWS has none of that name."""
    ecs, eks = ECS.fullmatch(name), EKS.fullmatch(name)
    if ecs:
        return _member(_ecs_image(region, ecs[1]), ecs[2])
    if eks:
        image = {"image_id": image_id(region, eks[1]), "image_name": f"eks-{EKS_VERSION}", "schema_version": "2"}
        return _member({**image, "release_version": f"{name.split('/')[5]}.5-{EKS_VERSION}"}, eks[2])
    if LATEST.fullmatch(name):
        return image_id(region, name)
    return None


def _member(image: dict[str, t.Any], key: str | None) -> str | None:
    """The whole description as JSON, or one member of it."""
    return json.dumps(image) if key is None else image.get(key)


def _ecs_image(region: str, name: str) -> dict[str, t.Any]:
    kind = name.split("/")[5].removeprefix("amazon-linux-")
    return {
        "ecs_agent_version": "1.107.0", "ecs_runtime_version": "Docker version 25.0.16",
        "image_id": image_id(region, name), "image_name": f"al{kind}-ami-ecs-hvm-2026.0.20261101-kernel-6.1-x86_64",
        "image_version": "2026.0.20261101", "os": f"Amazon Linux {kind}", "schema_version": 1, "source_image_name": "",
    }  # fmt: skip


def check_put(_: t.Any, name: str, *__: t.Any, **___: t.Any) -> None:
    if not NAME.fullmatch(name):
        refuse(
            "ValidationException",
            f'Parameter name: can\'t be "{name}". A parameter name can only include the following letters and '
            "symbols: a-zA-Z0-9_.-",
        )


def load_public(self: t.Any, key: str) -> None:
    """Put a public parameter into the store when it is first asked for, over moto's own."""
    from moto.ssm.models import Parameter

    value = public_value(self.region_name, str(key or ""))
    if value is None or dict.get(self, key):
        return
    when = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
    parameter = Parameter(
        account_id=self.account_id, name=key, value=value, parameter_type="String", description=None,
        allowed_pattern=None, keyid=None, last_modified_date=when.timestamp(), version=1, data_type="text",
    )  # fmt: skip
    dict.__setitem__(self, key, [parameter])


def apply() -> None:
    from moto.ssm.models import ParameterDict, SimpleSystemManagerBackend

    before(ParameterDict, "_check_loading_status", load_public)
    # moto's own lists would come after ours: they are not JSON, and lack regions and EKS.
    ParameterDict._load_latest_amis = lambda _: None
    load_tree = ParameterDict._load_tree_parameters
    ParameterDict._load_tree_parameters = lambda self, path: None if path.startswith("ecs/") else load_tree(self, path)
    described = SimpleSystemManagerBackend.describe_parameters

    def describe_parameters(self: t.Any, *given: t.Any, **named: t.Any) -> list[t.Any]:
        """Public parameters are read by name; AWS does not list them among the account's."""
        return [one for one in described(self, *given, **named) if not one.name.startswith("/aws/")]

    install(SimpleSystemManagerBackend, describe_parameters)
    before(SimpleSystemManagerBackend, "put_parameter", check_put)
