# SPDX-License-Identifier: Apache-2.0
# Arrays that octet run does not take.
. "$support"
# array FILE HEADER BYTES: format 1.0 with that header.
array() {
    printf '\223NUMPY\1\0' >"$1"
    printf "\\x$(printf %02x ${#2})\\0%s" "$2" >>"$1"
    head -c "$3" /dev/zero >>"$1"
}
: >empty.npy
echo 'not an array' >text.npy
printf '\223NUMPY\1\0\377\377{' >cut.npy
array fortran.npy "{'descr': '|u1', 'fortran_order': True, 'shape': (32, 32, 3), }" 3072
array double.npy "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 32, 32), }" 24576
array big.npy "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 32, 32), }" 12288
array short.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (32, 32, 3), }" 3071
array channels.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (32, 32, 4), }" 4096
array planes.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 32, 32), }" 3072
array flat.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (3072,), }" 3072
array none.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 32, 32, 3), }" 0
array odd.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (33, 32, 3), }" 3168
array huge.npy "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 3), }" 8
array minus.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (-32, 32, 3), }" 8
array long.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 3), }" 3
array unclosed.npy "{'descr': '|u1', 'fortran_order': False, 'shape': (32, 32" 3072
array bare.npy "{}" 3072
for file in absent empty text cut fortran double big short channels planes flat none odd huge minus long \
    unclosed bare; do
    try run model.onnx --input $file.npy
done
