# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gateway every request passes: control calls aside, faults, the backend, the journal."""

from __future__ import annotations

from lab.embedded_aws import api_events
from lab.embedded_aws import call as calls
from lab.embedded_aws.control import PREFIX, Control
from lab.embedded_aws.faults import Faults
from lab.embedded_aws.http_server import Answer, ConnectionCutError, HttpRequest
from lab.embedded_aws.journal import Journal
from lab.embedded_aws.moto_app import MotoApp
from lab.embedded_aws.unknown import loud, not_modelled


class Gateway:
    """The application the HTTP server runs."""

    def __init__(self, backend: MotoApp, journal: Journal, faults: Faults, control: Control) -> None:
        self._backend, self._journal, self._faults, self._control = backend, journal, faults, control

    def __call__(self, request: HttpRequest) -> Answer:
        if request.target.startswith(PREFIX):
            return self._control.answer(request)
        call = calls.read(request)
        instead = self._faults.before(call)
        if instead is not None:
            self._journal.record(call, instead)
            return instead
        if not call.action and call.service != "s3":
            answer = not_modelled(call, "no action of this service has this method and path")
        else:
            answer = loud(call, self._backend.answer(call))
        made = self._journal.record(call, answer)
        api_events.tell(call, answer, self._backend.accounts.of(call.access_key))
        return self._faults.after(call, answer, made)


__all__ = ["ConnectionCutError", "Gateway"]
