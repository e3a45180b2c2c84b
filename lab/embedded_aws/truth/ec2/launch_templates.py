# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Launch templates: their names, their default version.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
"""

from __future__ import annotations

import re
import typing as t

from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion

from lab.embedded_aws.truth.ec2 import tags, template_data
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, forget, refuse, same_request, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, refuse_missing, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result

NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")


class Template(LaunchTemplate):
    """moto's launch template with versions that can go: a number is never given twice."""

    last_number = 0

    def create_version(self, data: dict[str, t.Any], description: str) -> LaunchTemplateVersion:
        self.last_number += 1
        version = LaunchTemplateVersion(self, self.last_number, data, description)
        self.versions.append(version)
        return version

    def get_version(self, num: t.Any) -> LaunchTemplateVersion:
        wanted = {"$latest": self.versions[-1].number, "$default": self.default_version_number}.get(
            str(num or "$default").lower(), num
        )
        for version in self.versions:
            if str(version.number) == str(wanted):
                return version
        refuse(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find the specified version {num} for the launch template with ID {self.id}.",
        )

    def default_version(self) -> LaunchTemplateVersion:
        return self.get_version(self.default_version_number)


def view(template: t.Any) -> dict[str, t.Any]:
    backend = template.ec2_backend
    return {
        "LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "CreateTime": template.create_time,
        "CreatedBy": creator(backend), "DefaultVersionNumber": template.default_version_number,
        "LatestVersionNumber": template.latest_version_number, "Tags": tag_list(backend, template.id),
    }  # fmt: skip


def creator(backend: Backend) -> str:
    return f"arn:{backend.partition}:iam::{backend.account_id}:root"


TEMPLATE = register(
    Kind(
        type="launch-template", prefix="lt", missing=("InvalidLaunchTemplateId.NotFound", "launch template ID"),
        id_key="LaunchTemplateId", objects=lambda backend: backend.launch_templates.values(), view=view,
        filters={"create-time": "CreateTime", "launch-template-name": "LaunchTemplateName"},
    )
)  # fmt: skip


def find(backend: Backend, given: dict[str, t.Any]) -> Template:
    """The template that {LaunchTemplateId | LaunchTemplateName} names; one of the two, not both."""
    identifier, name = given.get("LaunchTemplateId"), given.get("LaunchTemplateName")
    if identifier and name:
        refuse("InvalidParameterCombination", "You must specify either a launch template ID or a launch template name, "
               "but not both")  # fmt: skip
    if not identifier and not name:
        refuse("MissingParameter", "Either a launch template ID or a launch template name must be specified")
    for template in backend.launch_templates.values():
        if template.id == identifier or template.name == name:
            return t.cast("Template", template)
    if name:
        refuse(
            "InvalidLaunchTemplateName.NotFoundException",
            f"The specified launch template, with template name {name}, does not exist.",
        )
    if not str(identifier).startswith("lt-"):
        refuse_missing(TEMPLATE, [str(identifier)])
    refuse(
        "InvalidLaunchTemplateId.NotFound",
        f"The specified launch template, with template ID {identifier}, does not exist.",
    )


def named(response: Response) -> Template:
    """The template a request names."""
    given = {key: response._get_param(key) for key in ("LaunchTemplateId", "LaunchTemplateName")}
    return find(response.ec2_backend, given)


@action
def describe_launch_templates(response: Response) -> t.Any:
    names = response._get_param("LaunchTemplateNames", [])
    known = {one.name for one in response.ec2_backend.launch_templates.values()}
    if set(names) - known:
        refuse(
            "InvalidLaunchTemplateName.NotFoundException",
            "At least one of the launch templates specified in the request does not exist.",
        )
    result = describe(response, TEMPLATE, "LaunchTemplates", "LaunchTemplateIds")
    if names:
        kept = [one for one in result.result["LaunchTemplates"] if one["LaunchTemplateName"] in names]
        result.result["LaunchTemplates"] = kept
    return result


@action
def create_launch_template(response: Response) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "launch-template")
    token = response._get_param("ClientToken")
    template = same_request(backend, "launch-template", token, lambda: _create(response, given))
    return Ec2Result({"LaunchTemplate": view(template)})


def _create(response: Response, given: dict[str, str]) -> Template:
    backend, name = response.ec2_backend, str(response._get_param("LaunchTemplateName") or "")
    if not NAME.fullmatch(name):
        refuse(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the "
            "following characters: - ( ) . / _.",
        )
    if name in backend.launch_template_name_to_ids:
        refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
    data = template_data.check(response._get_param("LaunchTemplateData", {}))
    response.error_on_dryrun()
    template = Template(backend, name, data, response._get_param("VersionDescription"), {})
    backend.launch_templates[template.id] = template
    backend.launch_template_name_to_ids[name] = template.id
    tags.put(backend, template.id, given)
    return template


@action
def modify_launch_template(response: Response) -> t.Any:
    template = named(response)
    number = str(response._get_param("DefaultVersion") or "")
    version = template.get_version(number)
    response.error_on_dryrun()
    template.default_version_number = version.number
    return Ec2Result({"LaunchTemplate": view(template)})


@action
def delete_launch_template(response: Response) -> t.Any:
    backend, template = response.ec2_backend, named(response)
    response.error_on_dryrun()
    seen = view(template)
    del backend.launch_templates[template.id]
    backend.launch_template_name_to_ids.pop(template.name, None)
    forget(backend, template.id)
    return Ec2Result({"LaunchTemplate": seen})
