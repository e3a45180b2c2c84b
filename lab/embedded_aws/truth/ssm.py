# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameter Store: names AWS takes, and the public AMI parameters of every region.

Names: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
Public parameters lead to the images of public_images.py; a new release is a new version of each.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t

from lab.embedded_aws.truth.patching import before, install, refuser
from lab.embedded_aws.truth.public_images import ECS, EKS, LATEST, PublicImage, image_id, releases

refuse = refuser("ssm")

NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")


def public_value(region: str, name: str) -> str | None:
    """The value of a public AMI parameter, None when AWS has none of that name."""
    ecs, eks = ECS.fullmatch(name), EKS.fullmatch(name)
    if ecs:
        return _member(_ecs_image(_image(region, ecs[1])), ecs[2])
    if eks:
        image = _image(region, eks[1])
        return _member(_eks_image(image, name.split("/")[5]), eks[2])
    if LATEST.fullmatch(name):
        return image_id(region, name)
    return None


def _image(region: str, name: str) -> PublicImage:
    return PublicImage(image_id(region, name), name, releases.latest)


def _member(image: dict[str, t.Any], key: str | None) -> str | None:
    """The whole description as JSON, or one member of it."""
    return json.dumps(image) if key is None else image.get(key)


def _ecs_image(image: PublicImage) -> dict[str, t.Any]:
    return {
        "ecs_agent_version": "1.107.0", "ecs_runtime_version": "Docker version 25.0.16", "image_id": image.id,
        "image_name": image.name, "image_version": f"{image.generation}.0.{image.version}",
        "os": f"Amazon Linux {image.generation}", "schema_version": 1, "source_image_name": "",
    }  # fmt: skip


def _eks_image(image: PublicImage, kubernetes: str) -> dict[str, t.Any]:
    return {
        "image_id": image.id, "image_name": image.name, "release_version": f"{kubernetes}.5-{image.version}",
        "schema_version": "2",
    }  # fmt: skip


def check_put(_: t.Any, name: str, *__: t.Any, **___: t.Any) -> None:
    if not NAME.fullmatch(name):
        refuse(
            "ValidationException",
            f'Parameter name: can\'t be "{name}". A parameter name can only include the following letters and '
            "symbols: a-zA-Z0-9_.-",
        )


def load_public(self: t.Any, key: str) -> None:
    """Put a public parameter into the store when it is first asked for, over moto's own, and each release of it."""
    from moto.ssm.models import Parameter

    name = str(key or "")
    value = public_value(self.region_name, name) if name.startswith("/aws/") else None
    known = dict.get(self, key) or []
    if value is None or (known and known[-1].version > releases.latest):
        return
    when = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=14 * releases.latest)
    parameter = Parameter(
        account_id=self.account_id, name=key, value=value, parameter_type="String", description=None,
        allowed_pattern=None, keyid=None, last_modified_date=when.timestamp(), version=releases.latest + 1,
        data_type="text",
    )  # fmt: skip
    dict.__setitem__(self, key, [*known, parameter])


def apply() -> None:
    from moto.ssm.models import ParameterDict, SimpleSystemManagerBackend

    from lab.embedded_aws.truth import managed_nodes, run_command, session_manager, state_manager

    managed_nodes.apply()
    run_command.apply()
    state_manager.apply()
    session_manager.apply()
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
