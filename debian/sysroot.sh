#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sysroot.sh FOLDER: FOLDER/dpkg, a database of dpkg's that has the packages in FOLDER/apt/cache/archives, which
# cmake/fetch_arm64.sh unpacked into FOLDER/root, as installed where they lie: dpkg-shlibdeps asks it which package a
# library is of.
set -euo pipefail
export LC_ALL=C
place=$1
info=$place/dpkg/info
mkdir -p "$info"
echo 1 >"$info/format" # files are named with the architecture where a package says "Multi-Arch: same"
for package in "$place"/apt/cache/archives/*.deb; do
    name=$(dpkg-deb -f "$package" Package)
    [ "$(dpkg-deb -f "$package" Multi-Arch)" != same ] || name+=:$(dpkg-deb -f "$package" Architecture)
    dpkg-deb -e "$package" "$place/dpkg/control"
    for part in symbols shlibs; do
        [ ! -e "$place/dpkg/control/$part" ] || cp "$place/dpkg/control/$part" "$info/$name.$part"
    done
    dpkg-deb --fsys-tarfile "$package" | tar -t | sed -e 's,^\./,/,' -e 's,/$,,' -e '/^$/d' \
        -e "s,^,$place/root," >"$info/$name.list"
    sed 's/^Package: .*/&\nStatus: install ok installed/' "$place/dpkg/control/control"
    echo
    rm -rf "$place/dpkg/control"
done >"$place/dpkg/status"
