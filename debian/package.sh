#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package.sh ARCHITECTURE FOLDER [SYSROOT]: Debian packages of this tree into FOLDER, for this machine's distribution.
# They are built from a copy, FOLDER/octet, so that nothing is written to the tree; objects of an earlier run in it are
# used again. With SYSROOT (made by ./dev) they are cross-built. The same tree gives the same bytes.
set -euo pipefail
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "$0")/.." && pwd)
architecture=$1
mkdir -p "$2"
place=$(cd "$2" && pwd)
sysroot=${3:+$(cd "$3" && pwd)}
fail() { echo "package: $*" >&2; exit 1; }

# The files of the tree: git's, and what is not ignored; without git all but build folders.
list_files() {
    if git -C "$root" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git -C "$root" ls-files -z --cached --others --exclude-standard --deduplicate |
            while IFS= read -r -d '' file; do
                [ ! -e "$root/$file" ] || printf '%s\0' "$file"
            done
    else
        (cd "$root" && find . -mindepth 1 \( -path './build' -o -path './build-*' -o -path './.git' \) -prune -o \
            ! -type d -printf '%P\0')
    fi
}

# From first to last: the release, the second of the commit while it is not released, the distribution. "~" sorts
# before nothing, and figures before letters: 0.1.0~2026... < 0.1.0~deb12 < 0.1.0, which a distribution may have.
package_version() {
    local version distribution
    version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$root/debian/changelog")
    grep -q "^project(octet VERSION $version " "$root/CMakeLists.txt" ||
        fail "debian/changelog has version $version, CMakeLists.txt another"
    distribution=$(. /etc/os-release && echo "${ID/debian/deb}${VERSION_ID:-}")
    if head -n 1 "$root/debian/changelog" | grep -q ') UNRELEASED;'; then
        version+="~$(date -u -d "@$1" +%Y%m%d%H%M%S)"
    fi
    echo "$version~$distribution"
}

epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null ||
    dpkg-parsechangelog -l "$root/debian/changelog" -S Timestamp)}
version=$(package_version "$epoch")
source=$place/octet
mkdir -p "$source"
find "$source" -mindepth 1 -maxdepth 1 ! -name 'obj-*' -exec rm -rf {} +
rm -f "$place"/*.deb "$place"/*.ddeb "$place"/*.changes "$place"/*.buildinfo
list_files | tar -C "$root" --null -T - -c | tar -C "$source" -x
sed -i -e "1s/(.*)/($version)/" -e "0,/^ -- /s/^\( -- .*>  \).*/\1$(date -u -R -d "@$epoch")/" "$source/debian/changelog"

arguments=(-us -uc -b -nc -a "$architecture")
if [ -n "$sysroot" ]; then
    export OCTET_PACKAGE_SYSROOT=$sysroot
    arguments+=(-d -Pcross,nocheck) # what it needs lies in the sysroot
elif [ "${OCTET_CUDA:-}" != OFF ] && { command -v nvcc || [ -x /usr/local/cuda/bin/nvcc ]; } >/dev/null; then
    arguments+=(-Ppkg.octet.cuda)
fi
(cd "$source" && unset CFLAGS LDFLAGS MAKEFLAGS MAKELEVEL && dpkg-buildpackage "${arguments[@]}") \
    >"$place/log" 2>&1 </dev/null || { tail -n 40 "$place/log" >&2; fail "dpkg-buildpackage failed: $place/log"; }
(cd "$place" && ls -- *.deb)
