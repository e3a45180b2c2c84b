# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The images of managed nodes: by the type that a node group asks for, and by release.

https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html and .../eks-linux-ami-versions.html
"""

from __future__ import annotations

from lab.embedded_aws.truth import public_images
from lab.embedded_aws.truth.ec2 import instance_types
from lab.embedded_aws.truth.eks.base import invalid, not_modelled
from lab.embedded_aws.truth.eks.versions import minor

# https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html: Amazon Linux 2 ends with 1.32.
LAST_OF_AL2 = 32
PATHS = {
    "AL2023_x86_64_STANDARD": "amazon-linux-2023/x86_64/standard",
    "AL2023_ARM_64_STANDARD": "amazon-linux-2023/arm64/standard",
    "AL2023_x86_64_NVIDIA": "amazon-linux-2023/x86_64/nvidia",
    "AL2023_ARM_64_NVIDIA": "amazon-linux-2023/arm64/nvidia",
    "AL2023_x86_64_NEURON": "amazon-linux-2023/x86_64/neuron",
    "AL2_x86_64": "amazon-linux-2", "AL2_x86_64_GPU": "amazon-linux-2-gpu", "AL2_ARM_64": "amazon-linux-2-arm64",
}  # fmt: skip
DEFAULT, DEFAULT_ARM = "AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"


def default_type(kinds: list[str]) -> str:
    known = instance_types.facts(kinds[0]) if kinds else None
    arm = known is not None and "x86_64" not in known["ProcessorInfo"]["SupportedArchitectures"]
    return DEFAULT_ARM if arm else DEFAULT


def check(ami_type: str, kubernetes: str, kinds: list[str]) -> None:
    """Refuse an image that there is not, or that the machines do not run."""
    if ami_type not in PATHS:
        not_modelled(f"node groups of amiType {ami_type}")
    if ami_type.startswith("AL2_") and minor(kubernetes) > LAST_OF_AL2:
        invalid(f"AMI Type {ami_type} is only supported for kubernetes versions 1.{LAST_OF_AL2} or earlier")
    wanted = "arm64" if "ARM" in ami_type else "x86_64"
    for kind in kinds:
        known = instance_types.facts(kind)
        if known is None:
            invalid(f"The following supplied instance types do not exist: [{kind}]")
        if wanted not in known["ProcessorInfo"]["SupportedArchitectures"]:
            invalid(f"[{kind}] is not a valid instance type for requested amiType {ami_type}")


def parameter(ami_type: str, kubernetes: str) -> str:
    return f"/aws/service/eks/optimized-ami/{kubernetes}/{PATHS[ami_type]}/recommended"


def releases(kubernetes: str) -> dict[str, int]:
    """Release version (1.33.5-20261101) -> the number of the release."""
    found = {}
    for number in range(public_images.releases.latest + 1):
        day = public_images.FIRST_RELEASE + number * public_images.BETWEEN_RELEASES
        found[f"{kubernetes}.5-{day:%Y%m%d}"] = number
    return found


def release(kubernetes: str, wanted: str | None) -> str:
    """The release that is asked for, else the latest."""
    known = releases(kubernetes)
    if wanted and wanted not in known:
        invalid(f"Requested release version {wanted} is not valid for kubernetes version {kubernetes}.")
    return wanted or list(known)[-1]


def image(region: str, ami_type: str, kubernetes: str, release_version: str) -> str:
    return public_images.image_id(region, parameter(ami_type, kubernetes), releases(kubernetes)[release_version])
