#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# symbols.sh BUILD ROOT: what the libraries export and keep.
# - the shared libraries export octet_* only, and every function that the public headers declare for them;
# - those that are opened on demand export the one name by which they are known;
# - our objects hold no data that can be written;
# - the runtime library does not need the desk half's dependencies.
set -euo pipefail
build=$1
root=$2
status=0
broken() { echo "$*"; status=1; }

declared() {
    cat "$@" | sed 's,/\*.*\*/,,' | tr '\n' ' ' | grep -o 'OCTET_API [^;]*(' | grep -o 'octet_[a-z0-9_]*(' |
        tr -d '(' | sort -u
}

# The first function of a declaration is its name; parameters of function type do not occur in the headers.
check_exports() {
    local library=$1
    shift
    local exported
    exported=$(nm -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u)
    local foreign missing
    foreign=$(grep -v '^octet_' <<<"$exported" || true)
    [ -z "$foreign" ] || broken "$(basename "$library") exports more than octet_*:" $foreign
    missing=$(comm -23 <(declared "$@") <(printf '%s\n' "$exported"))
    [ -z "$missing" ] || broken "$(basename "$library") lacks what the headers declare:" $missing
    local unknown
    unknown=$(comm -13 <(declared "$root"/include/octet/*.h) <(printf '%s\n' "$exported"))
    [ -z "$unknown" ] || broken "$(basename "$library") exports what no public header declares:" $unknown
}

runtime_headers=()
for name in status context engine frame image session machine; do
    runtime_headers+=("$root/include/octet/$name.h")
done
check_exports "$build/liboctet-runtime.so" "${runtime_headers[@]}"
[ ! -e "$build/liboctet.so" ] || check_exports "$build/liboctet.so" "$root"/include/octet/*.h

if [ -e "$build/liboctet-cuda.so" ]; then
    [ "$(nm -D --defined-only "$build/liboctet-cuda.so" | awk '{ print $NF }')" = octet_cuda_library ] ||
        broken "liboctet-cuda.so exports something else than octet_cuda_library"
fi

if [ -e "$build/liboctet-mpi.so.0" ]; then
    [ "$(nm -D --defined-only "$build/liboctet-mpi.so.0" | awk '{ print $NF }')" = octet_mpi_library ] ||
        broken "liboctet-mpi.so.0 exports something else than octet_mpi_library"
fi
if [ -e "$build/liboctet-video.so.0" ]; then
    [ "$(nm -D --defined-only "$build/liboctet-video.so.0" | awk '{ print $NF }')" = octet_video_library ] ||
        broken "liboctet-video.so.0 exports something else than octet_video_library"
fi

if grep -q 'NEEDED.*protobuf' <<<"$(readelf -d "$build/liboctet-runtime.so")"; then
    broken "liboctet-runtime.so needs protobuf"
fi

# .data and .bss of our objects; .data.rel.ro is constant after loading. Generated code is not ours.
for archive in "$build"/liboctet*.a; do
    writable=$(objdump -t "$archive" | awk '
        /file format/ { object = $1 }
        object ~ /pb-c/ { next }
        / [lgu].....[O ] \.(data|bss|tdata|tbss)/ && !/\.data\.rel\.ro/ && !/ d  / { print object $NF }')
    [ -z "$writable" ] || broken "$(basename "$archive") keeps data that can be written:" $writable
done
[ "$status" -ne 0 ] || echo "symbols: octet_* only, all that is declared, nothing that can be written"
exit "$status"
