# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients as the code of a function has them, whose calls bear and tell what ours do."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, make_client


class Client:
    """A client of one service; what it calls raises `ApiError`."""

    def __init__(self, aws: Aws, service: str) -> None:
        self._aws, self._service = aws, service

    def __getattr__(self, action: str) -> t.Callable[..., t.Any]:
        return lambda **params: self._aws.call(self._service, action, **params)

    def get_paginator(self, action: str) -> Pages:
        """Return what pages through an action."""
        return Pages(self._aws, self._service, action)


class Pages(t.NamedTuple):
    """What pages through an action; all pages come as one."""

    aws: Aws
    service: str
    action: str

    def paginate(self, **params: t.Any) -> list[dict[str, t.Any]]:
        """Return one page with all there is."""
        known = make_client(self.aws.connection, self.service).get_paginator(self.action).result_keys
        key = str(known[0].expression)
        return [{key: self.aws.pages(self.service, self.action, key, **params)}]
