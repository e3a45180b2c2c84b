# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions of launch templates: made, listed from the newest, deleted but for the default one.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html
"""

from __future__ import annotations

import typing as t

from moto.ec2.exceptions import EC2ClientError

from lab.embedded_aws.truth.ec2 import template_data
from lab.embedded_aws.truth.ec2.base import Response, action, refuse, same_request
from lab.embedded_aws.truth.ec2.launch_templates import Template, creator, named
from lab.embedded_aws.truth.ec2.reading import accepts, dig, paged, read_filters
from lab.embedded_aws.truth.ec2.xml import Ec2Result

MOST_DELETED_AT_ONCE = 200
FILTERS = {
    "create-time": "CreateTime", "ebs-optimized": "LaunchTemplateData.EbsOptimized",
    "image-id": "LaunchTemplateData.ImageId", "instance-type": "LaunchTemplateData.InstanceType",
    "iam-instance-profile": "LaunchTemplateData.IamInstanceProfile.Arn", "is-default-version": "DefaultVersion",
    "http-endpoint": "LaunchTemplateData.MetadataOptions.HttpEndpoint",
    "http-tokens": "LaunchTemplateData.MetadataOptions.HttpTokens",
}  # fmt: skip


def view(version: t.Any) -> dict[str, t.Any]:
    template = version.template
    data = dict(version.data)
    if data.get("MetadataOptions"):
        data["MetadataOptions"] = {"State": "applied", **data["MetadataOptions"]}
    return {
        "LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": version.number,
        "VersionDescription": version.description, "CreateTime": version.create_time,
        "CreatedBy": creator(template.ec2_backend), "DefaultVersion": template.is_default(version),
        "LaunchTemplateData": data,
    }  # fmt: skip


@action
def create_launch_template_version(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    version = same_request(backend, "launch-template-version", token, lambda: _create(response))
    return Ec2Result({"LaunchTemplateVersion": view(version)})


def _create(response: Response) -> t.Any:
    template = named(response)
    data = response._get_param("LaunchTemplateData", {})
    source = response._get_param("SourceVersion")
    if source:
        data = template_data.inherit(template.get_version(source).data, data)
    data = template_data.check(data)
    response.error_on_dryrun()
    return template.create_version(data, response._get_param("VersionDescription"))


@action
def describe_launch_template_versions(response: Response) -> t.Any:
    response.error_on_dryrun()
    views = [view(version) for version in _wanted(response)]
    for name, values in read_filters(response):
        if name not in FILTERS:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
        views = [one for one in views if accepts(values, dig(one, FILTERS[name]))]
    if response._get_param("ResolveAlias"):
        for one in views:
            _resolve(response, one["LaunchTemplateData"])
    return paged(response, "LaunchTemplateVersions", views)


def _wanted(response: Response) -> list[t.Any]:
    versions = response._get_param("Versions", [])
    if not response._get_param("LaunchTemplateId") and not response._get_param("LaunchTemplateName"):
        if not versions or set(versions) - {"$Latest", "$Default"}:
            refuse(
                "InvalidParameterValue",
                "Without a launch template, specify '$Latest', '$Default', or both, for the versions",
            )
        every = list(response.ec2_backend.launch_templates.values())
        return [one for template in every for one in _pick(template, versions)]
    template = named(response)
    if versions:
        return _pick(template, versions)
    least, most = response._get_param("MinVersion"), response._get_param("MaxVersion")
    return [
        one
        for one in reversed(template.versions)
        if (not least or one.number >= int(least)) and (not most or one.number <= int(most))
    ]


def _pick(template: Template, versions: list[str]) -> list[t.Any]:
    found = {one.number: one for one in (template.get_version(version) for version in versions)}
    return [found[number] for number in sorted(found, reverse=True)]


def _resolve(response: Response, data: dict[str, t.Any]) -> None:
    from lab.embedded_aws.truth.ec2.images import resolve

    if data.get("ImageId"):
        data["ImageId"] = resolve(response.ec2_backend, data["ImageId"])


@action
def delete_launch_template_versions(response: Response) -> t.Any:
    template, numbers = named(response), response._get_param("Versions", [])
    if len(numbers) > MOST_DELETED_AT_ONCE:
        refuse("InvalidParameterValue", f"At most {MOST_DELETED_AT_ONCE} versions can be deleted at once")
    response.error_on_dryrun()
    done: list[dict[str, t.Any]] = []
    failed: list[dict[str, t.Any]] = []
    for number in numbers:
        row = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": number}
        error = _delete(template, number)
        (failed if error else done).append({**row, "ResponseError": error} if error else row)
    return Ec2Result({
        "SuccessfullyDeletedLaunchTemplateVersions": done, "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
    })  # fmt: skip


def _delete(template: Template, number: str) -> dict[str, str] | None:
    try:
        version = template.get_version(number)
    except EC2ClientError as missing:
        return {"Code": "launchTemplateVersionDoesNotExist", "Message": str(missing.message)}
    if template.is_default(version):
        return {"Code": "unexpectedError", "Message": "Cannot delete the default version of a launch template."}
    template.versions.remove(version)
    return None
