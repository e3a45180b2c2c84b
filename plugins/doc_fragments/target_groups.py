# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The entries of target groups, of which each module reads its part."""

from __future__ import annotations


class ModuleDocFragment:
    """Target groups and their targets."""

    DOCUMENTATION = r"""
options:
  target_groups:
    description: The target groups, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region; with the region name before it at most 32 characters.
        type: str
        required: true
      protocol:
        description: >-
          How targets are spoken to: V(HTTP) and V(HTTPS) behind application load balancers, the others behind network
          ones. It can never be changed.
        type: str
        required: true
        choices: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP]
      port:
        description: Port of the targets. It can never be changed.
        type: int
        required: true
      vpc:
        description: Name of their VPC.
        type: str
      target_type:
        description: What targets are. It can never be changed.
        type: str
        choices: [ip, instance, alb]
        default: ip
      health_check:
        description: How targets are asked whether they are well.
        type: dict
        suboptions:
          protocol:
            description: Protocol of the question; V(HTTP), or V(TCP) for groups of a network load balancer.
            type: str
            choices: [HTTP, HTTPS, TCP]
          port:
            description: Port, or V(traffic-port) for that of the target, which is meant when not given.
            type: str
          path:
            description: Path, V(/) when not given.
            type: str
          matcher:
            description: Codes of a target that is well; V(200), or V(200-399) of a network one.
            type: str
          interval_seconds:
            description: Time between two questions, 5 to 300.
            type: int
            default: 30
          timeout_seconds:
            description: How long an answer may take, 2 to 120 and below the interval.
            type: int
            default: 5
          healthy_threshold:
            description: Good answers in a row until a target is well, 2 to 10.
            type: int
            default: 5
          unhealthy_threshold:
            description: Bad answers in a row until it is not, 2 to 10.
            type: int
            default: 2
      algorithm:
        description: Which target gets a request; behind an application load balancer.
        type: str
        choices: [round_robin, least_outstanding_requests, weighted_random]
        default: round_robin
      deregistration_delay_seconds:
        description: How long a target that leaves may finish what it does, 0 to 3600.
        type: int
        default: 300
      slow_start_seconds:
        description: >-
          Time in which a new target gets ever more requests, 30 to 900; 0 for none. Behind an application load
          balancer.
        type: int
        default: 0
      stickiness:
        description: >-
          Whether a client stays with its target: by a cookie or, behind a network load balancer, by its address.
        type: dict
        suboptions:
          seconds:
            description: How long, by cookie.
            type: int
            default: 86400
          cookie:
            description: Name of a cookie of the application; one of the load balancer when not given.
            type: str
      end_connections:
        description: >-
          Whether connections to a target that leaves are cut at the end of the delay; behind a network load balancer.
          Left as it is when not given.
        type: bool
      end_unhealthy_connections:
        description: >-
          Whether connections to a target that turns unhealthy are cut, as AWS does unless told otherwise; behind a
          network load balancer. Left as it is when not given.
        type: bool
      unhealthy_draining_seconds:
        description: >-
          How long a target that turns unhealthy counts as draining first, 0 to 360000; behind a network load balancer
          that does not cut its connections. Left as it is when not given.
        type: int
      preserve_client_ip:
        description: >-
          Whether targets see the address of the client; behind a network load balancer. Left as it is when not given.
        type: bool
      proxy_protocol_v2:
        description: >-
          Whether connections start with a line that says who the client is; behind a network load balancer.
        type: bool
        default: false
      targets:
        description: >-
          The targets, all of them. When not given somebody else registers them, such as ECS, and they are not looked
          at.
        type: list
        elements: dict
        suboptions:
          ip:
            description: Address, for C(target_type=ip).
            type: str
          instance:
            description: Id of an instance, for C(target_type=instance).
            type: str
          load_balancer:
            description: Name of an application load balancer that listens on the port.
            type: str
          port:
            description: Port, that of the group when not given.
            type: int
          az:
            description: V(all), or a zone, for an address outside the VPC.
            type: str
  vpc:
    description: Name of the VPC of target groups that name none.
    type: str
    default: main
"""
