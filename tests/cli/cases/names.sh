# SPDX-License-Identifier: Apache-2.0
# File names with bytes that could harm a terminal or a reader of JSON.
. "$support"
need_demo
engine=$(engine)
mkdir in
make_picture 64 64 picture.ppm
cp picture.ppm "in/$(printf 'bell\a escape\033[31m line\nend.ppm')"
cp picture.ppm "in/$(printf 'latin\351.ppm')"
cp picture.ppm 'in/quote"back\slash.ppm'
cp picture.ppm 'in/größe.ppm'
cp picture.ppm 'in/--conf.ppm'
try detect "$engine" in --conf 1 -q | sed 's/ \+/ /g'
try detect "$engine" in --conf 1 -q --json | sed 's/, "width.*//'
cd in
try detect "$engine" -q --conf 1 -- --conf.ppm | sed 's/ \+/ /g'
printf 'broken' >"$(printf 'bad\033[2J\n.ppm')"
"$octet" detect "$engine" bad* -q --conf 1 2>&1 >/dev/null | od -An -c | grep -c '033' || true
echo "the second set of controls, directions of writing, what is not seen:"
mkdir ../marks
n=0
# C1: CSI and the last; byte 0x9b alone; right-to-left override, isolate, mark; Arabic mark; zero width space; line separator;
# byte order mark; what stays: joiners, letters of every script.
for mark in '\302\233' '\302\237' '\233' '\342\200\256' '\342\201\246' '\342\200\217' '\330\234' '\342\200\213' \
    '\342\200\250' '\357\273\277' '\342\200\215' '\344\272\272' '\330\255' '\360\237\232\227'; do
    n=$((n + 1))
    cp ../picture.ppm "../marks/$((n + 10))$(printf "$mark")x.ppm"
done
cd ../marks
"$octet" detect "$engine" . --conf 1 -q | tail -n +2 | sed 's/ *-$//' | od -An -c | tr -d ' \n' | sed 's/\\n/\n/g'
"$octet" detect "$engine" . --conf 1 -q --json | sed -n 's/, "width.*//p' | LC_ALL=C grep -c '[^ -~]'
"$octet" detect "$engine" . --conf 1 -q --json-lines | grep -o '[0-9]*\\u[0-9a-f]*'
for file in *; do
    printf 'broken' >"$file"
done
"$octet" detect "$engine" . -q 2>&1 >/dev/null | LC_ALL=C grep -c "$(printf '\302[\200-\237]\|\342\200\256\|\233')"
