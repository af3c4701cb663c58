#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package.sh ROOT BUILD CC: makes the Debian packages of this machine as `./dev package` does, into BUILD/package, and
# holds them to what is expected of packages: lintian, what they depend on, no file in two of them; unpacks them, and
# uses the program, the libraries and the plug-in from there; installs, replaces and removes them in a database of dpkg's
# own. This machine's packages are only looked at.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cc=$3
skip() { echo "package: $*"; exit 77; }
for tool in dh dpkg-buildpackage dpkg-deb dpkg-query fakeroot; do
    command -v $tool >/dev/null || skip "no $tool here: ./dev package installs what packages are made with"
done
architecture=$(dpkg --print-architecture)
[[ $architecture =~ ^(amd64|arm64)$ ]] || skip "packages are for amd64 and arm64, not $architecture"
missing=$(cd "$root" && dpkg-checkbuilddeps 2>&1) || skip "$missing"

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
. "$here/package_support.sh"

# older FILE.deb FOLDER: the same as a version before all others, with a file that is gone since.
older() {
    local folder=$place/older
    rm -rf "$folder"
    fakeroot sh -c 'dpkg-deb -R "$1" "$2" && version=$(sed -n "s/^Version: //p" "$2/DEBIAN/control") &&
        sed -i "s/$version/0.1.0~0/g" "$2/DEBIAN/control" && mkdir -p "$2/usr/share/octet-older" &&
        touch "$2/usr/share/octet-older/$(basename "$1")" && dpkg-deb -b --root-owner-group "$2" "$3"' \
        _ "$1" "$folder" "$2" >/dev/null || fail "an older $(basename "$1") could not be made"
}

# installed: packages of octet's in the database, with their version.
installed() { dpkg-query --admindir="$place/machine/var/lib/dpkg" -W -f '${Package} ${Version} ${db:Status-Status}\n' |
    grep octet | sort; }

# In a folder with a database that has this machine's packages as installed: dependencies are looked at, nothing else
# is there. Triggers (ldconfig) would run programs of that folder.
install_replace_remove() {
    local database=$place/machine/var/lib/dpkg file left dpkg
    local files=($(packages_in "$packages")) names=()
    mkdir -p "$database"/{info,updates,triggers} "$place/old"
    cp /var/lib/dpkg/status "$database"
    cp /var/lib/dpkg/info/{format,*.list} "$database/info"
    [ ! -e /var/lib/dpkg/arch ] || cp /var/lib/dpkg/arch "$database"
    dpkg=(env PATH="$PATH:/usr/sbin:/sbin" fakeroot dpkg "--root=$place/machine" --force-not-root --no-triggers)
    for file in "${files[@]}"; do
        names+=("$(dpkg-deb -f "$file" Package)")
        older "$file" "$place/old"
    done
    "${dpkg[@]}" -i "$place"/old/*.deb >"$place/log" 2>&1 || { cat "$place/log"; fail "cannot be installed"; }
    "${dpkg[@]}" -i "${files[@]}" >"$place/log" 2>&1 || { cat "$place/log"; fail "cannot replace older ones"; }
    [ "$(installed | grep -c ' installed$\| triggers-[a-z]*$')" -eq ${#files[@]} ] && ! installed | grep -q ' 0.1.0~0 ' ||
        { installed; fail "not all were replaced"; }
    [ ! -e "$place/machine/usr/share/octet-older" ] || fail "files of older packages stay"
    LD_LIBRARY_PATH=$place/machine/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH) \
        boxes "$place/machine/usr/bin/octet" | cmp - "$place/boxes" || fail "installed, octet finds other boxes"
    "${dpkg[@]}" --purge "${names[@]}" >"$place/log" 2>&1 || { cat "$place/log"; fail "cannot be removed"; }
    left=$(find "$place/machine" -path "$database" -prune -o ! -type d -print)
    [ -z "$left" ] && [ -z "$(installed)" ] || fail "left behind: $left $(installed)"
    ! "${dpkg[@]}" -i "$(echo "$packages"/gstreamer1.0-octet_*.deb)" >"$place/log" 2>&1 ||
        fail "the plug-in can be installed without liboctet-runtime0"
    grep -q 'depends on liboctet-runtime0' "$place/log" || { cat "$place/log"; fail "dpkg misses something else"; }
}

packages=$build/package
OCTET_CUDA=OFF make_packages "$architecture" "$packages"
expect_files "$packages" "$architecture"
expect_no_file_twice "$packages"
expect_dependencies "$packages" "$place/unpacked"
if command -v lintian >/dev/null; then
    lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$packages"/octet_*.changes >"$place/log" 2>&1 ||
        { cat "$place/log"; fail "lintian complains"; }
fi

# What was unpacked, in use: the program as the build's own, films, a program built against the libraries.
unpack_all "$packages" "$place/unpacked"
libraries=$place/unpacked/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null)
export LD_LIBRARY_PATH=$libraries
octet=$place/unpacked/usr/bin/octet
version=$(sed -n 's/^project(octet VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
"$octet" --version | grep -qF "$version" || fail "octet says another version than $version"
"$octet" build "$root/demo/parts.onnx" --images "$root/demo/images/calibration" --count 8 --quiet \
    -o "$place/parts.octet" >"$place/log" || fail "octet builds no engine"
boxes "$octet" >"$place/boxes"
[ "$(wc -l <"$place/boxes")" -gt 20 ] || fail "octet finds next to nothing in demo/images/test"
LD_LIBRARY_PATH='' boxes "$build/octet" | cmp - "$place/boxes" || fail "the packages' octet finds other boxes than the build's"
if command -v gst-inspect-1.0 >/dev/null; then
    GST_REGISTRY=$place/registry GST_PLUGIN_PATH=$libraries/gstreamer-1.0 gst-inspect-1.0 octetdetect >"$place/log" 2>&1 ||
        { cat "$place/log"; fail "GStreamer finds no octetdetect"; }
    "$octet" detect "$place/parts.octet" "$root/demo/belt.mp4" --quiet --json-lines >"$place/film" 2>"$place/log" ||
        grep -q 'install' "$place/log" || { cat "$place/log"; fail "octet does not read films"; }
fi
expect_examples "$place/unpacked" "$cc" "" ""

install_replace_remove
echo "package: $(ls "$packages"/*.deb | grep -vc dbgsym) packages of $(basename "$packages"/octet_*_"$architecture".deb |
    cut -d_ -f2): $(wc -l <"$place/boxes") boxes, installed, replaced, removed"
