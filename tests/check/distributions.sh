#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# distributions.sh ROOT [SUITE...]: for Debian 12 (bookworm) and Ubuntu 22.04 (jammy), or those named: makes packages in
# a fresh system of that release, by `./dev package`, installs them by apt in another one, where nothing else is, and
# runs the program there. Twice, in folders of different names: the same bytes. As root, on amd64; everything lies in
# build-package/SUITE/. apt and debootstrap fetch a gigabyte for each.
set -euo pipefail
export LC_ALL=C.UTF-8
root=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- bookworm jammy
fail() { echo "distributions: $*"; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "debootstrap and chroot need root"

second=$(git -C "$root" log -1 --format=%ct)
keyring_deb=ubuntu-keyring_2021.03.26_all.deb
keyring_sum=0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f

# sources SUITE: its server, parts and key.
sources() {
    case $1 in
    bookworm) echo http://deb.debian.org/debian main /usr/share/keyrings/debian-archive-keyring.gpg ;;
    jammy) echo http://archive.ubuntu.com/ubuntu main,universe /usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *) fail "no release '$1' here: bookworm, jammy" ;;
    esac
}

# ubuntu_keyring FILE: Debian 12 has no package of Ubuntu's keys.
ubuntu_keyring() {
    local folder
    [ ! -e "$1" ] || { echo "$1"; return; }
    folder=$root/build-package/keyring
    mkdir -p "$folder"
    curl -fsS -o "$folder/$keyring_deb" \
        "https://archive.ubuntu.com/ubuntu/pool/main/u/ubuntu-keyring/$keyring_deb" >&2
    echo "$keyring_sum  $folder/$keyring_deb" | sha256sum -c --quiet >&2
    dpkg-deb -x "$folder/$keyring_deb" "$folder"
    echo "$folder$1"
}

# make_base SUITE FOLDER: a smallest system.
make_base() {
    local server parts key
    [ ! -e "$2/complete" ] || return 0
    rm -rf "$2"
    read -r server parts key <<<"$(sources "$1")"
    [ "$1" != jammy ] || key=$(ubuntu_keyring "$key")
    debootstrap --variant=minbase --keyring="$key" --components="$parts" "$1" "$2" "$server" >"$2.log" 2>&1 ||
        { tail -n 20 "$2.log"; fail "debootstrap does not make a $1"; }
    cp /etc/resolv.conf /etc/hosts "$2/etc/"
    printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d" # no services
    chmod +x "$2/usr/sbin/policy-rc.d"
    touch "$2/complete"
}

# inside FOLDER COMMAND...: as root in that system, with no mount left behind.
inside() {
    local folder=$1
    shift
    unshare --mount --pid --fork --mount-proc="$folder/proc" chroot "$folder" env -i HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        SOURCE_DATE_EPOCH="$second" OCTET_CUDA=OFF "$@" </dev/null
}

# copy_tree FOLDER: the tree as git has it, with what is not committed.
copy_tree() {
    mkdir -p "$1"
    git -C "$root" ls-files -z --cached --others --exclude-standard --deduplicate | tar -C "$root" --null -T - -c |
        tar -C "$1" -x
}

# test_release SUITE
test_release() {
    local place=$root/build-package/$1 name packages
    mkdir -p "$place"
    make_base "$1" "$place/base"
    rm -rf "$place/build" "$place/install" "$place/packages"
    cp -a "$place/base" "$place/build"
    for name in octet another; do
        copy_tree "$place/build/$name"
        inside "$place/build" sh -c "cd /$name && ./dev package" >"$place/$name.log" 2>&1 ||
            { tail -n 30 "$place/$name.log"; fail "no packages are made on $1"; }
        (cd "$place/build/$name/build-package/amd64" && sha256sum ./*.deb) >"$place/$name.sums"
    done
    diff "$place/octet.sums" "$place/another.sums" || fail "$1: the same tree made other packages in another folder"
    # Ubuntu 22.04's lintian takes files of debug information for broken programs.
    inside "$place/build" sh -c "cd /octet/build-package/amd64 &&
        lintian --allow-root --fail-on error,warning \$(ls *.deb | grep -v dbgsym)" >"$place/lintian.log" 2>&1 ||
        { cat "$place/lintian.log"; fail "$1: lintian complains"; }

    cp -a "$place/base" "$place/install"
    mkdir "$place/install/packages" "$place/install/demo"
    for packages in "$place"/build/octet/build-package/amd64/*.deb; do
        [[ $packages == *-dbgsym_* ]] || cp "$packages" "$place/install/packages"
    done
    cp -r "$root"/demo/{parts.onnx,images,belt.mp4} "$place/install/demo"
    inside "$place/install" sh -ec '
        apt-get -q update
        apt-get -q -y --no-install-recommends install /packages/liboctet-runtime0_*.deb
        apt-get -q -y install /packages/*.deb gstreamer1.0-tools
        octet build /demo/parts.onnx --images /demo/images/calibration -o /parts.octet --quiet
        octet detect /parts.octet /demo/images/test --quiet --csv >/boxes
        octet detect /parts.octet /demo/belt.mp4 --quiet --json-lines >/film
        gst-inspect-1.0 octetdetect >/dev/null
        dpkg --audit
        apt-get -q -y purge "*octet*"
        ! find /usr /etc -name "*octet*" ! -name "octet-stream*" | grep .' >"$place/install.log" 2>&1 ||
        { tail -n 30 "$place/install.log"; fail "$1: not installed, used and removed"; }
    echo "distributions: $1: $(ls "$place/install/packages" | wc -l) packages, $(wc -l <"$place/install/boxes") boxes"
    sha256sum <"$place/install/boxes" >"$place/boxes.sum"
    mkdir -p "$place/packages" && cp "$place/install/packages"/* "$place/packages"
    rm -rf "$place/build" "$place/install"
}

for suite in "$@"; do
    test_release "$suite"
done
[ "$(for suite in "$@"; do cat "$root/build-package/$suite/boxes.sum"; done | sort -u | wc -l)" -eq 1 ] ||
    fail "boxes differ between $*"
