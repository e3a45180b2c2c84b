#!/bin/sh
# A signed repository in /srv/nginx, laid out as Nginx's own, of the newest packages that Debian has (its next release's).
set -eu
export DEBIAN_FRONTEND=noninteractive GNUPGHOME=/root/repository-key
# From where the node has its own packages.
awk '$1 == "deb" {print "deb", $2, "forky main"; exit}' /etc/apt/sources.list >/etc/apt/sources.list.d/next.list
printf 'Package: *\nPin: release n=forky\nPin-Priority: 100\n' >/etc/apt/preferences.d/next
apt-get update -qq
apt-get install -qq --yes --no-install-recommends apt-utils gpg gpg-agent >/dev/null

mkdir -p /srv/nginx/debian/pool /srv/nginx/debian/dists/trixie/nginx/binary-amd64
cd /srv/nginx/debian/pool
apt-get download -qq nginx/forky nginx-common/forky libpcre2-8-0/forky
dpkg-deb --field nginx_*.deb Version | cut -d- -f1 | tr -d '\n' >/srv/nginx/version
rm /etc/apt/sources.list.d/next.list /etc/apt/preferences.d/next

cd /srv/nginx/debian
apt-ftparchive packages pool >dists/trixie/nginx/binary-amd64/Packages
apt-ftparchive -o APT::FTPArchive::Release::Origin=nginx -o APT::FTPArchive::Release::Codename=trixie \
    -o APT::FTPArchive::Release::Architectures=amd64 -o APT::FTPArchive::Release::Components=nginx \
    release dists/trixie >/tmp/Release
mkdir -p -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key packages@nginx.test rsa3072 sign never
gpg --batch --quiet --clearsign --output dists/trixie/InRelease /tmp/Release
gpg --batch --armor --export packages@nginx.test >/srv/nginx/signing.key
gpg --batch --with-colons --fingerprint packages@nginx.test | awk -F: '/^fpr/ {printf "%s", $10; exit}' >/srv/nginx/fingerprint
# What the role installs by itself is not there before.
apt-get purge -qq --yes apt-utils gpg-agent >/dev/null
rm -rf /var/lib/apt/lists/*
