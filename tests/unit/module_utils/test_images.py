# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From an inventory's image to what a machine pulls, on the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._images import Image, resolve
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list

from lab.embedded_aws.client import EmbeddedAws

URI = "123456789012.dkr.ecr.us-west-2.amazonaws.com/us/guard"
TAGS = ("prod-20260701-0930", "prod-20260702-1000", "dev-20261001-0000", "latest")


@pytest.fixture
def guard(aws: Aws, embedded_aws: EmbeddedAws) -> dict[str, str]:
    """A repository that holds four images; their digests by tag."""
    tags = tag_list(Owner("us", "registry").tags_for("guard"))
    aws.make("ecr", "create_repository", repositoryName="us/guard", tags=tags)
    embedded_aws.publish("us-west-2", images=[f"us/guard:{tag}" for tag in TAGS])
    listed = aws.pages("ecr", "list_images", "imageIds", repositoryName="us/guard")
    return {image["imageTag"]: image["imageDigest"] for image in listed}


def found(aws: Aws, check: bool = False, **said: t.Any) -> Image:
    return resolve(aws, Names(aws, "us", check), said)


def test_a_tag_is_found_and_has_its_digest(aws: Aws, guard: dict[str, str]) -> None:
    image = found(aws, repository="guard", tag=TAGS[0])
    assert (image.reference, image.pinned) == (f"{URI}:{TAGS[0]}", f"{URI}@{guard[TAGS[0]]}")


def test_the_newest_of_a_prefix_is_found(aws: Aws, guard: dict[str, str]) -> None:
    assert found(aws, repository="guard", newest="prod") == Image(URI, TAGS[1], guard[TAGS[1]])


def test_a_digest_is_found(aws: Aws, guard: dict[str, str]) -> None:
    assert found(aws, repository="guard", digest=guard["latest"]).reference == f"{URI}@{guard['latest']}"


def test_an_image_of_another_registry_is_taken_as_written(aws: Aws) -> None:
    image = found(aws, uri="public.ecr.aws/nginx/nginx:1.29")
    assert image.reference == image.pinned == "public.ecr.aws/nginx/nginx:1.29"


@pytest.mark.parametrize("said", [{"tag": "prod-20990101-0000"}, {"digest": "sha256:" + "0" * 64}, {"newest": "eu"}])
def test_an_image_that_is_not_there_is_missed_with_what_is(
    aws: Aws, guard: dict[str, str], said: dict[str, str]
) -> None:
    with pytest.raises(MissingError, match=rf"holds no image .*it holds .*{TAGS[1]}.*push it to {URI}"):
        found(aws, repository="guard", **said)


def test_a_repository_that_is_to_come_is_known_after_apply(aws: Aws) -> None:
    image = found(aws, check=True, repository="guard", tag=TAGS[0])
    assert image.reference == image.pinned == "(known after apply: repository guard)"


@pytest.mark.parametrize(
    "said", [{}, {"repository": "guard"}, {"repository": "guard", "tag": "a", "newest": "b"}, {"tag": "a"}]
)
def test_an_image_is_named_in_one_way(aws: Aws, said: dict[str, str]) -> None:
    with pytest.raises(InputError, match="one of tag, newest, digest"):
        found(aws, **said)
