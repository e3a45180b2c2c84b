#!/bin/sh
# Runs in the making of a node's image; $1 is its root. What a container cannot have is off, the rest is as delivered.
set -eu
root=$1

chroot "$root" update-ca-certificates >/dev/null 2>&1
chroot "$root" systemctl mask --quiet \
    console-getty.service getty.target systemd-logind.service systemd-udevd.service systemd-udev-trigger.service \
    systemd-networkd-wait-online.service systemd-resolved.service systemd-modules-load.service \
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount
# Each machine has an id and host keys of its own, from its first start.
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_*
mkdir -p "$root/etc/systemd/system/ssh.service.d"
cat >"$root/etc/systemd/system/ssh.service.d/keys.conf" <<'UNIT'
[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
UNIT
# Whom Amazon's images let in by key.
chroot "$root" useradd --create-home --shell /bin/bash ec2-user
printf 'ec2-user ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/ec2-user"
chmod 0440 "$root/etc/sudoers.d/ec2-user"
# EC2 Instance Connect, as its package has it: https://github.com/aws/aws-ec2-instance-connect-config
chroot "$root" useradd --system --shell /usr/sbin/nologin ec2-instance-connect
program=/usr/share/ec2-instance-connect/eic_run_authorized_keys
install -D -m 0755 "$(dirname "$0")/eic_run_authorized_keys" "$root$program"
cat >"$root/etc/systemd/system/ssh.service.d/ec2-instance-connect.conf" <<UNIT
[Service]
ExecStart=
ExecStart=/usr/sbin/sshd -D -o "AuthorizedKeysCommand $program %%u %%f" -o "AuthorizedKeysCommandUser ec2-instance-connect" \$SSHD_OPTS
UNIT
# A task costs a machine less than half of what it would.
install -m 0644 "$(dirname "$0")/compiled_zips.py" "$root/usr/lib/python3/dist-packages/"
printf 'import compiled_zips\n' >"$root/usr/lib/python3/dist-packages/compiled_zips.pth"
# What is installed here is thrown away soon: no need to wait for the disk.
printf 'force-unsafe-io\n' >"$root/etc/dpkg/dpkg.cfg.d/lab"
printf 'Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\n' >"$root/etc/apt/apt.conf.d/90lab"
