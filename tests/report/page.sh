#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page that `octet report` makes of the bundled model, with labels and a study, in a browser (page.py) and before
# validators, where they are there; and one with 16 pictures, for its size, whose classes have hostile names.
#   usage: tests/report/page.sh OCTET [FOLDER for the page and screenshots]
set -euo pipefail
octet=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
demo=$root/demo
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=${2:-$scratch}
mkdir -p "$out"
failed=0
fail() {
    echo "$*"
    failed=1
}

"$octet" build "$demo/parts.onnx" --images "$demo/images/calibration" --count 8 -o "$scratch/parts.octet" -q >/dev/null
"$octet" study "$demo/parts.onnx" --images "$demo/images/calibration" --counts 4,8 --seeds 2 --calibrators mse,minmax \
    --annotations "$demo/annotations/test.json" --eval-images "$demo/images/test" -o "$scratch/study" -q >/dev/null
"$octet" report "$scratch/parts.octet" --model "$demo/parts.onnx" --images "$demo/images/test" \
    --annotations "$demo/annotations/test.json" --study "$scratch/study" -o "$out/report.html" -q
printf '%s\n' '</script></style><b onload="alert(1)">' "'--><img src=x onerror=alert(1)>" '<iframe src="https://x">' \
    '&lt;script&gt;' '<script>document.title = 1</script>' >"$scratch/names.txt"
"$octet" build "$demo/parts.onnx" --names "$scratch/names.txt" --images "$demo/images/calibration" --count 8 \
    -o "$scratch/hostile.octet" -q >/dev/null
"$octet" report "$scratch/hostile.octet" --model "$demo/parts.onnx" --names "$scratch/names.txt" \
    --images "$demo/images/test" --images "$demo/images/shifted" --pictures 8 -o "$out/large.html" -q

shown=$(grep -c '^<div class="picture"' "$out/large.html")
bytes=$(wc -c <"$out/large.html")
[ "$shown" -eq 16 ] || fail "$shown pictures are shown, not 16"
[ "$bytes" -lt 2097152 ] || fail "a page with 16 pictures has $bytes bytes"

sample=$root/docs/report-sample.html
[ "$(wc -c <"$sample")" -lt 1258291 ] || fail "$sample is larger than 1.2 MB"
parts() { grep -o '<section id="[a-z]*"' "$1"; }
[ "$(parts "$sample")" = "$(parts "$out/report.html")" ] || fail "$sample has other parts: ./dev demo makes it anew"

if command -v tidy >/dev/null; then
    found=0 # 1: warnings, of which Debian 12's tidy has some about what HTML has by now; 2: errors
    tidy -quiet -errors --show-warnings no "$out/report.html" || found=$?
    [ "$found" -lt 2 ] || fail "tidy objects"
    said=tidy
elif command -v xmllint >/dev/null; then # of HTML 5's elements it knows none
    faults=$(xmllint --html --noout "$out/report.html" 2>&1 | grep 'error :' |
        grep -v -E 'Tag (header|nav|main|section|footer|figure|figcaption|details|summary|svg|desc|rect|poly(line|gon)|text) ' || true)
    [ -z "$faults" ] || fail "$faults"
    said=xmllint
else
    said="no validator here (Debian's packages tidy or libxml2-utils)"
fi
echo "validated: $said"

browser=0
python3 "$here/page.py" "$out/report.html" "$out/large.html" ${2:+"$out"} || browser=$?
[ "$browser" -eq 0 ] || [ "$browser" -eq 77 ] || failed=1
[ "$failed" -eq 0 ] || exit 1
exit "$browser"
