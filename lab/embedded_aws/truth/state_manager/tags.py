# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags of associations, and associations among what an account holds."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.state_manager.associations import KIND, store

Backend = t.Any  # moto's SimpleSystemManagerBackend


def validator(original: t.Callable[..., str]) -> t.Callable[..., str]:
    """moto's check of what is tagged, which knows no associations."""

    def checked(self: Backend, resource_type: str, resource_id: str) -> str:
        if resource_type == KIND and resource_id in store(self):
            return resource_id
        return original(self, "PatchBaseline" if resource_type == KIND else resource_type, resource_id)

    return checked


def listed(original: t.Callable[..., t.Iterator[t.Any]]) -> t.Callable[..., t.Iterator[t.Any]]:
    """What moto lists of Systems Manager, and the associations."""

    def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
        from moto.core.resource_tagging import TaggedResource

        yield from original(self)
        for one in store(self).values():
            arn = f"arn:{self.partition}:ssm:{self.region_name}:{self.account_id}:association/{one.id}"
            more = {"shown": [one.document, one.said], "name": one.name}
            yield TaggedResource(arn, dict(self._resource_tags[KIND].get(one.id) or {}), "ssm:association", more)

    return iter_tagged_resources
