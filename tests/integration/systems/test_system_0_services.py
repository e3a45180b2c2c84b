"""System 0, what serves: load balancers, tasks and machines as the rows ask, and what of them is refused."""

from __future__ import annotations

import yaml

from tests.integration.systems.built import Built, Thing

API = "api.prod.infer.example.internal"
PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"


def named(entries: list[Thing], name: str) -> Thing:
    """The entry of a list in the inventory that has this name."""
    return next(entry for entry in entries if entry["name"] == name)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_0_04_a_living_load_balancer_never_changes_its_scheme(us: Built) -> None:
    balancers = us.said("load_balancers", "load_balancers_defined")
    public = named(balancers, "public")
    public.update(scheme="internal", subnets=["private-a", "private-b"])
    for listener in public["listeners"]:
        listener.pop("exposure")
    with us.saying("load_balancers", load_balancers_defined=balancers):
        plan = us.region.play("site.yml", "--check", "--limit", "load_balancers")
        run = us.region.play("site.yml", "--limit", "load_balancers")
    for refused in (plan, run):
        assert refused.rc != 0
        said = one_line(refused.output)
        assert "scheme is internet-facing and cannot become internal on a living load balancer" in said
        assert "list another one beside it under a new name" in said
    assert run.region_writes == []


def test_0_06_a_health_check_of_a_wrong_page_is_named_by_verdict_and_error(us: Built) -> None:
    groups = us.said("load_balancers", "load_balancers_target_groups")
    named(groups, "face-generator")["health_check"]["path"] = "/typo"
    us.region.lab.target_health("/typo", reason="Target.ResponseCodeMismatch")
    guard = us.vantage("guard")
    stacks = ("--limit", "load_balancers,ecs")
    with us.saying("load_balancers", load_balancers_target_groups=groups):
        run = us.region.play("site.yml", *stacks, "-e", "ecs_wait_seconds=3")
        verdict = us.reach(guard, API)
    assert run.rc != 0
    said = one_line(run.output)
    assert "Likely cause: a load balancer gets no healthy answer from the tasks" in said, run.output
    assert "check path, port and matcher of the target group's health_check" in said
    assert "Health checks failed with these codes: [404]" in said
    assert verdict.stage == "target", verdict.told()
    healed = us.region.play("site.yml", *stacks)
    assert healed.rc == 0, healed.output
    assert us.reach("guard", API).reached


def test_0_10_face_generator_is_told_where_to_post_its_results(us: Built) -> None:
    definition = us.client("ecs").describe_task_definition(taskDefinition="us-face-generator")["taskDefinition"]
    told = {one["name"]: one["value"] for one in definition["containerDefinitions"][0]["environment"]}
    assert told["CALLBACK_URL"] == "https://guard.prod.infer.example.internal/webhook"
    assert us.reach("face-generator", told["CALLBACK_URL"].split("/")[2]).reached


def test_0_11_f7_a_gpu_on_fargate_is_refused_before_any_call(us: Built) -> None:
    services = us.said("ecs", "ecs_services")
    named(services, "guard")["containers"][0]["gpus"] = 1
    before = us.region.lab.reads()["total"]
    with us.saying("ecs", ecs_services=services):
        run = us.region.play("site.yml")
    assert run.rc != 0
    assert (us.region.lab.reads()["total"], run.writes) == (before, [])
    said = one_line(run.output)
    assert "ecs_services[0].containers[0].gpus" in said
    assert "Fargate has no GPUs" in said


def test_0_11_face_generator_runs_on_a_machine_with_a_gpu(us: Built) -> None:
    (task,) = us.tasks("face-generator")
    assert task["capacityProviderName"] == "us-gpu"
    where = {"cluster": "us-main", "containerInstances": [task["containerInstanceArn"]]}
    (machine,) = us.client("ecs").describe_container_instances(**where)["containerInstances"]
    instance = us.ec2.describe_instances(InstanceIds=[machine["ec2InstanceId"]])["Reservations"][0]["Instances"][0]
    assert instance["InstanceType"] in ("g5.xlarge", "g4dn.xlarge")
    assert {one["name"] for one in task["containers"] if one["gpuIds"]} == {"face-generator"}


def image_of(us: Built, pool: str) -> str:
    """The image of a pool's launch template."""
    template = us.described("describe_launch_templates", "LaunchTemplates")[pool]["LaunchTemplateId"]
    versions = us.ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])
    return str(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"])


def locked(us: Built) -> str:
    """The image that the lock file keeps for machines with GPUs."""
    lock = yaml.safe_load((us.region.scratch / "images.lock.yml").read_text())
    return str(lock["us-west-2"][PARAMETER]["id"])


def test_0_12_a_newer_image_is_taken_when_it_is_asked_for_and_not_before(us: Built) -> None:
    first = locked(us)
    assert image_of(us, "gpu") == first
    us.region.lab.new_images()
    newest = us.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    assert newest != first
    assert us.drift("--limit", "pools").actions == set()
    asked = us.region.play("site.yml", "--limit", "pools", "-e", "pools_refresh_images=true")
    assert asked.rc == 0, asked.output
    assert ("pools", "launch template", "gpu", "change") in asked.actions
    assert (locked(us), image_of(us, "gpu")) == (newest, newest)
    asked = {"instance-state-name": "running", "tag:cloister:part": "gpu"}
    machines = us.ec2.describe_instances(Filters=[{"Name": name, "Values": [one]} for name, one in asked.items()])
    assert {one["ImageId"] for held in machines["Reservations"] for one in held["Instances"]} == {newest}
    assert us.drift().actions == set()


def test_0_13_each_entry_of_one_list_is_a_template_a_group_and_a_provider(us: Built) -> None:
    entries = us.said("pools", "pools_defined")
    names = {entry["name"] for entry in entries}
    assert names == {"gpu", "cpu", "proxy", "vllm"}
    assert set(us.described("describe_launch_templates", "LaunchTemplates")) == names
    groups = us.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    types = {
        group["AutoScalingGroupName"].removeprefix("us-"): [
            one["InstanceType"] for one in group["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]
        ]
        for group in groups
        if "MixedInstancesPolicy" in group
    }
    assert types == {entry["name"]: entry["instance_types"] for entry in entries}
    providers = us.client("ecs").describe_capacity_providers()["capacityProviders"]
    assert {one["name"] for one in providers if "autoScalingGroupProvider" in one} == {"us-gpu", "us-cpu"}
