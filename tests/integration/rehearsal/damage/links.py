"""PrivateLink: what is offered and through what, who was let in, and by which name."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_connection import EndpointConnection
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_service import EndpointService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener import Listener
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target import Target
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act, tag, told


@act(EndpointService)
def a_service_lets_everybody_in_unasked(hands: Hands) -> set[Action]:
    for service in hands.all(EndpointService)[:1]:
        named = {"ServiceId": service["ServiceId"]}
        hands.ec2.modify_vpc_endpoint_service_configuration(**named, AcceptanceRequired=False)
        hands.ec2.modify_vpc_endpoint_service_permissions(**named, AddAllowedPrincipals=["*"])
        return {told(EndpointService, service, "change")}
    return set()


@act(EndpointConnection)
def somebody_is_thrown_out(hands: Hands) -> set[Action]:
    for service in hands.all(EndpointService)[:1]:
        filters = [{"Name": "service-id", "Values": [service["ServiceId"]]}]
        for one in hands.ec2.describe_vpc_endpoint_connections(Filters=filters)["VpcEndpointConnections"][:1]:
            endpoint = one["VpcEndpointId"]
            hands.ec2.reject_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])
            name = tag(hands.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0])
            part = f"{tag(service)} {name}"
            return {(tag(service, "cloister:stack"), EndpointConnection.noun, part, "create")}
    return set()


@act(Target)
def an_interface_of_the_api_is_no_target_any_more(hands: Hands) -> set[Action]:
    elb = hands.client("elbv2")
    for service in hands.all(EndpointService)[:1]:
        (group,) = elb.describe_target_groups(Names=[tag(service, "Name")])["TargetGroups"]
        arn = group["TargetGroupArn"]
        targets = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        gone = {"Id": targets[0]["Target"]["Id"], "Port": targets[0]["Target"]["Port"]}
        elb.deregister_targets(TargetGroupArn=arn, Targets=[gone])
        return {(tag(service, "cloister:stack"), Target.noun, tag(service), "change")}
    return set()


@act(LoadBalancer)
def groups_are_asked_of_private_link_too(hands: Hands) -> set[Action]:
    elb = hands.client("elbv2")
    for service in hands.all(EndpointService)[:1]:
        (balancer,) = elb.describe_load_balancers(Names=[tag(service, "Name")])["LoadBalancers"]
        elb.set_security_groups(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            SecurityGroups=balancer["SecurityGroups"],
            EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="on",
        )
        return {(tag(service, "cloister:stack"), LoadBalancer.noun, tag(service), "change")}
    return set()


@act(Listener)
def a_listener_behind_a_service_is_called_otherwise(hands: Hands) -> set[Action]:
    elb = hands.client("elbv2")
    for service in hands.all(EndpointService)[:1]:
        arn = service["NetworkLoadBalancerArns"][0]
        (listener,) = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        elb.add_tags(ResourceArns=[listener["ListenerArn"]], Tags=[{"Key": "Name", "Value": "elsewhere"}])
        part = f"{tag(service)}:{listener['Port']}"
        return {(tag(service, "cloister:stack"), Listener.noun, part, "change")}
    return set()


@act(TargetGroup)
def the_api_is_asked_less_often(hands: Hands) -> set[Action]:
    elb = hands.client("elbv2")
    for service in hands.all(EndpointService)[:1]:
        (group,) = elb.describe_target_groups(Names=[tag(service, "Name")])["TargetGroups"]
        elb.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckIntervalSeconds=60)
        return {(tag(service, "cloister:stack"), TargetGroup.noun, tag(service), "change")}
    return set()


@act(Records)
def the_api_loses_its_own_name(hands: Hands) -> set[Action]:
    route53 = hands.client("route53")
    for zone in route53.list_hosted_zones()["HostedZones"]:
        if ".eks." not in zone["Name"]:
            continue
        which = {"ResourceType": "hostedzone", "ResourceId": zone["Id"].removeprefix("/hostedzone/")}
        listed = route53.list_tags_for_resource(**which)["ResourceTagSet"]["Tags"]
        tags = {one["Key"]: one["Value"] for one in listed}
        sets = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        (alias,) = [one for one in sets if "AliasTarget" in one]
        gone = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": alias}]}
        route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=gone)
        return {(tags["cloister:stack"], Records.noun, tags["cloister:part"], "change")}
    return set()
