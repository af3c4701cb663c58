#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# since.sh LIBRARY...: they call nothing of GStreamer's that is newer than 1.20 (Ubuntu 22.04, JetPack 6), by what its
# introspection files say. Analytics are left out: they are compiled where GStreamer is new enough. Skipped where
# there are no such files, and where GStreamer is newer than 1.24: its headers may call on their own what is newer.
set -euo pipefail
minor=20
files=$(find /usr/share/gir-1.0 -name 'Gst*.gir' 2>/dev/null || true)
[ -n "$files" ] || { echo "skipped: no /usr/share/gir-1.0/Gst*.gir (libgstreamer1.0-dev)"; exit 77; }
installed=$(pkg-config --modversion gstreamer-1.0 2>/dev/null | cut -d. -f2 || true)
[ "${installed:-0}" -le 24 ] || { echo "skipped: GStreamer 1.$installed"; exit 77; }
# "NAME MINOR" of the functions whose age is told.
ages=$(awk -v RS='>' '/c:identifier="gst_/ && /[^-]version="1\./ {
    name = version = $0
    sub(/.*c:identifier="/, "", name); sub(/".*/, "", name)
    sub(/.*[^-]version="1\./, "", version); sub(/[^0-9].*/, "", version)
    print name, version }' $files)
[ "$(wc -l <<<"$ages")" -ge 100 ] || { echo "since: GStreamer's introspection files are not understood"; exit 1; }
status=0
for library in "$@"; do
    called=$(nm -D --undefined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | grep '^gst_' || true)
    [ -n "$called" ] || { echo "$(basename "$library") calls nothing of GStreamer's"; status=1; }
    newer=$(awk -v minor="$minor" 'NR == FNR { age[$1] = $2; next }
        $1 !~ /^gst_analytics_/ && age[$1] > minor { print $1 " (1." age[$1] ")" }' - <(echo "$called") <<<"$ages")
    [ -z "$newer" ] || { echo "$(basename "$library") calls what is newer than GStreamer 1.$minor:" $newer; status=1; }
done
[ "$status" -ne 0 ] || echo "since: nothing newer than GStreamer 1.$minor"
exit "$status"
