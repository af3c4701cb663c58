# SPDX-License-Identifier: Apache-2.0
# Tensors in and out.
. "$support"
need_demo
engine=$(engine)
# array FILE HEADER BYTES: format 1.0, filled with 'U'.
array() {
    printf '\223NUMPY\1\0' >"$1"
    printf "\\x$(printf %02x ${#2})\\0%s" "$2" >>"$1"
    head -c "$3" /dev/zero | tr '\0' U >>"$1"
}
shape() {
    dd if="$1" bs=1 skip=10 count=80 2>/dev/null | sed 's/).*/)/'
    echo
}
array one.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (64, 96, 3), }" 18432
array two.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 64, 96, 3), }" 36864
array float.npy "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 64, 96), }" 73728
try run "$engine" --input one.npy | sed 's/1x[0-9]*x126 .*/1xNx126 RANGE/'
try run "$engine" --input float.npy | sed 's/1x[0-9]*x126 .*/1xNx126 RANGE/'
try run "$engine" --input two.npy --json | sed -E -e 's/[0-9]+\.[0-9e.-]+/N/' | grep -v '^    [0-9]*,$'
try run "$model" --input two.npy --output-dir all --tensors all -q >/dev/null
shape all/output0.npy | sed 's/(2, [0-9]*, 126)/(2, N, 126)/'
[ "$(files all | wc -l)" -gt 40 ] || echo "few tensors: $(files all | wc -l)"
files all | grep -v -E '^[A-Za-z0-9_-][A-Za-z0-9._-]*\.npy$'
name=$("$octet" inspect "$engine" --json | sed -n 's/.*"name": "\(\/.*\)",/\1/p' | head -n 1)
file=$(echo "$name" | sed -e 's|^/||' -e 's|/|.|g')
try run "$engine" --input one.npy -o a --tensors "$name" -q >/dev/null
try run "$engine" --input one.npy -o b --tensors "$file" -q >/dev/null
files a | sed "s/$file/LAYER/"
cmp "a/$file.npy" "b/$file.npy" && cmp a/output0.npy b/output0.npy && echo "the same by either name"
"$octet" build "$model" --precision bf16 -o half.octet >/dev/null
try run half.octet --input float.npy -o h --tensors "$name" -q >/dev/null
files h | sed "s/$file/LAYER/"
shape "h/$file.npy"
try run "$engine" --input one.npy -o c --tensors nonsense
for options in '--cpu ref' '--threads 1' '--threads 2'; do
    "$octet" run "$engine" --input one.npy -o d -q $options >/dev/null
    cmp a/output0.npy d/output0.npy || echo "differs with $options"
done
mkdir full
echo file >file
try run "$engine" --input one.npy -o file/x
chmod u-w full
[ -w full ] || refused 'no permission' run "$engine" --input one.npy -o full
files full
