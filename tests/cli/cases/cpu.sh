# SPDX-License-Identifier: Apache-2.0
# --cpu: the sets that doctor tells of are taken, the others refused; boxes are the same.
. "$support"
need_demo
engine=$(engine)
picture=$pictures/$(ls "$pictures" | head -n 1)
"$octet" doctor --json >doctor.json
sets=$(sed -n 's/^ *"kernel_sets": "\(.*\)".*/\1/p' doctor.json)
uses=$(sed -n 's/^ *"octet_uses": "\(.*\)".*/\1/p' doctor.json)
boxes() { "$octet" detect "$engine" "$picture" --json -q --conf 0.1 --imgsz 160 "$@" | sed 's/, "time_ms".*//'; }
isa() { "$octet" bench "$engine" --imgsz 32 --threads 1 --warmup 1 --iterations 1 --json -q "$@" | sed -n 's/^ *"isa": "\(.*\)",/\1/p'; }

# A program that the tests give other processors than the machine's; see CONTRIBUTING.md.
[ -z "${OCTET_TEST_CPU:-}" ] || [ "ref ${OCTET_TEST_CPU//,/ }" = "$sets" ] || [ "$OCTET_TEST_CPU" = "$sets" ] ||
    echo "as if on $OCTET_TEST_CPU: $sets"
case " $sets " in *" $uses "*) ;; *) echo "uses $uses, which is none of $sets" ;; esac
[ "$(isa)" = "$uses" ] || echo "bench uses $(isa), doctor tells of $uses"
[ "$(isa --cpu max)" = "$uses" ] || echo "max is not $uses"
boxes >reference
grep -q '"class_id"' reference || echo "no boxes"
for set in ref avx2 avxvnni avx512 avx512vnni avx512bf16 amx neon fp16 dotprod i8mm; do
    case " $sets " in
    *" $set "*) boxes --cpu $set | cmp - reference || echo "other boxes with $set" ;;
    *)
        refused $set detect "$engine" "$picture" --cpu $set
        grep -q "this machine cannot run the kernel set \"$set\"" refused.err || cat refused.err
        refused "ref,$set" bench "$engine" --cpu ref,$set
        ;;
    esac
done
boxes --cpu "${sets// /,}" | cmp - reference
[ "$(isa --cpu ref,ref)" = ref ] || echo "ref,ref is not ref"
