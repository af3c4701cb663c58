#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch_arm64.sh PLACE PACKAGE...: unpacks packages of this distribution for arm64, and what they depend on, into
# PLACE/root, and into PLACE/dpkg what dpkg-shlibdeps asks of them. Nothing of this is installed on the machine: not all
# of them can stand beside those of its own architecture. What is there already stays while the list of packages is the
# same.
set -euo pipefail
say() { printf '%s\n' "fetch_arm64: $*" >&2; }
fail() { say "$*"; exit 1; }
place=$(realpath -m "${1:?usage: fetch_arm64.sh PLACE PACKAGE...}")
shift
[ "$(cat "$place/complete" 2>/dev/null)" != "$*" ] || exit 0
command -v apt-get >/dev/null || fail "the libraries of arm64 come from Debian or Ubuntu packages: no apt-get here"
say "fetching packages of arm64 into $place"
rm -rf "$place/apt" "$place/root" "$place/dpkg" "$place/complete"
mkdir -p "$place"/apt/{lists,cache/archives}/partial "$place/root"
: >"$place/apt/status"
id=$(. /etc/os-release && echo "$ID")
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
options=(-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Debug::NoLocking=1
    -o Dir::State="$place/apt" -o Dir::State::status="$place/apt/status" -o Dir::Cache="$place/apt/cache"
    -o APT::Install-Recommends=0 -o APT::Sandbox::User= -o Binary::apt-get::APT::Keep-Downloaded-Packages=1)
if [ "$id" = ubuntu ]; then
    # Ubuntu keeps other architectures on a server of their own.
    for source in "" -updates -security; do
        echo "deb http://ports.ubuntu.com/ubuntu-ports $codename$source main universe"
    done >"$place/apt/sources.list"
    options+=(-o Dir::Etc::sourcelist="$place/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null)
fi
apt-get "${options[@]}" update </dev/null >&2 || say "some package lists could not be fetched"
apt-get "${options[@]}" -y --download-only install "$@" </dev/null >&2 || fail "could not fetch $* for arm64"
for package in "$place"/apt/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$place/root" || fail "could not unpack $package"
done
bash "$(dirname "${BASH_SOURCE[0]}")/../debian/sysroot.sh" "$place" || fail "could not note the packages of $place"
rm -rf "$place/apt"
echo "$*" >"$place/complete"
