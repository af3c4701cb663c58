#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install.sh BUILD ROOT CC GENERATOR: installs into a folder of its own and uses octet from there only, as docs/install.md
# says: by pkg-config (shared, static, everything static), by CMake's find_package, with the installed program, from a
# folder that was moved, and with the part of a device alone, and that with the GStreamer plug-in.
set -euo pipefail
build=$(cd "$1" && pwd)
root=$(cd "$2" && pwd)
cc=$3
generator=$4
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
fail() { echo "install: $*"; exit 1; }

cmake --install "$build" --prefix "$place/made" >"$place/log" || { cat "$place/log"; fail "cmake --install failed"; }
mv "$place/made" "$place/usr"
library_folder=$(dirname "$(find "$place/usr" -name 'liboctet-runtime.so')")
export PKG_CONFIG_PATH=$library_folder/pkgconfig
export LD_LIBRARY_PATH=$library_folder
version=$(sed -n 's/^project(octet VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")

if grep -rlF -e "$build" -e "$root" "$library_folder/pkgconfig" "$library_folder/cmake"; then
    fail "installed files hold a path of the build"
fi

cat >"$place/version.c" <<'TEXT'
#include <octet/engine.h>
#include <stdio.h>

int main(void)
{
    octet_context *context = NULL;
    if (octet_context_create(NULL, &context) != OCTET_OK)
        return 1;
    octet_context_free(&context);
    puts(octet_version());
    return 0;
}
TEXT

# expect_version PROGRAM WHAT
expect_version() {
    local said
    said=$("$1") || fail "$2 does not run"
    [ "$said" = "$version" ] || fail "$2 says version '$said', not $version"
}

packages=(octet-runtime)
targets=(runtime runtime_static)
if [ -e "$library_folder/liboctet.so" ]; then
    packages+=(octet)
    targets+=(octet octet_static)
fi
for package in "${packages[@]}"; do
    [ "$(pkg-config --modversion $package)" = "$version" ] || fail "$package.pc has another version"
    "$cc" -std=c11 "$place/version.c" -o "$place/shared" $(pkg-config --cflags --libs $package)
    expect_version "$place/shared" "a program linked with $package"
    libraries=$(pkg-config --static --libs $package | sed "s,-l$package\( \|$\),-l:lib$package.a ,")
    "$cc" -std=c11 "$place/version.c" -o "$place/static" $(pkg-config --cflags $package) $libraries
    LD_LIBRARY_PATH='' expect_version "$place/static" "a program linked with lib$package.a"
    "$cc" -std=c11 -static "$place/version.c" -o "$place/alone" $(pkg-config --static --cflags --libs $package) ||
        fail "a program with everything in it does not link with $package"
    LD_LIBRARY_PATH='' expect_version "$place/alone" "a program that has $package and all libraries in it"
done

# What a device gets: this and nothing else.
cmake --install "$build" --prefix "$place/device" --component runtime --strip >"$place/log" ||
    { cat "$place/log"; fail "cmake --install --component runtime failed"; }
(cd "$place/device" && find . ! -type d | sed 's,.*/,,' | LC_ALL=C sort | tr '\n' ' ') >"$place/files"
[ "$(cat "$place/files")" = "LICENSE liboctet-runtime.so.0 liboctet-runtime.so.$version " ] ||
    fail "the part runtime holds $(cat "$place/files")"
"$cc" -std=c11 "$place/version.c" -o "$place/shared" $(pkg-config --cflags --libs octet-runtime)
device_folder=$(dirname "$(find "$place/device" -name 'liboctet-runtime.so.0')")
LD_LIBRARY_PATH=$device_folder expect_version "$place/shared" "a program with the part runtime"

examples=0
for example in "$root"/examples/*.c; do
    [ -e "$example" ] && [ ${#packages[@]} -gt 1 ] || continue
    "$cc" -std=c11 -Wall -Wextra -Werror "$example" -o "$place/example" \
        $(pkg-config --cflags --libs octet) -lm || fail "$(basename "$example") does not build"
    examples=$((examples + 1))
done

mkdir "$place/project"
cat >"$place/project/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES C)
find_package(octet ${version%.*} REQUIRED)
foreach(library ${targets[*]})
    add_executable(with_\${library} ../version.c)
    target_link_libraries(with_\${library} PRIVATE octet::\${library})
endforeach()
TEXT
{ CC=$cc cmake -G "$generator" -S "$place/project" -B "$place/project/build" \
    -DCMAKE_PREFIX_PATH="$place/usr" &&
    cmake --build "$place/project/build"; } >"$place/log" 2>&1 ||
    { cat "$place/log"; fail "a project with find_package(octet) does not build"; }
for library in "${targets[@]}"; do
    expect_version "$place/project/build/with_$library" "a CMake project with octet::$library"
done

if [ -x "$place/usr/bin/octet" ]; then
    "$place/usr/bin/octet" --version | grep -qF "$version" || fail "the installed program is of another version"
fi

# The GStreamer plug-in beside the part runtime, with which it must be content.
if [ -e "$build/gstreamer/libgstoctet.so" ]; then
    cmake --install "$build" --prefix "$place/device" --component gstreamer --strip >"$place/log" ||
        { cat "$place/log"; fail "cmake --install --component gstreamer failed"; }
    plugin=$device_folder/gstreamer-1.0/libgstoctet.so
    [ -e "$plugin" ] || fail "there is no gstreamer-1.0/libgstoctet.so"
    ! grep -qF -e "$build" -e "$root" "$plugin" || fail "the plug-in holds a path of the build"
    if command -v gst-inspect-1.0 >/dev/null; then
        LD_LIBRARY_PATH='' GST_REGISTRY=$place/registry GST_PLUGIN_PATH=$device_folder/gstreamer-1.0 \
            gst-inspect-1.0 octetdetect >"$place/log" 2>&1 || { cat "$place/log"; fail "GStreamer finds no octetdetect"; }
        grep -qF "$plugin" "$place/log" || fail "octetdetect is another file's"
    fi
fi
echo "install: ${packages[*]} by pkg-config and CMake, $examples examples"
