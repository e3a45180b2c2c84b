"""Broken variables of nodes, in a copy of the kr region: no machine is there yet, and AWS is asked nothing."""

from __future__ import annotations

from functools import partial

from tests.integration.refusals.broken import Broken, Text

POOLS = "host_vars/pools.yml"
VLLM, APP, OPERATOR = (f"group_vars/role_{role}.yml" for role in ("vllm", "app", "operator"))
NODES, POOL = "group_vars/nodes.yml", "group_vars/pool_vllm.yml"
kr = partial(Broken, inventory="kr")

BROKEN = [
    kr(VLLM, ("vllm_port",), "eighty", "vllm_port", "a whole number"),
    kr(VLLM, ("vllm_dtype",), "float15", "vllm_dtype", "did you mean float16?"),
    kr(VLLM, ("vllm_modle",), "/srv/model", "vllm_modle", "The role vllm has no variable vllm_modle"),
    kr(VLLM, ("proxy_sites",), [], "proxy_sites", "which these nodes do not get"),
    kr(VLLM, ("vllm_served_names",), "llama", "vllm_served_names", "not a list"),
    kr(POOL, (), Text("vllm_max_num_seqs: many\n"), "vllm_max_num_seqs", "a whole number"),
    kr(APP, (), Text("vllm_port: 8000\n"), "vllm_port", "is a variable of the role vllm"),
    kr(OPERATOR, (), Text("operator_tools_user: ann\n"), "operator_tools_user", "has no variable"),
    kr(NODES, (), Text("node_base_time_server: [a.example]\n"), "node_base_time_server", "has no variable"),
    kr("group_vars/role_vlm.yml", (), Text("vllm_port: 8002\n"), "", "did you mean role_vllm?"),
    kr("group_vars/pool_fast_api.yml", (), Text("docker_x: 1\n"), "", "did you mean pool_fastapi?"),
    kr(POOLS, ("pools_defined", "vllm", "role"), "vlm", "pools_defined[0].role", "did you mean vllm?"),
    kr(POOLS, ("pools_defined", "vllm", "role"), "GPU server", "pools_defined[0].role", "one word"),
]
