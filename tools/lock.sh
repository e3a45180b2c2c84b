#!/usr/bin/env bash
# Write requirements.txt, requirements-dev.txt and tests/tls/requirements.txt anew from the .in files, with hashes and
# nothing local in them.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.cache/lock
# The oldest Python: newer ones need a subset of what it needs.
"${PYTHON:-python3.12}" -m venv "$tools"
# Only the public index may answer: a wheel of this machine's own would bring a hash nobody else can match.
export PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL
"$tools/bin/python" -m pip install --quiet pip-tools==7.6.2

for name in requirements requirements-dev tests/tls/requirements; do
    CUSTOM_COMPILE_COMMAND="make lock" "$tools/bin/pip-compile" --quiet --upgrade --generate-hashes --strip-extras \
        --no-emit-index-url --no-emit-find-links --output-file "$name.txt" "$name.in"
done
