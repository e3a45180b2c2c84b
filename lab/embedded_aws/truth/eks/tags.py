# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags of what is there, by ARN.

https://docs.aws.amazon.com/eks/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.eks import listing
from lab.embedded_aws.truth.eks.base import MOST_TAGS, Response, action, answer, params, read_tags, refuse


def _tagged(response: Response) -> t.Any:
    """The thing that `resourceArn` names; it has `tags`."""
    arn = params(response)["resourceArn"]
    for _, thing, _ in listing.alive(response.eks_backend):
        if thing.arn == arn:
            return thing
    refuse("NotFoundException", f"Resource was not found: {arn}")


@action
def list_tags_for_resource(response: Response) -> t.Any:
    return answer(tags=dict(_tagged(response).tags))


@action
def tag_resource(response: Response) -> t.Any:
    thing, given = _tagged(response), read_tags(params(response)["tags"])
    if len({**thing.tags, **given}) > MOST_TAGS:
        refuse("BadRequestException", f"The number of tags exceeds the maximum of {MOST_TAGS}.")
    thing.tags.update(given)
    return answer()


@action
def untag_resource(response: Response) -> t.Any:
    thing = _tagged(response)
    for key in params(response)["tagKeys"]:
        thing.tags.pop(key, None)
    return answer()
