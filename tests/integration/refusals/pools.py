"""Pools that are refused."""

from __future__ import annotations

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

POOLS = "host_vars/pools.yml"
GPU = ("pools_defined", "gpu")

BROKEN = [
    Broken(POOLS, (*GPU, "image"), GONE, "pools_defined[0].image", "missing"),
    Broken(POOLS, (*GPU, "image"), {}, "pools_defined[0].image", "parameter, id"),
    Broken(POOLS, (*GPU, "image", "parameter"), Renamed("paramter"), "pools_defined[0].image.paramter", "did you mean"),
    Broken(POOLS, (*GPU, "size"), {"min": 5, "max": 4}, "pools_defined[0].size.min", "a larger max"),
    Broken(POOLS, (*GPU, "size", "max"), "four", "pools_defined[0].size.max", "a whole number"),
    Broken(POOLS, (*GPU, "subnets", 0), "private-d", "pools_defined[0].subnets[0]", "no subnet called"),
    Broken(POOLS, (*GPU, "subnets", 0), "public-a", "pools_defined[0].subnets[0]", "exposure: public"),
    Broken(POOLS, (*GPU, "security_groups", 0), "nodes", "pools_defined[0].security_groups[0]", "did you mean node?"),
    Broken(POOLS, (*GPU, "instance_profile"), "ecs-nod", "pools_defined[0].instance_profile", "did you mean ecs-node?"),
    Broken(POOLS, (*GPU, "instance_profile"), "guard-task", "pools_defined[0].instance_profile", "no instance profile"),
    Broken(POOLS, (*GPU, "instance_types"), "g5.xlarge", "pools_defined[0].instance_types", "not a list"),
    Broken(
        POOLS, (*GPU, "instance_types", 0), "g5xlarge", "pools_defined[0].instance_types[0]", "not an instance type"
    ),
    Broken(
        POOLS, (*GPU, "instance_types"), Appended("g5g.xlarge"), "pools_defined[0].instance_types", "one architecture"
    ),
    Broken(
        POOLS, (*GPU, "instance_types"), ["t3.medium"], "pools_defined[0].image.parameter", "none of the types has one"
    ),
    Broken(POOLS, (*GPU, "purpose"), "eks", "pools_defined[0].purpose", "one of ecs, plain"),
    Broken(POOLS, (*GPU, "cluster"), GONE, "pools_defined[0].cluster", "cluster: main"),
    Broken(
        POOLS, (*GPU, "refresh", "healthy_percent"), 110, "pools_defined[0].refresh.healthy_percent", "from 0 to 100"
    ),
    Broken(POOLS, (*GPU, "user_data"), "PASSWORD=hunter2", "pools_defined[0].user_data", "looks like a password"),
    Broken(POOLS, ("pools_defined", "cpu", "name"), "gpu", "pools_defined[1].name", "there already"),
]
