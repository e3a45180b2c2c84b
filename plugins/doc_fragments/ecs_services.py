# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The services of a stack, with the containers of their tasks."""

from __future__ import annotations


class ModuleDocFragment:
    """The list of services."""

    DOCUMENTATION = r"""
options:
  services:
    description: The services, all of them, each with the containers of its tasks.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region. In AWS it is called C(<region_name>-<name>).
        type: str
        required: true
      capacity:
        description: What its tasks run on. Fargate and pools cannot be mixed.
        type: list
        elements: dict
        default: [{provider: fargate}]
        suboptions:
          provider: {type: str, required: true, description: "V(fargate), V(fargate_spot), or a pool of the cluster."}
          weight: {type: int, default: 1, description: Share of the tasks beyond all bases.}
          base: {type: int, default: 0, description: How many tasks come here first; only one entry may have some.}
      cpu: {type: int, description: "CPU units of a task, 1024 for each vCPU. Fargate needs it."}
      memory_mib:
        description: Memory of a task. Fargate needs it, and takes only certain amounts with each O(services[].cpu).
        type: int
      architecture:
        description: Processor that the images are built for.
        type: str
        choices: [x86_64, arm64]
        default: x86_64
      ephemeral_storage_gib: {type: int, description: "Disk of a task on Fargate, from 21 to 200; without it 20."}
      desired:
        description: How many tasks run. With O(services[].scaling) only how many it starts with.
        type: int
        default: 1
      subnets: {type: list, elements: str, required: true, description: Names of the subnets of its tasks.}
      security_groups:
        description: Names of the security groups of its tasks.
        type: list
        elements: str
        required: true
      assign_public_ip: {type: bool, default: false, description: Whether its tasks on Fargate have public addresses.}
      execution_role:
        description: Name of the IAM role with which ECS pulls images, reads secrets and writes logs.
        type: str
        required: true
      task_role: {type: str, description: Name of the IAM role that the containers have while they run.}
      containers:
        description: The containers of a task.
        type: list
        elements: dict
        required: true
        suboptions:
          name: {type: str, required: true, description: Name within the task.}
          image:
            description: The image, in one way.
            type: dict
            required: true
            suboptions:
              repository: {type: str, description: Name of a repository of the region.}
              tag: {type: str, description: "The image with this tag, pinned by its digest."}
              newest:
                description: The newest image with a tag C(<newest>-YYYYMMDD-HHMM), pinned by its digest.
                type: str
              digest: {type: str, description: The image with this digest.}
              uri: {type: str, description: "Any image, as it is written."}
          essential: {type: bool, default: true, description: Whether the task ends with it.}
          command:
            description: What it runs, in place of the image's own command.
            type: list
            elements: str
            default: []
          entrypoint:
            description: What runs the command, in place of the image's own entrypoint.
            type: list
            elements: str
            default: []
          working_directory: {type: str, description: Folder in which the command runs.}
          user: {type: str, description: User that the command runs as.}
          cpu: {type: int, description: CPU units of the container.}
          memory_mib: {type: int, description: Memory beyond which it is killed.}
          memory_reservation_mib: {type: int, description: Memory that is kept free for it.}
          gpus: {type: int, default: 0, description: How many GPUs it has for itself.}
          ports: {type: list, elements: int, default: [], description: Ports that it listens on.}
          port_protocols:
            description: >-
              What Service Connect speaks on a port (C(http), C(http2), C(grpc)), by the port; without it TCP.
            type: dict
            default: {}
          environment: {type: dict, default: {}, description: Variables and their values. Nothing secret.}
          secrets:
            description: >-
              Variables that ECS fills from C({secret, key, stage, version}) or C({parameter}) when a task starts.
              Only names are given here; what lies behind them is never read by this module.
            type: dict
            default: {}
          health_check:
            description: How the container is asked whether it is well.
            type: dict
            suboptions:
              command:
                description: What is run in it, as a program with arguments, or as V(CMD-SHELL) and a line.
                type: list
                elements: str
                required: true
              interval_seconds: {type: int, default: 30, description: How often.}
              timeout_seconds: {type: int, default: 5, description: How long an answer may take.}
              retries: {type: int, default: 3, description: How many failures in a row make it unhealthy.}
              start_seconds: {type: int, default: 0, description: How long failures do not count.}
          depends_on:
            description: Containers that come first.
            type: list
            elements: dict
            default: []
            suboptions:
              container: {type: str, required: true, description: Name of the other container.}
              condition:
                description: What it must have come to.
                type: str
                choices: [start, complete, success, healthy]
                default: healthy
          mounts:
            description: Volumes that it sees.
            type: list
            elements: dict
            default: []
            suboptions:
              volume: {type: str, required: true, description: Name of the volume.}
              path: {type: str, required: true, description: Where it sees it.}
              read_only: {type: bool, default: false, description: Whether it may not write there.}
          read_only_root:
            description: Whether it may not write into its own image's files.
            type: bool
            default: false
          init_process:
            description: Whether a small init process hands on signals and collects ended processes.
            type: bool
            default: true
          shared_memory_mib: {type: int, description: "Size of C(/dev/shm), on pools only."}
          drop_capabilities:
            description: Linux capabilities that are taken from it.
            type: list
            elements: str
            default: []
          ulimits: {type: dict, default: {}, description: "Limits by name, such as V(nofile)."}
          stop_seconds:
            description: How long it may take to stop before it is killed; Fargate allows 120.
            type: int
      volumes:
        description: >-
          Volumes of a task. One without O(services[].volumes[].efs) and host_path lives as long as its task.
        type: list
        elements: dict
        default: []
        suboptions:
          name: {type: str, required: true, description: Name within the task.}
          efs:
            description: A file system of EFS, reached over TLS.
            type: dict
            suboptions:
              file_system: {type: str, required: true, description: Its id.}
              root: {type: str, default: /, description: Folder of it that is seen.}
              access_point: {type: str, description: Id of an access point.}
              iam:
                description: Whether the task role decides what may be done through the access point.
                type: bool
                default: true
          host_path: {type: str, description: "A folder of the machine, on pools only."}
      target_groups:
        description: Target groups of load balancers that its tasks join, as many as wanted.
        type: list
        elements: dict
        default: []
        suboptions:
          name: {type: str, required: true, description: Name of the target group.}
          container: {type: str, required: true, description: Container that answers.}
          port: {type: int, required: true, description: Port on which it does.}
      health_check_grace_seconds:
        description: How long after its start a task is not stopped for failing health checks.
        type: int
        default: 0
      deployment:
        description: How its tasks are rolled over.
        type: dict
        default: {}
        suboptions:
          minimum_percent: {type: int, default: 100, description: How many of the wanted tasks run at least.}
          maximum_percent: {type: int, default: 200, description: How many may run at most.}
          circuit_breaker:
            description: Whether ECS gives up on a deployment whose tasks do not come up.
            type: bool
            default: true
          rollback:
            description: Whether it then goes back to the last one that was complete.
            type: bool
            default: true
      zone_rebalancing:
        description: Whether ECS moves tasks so that zones have alike many.
        type: bool
        default: true
      execute_command:
        description: Whether people with the right to it may open a shell in its containers.
        type: bool
        default: false
      service_connect:
        description: Joins the cluster's namespace. Without ports it only calls others.
        type: dict
        suboptions:
          ports:
            description: Ports that others in the namespace call.
            type: list
            elements: dict
            default: []
            suboptions:
              container: {type: str, required: true, description: Container that answers.}
              port: {type: int, required: true, description: Port on which it does.}
              name: {type: str, required: true, description: Name within the namespace.}
              client_port: {type: int, description: "Port that callers use, by default the same."}
              client_name: {type: str, description: "Host name that callers use, by default C(<name>.<namespace>)."}
      scaling:
        description: Moves the number of tasks.
        type: dict
        suboptions:
          min: {type: int, required: true, description: Fewest tasks.}
          max: {type: int, required: true, description: Most tasks.}
          targets:
            description: What is kept near a value by more or fewer tasks.
            type: list
            elements: dict
            default: []
            suboptions:
              metric:
                description: Mean use of CPU or memory, or requests per task and minute of a target group.
                type: str
                required: true
                choices: [cpu, memory, requests]
              percent: {type: int, description: The value for CPU and memory.}
              count: {type: int, description: The value for requests.}
              target_group: {type: str, description: Name of the target group whose requests count.}
              scale_out_seconds: {type: int, default: 60, description: Pause after more tasks were started.}
              scale_in_seconds: {type: int, default: 300, description: Pause after tasks were stopped.}
          schedules:
            description: Bounds that the clock sets.
            type: list
            elements: dict
            default: []
            suboptions:
              name: {type: str, required: true, description: Name of the schedule.}
              schedule:
                description: When, as V(cron(0 8 ? * MON-FRI *\)), V(rate(1 day\)) or V(at(2026-12-24T18:00:00\)).
                type: str
                required: true
              timezone: {type: str, default: UTC, description: Time zone of the schedule.}
              min: {type: int, required: true, description: Fewest tasks from then on.}
              max: {type: int, required: true, description: Most tasks from then on.}
      callback_url:
        description: Where its containers send results; they find it in the variable C(CALLBACK_URL).
        type: str
      log_retention_days:
        description: How many days its log is kept.
        type: int
        choices:
          [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
      replace:
        description: Whether it may be drained and made anew where AWS cannot change it, as for another cluster.
        type: bool
        default: false
"""
