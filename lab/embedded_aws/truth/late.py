# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""moto's tables of instance types, read when one is asked for.

moto reads them all, for every region, while its EC2 is imported, which takes nearly half of that time.
"""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable

TYPES, OFFERINGS = "ec2/resources/instance_types.json", "ec2/resources/instance_type_offerings/"


class Table(dict[str, t.Any]):
    """Instance types by name; empty to who walks over it before anybody has looked one up."""

    def __init__(self, read: Callable[[], dict[str, t.Any]]) -> None:
        super().__init__()
        self._read: Callable[[], dict[str, t.Any]] | None = read

    def fill(self) -> Table:
        """The whole table."""
        if self._read is not None:
            read, self._read = self._read, None
            self.update(read())
        return self

    def __missing__(self, key: str) -> t.Any:
        return dict.__getitem__(self.fill(), key)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self.fill(), key)

    def get(self, key: str, default: t.Any = None) -> t.Any:
        return dict.get(self.fill(), key, default)


class Rows(list[dict[str, t.Any]]):
    """The offerings of one region; empty until they are filled."""

    def __init__(self, read: Callable[[], list[dict[str, t.Any]]]) -> None:
        super().__init__()
        self._read: Callable[[], list[dict[str, t.Any]]] | None = read

    def fill(self) -> Rows:
        if self._read is not None:
            read, self._read = self._read, None
            self.extend(read())
        return self


@functools.cache
def put_off() -> None:
    """Let moto's EC2 find tables of ours where it reads its own; called before it is imported."""
    from moto.utilities import utils

    read = utils.load_resource

    def load(path: str) -> t.Any:
        if path == TYPES:
            return Table(lambda: read(path))
        if path.startswith(OFFERINGS):
            return Rows(lambda: read(path))
        return read(path)

    utils.load_resource = load
