# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a truth takes the place of a method of moto's, and how it refuses."""

from __future__ import annotations

import typing as t
from collections.abc import Callable


def refuser(service: str) -> Callable[[str, str], t.NoReturn]:
    """A function (code, message) that raises an AWS error of moto's `service`.

    moto finds an error's model, and so its HTTP status and protocol, by the module its class is in.
    """

    def refuse(code: str, message: str) -> t.NoReturn:
        from moto.core.exceptions import ServiceException

        raise type("Refusal", (ServiceException,), {"__module__": f"moto.{service}.exceptions"})(code, message)

    return refuse


def before(owner: type, method: str, check: Callable[..., None]) -> None:
    """Run `check` with the method's own arguments before each call of it; it refuses by raising."""
    original = getattr(owner, method)

    def checked(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        check(self, *args, **kwargs)
        return original(self, *args, **kwargs)

    setattr(owner, method, checked)


def let_be_listed(owner: type, namespace: str, resources: Callable[..., t.Any]) -> None:
    """Let the tagging API and the list of holdings ask a backend of moto's that they leave out."""
    from moto.core.base_backend import BaseBackend
    from moto.core.resource_tagging import TaggableResourcesMixin

    owner.SERVICE_NAMESPACE = namespace  # type: ignore[attr-defined]
    owner.__bases__ = (BaseBackend, TaggableResourcesMixin)
    owner.iter_tagged_resources = resources  # type: ignore[attr-defined]


def install(owner: type, *answers: Callable[..., t.Any]) -> None:
    """Set functions as methods of moto's class, by their names."""
    for answer in answers:
        setattr(owner, answer.__name__, answer)
