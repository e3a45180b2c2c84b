#!/bin/sh
# A stand-in for the CloudWatch agent, packed and signed as AWS packs and signs: agent.sh VERSION SIGNER.
set -eu
place=/srv/agent/debian/$(dpkg --print-architecture)/$1
build=$(mktemp --directory)
mkdir -p "$place" "$build/DEBIAN" "$build/opt/aws/amazon-cloudwatch-agent/bin" "$build/opt/aws/amazon-cloudwatch-agent/etc" \
    "$build/lib/systemd/system" /srv/agent/assets
cat >"$build/DEBIAN/control" <<END
Package: amazon-cloudwatch-agent
Version: $1-1
Architecture: all
Maintainer: lab
Description: stand-in
END
echo "$1" >"$build/opt/aws/amazon-cloudwatch-agent/bin/CWAGENT_VERSION"
# It says what it was told to collect, and goes on.
cat >"$build/lib/systemd/system/amazon-cloudwatch-agent.service" <<'END'
[Service]
ExecStart=/bin/sh -c 'cat /opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json; exec sleep infinity'
[Install]
WantedBy=multi-user.target
END
dpkg-deb --root-owner-group --build "$build" "$place/amazon-cloudwatch-agent.deb"
gpg --batch --list-keys "$2" 2>/dev/null || gpg --batch --passphrase '' --quick-generate-key "$2" ed25519
gpg --batch --yes --local-user "$2" --detach-sign --output "$place/amazon-cloudwatch-agent.deb.sig" "$place/amazon-cloudwatch-agent.deb"
gpg --batch --armor --export >/srv/agent/assets/amazon-cloudwatch-agent.gpg
gpg --batch --with-colons --list-keys "$2" | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1 >"/srv/agent/$2"
rm -r "$build"
