# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route 53's health checks and the multivalue answers that name them, as AWS takes and refuses them."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
TCP = {"Type": "TCP", "IPAddress": "192.0.2.44", "Port": 443}
HTTPS = {**TCP, "Type": "HTTPS", "ResourcePath": "/health", "FullyQualifiedDomainName": "partner.example.com"}


@pytest.fixture
def route53(client: t.Any) -> t.Any:
    return client("route53")


@pytest.fixture
def zone(route53: t.Any) -> str:
    return str(route53.create_hosted_zone(Name="example.com", CallerReference="zone")["HostedZone"]["Id"])


def made(route53: t.Any, reference: str = "one", **config: t.Any) -> dict[str, t.Any]:
    answer = route53.create_health_check(CallerReference=reference, HealthCheckConfig={**TCP, **config})
    return t.cast("dict[str, t.Any]", answer["HealthCheck"])


def answer(name: str = "edge-a", **more: t.Any) -> dict[str, t.Any]:
    values = [{"Value": "192.0.2.44"}]
    plain = {"Name": "partner.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": values}
    return {**plain, "SetIdentifier": name, "MultiValueAnswer": True, **more}


def say(route53: t.Any, zone: str, action: str, *records: dict[str, t.Any]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": record} for record in records]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def statuses(route53: t.Any, identifier: str) -> set[str]:
    seen = route53.get_health_check_status(HealthCheckId=identifier)["HealthCheckObservations"]
    return {one["StatusReport"]["Status"].partition(":")[0] for one in seen}


def test_a_health_check_is_made_read_and_listed(route53: t.Any) -> None:
    check = made(route53)
    assert check["HealthCheckVersion"] == 1
    defaults = {"RequestInterval": 30, "FailureThreshold": 3, "Inverted": False, "Disabled": False}
    assert check["HealthCheckConfig"].items() >= {**TCP, **defaults}.items()
    assert route53.get_health_check(HealthCheckId=check["Id"])["HealthCheck"] == check
    others = [made(route53, str(number)) for number in range(4)]
    pages = route53.get_paginator("list_health_checks").paginate(PaginationConfig={"PageSize": 2})
    listed = [one["Id"] for page in pages for one in page["HealthChecks"]]
    assert sorted(listed) == sorted(one["Id"] for one in [check, *others])


def test_a_reference_stands_for_one_health_check_for_ever(route53: t.Any, refused: Refused) -> None:
    check = made(route53)
    assert made(route53) == check
    with refused("HealthCheckAlreadyExists", status=409):
        made(route53, Port=80)
    route53.delete_health_check(HealthCheckId=check["Id"])
    with refused("HealthCheckAlreadyExists", status=409):
        made(route53)
    with refused("NoSuchHealthCheck", status=404):
        route53.get_health_check(HealthCheckId=check["Id"])


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"IPAddress": "10.0.0.1"}, "private, reserved or multicast"),
        ({"FullyQualifiedDomainName": "a.example.com"}, "must not have a fully qualified domain name"),
        ({"ResourcePath": "/"}, "must not have a resource path"),
        ({"EnableSNI": True}, "SNI"),
        ({"RequestInterval": 20}, "RequestInterval"),
        ({"Type": "HTTP_STR_MATCH"}, "SearchString"),
        ({"Regions": ["us-east-1"] * 3}, "three regions"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    route53: t.Any, refused: Refused, config: dict[str, t.Any], words: str
) -> None:
    with refused("InvalidInput", words, status=400):
        made(route53, **config)


def test_a_health_check_changes_but_for_what_it_is(route53: t.Any, refused: Refused) -> None:
    check = made(route53, **HTTPS)
    assert check["HealthCheckConfig"]["EnableSNI"] is True
    said = {"IPAddress": "192.0.2.45", "FailureThreshold": 2, "Inverted": True}
    changed = route53.update_health_check(HealthCheckId=check["Id"], HealthCheckVersion=1, **said)["HealthCheck"]
    assert changed["HealthCheckConfig"].items() >= {**HTTPS, **said}.items()
    with refused("HealthCheckVersionMismatch", status=409):
        route53.update_health_check(HealthCheckId=check["Id"], HealthCheckVersion=1, Port=8443)
    reset = route53.update_health_check(HealthCheckId=check["Id"], ResetElements=["ResourcePath"])["HealthCheck"]
    assert "ResourcePath" not in reset["HealthCheckConfig"]


