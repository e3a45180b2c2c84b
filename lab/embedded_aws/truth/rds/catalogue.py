# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which versions, classes and parameters RDS has. A selection: enough to be chosen from, upgraded to and refused.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html,
https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html
"""

from __future__ import annotations

import re
import typing as t

from moto.core.responses import ActionResult, PaginatedResult

from lab.embedded_aws.truth.patching import install
from lab.embedded_aws.truth.rds.base import Response, clash, invalid

VERSIONS = {
    "mysql": ("8.0.40", "8.0.42", "8.0.43", "8.0.44", "8.4.4", "8.4.6", "8.4.7"),
    "postgres": ("15.13", "15.14", "16.9", "16.10", "16.11", "17.5", "17.6", "17.7"),
}
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Types.html
CLASS = re.compile(r"db\.(t3|t4g|m5|m6g|m6i|m7g|m7i|r5|r6g|r6i|r7g|r7i)\.(micro|small|medium|large|xlarge|\d+xlarge)")
SMALL = re.compile(r"db\.t\d")
LICENSES = {"mysql": "general-public-license", "postgres": "postgresql-license"}
PORTS = {"mysql": 3306, "postgres": 5432}

Parameter = tuple[str, str, str, str]  # name, type of change, what it takes, default
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Parameters.html
_MYSQL: tuple[Parameter, ...] = (
    ("character_set_server", "dynamic", "utf8mb4,latin1,utf8mb3,ascii", ""),
    ("innodb_buffer_pool_size", "static", "5242880-9223372036854775807", "{DBInstanceClassMemory*3/4}"),
    ("innodb_log_buffer_size", "static", "262144-4294967295", ""),
    ("log_bin_trust_function_creators", "dynamic", "0,1", ""),
    ("long_query_time", "dynamic", "0-31536000", ""),
    ("max_connections", "dynamic", "1-100000", "{DBInstanceClassMemory/12582880}"),
    ("performance_schema", "static", "0,1", ""),
    ("require_secure_transport", "dynamic", "0,1", ""),
    ("slow_query_log", "dynamic", "0,1", ""),
    ("time_zone", "dynamic", "Asia/Seoul,UTC,US/Pacific", ""),
    ("tls_version", "static", "TLSv1.2,TLSv1.3", ""),
)
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
_POSTGRES: tuple[Parameter, ...] = (
    ("log_min_duration_statement", "dynamic", "-1-2147483647", ""),
    ("log_statement", "dynamic", "none,ddl,mod,all", ""),
    ("max_connections", "static", "6-8388607", "LEAST({DBInstanceClassMemory/9531392},5000)"),
    ("rds.force_ssl", "dynamic", "0,1", "1"),
    ("rds.logical_replication", "static", "0,1", "0"),
    ("shared_preload_libraries", "static", "auto_explain,pg_cron,pg_stat_statements", "pg_stat_statements"),
    ("timezone", "dynamic", "Asia/Seoul,UTC,US/Pacific", "UTC"),
    ("work_mem", "dynamic", "64-2147483647", ""),
)
PARAMETERS = {"mysql": _MYSQL, "postgres": _POSTGRES}


def major(engine: str, version: str) -> str:
    """The major version: 8.0 of MySQL 8.0.43, 16 of PostgreSQL 16.9."""
    return ".".join(version.split(".")[: 2 if engine == "mysql" else 1])


def family(engine: str, version: str) -> str:
    return f"{engine}{major(engine, version)}"


def families() -> set[str]:
    return {family(engine, version) for engine, versions in VERSIONS.items() for version in versions}


def newest(engine: str, version: str | None) -> str:
    """The version that AWS takes for one that is named in full, by its beginning, or not at all."""
    fits = [one for one in VERSIONS[engine] if version is None or one == version or one.startswith(f"{version}.")]
    if not fits:
        clash(f"Cannot find version {version} for {engine}")
    return fits[-1]


def targets(engine: str, version: str) -> list[dict[str, t.Any]]:
    """What an instance of a version can become: any later minor version, and those of the next major one."""
    majors = list(dict.fromkeys(major(engine, one) for one in VERSIONS[engine]))
    own = majors.index(major(engine, version))
    reach = majors[own : own + 2] if engine == "mysql" else majors[own:]
    later = VERSIONS[engine][VERSIONS[engine].index(version) + 1 :]
    return [
        {"Engine": engine, "EngineVersion": one, "AutoUpgrade": False, "Description": f"{engine} {one}",
         "IsMajorVersionUpgrade": major(engine, one) != major(engine, version)}
        for one in later
        if major(engine, one) in reach
    ]  # fmt: skip


def describe_db_engine_versions(self: Response) -> t.Any:
    engine, version = self.params.get("Engine"), self.params.get("EngineVersion")
    wanted, default_only = self.params.get("DBParameterGroupFamily"), self.params.get("DefaultOnly")
    shown = []
    for name in [engine] if engine else list(VERSIONS):
        if name not in VERSIONS:
            raise NotImplementedError(f"rds: versions of {name}")
        for one in VERSIONS[name]:
            fits = version is None or one == version or one.startswith(f"{version}.")
            if fits and wanted in (None, family(name, one)):
                shown.append({
                    "Engine": name, "EngineVersion": one, "MajorEngineVersion": major(name, one), "Status": "available",
                    "DBParameterGroupFamily": family(name, one), "ValidUpgradeTarget": targets(name, one),
                })  # fmt: skip
    return PaginatedResult({"DBEngineVersions": shown[-1:] if default_only else shown})


def describe_orderable_db_instance_options(self: Response) -> t.Any:
    engine, kind = self.params["Engine"], self.params.get("DBInstanceClass")
    if engine not in VERSIONS:
        raise NotImplementedError(f"rds: classes for {engine}")
    version, classes = (
        self.params.get("EngineVersion"),
        [kind] if kind else ["db.t3.micro", "db.t4g.micro", "db.m7g.large"],
    )
    shown = [
        {"Engine": engine, "EngineVersion": one, "DBInstanceClass": name, "StorageType": storage, "Vpc": True,
         "MultiAZCapable": True, "SupportsStorageEncryption": True, "SupportsIAMDatabaseAuthentication": True}
        for one in VERSIONS[engine] if version in (None, one)
        for name in classes if CLASS.fullmatch(name)
        for storage in ("gp2", "gp3", "io1", "io2")
    ]  # fmt: skip
    return PaginatedResult({"OrderableDBInstanceOptions": shown})


def describe_engine_default_parameters(self: Response) -> t.Any:
    name = self.params["DBParameterGroupFamily"]
    if name not in families():
        invalid(f"Invalid parameter group family: {name}")
    shown = {"DBParameterGroupFamily": name, "Parameters": [view(one) for one in known(name)]}
    return ActionResult({"EngineDefaults": shown})


def known(group_family: str) -> tuple[Parameter, ...]:
    """The parameters of a family."""
    return PARAMETERS[group_family.rstrip("0123456789.")]


def view(parameter: Parameter) -> dict[str, t.Any]:
    name, kind, allowed, default = parameter
    return {
        "ParameterName": name, "ApplyType": kind, "AllowedValues": allowed, "IsModifiable": True, "Description": name,
        "DataType": "string", "Source": "engine-default", "ApplyMethod": "pending-reboot",
        **({"ParameterValue": default} if default else {}),
    }  # fmt: skip


def apply() -> None:
    from moto.rds.responses import RDSResponse

    install(
        RDSResponse,
        describe_db_engine_versions,
        describe_orderable_db_instance_options,
        describe_engine_default_parameters,
    )
