# SPDX-License-Identifier: Apache-2.0
# docs/scale.md: the lines for GNU parallel are run as they stand there; its YAML is YAML, its script a shell's.
. "$support"
need_demo
ln -s "$model" best.onnx
ln -s "$calibration" pictures
ln -s "$root/demo" demo
sed 's|^path: .*|path: demo|' "$root/demo/data.yaml" >data.yaml
mkdir program && ln -s "$octet" program/octet
PATH=$PWD/program:$PATH

# block HEADING START: the indented lines of a section from the first that begins with START on, up to the next text.
block() {
    awk -v heading="## $1" -v start="$2" '
        /^## / { inside = index($0, heading) == 1; next }
        inside && !taking && index($0, "    " start) == 1 { taking = 1 }
        taking && !/^    / && NF { exit }
        taking { print substr($0, 5) }' "$root/docs/scale.md"
}
block Slurm '#!/bin/bash' >calibrate.sbatch
bash -n calibrate.sbatch && grep -c 'octet calibrate' calibrate.sbatch
block Slurm 'job=' >join.sh
bash -n join.sh && grep -c 'octet merge' join.sh
block Kubernetes 'apiVersion' >job.yaml
if python3 -c 'import yaml' 2>/dev/null; then
    python3 -c '
import yaml
job = yaml.safe_load(open("job.yaml"))["spec"]
line = job["template"]["spec"]["containers"][0]["args"][0]
print(job["completionMode"], job["completions"], "/%d " % job["completions"] in line)' >job.txt
    grep -q '^Indexed 64 True$' job.txt || { echo "the job is not what it should be:"; cat job.txt; }
fi
# what the pod runs, as pod 2 of 64 would
sed -n 's/^ *- exec //p; s/^ *\(--shard .*\)/\1/p' job.yaml | tr '\n' ' ' | JOB_COMPLETION_INDEX=2 sh -c "echo $(cat)"

parallel --version 2>/dev/null | grep -q '^GNU parallel' || skip "GNU parallel is not there"
block 'GNU parallel' 'seq 8' >lines
wc -l <lines
: | bash -e lines >figures 2>log || { cat log; exit 1; }
"$octet" calibrate best.onnx -i pictures --threads 1 -o one.stats -q >/dev/null
cmp one.stats best.stats && echo "the statistics of one run"
"$octet" eval best.octet -d data.yaml >one
tail -n 13 figures | diff - <(tail -n 13 one) && echo "the figures of one run"
