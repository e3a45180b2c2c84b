"""System 1: the cluster for apps. Rows 1.11, 1.12, 1.17, 1.18 and 1.19, as inventory kr has them."""

from __future__ import annotations

import re

from tests.integration.playbook import ROOT
from tests.integration.systems import seoul
from tests.integration.systems.built import Built, tags


def test_1_11_the_cluster_is_in_three_private_zones_and_closed_to_the_internet(kr: Built) -> None:
    found = seoul.cluster(kr)
    assert (found["status"], found["version"]) == ("ACTIVE", "1.33")
    network = found["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    subnets = kr.described("describe_subnets", "Subnets")
    assert set(network["subnetIds"]) == {subnets[f"private-{zone}"]["SubnetId"] for zone in "abc"}
    logged = [one["types"] for one in found["logging"]["clusterLogging"] if one["enabled"]]
    assert sorted(kind for kinds in logged for kind in kinds) == ["api", "audit", "authenticator"]


def test_1_11_people_come_in_by_an_access_entry(kr: Built) -> None:
    eks = kr.client("eks")
    entries = eks.list_access_entries(clusterName="kr-main")["accessEntries"]
    (platform,) = [arn for arn in entries if arn.endswith("/kr-platform-admin")]
    (policy,) = eks.list_associated_access_policies(clusterName="kr-main", principalArn=platform)[
        "associatedAccessPolicies"
    ]
    assert policy["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")


def test_1_12_three_nodes_of_the_size_that_was_asked_for(kr: Built) -> None:
    group = kr.client("eks").describe_nodegroup(clusterName="kr-main", nodegroupName="apps")["nodegroup"]
    assert group["scalingConfig"] == {"minSize": 1, "maxSize": 3, "desiredSize": 3}
    nodes = [node for node in seoul.machines(kr, "nodes") if tags(node).get("eks:nodegroup-name") == "apps"]
    assert [node["InstanceType"] for node in nodes] == ["t3.large"] * 3
    assert {node["MetadataOptions"]["HttpTokens"] for node in nodes} == {"required"}
    ids = [disk["Ebs"]["VolumeId"] for node in nodes for disk in node["BlockDeviceMappings"]]
    disks = kr.ec2.describe_volumes(VolumeIds=ids)["Volumes"]
    assert {(disk["Size"], disk["VolumeType"], disk["Encrypted"]) for disk in disks} == {(20, "gp3", True)}


def test_1_12_nodes_with_gpus_sleep_until_a_pod_asks(kr: Built) -> None:
    group = kr.client("eks").describe_nodegroup(clusterName="kr-main", nodegroupName="gpu")["nodegroup"]
    assert (group["amiType"], group["scalingConfig"]["desiredSize"]) == ("AL2023_x86_64_NVIDIA", 0)
    assert group["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]
    assert group["labels"]["nvidia.com/gpu.present"] == "true"


def test_1_17_1_18_the_controller_takes_its_role_by_a_token_of_this_cluster(kr: Built) -> None:
    iam = kr.client("iam")
    role = iam.get_role(RoleName="kr-main-load-balancer-controller")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    issuer = seoul.cluster(kr)["identity"]["oidc"]["issuer"].removeprefix("https://")
    (provider,) = statement["Principal"]["Federated"]
    assert provider.endswith(f":oidc-provider/{issuer}")
    account = "system:serviceaccount:kube-system:aws-load-balancer-controller"
    assert statement["Condition"]["StringEquals"] == {
        f"{issuer}:aud": ["sts.amazonaws.com"],
        f"{issuer}:sub": [account],
    }
    names = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"] for name in names]
    assert "elasticloadbalancing:CreateLoadBalancer" in str(documents)


def test_1_18_the_identity_provider_is_the_clusters_and_no_thumbprint_is_written_anywhere(kr: Built) -> None:
    iam = kr.client("iam")
    (arn,) = [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert f"https://{provider['Url']}" == seoul.cluster(kr)["identity"]["oidc"]["issuer"]
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]
    sources = [
        path for folder in ("inventories", "playbooks", "plugins", "roles") for path in (ROOT / folder).rglob("*")
    ]
    texts = [path.read_text(encoding="utf-8") for path in sources if path.suffix in (".py", ".yml")]
    assert not [found for text in texts for found in re.findall(r"\b[0-9a-f]{40}\b", text)]


def test_1_19_each_role_may_do_what_its_work_needs_and_no_more(kr: Built) -> None:
    iam = kr.client("iam")
    wanted = {
        "kr-eks-cluster": {"AmazonEKSClusterPolicy"},
        "kr-eks-node": {
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKS_CNI_Policy",
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonSSMManagedInstanceCore",
        },
        "kr-ai-node": {"AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryPullOnly"},
        "kr-main-ebs-csi": {"AmazonEBSCSIDriverPolicy"},
        "kr-main-image-updater": {"AmazonEC2ContainerRegistryReadOnly"},
    }
    for name, policies in wanted.items():
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        assert {policy["PolicyName"] for policy in attached} == policies, name


def test_1_17_in_a_rehearsal_the_run_says_what_the_cluster_would_run(kr: Built) -> None:
    run = kr.region.play("site.yml", "--limit", "eks_apps")
    assert run.rc == 0, run.output
    assert "Nothing was installed in the cluster: this is a rehearsal" in run.output
    assert "- aws-load-balancer-controller 3.6.0 in kube-system" in run.output
