# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The entries of load balancers, of which each module reads its part."""

from __future__ import annotations


class ModuleDocFragment:
    """Load balancers, their listeners, rules and records."""

    DOCUMENTATION = r"""
options:
  load_balancers:
    description: The load balancers, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region; with the region name before it at most 32 characters.
        type: str
        required: true
      type:
        description: For HTTP (V(application)) or for TCP and UDP (V(network)). It can never be changed.
        type: str
        choices: [application, network]
        default: application
      scheme:
        description: Who may reach it. It can never be changed.
        type: str
        choices: [internal, internet-facing]
        default: internal
      subnets:
        description: Names of its subnets, one a zone; at least two for an application one.
        type: list
        elements: str
        default: []
      addresses:
        description: >-
          Of a network one, instead of subnets, names of Elastic IPs by subnet. They are made for it and kept, so that
          another one under these names has the same addresses.
        type: dict
        default: {}
      security_groups:
        description: Names of its security groups, at least one. A network one gets some when it is made or never.
        type: list
        elements: str
        default: []
      deletion_protection:
        description: Whether AWS refuses to delete it. It is taken away only after a run with V(false).
        type: bool
        default: false
      access_logs:
        description: Where requests are recorded.
        type: dict
        suboptions:
          bucket:
            description: Bucket in the same AWS region whose policy lets Elastic Load Balancing write.
            type: str
            required: true
          prefix:
            description: Folder in it.
            type: str
            default: ""
      idle_timeout_seconds:
        description: Of an application one, how long a silent connection lives.
        type: int
        default: 60
      drop_invalid_headers:
        description: Of an application one, whether bad headers are left out.
        type: bool
        default: true
      desync_mitigation:
        description: Of an application one, how it treats requests that two servers would read differently.
        type: str
        choices: [monitor, defensive, strictest]
        default: defensive
      cross_zone:
        description: Of a network one, whether each zone sends to targets of all zones, which AWS bills.
        type: bool
        default: false
      private_link_rules:
        description: Of a network one, whether PrivateLink traffic is held to its security groups too.
        type: bool
        default: true
      listeners:
        description: Its ports.
        type: list
        elements: dict
        default: []
        suboptions:
          port:
            description: Port, one listener each.
            type: int
            required: true
          protocol:
            description: V(HTTP) and V(HTTPS) of an application one, the others of a network one.
            type: str
            required: true
            choices: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP]
          exposure:
            description: >-
              Whether the internet is meant to reach it, which the exposure playbook holds AWS to. A listener of an
              internet-facing load balancer has to say V(public).
            type: str
            choices: [internal, public]
            default: internal
          certificates:
            description: Names of certificates, or ARNs of others; the first one is the default.
            type: list
            elements: str
            default: []
          tls_policy:
            description: Which protocols and ciphers clients may use.
            type: str
            default: ELBSecurityPolicy-TLS13-1-2-2021-06
          forward: &forward
            description: >-
              Target group that gets the requests. Exactly one of C(forward), C(forward_weights), C(redirect) and
              C(fixed_response) says what becomes of them.
            type: str
          forward_weights: &forward_weights
            description: >-
              Several target groups and the share of each, such as C({guard: 90, guard-next: 10}); weights are 0 to
              999.
            type: dict
          sticky_seconds: &sticky_seconds
            description: How long a client stays with the group it got.
            type: int
          redirect: &redirect
            description: Another address for the client; what is left out stays as it was.
            type: dict
            suboptions:
              protocol:
                description: Protocol of the other address.
                type: str
                choices: [HTTP, HTTPS]
              host:
                description: Host of it.
                type: str
              port:
                description: Port of it.
                type: int
              path:
                description: Path of it, with a slash in front.
                type: str
              query:
                description: Query of it, without a question mark.
                type: str
              status:
                description: V(301) may be remembered by clients, V(302) may not.
                type: int
                choices: [301, 302]
                default: 301
          fixed_response: &fixed_response
            description: An answer of the load balancer itself.
            type: dict
            suboptions:
              status:
                description: Code, 2XX, 4XX or 5XX.
                type: int
                required: true
              content_type:
                description: Type of the body.
                type: str
                choices: [text/plain, text/css, text/html, application/javascript, application/json]
                default: text/plain
              body:
                description: Text of at most 1024 characters.
                type: str
                default: ""
          rules:
            description: Rules for requests that shall go elsewhere than the rest; of an application one.
            type: list
            elements: dict
            default: []
            suboptions:
              name:
                description: Name of the rule, unique on its listener.
                type: str
                required: true
              priority:
                description: 1 to 50000; the rule with the lowest one that fits decides.
                type: int
                required: true
              hosts:
                description: Host names, with C(*) and C(?) for what may vary.
                type: list
                elements: str
                default: []
              paths:
                description: Paths, with C(*) and C(?) for what may vary.
                type: list
                elements: str
                default: []
              methods:
                description: HTTP methods.
                type: list
                elements: str
                default: []
              headers:
                description: Lists of values by name of a header.
                type: dict
                default: {}
              source_cidrs:
                description: Ranges that the client, or the proxy before us, calls from.
                type: list
                elements: str
                default: []
              forward: *forward
              forward_weights: *forward_weights
              sticky_seconds: *sticky_seconds
              redirect: *redirect
              fixed_response: *fixed_response
      records:
        description: Names that lead to it, in zones of the region.
        type: list
        elements: dict
        default: []
        suboptions:
          zone:
            description: Logical name of the zone, or of one that region_adopted names under C(hosted zone).
            type: str
            required: true
          name:
            description: Name in the zone; C(@) is the zone itself.
            type: str
            required: true
          values:
            description:
              - Addresses, or names of Elastic IPs of the region, that the name leads to instead of the load balancer,
                such as those that a network one stands at.
            type: list
            elements: str
            default: []
          multivalue:
            description:
              - Addresses with a record of its own each, instead of values. Route 53 answers with all whose health check
                is well, eight at most, and with all of them when none is.
            type: list
            elements: dict
            default: []
            suboptions:
              address:
                description: Address, or name of an Elastic IP of the region. It tells the records apart.
                type: str
                required: true
              health_check:
                description:
                  - How Route 53 asks over the internet whether the address is well. Without one it always is.
                type: dict
                suboptions:
                  protocol:
                    description:
                      - V(TCP) wants a connection, the others an answer of 200 to 399 on any certificate.
                    type: str
                    choices: [TCP, HTTP, HTTPS]
                    default: TCP
                  port:
                    description: Port.
                    type: int
                    required: true
                  path:
                    description: Path of V(HTTP) and V(HTTPS), V(/) when not given.
                    type: str
                  host:
                    description: Name that V(HTTP) and V(HTTPS) ask for, that of the record when not given.
                    type: str
                  interval_seconds:
                    description: Time between two questions of each of Route 53's checkers. V(10) costs more.
                    type: int
                    choices: [10, 30]
                    default: 30
                  failure_threshold:
                    description: Bad answers in a row until it is not well, and good ones until it is again, 1 to 10.
                    type: int
                    default: 3
          ttl_seconds:
            description:
              - How long resolvers may remember addresses; V(300), or V(60) with health checks, when not given.
            type: int
"""
