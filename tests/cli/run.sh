#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Golden tests of the command line: run.sh PROGRAM [-u] [NAME...]
#
# cases/NAME.sh runs in an empty folder; what it prints must equal cases/NAME.out and cases/NAME.err, and its exit
# status cases/NAME.status (an absent file stands for nothing, and for 0). Times, paths and versions are replaced
# by placeholders (filter, below). Exit status 77 skips a case; its last line says why. With -u the expected files
# are written anew: read the difference before committing it.
set -euo pipefail
export LC_ALL=C TERM=dumb
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

[ $# -ge 1 ] || { echo "usage: run.sh PROGRAM [-u] [NAME...]" >&2; exit 2; }
[ -x "$1" ] || { echo "run.sh: $1: no such program" >&2; exit 2; }
octet=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
update=no
if [ "${1:-}" = -u ]; then
    update=yes
    shift
fi
data=${OCTET_TEST_DATA:-$root/../shared/data}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/shared"
export octet root data shared=$scratch/shared support=$here/support.sh

# Placeholders for what differs from run to run, and from place to place: paths may have any character.
plain() { printf '%s' "$1" | sed 's/[][\.*^$+?(){}|]/\\&/g'; }
export data_pattern=$(plain "$data") root_pattern=$(plain "$root")
scratch_pattern=$(plain "$scratch")
filter() {
    sed -E -e "s|$scratch_pattern/[a-z0-9_-]+/work|WORK|g" -e "s|$scratch_pattern/shared|SHARED|g" \
        -e "s|$data_pattern|DATA|g" -e "s|$root_pattern|ROOT|g" -e 's/^octet [0-9]+\.[0-9]+\.[0-9]+$/octet VERSION/' \
        -e 's/[0-9.]+ (s|ms)\b/T \1/g' "$1"
}

# check NAME KIND: compares what came with what is expected; prints the difference.
check() {
    local expected=$here/cases/$1.$2 actual=$scratch/$1/$2
    if [ "$update" = yes ]; then
        if [ -s "$actual" ]; then cp "$actual" "$expected"; else rm -f "$expected"; fi
        return 0
    fi
    [ -f "$expected" ] || expected=/dev/null
    diff -u --label "expected $1.$2" --label "actual $1.$2" "$expected" "$actual"
}

# As if on another processor (tests/support/cpu_mask.h), where the machine can be one.
if [ -n "${OCTET_TEST_CPU:-}" ] && ! said=$("$octet" doctor); then
    echo "$said"
    exit 77
fi

passed=0 failed=0 skipped=0
run_case() {
    local name=$1 folder=$scratch/$1 status=0
    mkdir -p "$folder/work"
    (cd "$folder/work" && exec timeout -k 10 "${OCTET_TEST_CASE_SECONDS:-300}" bash "$here/cases/$name.sh") \
        >"$folder/raw.out" 2>"$folder/raw.err" </dev/null || status=$?
    if [ "$status" -eq 77 ]; then
        echo "skipped $name: $(tail -n 1 "$folder/raw.out")"
        skipped=$((skipped + 1))
        return
    fi
    filter "$folder/raw.out" >"$folder/out"
    filter "$folder/raw.err" >"$folder/err"
    : >"$folder/status"
    [ "$status" -eq 0 ] || echo "$status" >"$folder/status"
    local same=yes kind
    for kind in out err status; do
        check "$name" "$kind" || same=no
    done
    if [ "$same" = yes ]; then
        passed=$((passed + 1))
    else
        echo "FAILED $name"
        failed=$((failed + 1))
    fi
    chmod -R u+rwx "$folder" && rm -rf "$folder"
}

if [ $# -eq 0 ]; then
    for file in "$here"/cases/*.sh; do
        set -- "$@" "$(basename "$file" .sh)"
    done
fi
for name in "$@"; do
    [ -f "$here/cases/$name.sh" ] || { echo "run.sh: no case '$name'" >&2; exit 2; }
    run_case "$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || [ "$update" = yes ] || exit 77
