"""Each rule about what lies in a cluster: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told

ENTRIES, ACCOUNTS, ADDONS = "eks_access_entries", "eks_service_accounts", "eks_addons"
PEOPLE, NODES, CSI, IMAGES = (ENTRIES, 0), (ENTRIES, 1), (ACCOUNTS, 0), (ACCOUNTS, 1)
RULE = ("eks_cluster", "ingress", 0)
ARN = "arn:aws:iam::111122223333:role/people/platform-admin"
INSIDE: Variables = {
    "eks_cluster": {
        "name": "main",
        "version": "1.33",
        "role": "eks",
        "subnets": ["private-a", "private-b"],
        "ingress": [{"reason": "kubectl from the app", "group": "app", "ports": ["443"], "protocol": "tcp"}],
    },
    ENTRIES: [
        {
            "name": "platform",
            "principal": ARN,
            "groups": ["platform"],
            "username": "admin:{{SessionName}}",
            "policies": [{"policy": "AmazonEKSViewPolicy", "namespaces": ["web", "team-*"]}],
        },
        {"name": "nodes", "role": "node", "type": "EC2_LINUX"},
    ],
    ACCOUNTS: [
        {
            "name": "ebs-csi",
            "namespace": "kube-system",
            "service_account": "ebs-csi-controller-sa",
            "identity": "irsa",
            "reason": "Volumes for pods",
            "policy_set": "ebs_csi",
        },
        {
            "name": "images",
            "namespace": "argocd",
            "service_account": "argocd-image-updater",
            "identity": "pod_identity",
            "reason": "New images",
            "managed_policies": ["AmazonEC2ContainerRegistryReadOnly"],
        },
    ],
    ADDONS: [
        {"name": "vpc-cni", "configuration": {"env": {"WARM_IP_TARGET": "1"}}},
        {"name": "kube-proxy", "version": "v1.33.3-eksbuild.4"},
        {"name": "coredns", "version": "default"},
        {"name": "eks-pod-identity-agent", "version": "latest"},
        {"name": "aws-ebs-csi-driver", "service_account_role": "ebs-csi"},
    ],
}


def with_cluster() -> Variables:
    variables = copy.deepcopy({**sound(), **INSIDE})
    role = {"name": "eks", "reason": "Clusters", "trusted_services": ["eks"]}
    variables["identity_roles"].append({**role, "managed_policies": ["AmazonEKSClusterPolicy"]})
    return variables


# What is set where; the path that the message gives; words that the message has.
Case = tuple[tuple[t.Any, ...], t.Any, str, str]
CASES: list[Case] = [
    # rules
    ((*RULE, "group"), "operater", "eks_cluster.ingress[0].group", "no security group called"),
    ((*RULE, "ports"), [], "eks_cluster.ingress[0].ports", "needs ports"),
    ((*RULE, "cidrs"), ["10.0.0.0/8"], "eks_cluster.ingress[0]", "exactly one of"),
    ((*RULE, "reason"), "kubectl <from> us", "eks_cluster.ingress[0].reason", "AWS does not take"),
    # entries
    ((*PEOPLE, "name"), "Platform", f"{ENTRIES}[0].name", "lowercase"),
    ((*NODES, "name"), "platform", f"{ENTRIES}[1].name", "there already"),
    ((*PEOPLE, "principal"), "platform-admin", f"{ENTRIES}[0].principal", "no role or user of IAM"),
    (
        (*PEOPLE, "principal"),
        "arn:aws:sts::111122223333:assumed-role/admin/me",
        f"{ENTRIES}[0].principal",
        "a session of a role",
    ),
    (
        (*PEOPLE, "principal"),
        ARN.replace("aws", "aws-cn", 1),
        f"{ENTRIES}[0].principal",
        "lies in the partition aws-cn",
    ),
    ((*NODES, "role"), "nods", f"{ENTRIES}[1].role", "did you mean node?"),
    ((*NODES, "groups"), ["readers"], f"{ENTRIES}[1].groups", "takes no groups"),
    ((*NODES, "type"), "STANDARD", f"{ENTRIES}[1]", "lets nobody do anything"),
    ((*PEOPLE, "groups"), ["system:masters"], f"{ENTRIES}[0].groups[0]", "Kubernetes or EKS itself"),
    ((*PEOPLE, "username"), "eks:admin", f"{ENTRIES}[0].username", "keeps for itself"),
    ((*PEOPLE, "username"), "admin-{{SessionName}}", f"{ENTRIES}[0].username", "a colon before"),
    ((*PEOPLE, "policies", 0, "policy"), f"{ARN}/x", f"{ENTRIES}[0].policies[0].policy", "without an ARN"),
    ((*PEOPLE, "policies", 0, "namespaces"), ["Web"], f"{ENTRIES}[0].policies[0].namespaces[0]", "not a namespace"),
    ((*PEOPLE, "policies", 0, "namespaces"), ["a", "a"], f"{ENTRIES}[0].policies[0].namespaces[1]", "twice"),
    (
        (*PEOPLE, "policies"),
        [{"policy": "AmazonEKSViewPolicy"}, {"policy": "AmazonEKSViewPolicy"}],
        f"{ENTRIES}[0].policies[1].policy",
        "is listed twice",
    ),
    # service accounts
    ((*CSI, "name"), "EBS", f"{ACCOUNTS}[0].name", "lowercase"),
    ((*IMAGES, "name"), "ebs-csi", f"{ACCOUNTS}[1].name", "there already"),
    ((*IMAGES, "name"), "i" * 60, f"{ACCOUNTS}[1].name", "at most 56 characters"),
    ((*CSI, "namespace"), "kube_system", f"{ACCOUNTS}[0].namespace", "not a namespace"),
    ((*CSI, "service_account"), "ebs-*", f"{ACCOUNTS}[0].service_account", "no wildcards"),
    ((*CSI, "session_seconds"), 60, f"{ACCOUNTS}[0].session_seconds", "from 3600"),
    ((*IMAGES, "managed_policies"), [], f"{ACCOUNTS}[1]", "would allow nothing"),
    ((*IMAGES, "managed_policies"), ["AdministratorAccess"], f"{ACCOUNTS}[1].managed_policies[0]", "allows everything"),
    (
        (*IMAGES, "policies"),
        [{"name": "all", "statements": [{"actions": ["*"], "resources": ["*"]}]}],
        f"{ACCOUNTS}[1].policies[0].statements[0]",
        "every action on every resource",
    ),
    # add-ons
    ((ADDONS, 0, "name"), "VPC CNI", f"{ADDONS}[0].name", "is not an add-on"),
    ((ADDONS, 4, "name"), "coredns", f"{ADDONS}[4].name", "listed twice"),
    ((ADDONS, 1, "version"), "1.33", f"{ADDONS}[1].version", "v1.20.4-eksbuild.2"),
    ((ADDONS, 4, "service_account_role"), "ebs-cs", f"{ADDONS}[4].service_account_role", "did you mean ebs-csi?"),
    ((ADDONS, 3, "name"), "metrics-server", ADDONS, "get their role from eks-pod-identity-agent"),
    ((ADDONS, 2, "name"), "metrics-server", ADDONS, "Without coredns pods do not run"),
]


def test_a_cluster_that_is_right_has_nothing_said_of_it() -> None:
    assert told(with_cluster()) == []


@pytest.mark.parametrize(("place", "value", "path", "words"), CASES, ids=lambda value: str(value)[:60])
def test_what_is_wrong_is_told_where_it_is(place: tuple[t.Any, ...], value: t.Any, path: str, words: str) -> None:
    variables = with_cluster()
    holder: t.Any = variables
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    found = [line for line in told(variables) if line.startswith(f"{path}: ")]
    assert found
    assert words in found[0]


def test_two_entries_of_one_principal_are_refused() -> None:
    variables = with_cluster()
    variables[ENTRIES].append({**variables[ENTRIES][0], "name": "again"})
    assert [line for line in told(variables) if "EKS takes one entry for each" in line]


def test_two_roles_of_one_service_account_are_refused() -> None:
    variables = with_cluster()
    variables[ACCOUNTS].append({**variables[ACCOUNTS][0], "name": "again"})
    assert [line for line in told(variables) if "gives a role to kube-system/ebs-csi-controller-sa already" in line]


def test_a_role_that_identity_makes_under_the_same_name_is_refused() -> None:
    variables = with_cluster()
    variables["identity_roles"].append({**variables["identity_roles"][0], "name": "main-ebs-csi"})
    assert [line for line in told(variables) if "Its role would be called us-main-ebs-csi, as is that of" in line]
