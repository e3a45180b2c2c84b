# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one service tells the others: an instance runs, an image was pushed. Who listens acts at once, in the same call.

It keeps the truths apart: Auto Scaling need not know that a machine joins an ECS cluster, nor EC2 who balances to it.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Callable

Listener = Callable[..., None]

_listeners: dict[str, list[Listener]] = defaultdict(list)

INSTANCE_RUNNING = "instance running"
"""(account, region, instance): moto's instance has just become running."""
INSTANCE_GONE = "instance gone"
"""(account, region, instance): it was terminated or stopped."""
REPOSITORY_MADE = "repository made"
"""(account, region, repository): moto's repository was made, and is empty."""
INTERFACE_MADE = "interface made"
"""(account, region, interface, by): a service made it; `by` is who, a principal, such as eks.amazonaws.com."""
INTERFACE_GONE = "interface gone"
"""(account, region, interface, by): the service took it away."""


def on(what: str) -> Callable[[Listener], Listener]:
    """Call the decorated function whenever `what` is told."""

    def listen(listener: Listener) -> Listener:
        _listeners[what].append(listener)
        return listener

    return listen


def tell(what: str, *about: t.Any) -> None:
    """Call all who listen, in the order they were registered."""
    for listener in list(_listeners[what]):
        listener(*about)
