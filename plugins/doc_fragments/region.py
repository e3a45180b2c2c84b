# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of this collection take and how they behave, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options shared by all modules that work on a region, and how they behave: each on its own, or as one of these."""

    DOCUMENTATION = r"""
options:
  region_name:
    description:
      - Name of the region as its inventory calls it. It is the first half of every C(Name) tag and the value of the
        ownership tag C(cloister:region).
    type: str
    required: true
  stack:
    description:
      - The stack that owns the set, the value of the ownership tag C(cloister:stack).
    type: str
    required: true
  region_tags:
    description:
      - Tags put on everything beside the ownership tags.
    type: dict
    default: {}
  region_adopted:
    description:
      - Names that stand for things which others made and the region only uses, by kind, each a dict of name to id.
        They are never changed or deleted.
    type: dict
    default: {}
requirements:
  - boto3 >= 1.35.0
  - botocore >= 1.35.0
"""

    # Modules that reconcile a set.
    SETS = r"""
attributes:
  check_mode:
    description: Reads, compares and predicts; an id that AWS would only give later is a known-after-apply marker.
    support: full
  diff_mode:
    description: Tells the fields that differ, one entry for each member of the set.
    support: full
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: full
notes:
  - The set is found by ownership tags. A member that is listed and missing is made, one that differs is changed, one
    that is ours and no longer listed is removed unless it carries C(cloister:keep=true).
  - Nothing without this region's ownership tags is ever changed or deleted. Two members of one name, or something
    foreign in the place of a new one, stop the module before its first write and are named.
"""

    # Modules that only look.
    READING = r"""
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: It only reads.
    support: full
"""
