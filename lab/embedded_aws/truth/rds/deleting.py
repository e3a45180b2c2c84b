# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a DB instance: what stands against it, its last snapshot, and the minutes until its interfaces are gone.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
"""

from __future__ import annotations

from lab.embedded_aws.truth.ec2 import interfaces
from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.rds.base import CREATING, DELETING, Backend, Instance, clash, ec2_of, wrong_state


def delete_db_instance(
    self: Backend,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,
    delete_automated_backups: bool | None = True,
) -> Instance:
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.status == DELETING:
        wrong_state(f"Instance {db_instance_identifier} is already being deleted.")
    if instance.deletion_protection:
        clash("Cannot delete protected DB Instance, please disable deletion protection and try again.")
    if bool(final_db_snapshot_identifier) == bool(skip_final_snapshot):
        clash(
            "FinalDBSnapshotIdentifier cannot be specified when deleting a DB instance and SkipFinalSnapshot is enabled"
            if skip_final_snapshot
            else "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )
    if final_db_snapshot_identifier:
        if instance.status == CREATING:
            wrong_state(f"Cannot create a snapshot because the database instance {db_instance_identifier} is not "
                        "currently in the available state.")  # fmt: skip
        self.create_db_snapshot(db_instance_identifier, final_db_snapshot_identifier)
    instance.status = DELETING
    after(ec2_of(self), "rds_instance_delete", lambda: _leave(self, instance))
    after(self, "rds_instance_delete", lambda: _end(self, instance, bool(delete_automated_backups)))
    return instance


def _leave(backend: Backend, instance: Instance) -> None:
    for one in instance.interfaces:
        interfaces.remove(ec2_of(backend), one)


def _end(backend: Backend, instance: Instance, backups_too: bool) -> None:
    backend.databases.pop(instance.db_instance_identifier, None)
    if instance.manage_master_user_password:
        instance.master_user_secret.delete_secret()
    for name, snapshot in list(backend.database_snapshots.items()):
        theirs = snapshot.db_instance_identifier == instance.db_instance_identifier
        if backups_too and theirs and snapshot.snapshot_type == "automated":
            backend.database_snapshots.pop(name)


def apply() -> None:
    from moto.rds.models import RDSBackend

    RDSBackend.delete_db_instance = delete_db_instance
