#!/bin/sh
# Runs in the making of the image of a rehearsal's machines: what makers and AWS give a machine, and a lab cannot fetch.
set -eu
here=/usr/local/lib/lab-machine
export DEBIAN_FRONTEND=noninteractive GNUPGHOME=/root/lab-keys
quiet="-qq --yes --no-install-recommends"

# Nginx of Debian's next release, with the one library that it needs newer; nothing else comes from there.
awk '$1 == "deb" {print "deb", $2, "forky main"; exit}' /etc/apt/sources.list >/etc/apt/sources.list.d/lab-next.list
cat >/etc/apt/preferences.d/lab-next <<'PINS'
Package: *
Pin: release n=forky
Pin-Priority: 100

Package: nginx nginx-common libpcre2-8-0
Pin: release n=forky
Pin-Priority: 990
PINS
apt-get update -qq
apt-cache policy nginx | awk '$1 == "Candidate:" {sub(/-.*/, "", $2); printf "%s", $2}' >$here/nginx-version
# Packages of the roles, downloaded and not installed: as from a mirror beside the machine. Some roles take what is recommended.
apt-get install -qq --yes --download-only chrony openssh-server tzdata unattended-upgrades \
    bash-completion bind9-dnsutils jq mariadb-client postgresql-client tcpdump unzip >/dev/null
# shellcheck disable=SC2086
apt-get install $quiet --download-only \
    amazon-ecr-credential-helper apparmor docker-cli docker.io iptables nginx openssl >/dev/null

# NVIDIA's repositories, and a driver that is loaded as far as anybody can tell.
# shellcheck disable=SC2086
apt-get install $quiet apt-utils gnupg kmod >/dev/null
cp $here/module.py /root/module.py
chmod 0755 $here/nvidia-smi $here/nvidia-ctk
mkdir -m 700 "$GNUPGHOME"
sh $here/repositories.sh $here >/dev/null
apt-get purge -qq --yes --autoremove apt-utils gnupg >/dev/null
rm -r "$GNUPGHOME" /root/module.py
dpkg-divert --quiet --local --rename /usr/sbin/modprobe
install -m 0755 $here/modprobe.sh /usr/sbin/modprobe
touch /boot/vmlinuz-lab
install -m 0644 $here/lab-driver.service /etc/systemd/system/
systemctl enable --quiet lab-driver.service

# Programs of an operator: each says that it stands for another.
mkdir -p /srv/lab-programs
for name in kubectl helm eksctl k9s aws; do
    sed "s/NAME/$name/" $here/program >"/srv/lab-programs/$name"
done
# Who signs Docker in to ECR by the machine's role; before the package's own in PATH.
install -m 0755 $here/docker-credential-ecr-login /usr/local/bin/
