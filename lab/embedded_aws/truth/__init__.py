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
    if service != "iam":
        # moto asks IAM about the caller of every call, so IAM is there from the first on.
        apply("iam")
    name = f"{__name__}.{service}"
    if importlib.util.find_spec(name):
        importlib.import_module(name).apply()


@functools.cache
def common() -> None:
    """Patches of moto's core."""
    from moto.core import responses
    from moto.core.base_backend import AccountSpecificBackend
    from moto.core.common_models import BaseModel

    # moto holds on to all that it ever made, for a view of its own: a server for hundreds of tests grows without end.
    BaseModel.__new__ = lambda cls, *_, **__: super(BaseModel, cls).__new__(cls)

    # moto lists a class's methods for every call; the classes no longer change once calls are answered.
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)

    # moto asks botocore's endpoint data anew for each account; the answer depends on the service alone.
    @functools.cache
    def regions(service: str) -> list[str]:
        session = AccountSpecificBackend.get_session()
        partitions = session.get_available_partitions()
        return [one for partition in partitions for one in session.get_available_regions(service, partition)]

    AccountSpecificBackend._generate_regions = lambda _, service: list(regions(service))
