#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh ENGINE...: what octet takes on a 64-bit ARM device: bytes of code in the runtime library and in the program of
# examples/detect_memory.c, with everything in it; bytes of the engine files; and memory, as octet asks for it, one session
# and thread, a 1080p NV12 frame among it. Cross-builds the runtime half against the libraries that ./dev package arm64
# unpacked, in build-embedded/, and runs under qemu-user. The table is docs/embedded.md's.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
sysroot=$root/build-package/arm64/sysroot/root
build=$root/build-embedded
log=$build/log
[ $# -gt 0 ] || { echo "usage: bench/embedded/run.sh ENGINE..." >&2; exit 2; }
[ -d "$sysroot" ] || { echo "no libraries of arm64: ./dev package arm64 fetches them" >&2; exit 1; }
mkdir -p "$build"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$root/cmake/aarch64.cmake" -DOCTET_SYSROOT="$sysroot" \
    -DCMAKE_BUILD_TYPE=Release -DOCTET_BUILD_COMPILER=OFF -DOCTET_BUILD_TESTS=OFF -DOCTET_GSTREAMER=OFF -DOCTET_CUDA=OFF \
    >"$log" 2>&1 && cmake --build "$build" >>"$log" 2>&1 && cmake --install "$build" --strip \
    --prefix "$build/device" >>"$log" 2>&1 || { tail "$log" >&2; exit 1; }
cc=(aarch64-linux-gnu-gcc --sysroot="$sysroot" -std=c11 -O2 -s -Wall -Wextra -Werror -I"$build/device/include"
    -L"$(dirname "$(find "$build/device" -name liboctet-runtime.a)")")
libraries=(-loctet-runtime $(PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_PATH='' \
    PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig pkg-config --static --libs libjpeg libpng libwebp) -lm -pthread)
for program in examples/detect_memory.c bench/embedded/engine_memory.c; do
    "${cc[@]}" -static -Wl,--gc-sections "$root/$program" -o "$build/$(basename "$program" .c)" "${libraries[@]}" 2>>"$log"
done

printf '%-44s %10s\n' "file" "bytes"
for file in "$(find "$build/device" -name 'liboctet-runtime.so.*.*')" "$build/detect_memory"; do
    printf '%-44s %10d\n' "$(basename "$file")" "$(stat -c %s "$file")"
done
for engine in "$@"; do
    printf '%-44s %10d\n' "$(basename "$engine")" "$(stat -c %s "$engine")"
    for cpu in cortex-a72 cortex-a76 max; do
        echo "  -cpu $cpu: $(qemu-aarch64 -cpu $cpu "$build/engine_memory" "$engine")"
    done
done
