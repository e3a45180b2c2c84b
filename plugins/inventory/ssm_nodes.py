# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ssm_nodes
short_description: The machines that Systems Manager knows, on EC2 and elsewhere
version_added: 0.1.0
description:
  - Lists managed nodes, machines of EC2 (C(i-)) and hybrid ones (C(mi-)), with their tags and what EC2 knows of them,
    of several AWS regions and accounts at once, and groups them.
  - "Groups: V(nodes) has all that are online, V(role_ROLE) and V(pool_POOL) those whose tags C(cloister:role) and
    C(cloister:part) say so. Hyphens of a pool become underscores. Variables of a pool go before those of a role."
  - Each node has the variable C(node), a dict of what is known of it, and the variables with which Ansible gets in by
    Session Manager, without an open port or a key on the machine.
  - "C(node) has: id, resource_type, ping, last_ping, platform, os, os_version, agent_version, computer_name,
    private_ip, public_ip, private_dns, state, account, aws_region, zone, vpc, subnet, instance_type, architecture,
    image, launched, tags, and by its tags region, stack, pool and role."
  - Texts that come from AWS are never read as templates.
  - A source is a file that ends in C(ssm_nodes.yml) or C(ssm_nodes.yaml).
  - Playbooks of this collection ask for nodes when they come to them, so a source beside them gives none before.
author: Cloister contributors (@cloister)
requirements: [boto3]
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - If no credentials are named, those of the environment are used, as by every tool of AWS.
  - What a cache keeps belongs to these options, credentials and endpoint, so a rehearsal's nodes never look real.
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [cloister.aws.ssm_nodes]
  region_name:
    description:
      - Nodes of this region alone, by their tag C(cloister:region).
      - By default the C(region_name) that the inventory beside the source says for all hosts; V("") takes nodes of all.
    type: str
  aws_regions:
    description: The AWS regions to look in, by default C(region_aws_region) of the inventory beside the source.
    type: list
    elements: str
    default: []
  allowed_account_ids:
    description:
      - Accounts that may be looked at; with credentials of another one nothing is listed at all.
      - By default C(region_allowed_account_ids) of the inventory beside the source; any account where it has none.
    type: list
    elements: str
    default: []
  profile:
    description: A profile of AWS's configuration, by default the C(AWS_PROFILE) of C(region_environment).
    type: str
  accounts:
    description: Several accounts. What one leaves out is as the options beside it say.
    type: list
    elements: dict
    default: []
    suboptions:
      profile:
        description: A profile of AWS's configuration.
        type: str
      role_arn:
        description: A role to take, with the profile's credentials or those of the environment.
        type: str
      external_id:
        description: What the role's trust wants to hear.
        type: str
      aws_regions:
        description: The AWS regions to look in.
        type: list
        elements: str
      allowed_account_ids:
        description: Accounts that may be looked at.
        type: list
        elements: str
  tags:
    description: Nodes with all of these tags alone; a list of values takes any of them. No value is a pattern.
    type: dict
    default: {}
  platforms:
    description: Nodes of these platforms alone, V(Linux), V(Windows), V(MacOS); all when empty.
    type: list
    elements: str
    choices: [Linux, Windows, MacOS]
    default: []
  resource_types:
    description: Machines of EC2, V(EC2Instance), hybrid ones, V(ManagedInstance), or both.
    type: list
    elements: str
    choices: [EC2Instance, ManagedInstance]
    default: [EC2Instance, ManagedInstance]
  offline:
    description:
      - What becomes of nodes that are not online, so that nothing can be done on them. C(node.ping) says why,
        V(Stopped), V(ConnectionLost), V(Stale), V(Unmanaged) for one that runs and Systems Manager does not know.
      - V(group) has them in the group V(offline_nodes) and in no other, V(drop) leaves them out, V(error) stops.
    type: str
    choices: [group, drop, error]
    default: group
  stale_minutes:
    description: A node that was last heard longer ago is not online, whatever its status; V(0) believes the status.
    type: int
    default: 0
  on_failure:
    description:
      - What happens when an AWS region or account does not answer. V(error) stops, as nodes would be missing unnoticed.
      - V(warn) warns and goes on with the others, as long as one answers. A wrong account stops in any case.
    type: str
    choices: [error, warn]
    default: error
  hostnames:
    description:
      - What a node is called, the first that gives it a name of its own, else its id. Each is V(id), V(computer_name),
        V(private_dns), V(private_ip) or V(tag:KEY).
      - A name that two nodes have, or that something else in the inventory has, is nobody's.
    type: list
    elements: str
    default: [id]
  user:
    description: Whom Ansible is on a node; where images differ, set C(ansible_user) by O(compose).
    type: str
    default: ec2-user
  way_in:
    description:
      - How Ansible gets in, any of V(key) (V(ec2_instance_connect), V(run_command), V(agent)), V(client) (V(own),
        V(official)), V(timeout_seconds), V(persist_seconds), V(port), V(public_key).
      - Hybrid nodes know no EC2 Instance Connect, so their V(key) is V(run_command) unless said.
    type: dict
    default: {}
  defer:
    description: Whether playbooks of this collection are given nodes only when they ask for them.
    type: bool
    default: true
