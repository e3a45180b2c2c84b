"""Clusters of Kubernetes: what they tell, how long that is kept, and what their pods run on."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_log_group import ClusterLogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_fargate_profile import EksFargateProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_node_group import EksNodeGroup

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act
from tests.integration.rehearsal.damage.inside import clusters, said


@act(EksCluster)
def a_control_plane_is_told_to_log_otherwise(hands: Hands) -> set[Action]:
    eks = hands.client("eks")
    for name in clusters(hands):
        cluster = eks.describe_cluster(name=name)["cluster"]
        on = {kind for one in cluster["logging"]["clusterLogging"] if one["enabled"] for kind in one["types"]}
        setup = [{"types": ["scheduler"], "enabled": "scheduler" not in on}]
        eks.update_cluster_config(name=name, logging={"clusterLogging": setup})
        eks.get_waiter("cluster_active").wait(name=name, WaiterConfig={"Delay": 1})
        return {said(EksCluster, cluster["tags"], "change")}
    return set()


@act(ClusterLogGroup)
def the_log_of_a_cluster_is_kept_otherwise(hands: Hands) -> set[Action]:
    logs = hands.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/eks/{hands.region_name}-")["logGroups"]:
        tags = logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
        days = 1 if group.get("retentionInDays") != 1 else 3
        logs.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=days)
        return {said(ClusterLogGroup, tags, "change")}
    return set()


@act(EksNodeGroup)
def nodes_get_a_label_by_hand(hands: Hands) -> set[Action]:
    eks = hands.client("eks")
    for cluster in clusters(hands):
        for name in sorted(eks.list_nodegroups(clusterName=cluster)["nodegroups"])[:1]:
            where = {"clusterName": cluster, "nodegroupName": name}
            eks.update_nodegroup_config(labels={"addOrUpdateLabels": {"by": "hand"}}, **where)
            eks.get_waiter("nodegroup_active").wait(**where, WaiterConfig={"Delay": 1})
            return {said(EksNodeGroup, eks.describe_nodegroup(**where)["nodegroup"]["tags"], "change")}
    return set()


@act(EksFargateProfile)
def a_profile_is_called_otherwise(hands: Hands) -> set[Action]:
    eks = hands.client("eks")
    for cluster in clusters(hands):
        for name in sorted(eks.list_fargate_profiles(clusterName=cluster)["fargateProfileNames"])[:1]:
            raw = eks.describe_fargate_profile(clusterName=cluster, fargateProfileName=name)["fargateProfile"]
            eks.tag_resource(resourceArn=raw["fargateProfileArn"], tags={"Name": "elsewhere"})
            return {said(EksFargateProfile, raw["tags"], "change")}
    return set()