def test_a_status_is_what_was_said_of_the_address(route53: t.Any, aws: EmbeddedAws) -> None:
    check = made(route53)["Id"]
    assert statuses(route53, check) == {"Success"}
    aws.target_health("192.0.2.44", 443)
    assert statuses(route53, check) == {"Failure"}
    aws.target_health("192.0.2.44", 443, healthy=None)
    assert statuses(route53, check) == {"Success"}
    route53.update_health_check(HealthCheckId=check, Disabled=True)
    assert statuses(route53, check) == set()


def test_an_elastic_ip_that_nothing_has_answers_nobody(route53: t.Any, client: t.Any) -> None:
    address = client("ec2").allocate_address(Domain="vpc")["PublicIp"]
    assert statuses(route53, made(route53, IPAddress=address)["Id"]) == {"Failure"}


def test_there_are_no_more_than_the_account_may_have(route53: t.Any, aws: EmbeddedAws, refused: Refused) -> None:
    aws.limits(health_checks=1)
    made(route53)
    with refused("TooManyHealthChecks"):
        made(route53, "two")


def test_tags_of_health_checks_come_ten_at_a_time(route53: t.Any, refused: Refused) -> None:
    check = made(route53)["Id"]
    which = {"ResourceType": "healthcheck", "ResourceId": check}
    route53.change_tags_for_resource(**which, AddTags=[{"Key": "a", "Value": "b"}])
    sets = route53.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[check])["ResourceTagSets"]
    assert sets == [{**which, "Tags": [{"Key": "a", "Value": "b"}]}]
    route53.delete_health_check(HealthCheckId=check)
    with refused("NoSuchHealthCheck", status=404):
        route53.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[check])


def test_multivalue_answers_share_a_name_and_keep_their_health_checks(
    route53: t.Any, zone: str, refused: Refused
) -> None:
    check = made(route53)["Id"]
    both = answer(HealthCheckId=check), answer("edge-b", ResourceRecords=[{"Value": "192.0.2.45"}])
    say(route53, zone, "CREATE", *both)
    sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [one for one in sets if one["Type"] == "A"] == [*both]
    with refused("InvalidChangeBatch", "do not match the current values"):
        say(route53, zone, "DELETE", answer())
    # AWS lets a health check go that a record still names, and such a record can still be deleted.
    route53.delete_health_check(HealthCheckId=check)
    say(route53, zone, "DELETE", *both)


@pytest.mark.parametrize(
    ("record", "code", "words"),
    [
        (answer(HealthCheckId="0a1b"), "NoSuchHealthCheck", "0a1b"),
        ({**answer(), "SetIdentifier": None}, "InvalidInput", "Missing field 'SetIdentifier'"),
        ({**answer(), "MultiValueAnswer": None}, "InvalidInput", "but found none"),
        (answer(Weight=1), "InvalidInput", "but found more than one"),
        (answer(Type="CNAME", ResourceRecords=[{"Value": "a.example.com"}]), "InvalidInput", "not possible"),
        ({**answer(), "MultiValueAnswer": None, "Weight": 1}, "InvalidChangeBatch", "other RRSets exist"),
        ({**answer(), "MultiValueAnswer": None, "SetIdentifier": None}, "InvalidChangeBatch", "other RRSets exist"),
    ],
)
def test_an_answer_that_aws_would_not_take_is_refused(
    route53: t.Any, zone: str, refused: Refused, record: dict[str, t.Any], code: str, words: str
) -> None:
    say(route53, zone, "CREATE", answer("edge-b"))
    with refused(code, words):
        say(route53, zone, "CREATE", {key: value for key, value in record.items() if value is not None})


def test_a_multivalue_answer_does_not_stand_beside_a_simple_record(route53: t.Any, zone: str, refused: Refused) -> None:
    simple = {key: value for key, value in answer().items() if key not in ("SetIdentifier", "MultiValueAnswer")}
    say(route53, zone, "CREATE", simple)
    with refused("InvalidChangeBatch", "a non multivalue answer rrset exists"):
        say(route53, zone, "CREATE", answer())
