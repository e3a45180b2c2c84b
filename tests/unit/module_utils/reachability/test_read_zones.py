"""Health checks as they are read: only those are asked for what was seen whose checkers AWS tells of."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read_zones import health_checks

ASKED = ("TCP", "HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH")
NOT_ASKED = ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")


class Route53:
    """Health checks whose ids are their types; GetHealthCheckStatus refuses what AWS refuses."""

    def call(self, _service: str, action: str, HealthCheckId: str, **_more: t.Any) -> t.Any:  # noqa: N803
        if action == "get_health_check":
            return {"HealthCheck": {"Id": HealthCheckId, "HealthCheckConfig": {"Type": HealthCheckId}}}
        assert HealthCheckId in ASKED, "InvalidInput"
        return {"HealthCheckObservations": [{"StatusReport": {"Status": "Failure: Connection timed out"}}]}


@pytest.mark.parametrize("kinds", [ASKED, NOT_ASKED])
def test_of_what_nobody_asks_nothing_is_known(kinds: tuple[str, ...]) -> None:
    found = health_checks(t.cast("t.Any", Route53()), kinds)
    assert {(one["Id"], one["Healthy"]) for one in found} == {(kind, False) for kind in kinds if kind in ASKED}
