#!/usr/bin/env bash
# Make .venv with the locked Python packages.
#
#   tools/venv.sh         what running a region and rehearsing it need
#   tools/venv.sh dev     that, and what the tests and checks need
#
# PYTHON=/path/to/python3 chooses the interpreter; else the first Python >= 3.12 that really starts.
set -euo pipefail

oldest=3.12
venv=.venv
installed=$venv/.installed

fail() {
    printf 'cloister: %s\n' "$*" >&2
    exit 1
}

# A pyenv shim may be there for a version that is not, so ask the interpreter itself.
new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < (${oldest/./, }))" </dev/null >/dev/null 2>&1
}

candidates() {
    if [ -n "${PYTHON:-}" ]; then
        printf '%s\n' "$PYTHON"
        return
    fi
    local version
    for version in 3.13 3.12 3.14 3; do
        type -ap "python$version" || true
    done
    ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3 2>/dev/null || true
    uv python find --no-project ">=$oldest" 2>/dev/null || true
}

# Debian keeps `ensurepip` in a package of its own: such a Python needs help from virtualenv or uv.
make_environment() {
    local python usable=""
    while read -r python; do
        new_enough "$python" || continue
        usable=${usable:-$python}
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            "$python" -m venv --clear "$venv"
            return
        fi
    done < <(candidates)

    [ -n "$usable" ] || fail "no Python $oldest or newer was found${PYTHON:+ at PYTHON=$PYTHON}." \
        "Install one (Debian 13, Ubuntu 24.04: apt-get install python3-venv; elsewhere pyenv or uv)" \
        "and run this again, or name it: PYTHON=/path/to/python3 make ..."
    if command -v virtualenv >/dev/null; then
        virtualenv --quiet --clear --python "$usable" "$venv"
    elif command -v uv >/dev/null; then
        uv venv --quiet --clear --seed --python "$usable" "$venv"
    else
        fail "$usable cannot make virtual environments." \
            "Install that part of it (Debian, Ubuntu: apt-get install python3-venv) and run this again."
    fi
}

main() {
    local locks=(requirements.txt) wanted have
    [ "${1:-}" != dev ] || locks+=(requirements-dev.txt)
    # The path is part of it: a moved environment has scripts that point to where it was.
    wanted="$PWD $(cksum "${locks[@]}")"
    have=$(cat "$installed" 2>/dev/null || true)
    if [ -x "$venv/bin/python" ] && [[ $have == "$wanted"* ]] && new_enough "$venv/bin/python"; then
        return
    fi

    echo "cloister: preparing $venv (${locks[*]}), once" >&2
    # What another lock, another folder or a killed install left behind is not built upon.
    if [ -z "$have" ] || [[ $wanted != "$have"* ]] || ! new_enough "$venv/bin/python"; then
        make_environment
    fi
    # The note goes before the work and comes back after it, so a killed install is seen as one.
    rm -f "$installed"
    # Not compiled: nine tenths of what is installed is never imported.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
        "${locks[@]/#/--requirement=}"
    printf '%s\n' "$wanted" >"$installed"
}

cd "$(dirname "$0")/.."
# Two `make` at once (two regions) must not install into one folder together.
if command -v flock >/dev/null; then
    exec 9<"tools/$(basename "$0")"
    flock 9
fi
main "$@"
