# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option of modules whose set may be one of several that a stack owns."""

from __future__ import annotations


class ModuleDocFragment:
    """Whether what is no longer listed is removed."""

    DOCUMENTATION = r"""
options:
  purge:
    description:
      - Whether what the stack owns and the list does not name is removed. A stack of several kinds says no, and ends
        with M(cloister.aws.network_leftovers), which removes in the order in which AWS lets go.
    type: bool
    default: true
"""
