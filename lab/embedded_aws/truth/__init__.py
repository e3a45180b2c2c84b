# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS answers where moto answers otherwise: one module or package for each service.

Each has apply(), called once when the service is first used, before its first call is answered.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util


@functools.cache
def apply(service: str) -> None:
    """Patch moto's `service` (moto's module name), when there is a truth about it."""
    common()
    name = f"{__name__}.{service}"
    if importlib.util.find_spec(name):
        importlib.import_module(name).apply()


@functools.cache
def common() -> None:
    """Patches of moto's core."""
    from moto.core import responses

    # moto lists a class's methods for every call; the classes no longer change once calls are answered.
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
