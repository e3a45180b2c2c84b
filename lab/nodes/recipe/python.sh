#!/bin/sh
# Runs in a node: writes an archive with its Python and what that needs, and with hardly anything else.
set -eu
cd /
python=$(readlink -f /usr/bin/python3)
libraries=$(find /usr/lib/python3.*/lib-dynload -name '*.so' -print0 |
    xargs -0 ldd "$python" /bin/dash /bin/sleep | awk '$3 ~ "^/" {print $3}' | sort -u)
{
    for library in $libraries; do
        readlink -f "$library"
        echo "/usr$library"
    done | sort -u
    ls -d bin lib lib64 sbin usr/lib64 usr/lib/*/ld-linux* usr/bin/sh usr/bin/dash usr/bin/sleep usr/bin/python3 \
        "$python" usr/lib/python3.* etc/passwd etc/group etc/nsswitch.conf etc/ssl/certs/ca-certificates.crt
} >/tmp/wanted
tar --create --exclude=__pycache__ --files-from=/tmp/wanted
