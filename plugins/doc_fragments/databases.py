# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The databases of a stack, as two modules take them."""

from __future__ import annotations


class ModuleDocFragment:
    """The option C(databases); `module_utils/_db_arguments.py` is its specification."""

    DOCUMENTATION = r"""
options:
  databases:
    description: The databases, all of them. Each is an instance of RDS with a subnet group and a parameter group.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region. In AWS it is called C(<region_name>-<name>).
        type: str
        required: true
      engine:
        description: What kind of database it is.
        type: str
        required: true
        choices: [mysql, postgres]
      engine_version:
        description: Version, in full or as it begins (V(8.0)). In quotes.
        type: str
        required: true
      instance_class:
        description: Class of the machine, such as V(db.t3.micro).
        type: str
        required: true
      storage:
        description: Its disk, encrypted.
        type: dict
        required: true
        suboptions:
          gib:
            description: Its size in GiB.
            type: int
            required: true
          type:
            description: Its type.
            type: str
            choices: [gp3, gp2, io1, io2]
            default: gp3
          max_gib:
            description: How far RDS may let it grow; without it, it does not grow.
            type: int
          iops:
            description: Operations a second.
            type: int
          throughput_mibps:
            description: Throughput in MiB a second.
            type: int
          kms_key_arn:
            description: Key that encrypts it, by default the account's own for RDS.
            type: str
      database:
        description: Name of the database that is made with it; without it none is made (PostgreSQL has C(postgres)).
        type: str
      username:
        description: Name of the master user. RDS makes its password and keeps it in Secrets Manager.
        type: str
        required: true
      port:
        description: Port that it listens on, by default 3306 or 5432.
        type: int
      subnets:
        description: Names of its subnets, in two zones at least.
        type: list
        elements: str
        required: true
      security_groups:
        description: Names of its security groups.
        type: list
        elements: str
        required: true
      multi_az:
        description: Whether a second one stands by in another zone.
        type: bool
        default: true
      parameters:
        description: Parameters of the engine that differ from its own, by name.
        type: dict
        default: {}
      backup_retention_days:
        description: How many days backups are kept; 0 is none, and no way back to a moment.
        type: int
        default: 7
      backup_window:
        description: When backups are taken, in UTC, such as V(17:00-17:30).
        type: str
      maintenance_window:
        description: When it may be restarted for changes, in UTC, such as V(sun:18:00-sun:18:30).
        type: str
      changes:
        description: When a change takes hold that RDS makes in the maintenance window, such as another class.
        type: str
        choices: [maintenance_window, immediately]
        default: maintenance_window
      minor_upgrades:
        description: Whether RDS upgrades it to newer minor versions.
        type: bool
        default: true
      major_upgrade:
        description: Whether it may go to another major version, from which there is no way back.
        type: bool
        default: false
      logs:
        description: >-
          Logs that it sends to CloudWatch: C(audit), C(error), C(general), C(slowquery) of MySQL, C(postgresql),
          C(upgrade), C(iam-db-auth-error) of PostgreSQL.
        type: list
        elements: str
        default: []
      iam_authentication:
        description: Whether users may sign in with IAM in place of a password.
        type: bool
        default: false
      deletion_protection:
        description: >-
          Whether it stays until its data is released. While it is true, it is kept when it is no longer listed.
        type: bool
        default: true
      secret_kms_key_arn:
        description: Key that encrypts the secret with the password, by default Secrets Manager's own.
        type: str
      schedule:
        description: Name of a calendar that stops and starts it.
        type: str
        default: ''
      tags:
        description: Further tags.
        type: dict
        default: {}
"""
