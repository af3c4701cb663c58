# SPDX-License-Identifier: Apache-2.0
# Every option that a help text shows stands in the manual page too.
. "$support"
for verb in inspect detect calibrate build export eval study compare report run tune bench watch serve doctor; do
    page=$root/docs/man/octet-$verb.1
    [ -f "$page" ] || echo "no page for $verb"
    for option in $("$octet" $verb --help | grep -o -E '^ +(-., )?--[a-z0-9-]+' | sed 's/.*--//'); do
        grep -q -E "^\.It .*Fl -$option( |$)" "$page" "$root/docs/man/octet.1" ||
            echo "octet-$verb(1) does not tell about --$option"
    done
    for option in $(grep -o -E '^\.It .*Fl -[a-z0-9-]+' "$page" | sed 's/.*Fl -//'); do
        "$octet" $verb --help | grep -q -e "--$option" || echo "octet $verb has no --$option"
    done
done
if command -v mandoc >/dev/null; then
    mandoc -Tlint "$root"/docs/man/*.1 | grep -v 'referenced manual not found'
fi
true
