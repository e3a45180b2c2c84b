"""What lies in a cluster: who comes in and uses it, whose roles pods take, and its add-ons."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_rule import ClusterRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_access_entry import EksAccessEntry
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_addon import EksAddon
from ansible_collections.cloister.aws.plugins.module_utils.kinds.oidc_provider import OidcProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pod_identity_association import PodIdentityAssociation

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act, told

Thing = dict[str, t.Any]
PART, REGION, STACK = "cloister:part", "cloister:region", "cloister:stack"


def clusters(hands: Hands) -> list[str]:
    """Return the region's clusters, by their names in AWS."""
    names = hands.client("eks").list_clusters()["clusters"]
    return sorted(name for name in names if name.startswith(f"{hands.region_name}-"))


def said(kind: type[Kind], tags: t.Mapping[str, str], action: str) -> Action:
    """Return an action of something that has its tags as EKS writes them."""
    return (tags[STACK], kind.noun, tags[PART], action)


@act(ClusterRule)
def a_rule_of_a_cluster_is_said_to_be_temporary(hands: Hands) -> set[Action]:
    for rule in hands.all(ClusterRule):
        told_anew = [{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "Description": "temporary"}]
        hands.ec2.update_security_group_rule_descriptions_ingress(
            GroupId=rule["GroupId"], SecurityGroupRuleDescriptions=told_anew
        )
        return {told(ClusterRule, rule, "change")}
    return set()


@act(EksAccessEntry)
def people_become_masters_of_a_namespace(hands: Hands) -> set[Action]:
    eks = hands.client("eks")
    for cluster in clusters(hands):
        for principal in eks.list_access_entries(clusterName=cluster)["accessEntries"]:
            about = {"clusterName": cluster, "principalArn": principal}
            entry = eks.describe_access_entry(**about)["accessEntry"]
            if REGION in entry["tags"] and entry["type"] == "STANDARD":
                eks.update_access_entry(**about, kubernetesGroups=["masters-of-web"])
                return {said(EksAccessEntry, entry["tags"], "change")}
    return set()


@act(PodIdentityAssociation)
def pods_lose_their_role(hands: Hands) -> set[Action]:
    eks = hands.client("eks")
    for cluster in clusters(hands):
        for one in eks.list_pod_identity_associations(clusterName=cluster)["associations"]:
            about = {"clusterName": cluster, "associationId": one["associationId"]}
            tags = eks.describe_pod_identity_association(**about)["association"].get("tags", {})
            if REGION in tags:
                eks.delete_pod_identity_association(**about)
                return {said(PodIdentityAssociation, tags, "create")}
    return set()


@act(EksAddon)
def an_add_on_is_set_otherwise(hands: Hands) -> set[Action]:
    eks = hands.client("eks")
    for cluster in clusters(hands):
        for name in sorted(eks.list_addons(clusterName=cluster)["addons"]):
            addon = eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
            if REGION in addon["tags"] and name == "kube-proxy":
                eks.update_addon(clusterName=cluster, addonName=name, configurationValues='{"mode": "ipvs"}')
                return {said(EksAddon, addon["tags"], "change")}
    return set()


@act(OidcProvider)
def a_provider_trusts_tokens_for_somebody_else(hands: Hands) -> set[Action]:
    iam = hands.client("iam")
    for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        arn = {"OpenIDConnectProviderArn": one["Arn"]}
        provider = iam.get_open_id_connect_provider(**arn)
        if {"Key": REGION, "Value": hands.region_name} in provider["Tags"]:
            iam.add_client_id_to_open_id_connect_provider(**arn, ClientID="somebody-else")
            return {told(OidcProvider, provider, "change")}
    return set()
