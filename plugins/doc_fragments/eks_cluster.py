# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option of modules that work in one cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Which cluster."""

    DOCUMENTATION = r"""
options:
  cluster:
    description: Logical name of the cluster. In AWS it is called C(<region_name>-<cluster>).
    type: str
    required: true
"""
