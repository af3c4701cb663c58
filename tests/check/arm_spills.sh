#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# arm_spills.sh BUILD OBJDUMP: the innermost loops of ARM's kernels that multiply and add vectors, as the compiler made
# them, neither write to the stack nor read from it: what such a loop holds fits the 32 registers.
# -v: a line for each loop. The finish (finish_*.c: activation, residual, rounding; finish_row: the transform of sums
# before it) is left out: it has more constants and sums than there are registers, once for an output and not for each
# product. Skipped where there are no such kernels.
set -euo pipefail
verbose=0
[ "${1:-}" != -v ] || { verbose=1; shift; }
build=${1:?usage: arm_spills.sh [-v] BUILD OBJDUMP} objdump=${2:?usage: arm_spills.sh [-v] BUILD OBJDUMP}
mapfile -t objects < <(find "$build" -path '*/kernels/arm/*.o' ! -name 'finish_*' | sort)
[ ${#objects[@]} -gt 0 ] || { echo "skipped: no kernels for ARM in $build"; exit 77; }
for object in "${objects[@]}"; do
    echo "file $(basename "$object" .c.o)"
    "$objdump" -d --no-show-raw-insn "$object"
done | awk -v verbose="$verbose" '
    # One function at a time: addresses, instructions, and branches to addresses before them.
    function hexadecimal(text,   value, i) {
        value = 0
        for (i = 1; i <= length(text); i++)
            value = 16 * value + index("0123456789abcdef", substr(text, i, 1)) - 1
        return value
    }
    function finish(   b, c, i, inner, products, stack, spills) {
        for (b = 0; b < branches && name != "finish_row"; b++) {
            products = stack = 0
            spills = ""
            for (i = from[b]; i <= to[b]; i++) {
                products += is_product[i]
                if (is_stack[i]) {
                    if (++stack <= 4)
                        spills = spills "\n    " text[i]
                }
            }
            if (products < 4)
                continue
            inner = 1 # no smaller loop with products in it
            for (c = 0; c < branches; c++) {
                if (c == b || from[c] < from[b] || to[c] > to[b] || (from[c] == from[b] && to[c] == to[b]))
                    continue
                for (i = from[c]; i <= to[c] && inner; i++)
                    inner = !is_product[i]
            }
            if (!inner)
                continue
            loops++
            if (verbose)
                printf "%s %s: %d instructions, %d of them products, %d with the stack\n", file, name, to[b] - from[b] + 1, products, stack
            if (stack) {
                print file ": " name ": a loop of " products " products uses the stack " stack " times:" spills
                bad = 1
            }
        }
        count = branches = 0
        delete at
    }
    $1 == "file" { finish(); file = $2; next }
    /^[0-9a-f]+ <.*>:$/ { finish(); name = substr($2, 2, length($2) - 3); next }
    /^ *[0-9a-f]+:\t/ {
        address = $1
        sub(/:$/, "", address)
        at[hexadecimal(address)] = count
        text[count] = $0
        is_product[count] = $2 ~ /^([su]dot|usdot|sudot|[su]mmla|usmmla|fmla|bfdot|bfmmla|bfmlal[bt]|[su]mlal2?|[su]mull2?|mla)$/ && $3 ~ /^v/
        is_stack[count] = $2 ~ /^(ld|st)/ && $0 ~ /\[(sp|x29)/
        if ($2 ~ /^(b|b\..*|cbn?z|tbn?z)$/) {
            match($0, /[0-9a-f]+ <[^>]*>/)
            target = substr($0, RSTART, RLENGTH)
            sub(/ .*/, "", target)
            target = hexadecimal(target)
            if (target in at) {
                from[branches] = at[target]
                to[branches++] = count
            }
        }
        count++
    }
    END {
        finish()
        if (loops == 0) {
            print "no loop of products was found"
            bad = 1
        }
        if (!bad)
            print "arm spills: " loops " loops of products, none uses the stack"
        exit bad
    }'
