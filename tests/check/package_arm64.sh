#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package_arm64.sh ROOT BUILD: cross-builds the Debian packages of arm64 into BUILD/package-arm64, against the libraries
# that `./dev package arm64` unpacked; unpacks them over these, and runs the program and the examples under qemu-user:
# they find the same boxes, to the last digit, as BUILD/octet.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
sysroot=$root/build-package/arm64/sysroot
skip() { echo "package_arm64: $*"; exit 77; }
for tool in dh dpkg-buildpackage aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $tool >/dev/null || skip "no $tool here: ./dev package arm64 installs what packages are made with"
done
[ "$(dpkg --print-architecture)" = amd64 ] || skip "cross-built on amd64 alone"
[ -e "$sysroot/complete" ] || skip "no libraries of arm64 here: ./dev package arm64 fetches them"

place=$(mktemp -d -p "$build") # links to the libraries of arm64 are made there
trap 'rm -rf "$place"' EXIT
. "$here/package_support.sh"

packages=$build/package-arm64
make_packages arm64 "$packages" "$sysroot"
expect_files "$packages" arm64
expect_no_file_twice "$packages"
LIBRARY_DATABASE=$sysroot/dpkg expect_dependencies "$packages" "$place/unpacked"

# The libraries of the distribution and the packages, in one tree as on a device. Links cost no copy.
cp -al "$sysroot/root" "$place/device"
unpack_all "$packages" "$place/device"
export QEMU_LD_PREFIX=$place/device
emulator=qemu-aarch64
"$build/octet" build "$root/demo/parts.onnx" --images "$root/demo/images/calibration" --count 8 --quiet \
    -o "$place/parts.octet" >"$place/log" || fail "octet builds no engine"
boxes "$build/octet" >"$place/boxes"
for cpu in cortex-a72 max; do
    boxes $emulator -cpu $cpu "$place/device/usr/bin/octet" | cmp - "$place/boxes" ||
        fail "on -cpu $cpu octet finds other boxes than on this machine"
done
export PKG_CONFIG_SYSROOT_DIR=$place/device PKG_CONFIG_LIBDIR=$place/device/usr/lib/aarch64-linux-gnu/pkgconfig
expect_examples "$place/device" aarch64-linux-gnu-gcc $emulator "--sysroot=$place/device"
echo "package_arm64: $(packages_in "$packages" | wc -l) packages; $(wc -l <"$place/boxes") boxes under qemu"
