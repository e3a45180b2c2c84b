"""Trails and calendars that are refused, in a copy of the kr region."""

from __future__ import annotations

from functools import partial

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

AUDIT, SCHEDULE = "host_vars/audit.yml", "host_vars/schedule.yml"
TRAIL, CALENDARS = "audit_trail", "schedule_calendars"
HOURS = (CALENDARS, "office-hours")
KEY = "arn:aws:kms:ap-northeast-2:444455556666:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"
kr = partial(Broken, inventory="kr")

BROKEN = [
    kr(AUDIT, (TRAIL, "name"), GONE, f"{TRAIL}.name", "missing"),
    kr(AUDIT, (TRAIL, "name"), "Main", f"{TRAIL}.name", "lowercase letters"),
    kr(AUDIT, (TRAIL, "name"), "m" * 42, f"{TRAIL}.name", "at most 41 characters"),
    kr(AUDIT, (TRAIL,), "main", TRAIL, "not a dict"),
    kr(AUDIT, (TRAIL, "multi_region"), "all", f"{TRAIL}.multi_region", "true or false"),
    kr(AUDIT, (TRAIL, "retention_days"), Renamed("retention"), f"{TRAIL}.retention", "did you mean retention_days?"),
    kr(AUDIT, (TRAIL, "retention_days"), -1, f"{TRAIL}.retention_days", "0 for ever"),
    kr(AUDIT, (TRAIL, "retention_days"), "a year", f"{TRAIL}.retention_days", "a whole number"),
    kr(AUDIT, (TRAIL, "log_retention_days"), 100, f"{TRAIL}.log_retention_days", "one of 1, 3, 5"),
    kr(AUDIT, (TRAIL, "events"), "write", f"{TRAIL}.events", "did you mean writes?"),
    kr(AUDIT, (TRAIL, "kms_key_arn"), "alias/trail", f"{TRAIL}.kms_key_arn", "not the ARN of a key"),
    kr(AUDIT, (TRAIL, "kms_key_arn"), KEY.replace("ap-", "eu-"), f"{TRAIL}.kms_key_arn", "a key of ap-northeast-2"),
    kr(AUDIT, (TRAIL, "kms_key_arn"), KEY.replace(":aws:", ":aws-cn:"), f"{TRAIL}.kms_key_arn", "aws-cn"),
    kr(SCHEDULE, (*HOURS, "name"), GONE, f"{CALENDARS}[0].name", "missing"),
    kr(SCHEDULE, (*HOURS, "name"), "Office hours", f"{CALENDARS}[0].name", "lowercase letters"),
    kr(SCHEDULE, (*HOURS, "name"), "o" * 59, f"{CALENDARS}[0].name", "at most 58 characters"),
    kr(SCHEDULE, (*HOURS, "time_zone"), "Asia/Soeul", f"{CALENDARS}[0].time_zone", "did you mean Asia/Seoul?"),
    kr(SCHEDULE, (*HOURS, "start"), "0 8 * * 1-5", f"{CALENDARS}[0].start", "is no cron(...)"),
    kr(SCHEDULE, (*HOURS, "start"), "cron(0 8 * * MON-FRI *)", f"{CALENDARS}[0].start", "must have ?"),
    kr(SCHEDULE, (*HOURS, "stop"), "cron(0 24 ? * MON-FRI *)", f"{CALENDARS}[0].stop", "24 as hours"),
    kr(SCHEDULE, (*HOURS, "stop"), "cron(0 8 ? * MON-FRI *)", f"{CALENDARS}[0].stop", "another time"),
    kr(SCHEDULE, (CALENDARS,), Appended({"name": "idle"}), f"{CALENDARS}[1]", "neither starts nor stops"),
    kr(SCHEDULE, (*HOURS, "stop"), Renamed("stops"), f"{CALENDARS}[0].stops", "did you mean stop?"),
]
