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
