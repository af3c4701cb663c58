# SPDX-License-Identifier: Apache-2.0
# Read by package.sh and package_arm64.sh: what both hold packages to. They set root (the tree) and place (a folder that
# is removed at the end).
fail() { echo "package: $*"; exit 1; }

# make_packages ARCHITECTURE FOLDER [SYSROOT]
make_packages() {
    bash "$root/debian/package.sh" "$@" >"$place/log" 2>&1 || { cat "$place/log"; fail "no packages are made"; }
}

# packages_in FOLDER: the .deb files, without those of debug information.
packages_in() { find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' | LC_ALL=C sort; }

# listed FILE.deb: its files, and links, without folders.
listed() { dpkg-deb -c "$1" | grep -v '^d' | awk '{ print $6 }'; }

# expect_files FOLDER ARCHITECTURE: the packages, and of each something that it is there for.
expect_files() {
    local row name file found
    for row in octet:/usr/bin/octet octet:man1/octet-detect.1.gz liboctet-runtime0:/liboctet-runtime.so.0 \
        liboctet0:/liboctet.so.0 liboctet-video0:/liboctet-video.so.0 gstreamer1.0-octet:/gstreamer-1.0/libgstoctet.so \
        liboctet-dev:/include/octet/session.h liboctet-dev:/liboctet-runtime.a liboctet-dev:/pkgconfig/octet.pc \
        liboctet-dev:/liboctet.so liboctet-dev:/cmake/octet/octet-config.cmake; do
        name=${row%%:*} file=$(echo "$1/${row%%:*}"_*_"$2".deb)
        [ -e "$file" ] || fail "there is no package $name of $2"
        found=$(listed "$file" | grep -cF "${row#*:}") || fail "$(basename "$file") has no ${row#*:}"
    done
    found=$(packages_in "$1" | wc -l)
    [ "$found" -eq 6 ] || fail "$found packages, not 6: $(packages_in "$1" | xargs -n 1 basename | tr '\n' ' ')"
}

# expect_no_file_twice FOLDER
expect_no_file_twice() {
    local file twice
    twice=$(packages_in "$1" | while read -r file; do listed "$file"; done | sort | uniq -d)
    [ -z "$twice" ] || fail "in two packages: $twice"
}

# unpack_all FOLDER PLACE
unpack_all() {
    local file
    packages_in "$1" | while read -r file; do dpkg-deb -x "$file" "$2"; done
}

# names FIELDS FILE.deb: the packages that these fields name, versions and alternatives as well.
names() {
    local field
    for field in $1; do dpkg-deb -f "$2" "$field"; done | tr ',|' '\n\n' | sed 's/ *(.*//; s/ //g; s/:any$//' | sed '/^$/d'
}

# owners SONAME: the packages that have such a library, among octet's or on this machine (LIBRARY_DATABASE: a sysroot's).
owners() {
    case $1 in
    liboctet*) echo "${1/.so./}" ;;
    *) dpkg-query ${LIBRARY_DATABASE:+"--admindir=$LIBRARY_DATABASE"} -S "*/$1" 2>/dev/null | cut -d: -f1 | sort -u ;;
    esac
}

