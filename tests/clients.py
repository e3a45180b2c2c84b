"""boto3 clients of an embedded AWS, with which tests look at an account themselves."""

from __future__ import annotations

import typing as t

import boto3
from botocore.config import Config

# One session reads each service's model once: EC2's is ten megabytes of JSON.
_SESSION = boto3.session.Session()


class Clients:
    """clients("ec2"), clients("ec2", "ap-northeast-2"): clients with the keys of an environment, each made once."""

    def __init__(self, environment: t.Mapping[str, str], region: str = "us-west-2", attempts: int = 5) -> None:
        self._environment, self._region, self._attempts = environment, region, attempts
        self._made: dict[tuple[t.Any, ...], t.Any] = {}

    def __call__(self, service: str, region: str = "", attempts: int = 0, **config: t.Any) -> t.Any:
        region, attempts = region or self._region, attempts or self._attempts
        key = (service, region, attempts, *sorted(config.items()))
        if key not in self._made:
            # The stubs know each service by a literal name.
            make: t.Any = _SESSION.client
            self._made[key] = make(
                service,
                region_name=region,
                endpoint_url=self._environment["AWS_ENDPOINT_URL"],
                aws_access_key_id=self._environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self._environment["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, **config),
            )
        return self._made[key]
