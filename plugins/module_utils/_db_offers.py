# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What RDS offers in a region: versions, what each can become, and classes. Asked only where one is made or changes.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
"""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._rds import major, numbers


def vet_offer(aws: Aws, want: Want) -> None:
    """Refuse a version or class that RDS does not have here."""
    said = want.fields
    versions = _versions(aws, said["engine"])
    fits = [one for one in versions if one == said["version"] or one.startswith(f"{said['version']}.")]
    if not fits:
        majors = sorted({major(said["engine"], one) for one in versions}, key=numbers)
        raise InputError(
            f"DB instance {want.part}: {aws.region} has no {said['engine']} {said['version']}; it has "
            f"{', '.join(majors)}, each with minor versions"
        )
    vet_class(aws, want, max(fits, key=numbers))


def vet_class(aws: Aws, want: Want, version: str) -> None:
    """Refuse a class that RDS does not have here for a version."""
    said = {"Engine": want.fields["engine"], "DBInstanceClass": want.fields["class"], "EngineVersion": version}
    options = aws.call("rds", "describe_orderable_db_instance_options", MaxRecords=20, **said)
    if not options["OrderableDBInstanceOptions"]:
        raise InputError(
            f"DB instance {want.part}: {aws.region} offers no {said['DBInstanceClass']} for {said['Engine']} {version}"
            "; name another instance_class"
        )


def target(aws: Aws, want: Want, found: Found) -> str:
    """Return the newest version that an instance can become and that is as wanted; refuse what is none."""
    have, said, engine = str(found.raw["EngineVersion"]), str(want.fields["version"]), str(found.raw["Engine"])
    of = f"DB instance {want.part} ({found.id}) has {engine} {have}"
    if numbers(said) < numbers(have)[: len(numbers(said))]:
        raise ImmutableError(f"{of} and cannot go back to {said}; say engine_version: {major(engine, have)!r}")
    targets = _versions(aws, engine).get(have, [])
    fits = [one for one in targets if one == said or one.startswith(f"{said}.")]
    if not fits:
        raise ImmutableError(f"{of}, from which RDS leads to {', '.join(targets) or 'no other'}, and not to {said}")
    best = max(fits, key=numbers)
    if is_major(found, best) and not want.create["major_upgrade"]:
        raise ImmutableError(
            f"{of}, and {best} is another major version, from which there is no way back; take a snapshot, try it on a "
            "copy, then say major_upgrade: true"
        )
    return best


def is_major(found: Found, version: str) -> bool:
    """Return whether another major version is asked for."""
    engine = str(found.raw["Engine"])
    return major(engine, version) != major(engine, str(found.raw["EngineVersion"]))


def _versions(aws: Aws, engine: str) -> dict[str, list[str]]:
    """Return what each version of an engine can become."""
    rows = aws.pages("rds", "describe_db_engine_versions", "DBEngineVersions", Engine=engine)
    return {
        row["EngineVersion"]: [
            one["EngineVersion"] for one in row.get("ValidUpgradeTarget", ()) if one["Engine"] == engine
        ]
        for row in rows
    }
