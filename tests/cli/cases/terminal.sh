# SPDX-License-Identifier: Apache-2.0
# On a terminal: tables and progress bars fit, whatever its width; away from one nothing is cut.
. "$support"
need_demo
command -v script >/dev/null || skip "no script(1), which makes a terminal"
engine=$(engine)
mkdir 'a folder with quite a long name'
n=0
for file in $(ls "$pictures" | head -n 4); do
    n=$((n + 1))
    cp "$pictures/$file" "a folder with quite a long name/人行道 $n.jpg"
done
cp "$engine" parts.octet
cp "$model" parts.onnx
on_terminal() { # COLUMNS COMMAND
    TERM=xterm script -qec "stty cols $1; $2" /dev/null </dev/null | tr -d '\r'
}
too_wide() { # characters of three bytes take two columns here
    LC_ALL=C sed -E 's/\xe4\xba\xba\xe8\xa1\x8c\xe9\x81\x93/......./g' | awk -v c="$1" 'length($0) > c { print "too wide: " $0 }'
}
for columns in 40 80; do
    echo "$columns columns:"
    on_terminal $columns "'$octet' detect parts.octet a* -q --max-det 2" | sed -E 's/[0-9]+\.[0-9]+/N/g; s/ +N/ N/g'
    on_terminal $columns "'$octet' bench parts.octet parts.onnx --iterations 9 --warmup 0 --imgsz 64 -q" |
        sed -n '/^model/,/)$/p' >table
    too_wide $columns <table
    grep -c median table
    on_terminal $columns "'$octet' inspect parts.onnx" | sed -n '/^ *#/,$p' >table
    too_wide $columns <table
    wc -l <table
done
echo "away from a terminal:"
"$octet" detect parts.octet a* -q --max-det 1 | sed -n -E '3,$d; s/[0-9]+\.[0-9]+/N/g; s/ +/ /gp'
for columns in 20 40 80 1000; do
    on_terminal $columns "'$octet' detect parts.octet '$pictures' '$pictures' >/dev/null" | tr '\033' '\n' |
        sed 's/^\[K//' | grep /28 >bars || echo "$columns columns: no bar"
    too_wide $((columns - 1)) <bars
    head -n 1 bars | sed -E 's/[0-9.]+\/s/N\/s/; s/[0-9]+( ?s)/N\1/; s/#/./g'
done
