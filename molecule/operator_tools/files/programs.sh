#!/bin/sh
# Stand-ins for programs, packed as the real ones are, in /srv/tools: programs.sh
set -eu
mkdir -p /srv/tools/pack && cd /srv/tools/pack
program() { # file, what it says of itself
    mkdir -p "$(dirname "$1")"
    cat >"$1" <<END
#!/bin/sh
[ "\$1" = completion ] && echo "complete -W '$2-words' $(basename "$1")" && exit
echo "$2"
END
    chmod 755 "$1"
}
arch=$(dpkg --print-architecture)
for version in 1 2; do
    program kubectl "kubectl-$version" && mv kubectl "../kubectl-$version-$arch"
done
program "linux-$arch/helm" helm-1 && tar --create --gzip --file "../helm-$arch.tar.gz" "linux-$arch"
program k9s k9s-1 && tar --create --gzip --file "../k9s-$arch.tar.gz" k9s
program aws/dist/aws aws-1 && program aws/dist/aws_completer words
python3 -m zipfile --create "../aws-$(uname -m).zip" aws/
cd .. && rm -r pack && sha256sum -- * | sed 's/^\([^ ]*\) *\(.*\)$/\2: \1/' >/srv/sums
