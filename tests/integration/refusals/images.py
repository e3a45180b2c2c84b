"""Golden images that are refused."""

from __future__ import annotations

from tests.integration.refusals.broken import Appended, Broken, Renamed

IMAGES, POOLS, KR = "host_vars/images.yml", "host_vars/pools.yml", "kr"
GPU = ("images_golden", "gpu")
NEAR = "did you mean ai-node?"
DIGEST = f"vllm/vllm-openai@sha256:{'0' * 63}"

BROKEN = [
    Broken(IMAGES, (*GPU, "source"), {}, "images_golden[0].source", "parameter, id", inventory=KR),
    Broken(IMAGES, (*GPU, "source"), {"id": "ami-1"}, "images_golden[0].source.id", "not the id", inventory=KR),
    Broken(IMAGES, (*GPU, "subnets", 0), "public-a", "images_golden[0].subnets[0]", "is a public subnet", inventory=KR),
    Broken(IMAGES, (*GPU, "security_groups", 0), "ai-nod", "images_golden[0].security_groups[0]", NEAR, inventory=KR),
    Broken(IMAGES, (*GPU, "instance_profile"), "ai-nod", "images_golden[0].instance_profile", NEAR, inventory=KR),
    Broken(
        IMAGES, (*GPU, "instance_types", 0), "g5", "images_golden[0].instance_types[0]", "not an inst", inventory=KR
    ),
    Broken(IMAGES, (*GPU, "root_volume_gib"), 0, "images_golden[0].root_volume_gib", "from 1 to", inventory=KR),
    Broken(IMAGES, (*GPU, "like"), Renamed("liek"), "images_golden[0].liek", "did you mean like?", inventory=KR),
    Broken(IMAGES, (*GPU, "like"), "v llm", "images_golden[0].like", "lowercase letters", inventory=KR),
    Broken(IMAGES, (*GPU, "keep"), 1, "images_golden[0].keep", "one to go back to", inventory=KR),
    Broken(IMAGES, (*GPU, "roles"), ["nvidai"], "images_golden[0].roles[0]", "did you mean nvidia?", inventory=KR),
    Broken(IMAGES, (*GPU, "containers"), [DIGEST], "images_golden[0].containers[0]", "by its digest", inventory=KR),
    Broken(
        IMAGES,
        ("images_golden",),
        Appended({"name": "gpu", "source": {"id": "ami-0123456789abcdef0"}}),
        "images_golden[1].name",
        "there already",
        inventory=KR,
    ),
    Broken(
        POOLS,
        ("pools_defined", "vllm", "image", "parameter"),
        "/images/gpu",
        "pools_defined[0].image.until_promoted",
        "no golden image",
        inventory=KR,
    ),
]
