# SPDX-License-Identifier: Apache-2.0
# What doctor tells of file trees (recorded, or written after what such machines are published to have), of this
# machine, and of trees that are damaged.
. "$support"
for tree in jetpack-4.6-nano jetpack-5.1.2-xavier-nx jetpack-6.0-agx-orin jetpack-6.2-orin-nano jetpack-7.1-thor \
    pc pc-gpu pc-nouveau pi-5 server-h100; do
    unpack_tree $tree $tree
    try doctor --root $tree
done
try doctor --root jetpack-5.1.2-xavier-nx --json
# the files that docs/jetson.md has one copy tell the same as the whole tree (a link from the root of a tree leads out of it)
files=$(sed -n '/cp -L --parents/,/recorded\/$/p' "$root/docs/jetson.md" | sed -E 's/cp -L --parents|recorded\/$|\\$//g; s, /, ,g')
ln -sf nvpmodel/nvpmodel_t194_p3668.conf jetpack-5.1.2-xavier-nx/etc/nvpmodel.conf
for tree in jetpack-4.6-nano jetpack-5.1.2-xavier-nx; do
    mkdir recorded-$tree
    (cd $tree && cp -L --parents $files ../recorded-$tree 2>/dev/null || true)
    diff <("$octet" doctor --root $tree) <("$octet" doctor --root recorded-$tree) && echo "$tree: recorded"
done
# CPU quotas of either version of control groups
mkdir -p quota/proc quota/sys/fs/cgroup/cpu
cp pc/proc/cpuinfo quota/proc
echo 150000 >quota/sys/fs/cgroup/cpu/cpu.cfs_quota_us
echo 100000 >quota/sys/fs/cgroup/cpu/cpu.cfs_period_us
"$octet" doctor --root quota | grep quota
for line in '50000 100000' 'max 100000' 'rubbish'; do
    echo "$line" >quota/sys/fs/cgroup/cpu.max
    "$octet" doctor --root quota | grep quota
done
# cores of 64-bit ARM: of several kinds, unknown ones, of a system older than they, and by /sys
cores() {
    local processor=0 part
    mkdir -p arm/proc
    for part in "${@:3}"; do
        printf 'processor\t: %d\nFeatures\t: %s\nCPU implementer\t: %s\nCPU part\t: %s\n\n' $processor "$2" "$1" $part
        processor=$((processor + 1))
    done >arm/proc/cpuinfo
    "$octet" doctor --root arm | sed -n '/^memory/q;/^cpu\|  cores\|  kernel/p'
}
cores 0x41 'fp asimd' 0xd08 0xd08
cores 0x41 'fp asimd asimddp' 0xd05 0xd05 0xd0b
cores 0x41 'fp asimd asimdhp asimddp' 0xd40 0xd40
cores 0x41 'fp asimd' 0xd0b 0xd03
cores 0x4e 'fp asimd' 0x003 0x000 0x004
cores 0x48 'fp asimd asimddp' 0xd01 0xd02
cores 0x41 'fp asimd' 0xd0b 0xd0c 0xd0d 0xd0e 0xd41 0xd42 0xd44 0xd4b 0xd08
printf 'Features: fp asimd\n' >arm/proc/cpuinfo
for processor in 0 1; do
    mkdir -p arm/sys/devices/system/cpu/cpu$processor/regs/identification
    echo 0x00000000410fd421 >arm/sys/devices/system/cpu/cpu$processor/regs/identification/midr_el1
done
"$octet" doctor --root arm | sed -n '/^memory/q;p'
# this machine: the groups, in their order
"$octet" doctor | sed -n 's/^\([a-z][a-z]*\) .*/\1/p' | tr '\n' ' '
echo
"$octet" doctor --json >json
sed -n 's/^ *"name": "\(.*\)",/\1/p' json | tr '\n' ' '
echo
! command -v python3 >/dev/null || python3 -m json.tool json >/dev/null
# nothing, rubbish, other kinds of files, loops, no permission
mkdir empty && try doctor --root empty
mkdir -p bad/etc bad/proc/device-tree bad/var/lib/dpkg bad/var/lib/nvpmodel bad/sys/class/devfreq/17000000.gpu
head -c 20000 /dev/zero | tr '\0' 'x' >bad/proc/cpuinfo
printf 'MemTotal: lots\nMemAvailable\n' >bad/proc/meminfo
printf '# R99999999999999999999 (release), REVISION: -1, GCID\033[31m' >bad/etc/nv_tegra_release
printf 'nvidia,tegra234' >bad/proc/device-tree/compatible
mkfifo bad/proc/device-tree/model
head -c 100000 /dev/urandom >bad/var/lib/dpkg/status
printf 'pmode:99999999999999999999' >bad/var/lib/nvpmodel/status
ln -s /etc/nvpmodel.conf bad/etc/nvpmodel.conf
printf '1e9' >bad/sys/class/devfreq/17000000.gpu/min_freq
timeout 20 "$octet" doctor --root bad | tr -d '\n' | grep -q '^cpu .*gpu .*' || echo "bad tree"
try doctor --root bad/etc/nv_tegra_release
try doctor --root nowhere
try doctor more
try doctor --rot x
