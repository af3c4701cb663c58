# SPDX-License-Identifier: Apache-2.0
# --classes by name and by number.
. "$support"
need_demo
engine=$(engine)
picture=$pictures/$(ls "$pictures" | head -n 1)
cp "$picture" picture.${picture##*.}
picture=picture.${picture##*.}
name=$("$octet" detect "$engine" $picture --json -q | sed -n 's/.*"class_name": "\([^"]*\)".*/\1/p' | head -n 1)
"$octet" inspect "$engine" --json >json
id=$(awk -v name="\"$name\"" '/"classes"/ { on = 1; next }
    on { gsub(/[ ,]/, ""); if ($0 == name) { print n + 0; exit } n++ }' json)
[ -n "$name" ] && [ -n "$id" ] || echo "no class was found"
rows() {
    "$octet" detect "$engine" $picture -q "$@" | tail -n +2 | grep -v ' -$'
}
rows --classes "$name" >by_name
rows --classes "$id" >by_id
rows --classes " $id , $name" >by_both
rows --conf 0.25 | awk -v name="$name" '$2 == name' >expected
cmp by_name expected && cmp by_id expected && cmp by_both expected && [ -s expected ] && echo "the same boxes"
try detect "$engine" $picture --classes 99 | sed 's/0 to [0-9]*/0 to N/'
try detect "$engine" $picture --classes -1 | sed 's/0 to [0-9]*/0 to N/'
try detect "$engine" $picture --classes "${name}x" | sed -e "s/$name/NAME/g" -e 's/0 to [0-9]*/0 to N/'
try detect "$engine" $picture --classes "$name," | sed -e "s/$name/NAME/g" -e 's/0 to [0-9]*/0 to N/'
