# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The service scheduler: it looks whenever somebody asks ECS something, and does all whose time has come.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from __future__ import annotations

import math
import typing as t

from lab.embedded_aws.truth.ec2.base import catch_up
from lab.embedded_aws.truth.ecs import capacity, joining, launching, namespaces, network, running, targets
from lab.embedded_aws.truth.ecs.base import Backend, Body, Response, ec2_of, now
from lab.embedded_aws.truth.ecs.services import Deployment, Service, wanted_count

ROUNDS = 40
GUIDE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
TRIES = 3
# Calls that neither ask of what runs nor change it.
AT_REST = ("TaskDefinition", "Tag", "AccountSetting", "ListClusters", "ListServices")


def install(owner: type) -> None:
    """Let every ECS call begin with a look at what has become due, and let what a change begins begin at once."""
    dispatch = owner.call_action  # type: ignore[attr-defined]

    def call_action(self: Response) -> t.Any:
        action = self._get_action()
        if any(one in action for one in AT_REST):
            return dispatch(self)
        advance(self.ecs_backend)
        answer = dispatch(self)
        if not action.startswith(("Describe", "List")):
            advance(self.ecs_backend)
        return answer

    owner.call_action = call_action  # type: ignore[attr-defined]


def advance(backend: Backend) -> None:
    """Bring machines, tasks and services to where they are by now."""
    with network.look(backend):
        catch_up(ec2_of(backend))
        network.look_anew(backend)
        for service in backend.services.values():
            service.tries_end = _tries(service)
        for _ in range(3):
            if not _pass(backend):
                return


def _pass(backend: Backend) -> bool:
    """One pass over machines, services and tasks that wait; whether it changed anything."""
    changed = joining.look(backend)
    for service in list(backend.services.values()):
        if service.status != "INACTIVE":
            changed = advance_service(service) or changed
    changed = launching.place_waiting(backend) or changed
    return capacity.scale(backend) or changed


def advance_service(service: Service) -> bool:
    """Start and stop tasks until nothing more can be done now; whether anything was."""
    if service.steady and _still_steady(service):
        return False
    service.steady = False
    for number in range(ROUNDS):
        if not _round(service):
            return number > 0
    return True


def _tries(service: Service) -> int:
    """How many failed tasks end this look: enough to trip the circuit breaker at first, one more later."""
    failed = service.deployments[0].failed if service.deployments else 0
    return failed + 1 if failed else max(TRIES, _threshold(service))


def _still_steady(service: Service) -> bool:
    tasks = _lasting(service)
    return not _leaving(service) and len(tasks) == wanted_count(service) and all(_healthy(one) for one in tasks)


def _lasting(service: Service) -> list[t.Any]:
    """The primary deployment's tasks, but for those whose machine drains."""
    return [one for one in service.primary.tasks if not one.on_draining]


def _leaving(service: Service) -> list[t.Any]:
    """Tasks that others replace: of earlier deployments, and on machines that drain."""
    lasting = _lasting(service)
    return [one for deployment in service.deployments for one in deployment.tasks if one not in lasting]


def _round(service: Service) -> bool:
    """One step; whether it changed something that may allow another."""
    if service.status == "DRAINING":
        return _drain(service)
    changed = _stop_unhealthy(service)
    changed = _trip(service) or changed
    changed = _stop_surplus(service) or changed
    changed = _stop_old(service) or changed
    if service.primary.failed < service.tries_end:
        changed = _start(service) or changed
    service.deployments[1:] = [one for one in service.deployments[1:] if _lives(one)]
    return _complete(service) or changed


def _lives(deployment: Deployment) -> bool:
    return any(one.deployment is deployment for one in deployment.service.tasks)


def _drain(service: Service) -> bool:
    doomed = [one for one in service.tasks if one.wanted]
    _stop(service, doomed, service.primary)
    if service.tasks:
        return bool(doomed)
    service.status, service.deployments = "INACTIVE", service.deployments[:1]
    namespaces.forget(service)
    return False


def _stop(service: Service, doomed: list[t.Any], deployment: Deployment) -> None:
    """Stop tasks as the scheduler does, with its events."""
    if not doomed:
        return
    if any(one.registered for one in doomed):
        service.tell(f"has begun draining connections on {len(doomed)} tasks.")
    for task in doomed:
        running.stop(task, running.SCHEDULER, f"Scaling activity initiated by (deployment {deployment.id})")
    names = " ".join(f"(task {one.id})" for one in doomed)
    service.tell(f"has stopped {len(doomed)} running tasks: {names}.")


def _healthy(task: t.Any) -> bool:
    """Running, and answering each load balancer that asks it."""
    if task.last_status != "RUNNING" or not task.wanted:
        return False
    return all(state in ("healthy", "unused") for _, state, _ in targets.health(task))


