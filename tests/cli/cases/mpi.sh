# SPDX-License-Identifier: Apache-2.0
# octet calibrate --mpi: 1, 2, 3 and 4 ranks give the file of one run; a rank that fails, is killed or has other pictures is
# named, and nothing is written then. Skipped without mpirun or a build with -DOCTET_MPI=ON.
. "$support"
need_demo
try calibrate $model -i "$calibration" --mpi --shard 1/2 -o x.stats
try calibrate $model -i "$calibration" --mpi --resume -o x.stats
try calibrate --check "$(engine)" -i "$calibration" --mpi
folder=$(dirname "$octet")
[ -e "$folder/liboctet-mpi.so.0" ] || folder=$folder/..
[ -e "$folder/liboctet-mpi.so.0" ] || skip "liboctet-mpi.so.0 was not built (-DOCTET_MPI=ON)"
command -v mpirun >/dev/null || skip "mpirun is not there (openmpi-bin)"
export LD_LIBRARY_PATH=$folder OMPI_MCA_btl=self,vader OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_plm=isolated
as_root=
[ "$(id -u)" != 0 ] || as_root=--allow-run-as-root
ranks() { mpirun --oversubscribe $as_root -n "$@"; }
ls "$calibration"/*.jpg | head -n 9 >nine.txt
export TMPDIR=$PWD

"$octet" calibrate $model -i nine.txt --threads 1 -o one.stats -q >/dev/null
for count in 1 2 3 4; do
    ranks $count "$octet" calibrate $model -i nine.txt --threads 1 --mpi -o "$count.stats" -q | sed 's/, [0-9.]* s$//'
    cmp one.stats "$count.stats" && echo "$count: the same"
done
echo "== several sizes, and pictures that are left out"
echo broken >broken.jpg
(cat nine.txt; echo broken.jpg) >ten.txt
"$octet" calibrate $model -i ten.txt --imgsz 64,96x128 --source belt --max-bad 0.5 -o one.stats -q >/dev/null 2>&1
ranks 4 "$octet" calibrate $model -i ten.txt --imgsz 64,96x128 --source belt --max-bad 0.5 --mpi -o 4.stats --json 2>&1 |
    grep -E 'broken|images|shards'
cmp one.stats 4.stats && echo "the same"

echo "== a rank fails"
status=0
ranks 4 "$octet" calibrate $model -i ten.txt --max-bad 0 --mpi -o none.stats >out 2>err || status=$?
grep '^octet: rank' err
[ "$status" -ne 0 ] && [ ! -e none.stats ] && echo "nothing was written"

echo "== ranks with other pictures, as where folders differ"
cat >other.sh <<'TEXT'
[ "$OMPI_COMM_WORLD_RANK" != 1 ] || list=ten.txt
exec "$octet" calibrate "$model" -i ${list:-nine.txt} --max-bad 1 --mpi -o none.stats
TEXT
status=0
octet=$octet model=$model ranks 3 bash other.sh >out 2>err || status=$?
grep '^octet: rank' err
[ "$status" -ne 0 ] && [ ! -e none.stats ] && echo "nothing was written"

echo "== a rank is killed"
cat >killed.sh <<'TEXT'
[ "$OMPI_COMM_WORLD_RANK" != 2 ] || echo $$ >pid
exec "$octet" calibrate "$model" -i many.txt --threads 1 --mpi -o none.stats
TEXT
for i in $(seq 200); do cat nine.txt; done >many.txt
octet=$octet model=$model ranks 4 bash killed.sh >out 2>err &
mpirun=$!
until [ -s pid ]; do sleep 0.05; done
sleep 0.3
kill -9 "$(cat pid)"
status=0
wait $mpirun || status=$?
[ "$status" -ne 0 ] && [ ! -e none.stats ] && echo "nothing was written"
grep -q -i 'rank 2' out err && echo "rank 2 is named"
ls | grep octet-rank
true