"""

EXAMPLES = r"""
# inventories/us/nodes.ssm_nodes.yml: group_vars/all beside it says whose and where
plugin: cloister.aws.ssm_nodes

---
# Two accounts, three AWS regions, by names that people gave; machines of one team
plugin: cloister.aws.ssm_nodes
region_name: ""
tags: {team: [inference, research]}
accounts:
  - {profile: production, aws_regions: [us-west-2, ap-northeast-2], allowed_account_ids: ["111122223333"]}
  - profile: partner
    role_arn: arn:aws-cn:iam::444455556666:role/operator
    aws_regions: [cn-north-1]
    allowed_account_ids: ["444455556666"]
hostnames: ["tag:Name"]
on_failure: warn

---
# Groups and users of one's own, nodes kept for ten minutes, and none taken for well that was silent for fifteen
plugin: cloister.aws.ssm_nodes
keyed_groups:
  - {prefix: type, key: node.instance_type}
  - {prefix: zone, key: node.zone}
groups:
  gpus: node.instance_type.startswith(('g', 'p'))
compose:
  ansible_user: "'ubuntu' if node.os == 'Ubuntu' else 'ec2-user'"
stale_minutes: 15
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/nodes
cache_timeout: 600
"""

import datetime
import typing as t

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import connection_variables
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes import deferral, naming, source
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.listing import Wanted
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.look import look
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import HYBRID, ONLINE, Node, groups_of, judged
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.places import environment, places, variables

ALL = "nodes"
OFFLINE = "offline_nodes"
ROLES = ("app", "bake", "gpu", "operator", "proxy", "smoke", "vllm")
"""Roles of nodes that playbooks of this collection know."""
# A pool is narrower than a role, whatever their names; other groups as deep have 1.
POOL_PRIORITY = 2


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads options, takes nodes from the cache or from AWS, and hands them over."""

    NAME = "cloister.aws.ssm_nodes"

    def verify_file(self, path: str) -> bool:
        """Return whether a file is a source of this plugin's."""
        return bool(super().verify_file(path)) and path.endswith(("ssm_nodes.yml", "ssm_nodes.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add the nodes of a source to the inventory."""
        super().parse(inventory, loader, path, cache)
        inventory.add_group(ALL)
        try:
            self._read_config_data(path)
            if deferral.ours():
                # Their plays name these, whether there are such nodes or not.
                for role in ROLES:
                    self._ensure(f"role_{role}")
            if self.get_option("defer") and deferral.defers(path, self.get_option("hostnames") != ["id"]):
                return
            self._hand_over(self._nodes(path, cache), source.stacks(loader, path))
        except (RegionError, AnsibleError) as exc:
            # Else Ansible would go on without these hosts, and end well.
            constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
            raise AnsibleParserError(str(exc)) from exc

    def _nodes(self, path: str, cache: bool) -> list[Node]:
        """Return what is wanted, whether it is online or not."""
        shared = source.shared(self.loader, path, self.templar, self._vars or {})
        said = {name: self.get_option(name) for name in ("aws_regions", "allowed_account_ids", "profile", "accounts")}
        where, wanted = places(said, shared, path), self._wanted(shared)
        keeps = self.get_option("cache")
        key = f"{self.get_cache_key(path)}_{source.digest(where, wanted)}"
        if keeps and cache:
            try:
                return t.cast("list[Node]", self._cache[key])
            except KeyError:
                self.display.vvv(f"{key} is not in the cache, or too old")
        with environment(variables(shared)):
            found = look(where, wanted)
        if found.failures and self.get_option("on_failure") == "error":
            missing = "; ".join(found.failures)
            raise RegionError(f"Not all nodes could be listed: {missing}. With on_failure: warn the others would do")
        for failure in found.failures:
            self.display.warning(f"Nodes are missing from the inventory: {failure}")
        if keeps and not found.failures:
            self._cache[key] = found.nodes
        return found.nodes

    def _wanted(self, shared: t.Mapping[str, t.Any]) -> Wanted:
        name = self.get_option("region_name")
        tags = {str(key): said if isinstance(said, list) else [said] for key, said in self.get_option("tags").items()}
        return Wanted(
            str(shared.get("region_name", "") if name is None else name),
            {key: tuple(map(str, values)) for key, values in tags.items()},
            tuple(self.get_option("platforms")),
            tuple(self.get_option("resource_types")),
        )

    def _hand_over(self, found: list[Node], stacks: t.Collection[str]) -> None:
        """Add nodes by their names, each with its variables and groups."""
        now, offline = datetime.datetime.now(datetime.UTC), self.get_option("offline")
        nodes = [judged(node, self.get_option("stale_minutes"), now) for node in found]
        away = [node for node in nodes if node["ping"] != ONLINE]
        if away and offline == "error":
            told = ", ".join(f"{node['id']} ({node['ping']})" for node in away[:10])
            raise RegionError(f"{len(away)} of {len(nodes)} nodes are not online: {told}")
        if offline == "drop":
            nodes = [node for node in nodes if node["ping"] == ONLINE]
        taken = {*stacks, *self.inventory.hosts, *self.inventory.groups}
        names = naming.names(nodes, self.get_option("hostnames"), taken)
        for node in nodes:
            self._add(node, names[node["id"]])

    def _add(self, node: Node, name: str) -> None:
        host = self.inventory.add_host(name)
        options = {one: node[one] for one in ("profile", "role_arn", "external_id")} | self.get_option("way_in")
        if node["resource_type"] == HYBRID:
            options.setdefault("key", "run_command")
        way_in = connection_variables(node["id"], node["aws_region"], self.get_option("user"), t.cast("t.Any", options))
        hostvars = {"node": node, **way_in}
        for variable, value in hostvars.items():
            self.inventory.set_variable(host, variable, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), hostvars, host, strict=strict)
        if node["ping"] != ONLINE:
            self.inventory.add_child(self.inventory.add_group(OFFLINE), host)
            return
        self.inventory.add_child(ALL, host)
        for group in groups_of(node):
            self._add_to(group, host)
        self._add_host_to_composed_groups(self.get_option("groups"), hostvars, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), hostvars, host, strict=strict)

    def _add_to(self, group: str, host: str) -> None:
        """Add a host to a group that is one of `ALL`, so that its variables go before those of all nodes."""
        self._ensure(group)
        self.inventory.add_child(group, host)

    def _ensure(self, group: str) -> None:
        if group not in self.inventory.groups:
            self.inventory.add_group(group)
            self.inventory.add_child(ALL, group)
            if group.startswith("pool_"):
                self.inventory.set_variable(group, "ansible_group_priority", POOL_PRIORITY)
