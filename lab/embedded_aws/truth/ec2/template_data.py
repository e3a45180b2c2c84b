# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS checks of launch template data when it takes it, and how a version inherits from another.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-template-restrictions.html: most values are checked only
when something is launched.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from lab.embedded_aws.truth.ec2.base import refuse
from lab.embedded_aws.truth.ec2.tags import checked

Data = dict[str, t.Any]

MOST_USER_DATA_BYTES = 16384
TAGGABLE = ("instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu")
GP3_IOPS, GP3_THROUGHPUT = (3000, 80000), (125, 2000)


def check(data: Data) -> Data:
    """`data` without its empty members; refuses what CreateLaunchTemplate refuses."""
    for specification in data.get("TagSpecifications") or []:
        if specification.get("ResourceType") not in TAGGABLE:
            refuse(
                "InvalidParameterValue",
                f"'{specification.get('ResourceType')}' is not a valid taggable resource type for this operation.",
            )
        checked(specification.get("Tags") or [])
    if data.get("InstanceType") and data.get("InstanceRequirements"):
        refuse(
            "InvalidParameterCombination",
            "InstanceType and InstanceRequirements may not be specified on the same request",
        )
    check_user_data(data.get("UserData"))
    check_metadata(data.get("MetadataOptions") or {})
    profile = data.get("IamInstanceProfile") or {}
    if profile.get("Arn") and profile.get("Name"):
        refuse("InvalidParameterCombination", "The parameter 'iamInstanceProfile.name' may not be used in combination "
               "with 'iamInstanceProfile.arn'")  # fmt: skip
    for mapping in data.get("BlockDeviceMappings") or []:
        check_volume(mapping.get("Ebs") or {})
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}


def check_user_data(text: str | None) -> None:
    """Refuse user data that is not base64 or more than 16 KiB."""
    if not text:
        return
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data")
    if len(decoded) > MOST_USER_DATA_BYTES:
        refuse("InvalidParameterValue", f"User data is limited to {MOST_USER_DATA_BYTES} bytes")


def check_metadata(options: Data) -> None:
    """Refuse a hop limit AWS has not.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsRequest.html
    """
    hops = options.get("HttpPutResponseHopLimit")
    if hops is not None and not 1 <= int(hops) <= 64:
        refuse("InvalidParameterValue", f"The hop limit '{hops}' is not valid. Specify 1 to 64")


def check_volume(ebs: Data) -> None:
    """Refuse sizes and speeds that a volume type has not.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
    """
    kind, size, speed = ebs.get("VolumeType") or "gp2", ebs.get("VolumeSize"), ebs.get("Iops")
    through = ebs.get("Throughput")
    if size is not None and not 1 <= int(size) <= 65536:
        refuse("InvalidParameterValue", f"Volume of {size}GiB is invalid for volume type {kind}")
    if through is not None and kind != "gp3":
        refuse("InvalidParameterCombination", f"The parameter throughput is not supported for {kind} volumes.")
    if speed is not None and kind not in ("gp3", "io1", "io2"):
        refuse("InvalidParameterCombination", f"The parameter iops is not supported for {kind} volumes.")
    if speed is None and kind in ("io1", "io2"):
        refuse("MissingParameter", "The request must contain the parameter iops")
    if kind == "gp3":
        for name, value, (least, most) in (("iops", speed, GP3_IOPS), ("throughput", through, GP3_THROUGHPUT)):
            if value is not None and not least <= int(value) <= most:
                refuse("InvalidParameterValue", f"Volume {name} of {value} is not in the range {least} to {most}.")


def inherit(source: Data, given: Data) -> Data:
    """The data of a version made from another: what is given takes the place of what was there."""
    return {**source, **given}