# expect_dependencies FOLDER PLACE: every library that a file is linked with is of a package that its own depends on, and
# every library that it opens by name is recommended or suggested at least. Unpacks into PLACE.
expect_dependencies() {
    local file elf soname package linked=0 opened=0
    while read -r file; do
        rm -rf "$2"
        dpkg-deb -x "$file" "$2"
        while read -r elf; do
            for soname in $(readelf -dW "$elf" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
                linked=$((linked + 1))
                [[ ! $soname =~ ^ld-linux ]] || continue
                package=$(owners "$soname")
                names Depends "$file" | grep -qxF "${package:-unknown}" ||
                    fail "$(basename "$file") needs $soname and does not depend on" ${package:-its package}
            done
            # NVIDIA's own are not Debian's; liboctet-mpi is built on request, for clusters, and is in no package.
            for soname in $(strings -n 8 "$elf" | grep -xE 'lib[a-z0-9.+-]+\.so\.[0-9]+' |
                grep -vE '^lib(cuda|nvidia-ml|nvinfer|cudart|octet-mpi)' | sort -u); do
                opened=$((opened + 1))
                package=$(owners "$soname")
                [ -n "$package" ] || continue # not on this machine
                names "Package Depends Recommends Suggests" "$file" | grep -qxF "$package" ||
                    fail "$(basename "$file") opens $soname and does not tell of" $package
            done
        done < <(find "$2" -type f \( -name '*.so*' -o -perm -100 \) -exec sh -c 'head -c 4 "$1" | grep -q ELF' _ {} \; -print)
    done < <(packages_in "$1")
    rm -rf "$2"
    [ "$linked" -gt 20 ] && [ "$opened" -gt 5 ] || fail "$linked libraries linked, $opened opened: some were not seen"
}

# boxes COMMAND...: what an octet finds in the demo's pictures with the engine in $place, to the last digit.
boxes() { "$@" detect "$place/parts.octet" "$root/demo/images/test" --quiet --csv; }

# A picture as a raw frame, RGB or NV12, for the example that takes frames from memory.
write_frame_program() {
    cat >"$1" <<'TEXT'
#include <octet/image.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    octet_context *context = NULL;
    octet_image *image = NULL;
    if (argc != 3 || octet_context_create(NULL, &context) || octet_image_load(context, argv[2], &image))
        return 1;
    const int width = octet_image_width(image), height = octet_image_height(image);
    const unsigned char *pixels = octet_image_pixels(image);
    fprintf(stderr, "%d %d\n", width, height);
    if (strcmp(argv[1], "rgb") == 0) {
        fwrite(pixels, 3, (size_t)width * height, stdout);
        return 0;
    }
    for (int i = 0; i < width * height; i++) /* green as Y, the differences of red and blue to it as chroma */
        putchar(16 + pixels[3 * i + 1] * 219 / 255);
    for (int y = 0; y < height; y += 2)
        for (int x = 0; x < width; x += 2) {
            const unsigned char *pixel = pixels + 3 * ((size_t)y * width + x);
            putchar(128 + (pixel[2] - pixel[1]) / 3);
            putchar(128 + (pixel[0] - pixel[1]) / 3);
        }
    return 0;
}
TEXT
}

# expect_examples UNPACKED CC EMULATOR FLAGS: examples of liboctet-dev, built as docs/embedded.md says, shared and with
# everything in it. RGB frames give what octet found in the picture; NV12 gives one answer, whoever asks.
expect_examples() {
    local unpacked=$1 cc=$2 emulator=$3 flags=$4 examples=$1/usr/share/doc/liboctet-dev/examples size name format
    PKG_CONFIG_PATH=$(dirname "$(find "$unpacked" -name octet-runtime.pc)")
    export PKG_CONFIG_PATH
    write_frame_program "$place/frame.c"
    $cc $flags -std=c11 "$place/frame.c" -o "$place/frame" $(pkg-config --cflags --libs octet-runtime)
    for name in memory frames; do
        $cc $flags -std=c11 "$examples/detect_$name.c" -o "$place/detect_$name" \
            $(pkg-config --cflags --libs octet-runtime) || fail "detect_$name.c does not build"
    done
    $cc $flags -std=c11 -static "$examples/detect_memory.c" -o "$place/detect_alone" \
        $(pkg-config --static --cflags --libs octet-runtime) >"$place/log" 2>&1 ||
        { cat "$place/log"; fail "detect_memory.c does not link with everything in it"; }
    awk -F, '$1 ~ /test-00/ { printf "%s %.3f  %.1f %.1f %.1f %.1f\n", $3, $4, $5, $6, $7, $8 }' "$place/boxes" \
        >"$place/expected.rgb"
    for format in rgb nv12; do
        $emulator "$place/frame" $format "$root/demo/images/test/test-00.jpg" >"$place/$format" 2>"$place/size" ||
            fail "no frame was made"
        size=$(cat "$place/size")
        [ $format = rgb ] || $emulator "$place/detect_frames" "$place/parts.octet" $size <"$place/nv12" |
            sed 's/^0: class [0-9]* //' >"$place/expected.nv12"
        [ "$(wc -l <"$place/expected.$format")" -gt 3 ] || fail "next to nothing is found in $format"
        for name in memory alone; do
            $emulator "$place/detect_$name" "$place/parts.octet" $format $size <"$place/$format" >"$place/found" ||
                fail "detect_$name does not run with $format"
            [ $format = rgb ] || sed -i 's/^[^ ]* //' "$place/found"
            cmp "$place/found" "$place/expected.$format" || fail "detect_$name finds other boxes in $format"
        done
    done
}
