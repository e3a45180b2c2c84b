#!/usr/bin/env bash
# ansible-test sanity on a clean copy of the collection: tests/ansible-test.sh [arguments of ansible-test sanity]
#
# A copy, because ansible-test follows the link in collections/ round and round, and outside the work tree,
# because under a path that git ignores it finds no files and passes.
set -euo pipefail
cd "$(dirname "$0")/.."

checkout=$PWD
copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
collection=$copies/ansible_collections/cloister/aws
mkdir -p "$collection"
# The files of the collection, committed or not; the same folders stay behind as in galaxy.yml's build_ignore.
git ls-files --cached --others --exclude-standard -z |
    grep -zvE '^(\.[^/]*|benchmarks|collections|inventories|lab|molecule|tests/(integration|unit)|tools)(/|$)' |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    xargs -0 cp --parents -t "$collection"
modules=$(find "$collection/plugins/modules" -name '*.py' | wc -l)
[ "$modules" -gt 0 ] || { echo "cloister: the copy has no modules, so sanity would pass on nothing" >&2; exit 1; }

# The collections that ours builds on, for their documentation fragments and imports.
ln -s "$(python -c 'import ansible_collections.amazon as amazon; print(amazon.__path__[0])')" "$copies/ansible_collections/amazon"

# ansible-test keeps its virtual environments in ~/.ansible. Ours are in .cache, and pip comes
# from this Python's own ensurepip instead of a script that ansible-test would download.
export XDG_CONFIG_HOME=${XDG_CONFIG_HOME:-$HOME/.config} XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
export HOME=$checkout/.cache/ansible-test
pip_version=$(python -c 'import types, ansible_test._internal.python_requirements as requirements
print(requirements.get_venv_packages(types.SimpleNamespace(version="3.13"))["pip"].replace(".", "_"))')
mkdir -p "$HOME/.ansible/test/cache"
echo 'import ensurepip; ensurepip.bootstrap(default_pip=True)' >"$HOME/.ansible/test/cache/get_pip_$pip_version.py"

cd "$collection"
# The settings of a person's own Ansible have no part in it.
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH
ansible-test sanity --local --python "$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" --color no "$@"
