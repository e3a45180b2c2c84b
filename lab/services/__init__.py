# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small services that stand for those of a region, where theirs cannot be had: each folder is an image of its own."""
