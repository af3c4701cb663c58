# SPDX-License-Identifier: Apache-2.0
# A model, an engine and statistics cut at many lengths, and with bytes changed: refused with one line, never more.
. "$support"
need_demo
make_picture 64 64 picture.ppm
for file in "$model" "$(engine)" "$(stats)"; do
    size=$(wc -c <"$file")
    kind=${file##*.}
    for length in 0 1 7 8 9 16 64 200 1000 $((size / 10)) $((size / 3)) $((size / 2)) $((size * 9 / 10)) \
        $((size - 1000)) $((size - 8)) $((size - 1)); do
        cut_file "$file" $length cut.$kind
        refused "$kind at $length" inspect cut.$kind
        case $kind in
        stats) refused "$kind at $length" build "$model" --stats cut.stats -o x.octet ;;
        *) refused "$kind at $length" detect cut.$kind picture.ppm ;;
        esac
    done
    echo "$kind: done"
done
for file in "$(engine)" "$(stats)"; do
    kind=${file##*.}
    for at in 0 3 8 9 20 100 300 500 700 900; do
        cp "$file" changed.$kind
        printf '\377' | dd of=changed.$kind bs=1 seek=$at conv=notrunc 2>/dev/null
        refused "$kind changed at $at" inspect changed.$kind
    done
    echo "$kind with changed bytes: done"
done
files . | grep octet
