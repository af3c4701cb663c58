# SPDX-License-Identifier: Apache-2.0
# No fonts: names in a plain one, and a line that says so.
. "$support"
need_demo
engine=$(engine)
picture=$pictures/$(ls "$pictures" | head -n 1)
cp "$picture" one.jpg
"$octet" detect "$engine" one.jpg -o with_fonts --no-labels -q >/dev/null
mkdir fonts
cat >fonts/fonts.conf <<'TEXT'
<?xml version="1.0"?>
<fontconfig><dir prefix="cwd">fonts</dir><cachedir prefix="cwd">fonts</cachedir></fontconfig>
TEXT
export FONTCONFIG_FILE=$PWD/fonts/fonts.conf
"$octet" detect "$engine" one.jpg -o plain 2>&1 >/dev/null | head -n 1
"$octet" detect "$engine" one.jpg -o nameless --no-labels 2>&1 >/dev/null | grep -c font
cmp nameless/one.jpg with_fonts/one.jpg
! cmp -s plain/one.jpg nameless/one.jpg || echo "no names"
