#!/bin/sh
# newer.sh OLD NEWER, on a machine: a repository with Nginx's packages under the next version, as its maker would release it.
set -eu
old=$1 newer=$2
mkdir -p /srv/newer
cd /srv/newer
rm -rf ./*
for name in nginx nginx-common; do
    found=$(find /var/cache/apt/archives -name "${name}_${old}*.deb" | head -n1)
    dpkg-deb --raw-extract "$found" "$name"
    sed -i "s/$old/$newer/g" "$name/DEBIAN/control"
    dpkg-deb -Znone --build "$name" . >/dev/null
    rm -r "$name"
done
for package in ./*.deb; do
    dpkg-deb --field "$package"
    echo "Filename: $package"
    echo "Size: $(stat --format=%s "$package")"
    echo "SHA256: $(sha256sum "$package" | cut -d' ' -f1)"
    echo
done >Packages
echo "deb [trusted=yes] file:/srv/newer ./" >/etc/apt/sources.list.d/newer.list
# Only this one is asked.
apt-get update -qq -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/newer.list -o Dir::Etc::sourceparts=- \
    -o APT::Get::List-Cleanup=0
