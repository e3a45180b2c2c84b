"""Broken databases and operator hosts, in a copy of the kr region."""

from __future__ import annotations

from functools import partial

from tests.integration.refusals.broken import GONE, GROUPS, IDENTITY, Broken, Renamed

DATABASE, OPERATOR = "host_vars/database.yml", "host_vars/operator.yml"
DB, AT = ("database_instances", "main"), "database_instances[0]"
HOST = "operator_host"
SSH = {"reason": "shells", "cidrs": ["203.0.113.0/24"], "ports": [22]}
LEAK = "mkdir -p ~/.aws\necho 'aws_secret_access_key = wJalrXUtnFEMI' >> ~/.aws/credentials\n"
kr = partial(Broken, inventory="kr")

DATABASES = [
    kr(DATABASE, (*DB, "storage"), GONE, f"{AT}.storage", "missing"),
    kr(DATABASE, (*DB, "engine"), "mariadb", f"{AT}.engine", "one of mysql, postgres"),
    kr(DATABASE, (*DB, "engine_version"), 8.0, f"{AT}.engine_version", "in quotes"),
    kr(DATABASE, (*DB, "instance_class"), "t3.micro", f"{AT}.instance_class", "db.t3.micro"),
    kr(DATABASE, (*DB, "password"), "hunter2", f"{AT}.password", "is not known here"),
    kr(DATABASE, (*DB, "storage", "gib"), 5, f"{AT}.storage.gib", "from 20"),
    kr(DATABASE, (*DB, "storage"), Renamed("disk"), f"{AT}.disk", "is not known here"),
    kr(DATABASE, (*DB, "username"), "root", f"{AT}.username", "reserved"),
    kr(DATABASE, (*DB, "subnets"), ["private-a"], f"{AT}.subnets", "two zones"),
    kr(DATABASE, (*DB, "subnets", 0), "public-a", f"{AT}.subnets[0]", "a database is private"),
    kr(DATABASE, (*DB, "security_groups", 0), "public-alb", f"{AT}.security_groups[0]", "whole internet"),
    kr(DATABASE, (*DB, "security_groups", 0), "databse", f"{AT}.security_groups[0]", "did you mean database?"),
    kr(DATABASE, (*DB, "multi_az"), "yes", f"{AT}.multi_az", "without quotes"),
    kr(DATABASE, (*DB, "maintenance_window"), "sunday", f"{AT}.maintenance_window", "is not a window"),
    kr(DATABASE, (*DB, "schedule"), "nights", f"{AT}.schedule", "no calendar called"),
]
OPERATORS = [
    kr(OPERATOR, (HOST, "subnets"), GONE, f"{HOST}.subnets", "missing"),
    kr(OPERATOR, (HOST, "mode"), "ssh", f"{HOST}.mode", "one of ssm, bastion"),
    kr(OPERATOR, (HOST, "mode"), "bastion", f"{HOST}.ssh_cidrs", "nobody may come in"),
    kr(OPERATOR, (HOST, "subnets", 0), "public-a", f"{HOST}.subnets[0]", "a private subnet"),
    kr(OPERATOR, (HOST, "instance_profile"), "operators", f"{HOST}.instance_profile", "did you mean operator?"),
    kr(OPERATOR, (HOST, "instance_profile"), "eks-node", f"{HOST}.instance_profile", "no instance profile"),
    kr(OPERATOR, (HOST, "cluster"), "mian", f"{HOST}.cluster", "did you mean main?"),
    kr(OPERATOR, (HOST, "key_pair"), "kube-master", f"{HOST}.key_pair", "is not known here"),
    kr(OPERATOR, (HOST, "user_data"), LEAK, f"{HOST}.user_data", "looks like an AWS secret key"),
    kr(
        GROUPS,
        ("security_groups_defined", "operator", "ingress"),
        [SSH],
        f"{HOST}.security_groups[0]",
        "lets SSH in (shells)",
        OPERATOR,
    ),
    kr(
        IDENTITY,
        ("identity_roles", "operator", "managed_policies"),
        ["ReadOnlyAccess"],
        f"{HOST}.instance_profile",
        "managed_policies: [AmazonSSMManagedInstanceCore]",
        OPERATOR,
    ),
]

BROKEN = [*DATABASES, *OPERATORS]