def _stop_unhealthy(service: Service) -> bool:
    """Replace tasks that a load balancer finds unhealthy after the grace period."""
    grace, found = service.options.get("healthCheckGracePeriodSeconds") or 0, False
    for task in [one for one in service.tasks if one.wanted and one.last_status == "RUNNING"]:
        if (now() - task.started_at).total_seconds() < grace:
            continue
        for arn, state, reason in targets.health(task):
            if state == "unhealthy":
                port = next(row["containerPort"] for row in task.target_groups if row["targetGroupArn"] == arn)
                where = "" if task.fargate else f"(instance {task.instance.instance_id}) "
                service.tell(
                    f"(task {task.id}) {where}(port {port}) is unhealthy in (target-group {arn}) due to "
                    f"(reason {reason})"
                )
                task.deployment.failed += 1
                running.stop(task, running.SCHEDULER, f"Task failed ELB health checks in (target-group {arn})")
                found = True
                break
    return found


def _threshold(service: Service) -> int:
    """Failed tasks that trip the circuit breaker."""
    return min(200, max(3, math.ceil(service.desired / 2)))


def _trip(service: Service) -> bool:
    """Say that tasks do not start; fail the deployment, and go back, when the circuit breaker is on."""
    primary = service.primary
    if primary.failed < TRIES or primary.completed or primary.rollout_state == "FAILED":
        return False
    if not primary.impaired:
        primary.impaired = True
        service.tell(f"is unable to consistently start tasks successfully. {GUIDE}")
    breaker = service.options["deploymentConfiguration"]["deploymentCircuitBreaker"]
    if not breaker["enable"] or primary.failed < _threshold(service):
        return False
    primary.rollout_state, primary.updated_at = "FAILED", now()
    primary.reason = "ECS deployment circuit breaker: tasks failed to start."
    service.tell(f"(deployment {primary.id}) deployment failed: tasks failed to start.")
    if breaker["rollback"] and service.last_completed is not None:
        _roll_back(service, service.last_completed)
    return True


def _roll_back(service: Service, good: Deployment) -> None:
    service.tell(f"rolling back to (deployment {good.id}).")
    others = [one for one in service.deployments if one is not good]
    for one in others:
        one.status = "ACTIVE"
    good.status, good.rollout_state, good.failed, good.completed = "PRIMARY", "IN_PROGRESS", 0, False
    good.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {good.id}."
    good.updated_at, service.deployments = now(), [good, *others]


def _stop_surplus(service: Service) -> bool:
    """Stop what a smaller desired count leaves over, those first that do not run yet."""
    tasks = _lasting(service)
    surplus = len(tasks) - wanted_count(service)
    if surplus <= 0:
        return False
    _stop(service, sorted(tasks, key=lambda one: one.last_status == "RUNNING")[:surplus], service.primary)
    return True


def _stop_old(service: Service) -> bool:
    """Stop tasks that others replace as far as the minimum healthy percent lets."""
    old = _leaving(service)
    least = math.ceil(wanted_count(service) * _percent(service)["minimumHealthyPercent"] / 100)
    healthy = sum(1 for one in _lasting(service) if _healthy(one))
    up = sum(1 for one in old if one.last_status == "RUNNING")
    doomed = sorted(old, key=lambda one: one.last_status == "RUNNING")[: max(0, len(old) - max(0, least - healthy))]
    failing = [one for one in old if one.deployment.rollout_state == "FAILED" and one not in doomed]
    doomed = [*(doomed if up or healthy or not least else []), *failing]
    _stop(service, doomed, service.primary)
    return bool(doomed)


def _percent(service: Service) -> Body:
    return t.cast("Body", service.options["deploymentConfiguration"])


def _start(service: Service) -> bool:
    """Start missing tasks as far as the maximum percent lets."""
    primary, want = service.primary, wanted_count(service)
    if primary.rollout_state == "FAILED":
        return False
    most = want if service.daemon else max(math.floor(want * _percent(service)["maximumPercent"] / 100), 1)
    alive = sum(len(one.tasks) for one in service.deployments)
    missing = min(want - len(_lasting(service)), most - alive)
    return missing > 0 and launching.launch(service, missing)


def _complete(service: Service) -> bool:
    """Tell of the steady state when all of the primary's tasks run and nothing else does."""
    primary = service.primary
    if service.steady or primary.rollout_state == "FAILED" or len(service.deployments) > 1:
        return False
    if not _still_steady(service):
        return False
    if any(not one.wanted for one in service.tasks):
        return False
    service.steady, primary.failed = True, 0
    if not primary.completed:
        primary.completed, primary.rollout_state = True, "COMPLETED"
        primary.reason, primary.updated_at = f"ECS deployment {primary.id} completed.", now()
        service.last_completed = primary
        service.tell(f"(deployment {primary.id}) deployment completed.")
    service.tell("has reached a steady state.")
    return False
