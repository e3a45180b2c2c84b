"""What cannot be inside a cluster, in a copy of the kr region."""

from __future__ import annotations

from functools import partial

from tests.integration.refusals.broken import GONE, IDENTITY, Appended, Broken, Renamed

EKS = "host_vars/eks.yml"
ENTRIES, ACCOUNTS, ADDONS = "eks_access_entries", "eks_service_accounts", "eks_addons"
PLATFORM, CSI, UPDATER = (ENTRIES, "platform"), (ACCOUNTS, "ebs-csi"), (ACCOUNTS, "image-updater")
SESSION = "arn:aws:sts::444455556666:assumed-role/admin/me"
RULE = [{"reason": "kubectl from the operator", "group": "operater", "ports": ["443"]}]
kr = partial(Broken, inventory="kr")

BROKEN = [
    kr(EKS, ("eks_cluster", "ingress"), RULE, "eks_cluster.ingress[0].group", "no security group called"),
    kr(EKS, ("eks_cluster", "ingress"), [{"reason": "x", "ports": ["443"]}], "ingress[0]", "exactly one of"),
    kr(EKS, (*PLATFORM, "role"), GONE, f"{ENTRIES}[0]", "principal, role"),
    kr(EKS, (*PLATFORM, "role"), "platform-admim", f"{ENTRIES}[0].role", "did you mean platform-admin?"),
    kr(EKS, (*PLATFORM,), {"name": "me", "principal": SESSION}, f"{ENTRIES}[0].principal", "a session of a role"),
    kr(EKS, (*PLATFORM, "policies"), [], f"{ENTRIES}[0]", "lets nobody do anything"),
    kr(EKS, (*PLATFORM, "groups"), ["system:masters"], f"{ENTRIES}[0].groups[0]", "Kubernetes or EKS itself"),
    kr(EKS, (*PLATFORM, "type"), "EC2_LINUX", f"{ENTRIES}[0].policies", "takes no policies"),
    kr(EKS, (*CSI, "managed_policies"), GONE, f"{ACCOUNTS}[0]", "would allow nothing"),
    kr(EKS, (*CSI, "policy_set"), "ebs-csi", f"{ACCOUNTS}[0].policy_set", "did you mean ebs_csi?"),
    kr(EKS, (*CSI, "namespace"), "kube-*", f"{ACCOUNTS}[0].namespace", "not a namespace"),
    kr(EKS, (*UPDATER, "name"), "ebs-csi", f"{ACCOUNTS}[2].name", "there already"),
    kr(EKS, (*UPDATER, "identity"), "pod-identity", f"{ACCOUNTS}[2].identity", "did you mean pod_identity?"),
    kr(
        IDENTITY,
        ("identity_roles", "eks-node", "name"),
        "main-ebs-csi",
        f"{ACCOUNTS}[0].name",
        "is that of identity_roles",
        EKS,
    ),
    kr(EKS, (ADDONS, "coredns", "name"), "core-dns", ADDONS, "Without coredns pods do not run"),
    kr(EKS, (ADDONS, "coredns", "version"), "1.12", f"{ADDONS}[2].version", "not a version of an add-on"),
    kr(EKS, (ADDONS, "eks-pod-identity-agent"), {"name": "metrics-server"}, ADDONS, "get their role from"),
    kr(EKS, (ADDONS,), Appended({"name": "kube-proxy"}), f"{ADDONS}[5].name", "listed twice"),
    kr(
        EKS,
        (ADDONS, "aws-ebs-csi-driver", "service_account_role"),
        "ebs",
        f"{ADDONS}[4].service_account_role",
        "no service account called",
    ),
    kr(EKS, (ADDONS, "vpc-cni"), {"name": "vpc-cni", "config": {}}, f"{ADDONS}[0].config", "is not known here"),
    kr(EKS, (ENTRIES,), Renamed("eks_access_entry"), "eks_access_entry", "did you mean eks_access_entries?"),
]
