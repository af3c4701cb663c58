# SPDX-License-Identifier: Apache-2.0
# What inspect shows of a model, its statistics and its engine; the same as JSON.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(engine)" parts.octet
cp "$(stats)" parts.stats
try inspect parts.onnx | mask | sed -e '/^ *N \/model/d' -e '/^ date/d'
try inspect parts.octet | mask | grep -v -e 'sha' -e finger | sed '/^ *N \/model/d'
try inspect parts.stats | mask | grep -v -e hash -e finger | head -n 6
for file in parts.onnx parts.octet parts.stats; do
    "$octet" inspect --json $file >json
    sed -n 's/^  "\([a-z_]*\)":.*/\1/p' json | tr '\n' ' '
    echo
    ! command -v python3 >/dev/null || python3 -m json.tool json >/dev/null
done
"$octet" inspect parts.onnx | grep -c '^ *[0-9]* */model\.'
