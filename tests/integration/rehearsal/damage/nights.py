"""What works by itself: functions and what invokes them, calendars, and the trail with its bucket."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.bucket import Bucket
from ansible_collections.cloister.aws.plugins.module_utils.kinds.event_rule import EventRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.function import Function
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule import Schedule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule_group import ScheduleGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.trail import Trail

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act, told
from tests.integration.rehearsal.damage.inside import said


@act(Function)
def a_function_gets_more_memory(hands: Hands) -> set[Action]:
    api = hands.client("lambda")
    for one in api.list_functions()["Functions"]:
        if one["FunctionName"].startswith(f"{hands.region_name}-"):
            tags = api.list_tags(Resource=one["FunctionArn"])["Tags"]
            api.update_function_configuration(FunctionName=one["FunctionName"], MemorySize=one["MemorySize"] + 1)
            return {said(Function, tags, "change")}
    return set()


@act(EventRule)
def a_rule_is_switched_off(hands: Hands) -> set[Action]:
    api = hands.client("events")
    for one in api.list_rules(NamePrefix=f"{hands.region_name}-")["Rules"]:
        api.disable_rule(Name=one["Name"])
        return {told(EventRule, api.list_tags_for_resource(ResourceARN=one["Arn"]), "change")}
    return set()


def _groups(hands: Hands) -> t.Iterator[tuple[str, t.Any]]:
    """Yield the region's groups of schedules with their tags."""
    api = hands.client("scheduler")
    for one in api.list_schedule_groups(NamePrefix=f"{hands.region_name}-")["ScheduleGroups"]:
        yield one["Name"], api.list_tags_for_resource(ResourceArn=one["Arn"])


@act(Schedule)
def a_schedule_is_deleted(hands: Hands) -> set[Action]:
    api = hands.client("scheduler")
    for group, tags in _groups(hands):
        for one in sorted(api.list_schedules(GroupName=group)["Schedules"], key=lambda one: str(one["Name"]))[:1]:
            api.delete_schedule(GroupName=group, Name=one["Name"])
            stack, _noun, part, _action = told(ScheduleGroup, tags, "change")
            return {(stack, Schedule.noun, f"{part} {one['Name']}", "create")}
    return set()


@act(ScheduleGroup)
def a_group_of_schedules_loses_its_name(hands: Hands) -> set[Action]:
    api = hands.client("scheduler")
    for one in api.list_schedule_groups(NamePrefix=f"{hands.region_name}-")["ScheduleGroups"]:
        tags = api.list_tags_for_resource(ResourceArn=one["Arn"])
        api.untag_resource(ResourceArn=one["Arn"], TagKeys=["Name"])
        return {told(ScheduleGroup, tags, "change")}
    return set()


@act(Trail)
def a_trail_no_longer_logs(hands: Hands) -> set[Action]:
    api = hands.client("cloudtrail")
    for one in api.describe_trails(includeShadowTrails=False)["trailList"]:
        if one["Name"].startswith(f"{hands.region_name}-"):
            api.stop_logging(Name=one["Name"])
            [tags] = api.list_tags(ResourceIdList=[one["TrailARN"]])["ResourceTagList"]
            return {told(Trail, {"Tags": tags["TagsList"]}, "change")}
    return set()


@act(Bucket)
def a_bucket_lets_everybody_in_without_tls(hands: Hands) -> set[Action]:
    api = hands.client("s3")
    for one in api.list_buckets(Prefix=f"{hands.region_name}-trail-")["Buckets"]:
        api.delete_bucket_policy(Bucket=one["Name"])
        return {told(Bucket, {"Tags": api.get_bucket_tagging(Bucket=one["Name"])["TagSet"]}, "change")}
    return set()
