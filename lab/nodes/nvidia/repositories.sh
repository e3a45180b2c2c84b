#!/bin/sh
# Repositories of NVIDIA's as the role knows them, of stand-ins: repositories.sh FOLDER-OF-PROGRAMS
set -eu
programs=$1 kernel=$(uname -r) work=$(mktemp --directory)

package() { # repository, name, version, needs; what is in it lies in $work/root
    mkdir -p "$work/root/DEBIAN" "$1"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: lab\nDescription: stand-in\n%s' "$2" "$3" \
        "${4:+Depends: $4
}" >"$work/root/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone --build "$work/root" "$1/$2_$3.deb" >/dev/null
    rm -r "$work/root"
}

unit() { # name, what it runs
    mkdir -p "$work/root/lib/systemd/system"
    printf '[Service]\n%s\n[Install]\nWantedBy=multi-user.target\n' "$2" >"$work/root/lib/systemd/system/$1"
}

signed() { # repository, signer, file of the key
    gpg --batch --passphrase '' --quick-generate-key "$2" rsa2048 sign never
    (cd "$1" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release.new && mv Release.new Release &&
        gpg --batch --local-user "$2" --clearsign --output InRelease Release)
    mkdir -p "$(dirname "$3")"
    gpg --batch --armor --export "$2" >"$3"
    gpg --batch --with-colons --list-keys "$2" | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1 >"$1/fingerprint"
}

# The newest brings another kernel with it.
for version in 580.178.04 580.200.01 580.999.01; do
    package /srv/driver nvidia-support "$version-1"
    mkdir -p "$work/root/usr/bin" "$work/root/DEBIAN" && cp "$programs/nvidia-smi" "$work/root/usr/bin/"
    printf "#!/bin/sh\nsed -i '/^library=/d' /etc/lab-gpu; echo library=%s >>/etc/lab-gpu\n" "$version" >"$work/root/DEBIAN/postinst"
    chmod 755 "$work/root/DEBIAN/postinst"
    package /srv/driver nvidia-driver-cuda "$version-1" nvidia-support
    mkdir -p "$work/root/lib/modules/$kernel/updates" "$work/root/DEBIAN"
    python3 /root/module.py "$work/root/lib/modules/$kernel/updates/nvidia.ko" "$version"
    printf '#!/bin/sh\ndepmod %s\n' "$kernel" >"$work/root/DEBIAN/postinst" && chmod 755 "$work/root/DEBIAN/postinst"
    needs=$([ "$version" != 580.999.01 ] || echo linux-image-other)
    package /srv/driver nvidia-kernel-open-dkms "$version-1" "$needs"
    unit nvidia-persistenced.service "ExecStart=sleep infinity"
    package /srv/driver nvidia-persistenced "$version-1"
    unit nvidia-fabricmanager.service "ExecStart=sleep infinity"
    package /srv/driver nvidia-fabricmanager "$version-1"
done
package /srv/driver "linux-headers-$kernel" 1
mkdir -p "$work/root/boot" && touch "$work/root/boot/vmlinuz-9.9.9"
package /srv/driver linux-image-other 1
for version in 1.20.1 1.21.0; do
    mkdir -p "$work/root/usr/bin" && cp "$programs/nvidia-ctk" "$work/root/usr/bin/"
    unit nvidia-cdi-refresh.service "Type=oneshot
ExecStart=/usr/bin/nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml"
    printf '[Path]\nPathChanged=/lib/modules/%s/modules.dep\n[Install]\nWantedBy=multi-user.target\n' "$kernel" \
        >"$work/root/lib/systemd/system/nvidia-cdi-refresh.path"
    package /srv/toolkit/stable/deb/amd64 nvidia-container-toolkit-base "$version-1"
    for name in nvidia-container-toolkit libnvidia-container-tools libnvidia-container1; do
        package /srv/toolkit/stable/deb/amd64 "$name" "$version-1"
    done
done
signed /srv/driver driver@nvidia.test /srv/driver/8793F200.pub
signed /srv/toolkit/stable/deb/amd64 toolkit@nvidia.test /srv/toolkit/gpgkey
