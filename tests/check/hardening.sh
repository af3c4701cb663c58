#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardening.sh BUILD FLAG...: that the libraries and the program are what cmake/hardening.cmake asks for. The compiler's
# flags are given: what the builder took back (-fno-...) is not looked for.
set -euo pipefail
build=$1
shift
flags=" $* "
status=0
broken() { echo "$*"; status=1; }
asked() { [[ $flags == *" $1"* && $flags != *" -fno-${1#-f}"* && $flags != *" $1=none"* ]]; }

for file in "$build"/liboctet*.so "$build"/gstreamer/libgstoctet.so "$build/octet"; do
    [ -e "$file" ] || continue
    name=$(basename "$file") segments=$(readelf -lW "$file") dynamic=$(readelf -dW "$file")
    symbols=$(nm -D --undefined-only "$file")
    grep -q GNU_RELRO <<<"$segments" || broken "$name: no read-only relocations"
    grep -qE 'BIND_NOW|FLAGS_1.*NOW' <<<"$dynamic" || broken "$name: symbols are bound late"
    grep -q 'GNU_STACK.*RW ' <<<"$segments" || broken "$name: the stack can be executed"
    ! grep -q ' RWE ' <<<"$segments" || broken "$name: memory that can be written and executed"
    ! asked -fstack-protector || grep -q __stack_chk_fail <<<"$symbols" || broken "$name: no stack protector"
    # The plug-in leaves text and copies to GLib: it has no call to check.
    [ "$name" = libgstoctet.so ] || ! asked -D_FORTIFY_SOURCE || grep -q '_chk$\|_chk@' <<<"$(grep -v __stack_chk <<<"$symbols")" ||
        broken "$name: no checked calls"
    case $name in *.so) continue ;; esac
    readelf -hW "$file" | grep -q 'Type: *DYN' && grep -q 'FLAGS_1.*PIE' <<<"$dynamic" ||
        broken "$name: not position-independent"
done

# Control flow is protected where every object of a program says so, those of the C library among them: ours must.
if asked -fcf-protection; then
    for archive in "$build"/liboctet*.a; do
        without=$(readelf -nW "$archive" | awk '
            /^File:/ { if (object && !protected) print object; object = $2; protected = 0 }
            /IBT, SHSTK/ { protected = 1 }
            END { if (object && !protected) print object }')
        [ -z "$without" ] || broken "$(basename "$archive"): no protected control flow:" $without
    done
fi
[ "$status" -ne 0 ] || echo "hardening:$flags"
exit "$status"
