# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every kind of thing that a region can own: what a scan looks for and what a teardown takes down."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind
from ansible_collections.cloister.aws.plugins.module_utils.kinds.association import Association
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.bucket import Bucket
from ansible_collections.cloister.aws.plugins.module_utils.kinds.capacity_provider import CapacityProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_log_group import ClusterLogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_rule import ClusterRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_parameter_group import DbParameterGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_snapshot import DbSnapshot
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_subnet_group import DbSubnetGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_cluster import EcsCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_service import EcsService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_access_entry import EksAccessEntry
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_addon import EksAddon
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_fargate_profile import EksFargateProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_node_group import EksNodeGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_connection import EndpointConnection
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_service import EndpointService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.event_rule import EventRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.flow_log import FlowLog
from ansible_collections.cloister.aws.plugins.module_utils.kinds.function import Function
from ansible_collections.cloister.aws.plugins.module_utils.kinds.health_check import HealthCheck
from ansible_collections.cloister.aws.plugins.module_utils.kinds.hosted_zone import HostedZone
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.image_stage import ImageStage
from ansible_collections.cloister.aws.plugins.module_utils.kinds.instance_profile import InstanceProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.internet_gateway import InternetGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener import Listener
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener_rule import ListenerRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.machine_image import MachineImage
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_gateway import NatGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_route import NatRoute
from ansible_collections.cloister.aws.plugins.module_utils.kinds.oidc_provider import OidcProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pod_identity_association import PodIdentityAssociation
from ansible_collections.cloister.aws.plugins.module_utils.kinds.private_ca import PrivateCa
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pull_through_cache import PullThroughCache
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records
from ansible_collections.cloister.aws.plugins.module_utils.kinds.repository import Repository
from ansible_collections.cloister.aws.plugins.module_utils.kinds.route_table import RouteTable
from ansible_collections.cloister.aws.plugins.module_utils.kinds.scaling_policy import ScalingPolicy
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule import Schedule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule_group import ScheduleGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.service_namespace import ServiceNamespace
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target import Target
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.task_definition import TaskDefinition
from ansible_collections.cloister.aws.plugins.module_utils.kinds.trail import Trail
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_peering import VpcPeering
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_range import VpcRange
from ansible_collections.cloister.aws.plugins.module_utils.kinds.zone_association import ZoneAssociation

KINDS: tuple[type[Kind], ...] = (
    Association,
    AutoScalingGroup,
    Bucket,
    CapacityProvider,
    Certificate,
    ClusterLogGroup,
    ClusterRule,
    DbInstance,
    DbParameterGroup,
    DbSnapshot,
    DbSubnetGroup,
    EcsCluster,
    EcsService,
    EksAccessEntry,
    EksAddon,
    EksCluster,
    EksFargateProfile,
    EksNodeGroup,
    ElasticIp,
    EndpointConnection,
    EndpointService,
    EventRule,
    FlowLog,
    Function,
    HealthCheck,
    HostedZone,
    IamRole,
    ImageStage,
    InstanceProfile,
    InternetGateway,
    LaunchTemplate,
    Listener,
    ListenerRule,
    LoadBalancer,
    LogGroup,
    MachineImage,
    NatGateway,
    NatRoute,
    OidcProvider,
    PodIdentityAssociation,
    PrivateCa,
    PullThroughCache,
    Records,
    Repository,
    RouteTable,
    ScalingPolicy,
    Schedule,
    ScheduleGroup,
    SecurityGroup,
    ServiceNamespace,
    Subnet,
    Target,
    TargetGroup,
    TaskDefinition,
    Trail,
    Vpc,
    VpcEndpoint,
    VpcPeering,
    VpcRange,
    ZoneAssociation,
)

KEPT: dict[str, tuple[type[Kind], ...]] = {
    "static_ips": (ElasticIp,),
    "public_zones": (HostedZone,),
    "data": (Bucket, ClusterLogGroup, DbInstance, LogGroup, PrivateCa),
    "images": (ImageStage, MachineImage, Repository),
    "snapshots": (DbSnapshot,),
}
"""What outlives a teardown, by the word that releases it after all."""


def kept_as(kind: type[Kind]) -> str:
    """Return the word that releases what is kept of this kind; ``tag`` when only taking its tag off does."""
    return next((word for word, kinds in KEPT.items() if kind in kinds), "tag")
