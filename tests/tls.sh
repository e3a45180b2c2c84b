#!/usr/bin/env bash
# Run sslyze, the outside judge of TLS, from an environment of its own: tests/tls.sh --mozilla_config=intermediate HOST
# It is made once for a lock. PYTHON=/path/to/python3 chooses the interpreter.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
lock=$top/tests/tls/requirements.txt
venv=$top/.cache/tls
wanted=$(cksum <"$lock")

mkdir -p "$top/.cache"
exec 9>"$venv.lock"
if command -v flock >/dev/null; then
    flock 9
fi
if [ "$(cat "$venv/.installed" 2>/dev/null)" != "$wanted" ]; then
    "${PYTHON:-python3}" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock" >&2
    printf '%s\n' "$wanted" >"$venv/.installed"
fi
exec 9>&-
exec "$venv/bin/python" -m sslyze "$@"
