"""Put the test's CA where the role certificates keeps a region's private CAs, in the AWS of the environment."""

from __future__ import annotations

import sys
from pathlib import Path

import boto3

folder = Path(sys.argv[1])
ssm = boto3.client("ssm", region_name="us-west-2")
for what, file, kind in (("certificate", "ca.pem", "String"), ("key", "ca.key", "SecureString")):
    value = (folder / file).read_text(encoding="utf-8")
    ssm.put_parameter(Name=f"/cloister/us/ca/inner/{what}", Value=value, Type=kind)
