/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plug-in of qemu-user that counts the instructions of a 64-bit ARM program, and those of each
 * layer of a network that octet runs with one thread, and of what else it does with a picture.
 *
 *   gcc -shared -fPIC -O2 -o count_layers.so count_layers.c
 *   qemu-aarch64 -plugin ./count_layers.so[,out=FILE] -d plugin PROGRAM...
 *
 * At the end it writes, to FILE or to standard error, a line for the whole program, one for each
 * layer, one for each stage (letterbox, measure: oct_letterbox_frame() and oct_observe() with all
 * that they call) and one for each function that executed a thousandth of all:
 *
 *   all INSTRUCTIONS VECTOR SDOT SMMLA FMLA FMLAH WIDENING
 *   layer NUMBER the same
 *   stage NAME CALLS the same
 *   function NAME the same
 *
 * VECTOR counts data processing of vectors and floats; the others are instructions that multiply
 * and add vectors: SDOT with USDOT and UDOT; SMMLA with UMMLA and USMMLA; FMLA of floats; FMLAH of
 * halves and of bfloat16; WIDENING of integers of 8 and 16 bits, into wider sums (SMLAL, SMULL) and
 * not (MLA, MUL).
 *
 * A layer is what oct_threads_run() does for oct_cpu_run(), call by call: a block of the latter's
 * ends a layer, the entry of the former begins the next. A stage ends where the function goes on
 * that called it. Symbols must be there (no strip).
 *
 * Declares by itself what it uses of the plug-in interface, version 1 (qemu 4.2 to 9).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*translated)(qemu_plugin_id_t,
                                                              struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          void (*executed)(unsigned, void *), int flags,
                                          void *user);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*ended)(qemu_plugin_id_t, void *),
                                    void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

#define LAYERS_MAX 4096
#define FUNCTIONS_MAX 8192

enum kind { ALL, VECTOR, SDOT, SMMLA, FMLA, FMLAH, WIDENING, KINDS };

/* Encodings by the Arm architecture reference manual; Q, U and size bits are left open where more
 * than one form counts. */
static const struct {
    uint32_t mask, bits;
    enum kind kind;
} products[] = {
    {0x9fe0fc00, 0x0e809400, SDOT},     /* SDOT, UDOT */
    {0x9fc0f400, 0x0f80e000, SDOT},     /* by element */
    {0xbfe0fc00, 0x0e809c00, SDOT},     /* USDOT */
    {0xbf40f400, 0x0f00f000, SDOT},     /* USDOT, SUDOT by element */
    {0xdfe0fc00, 0x4e80a400, SMMLA},    /* SMMLA, UMMLA */
    {0xffe0fc00, 0x4e80ac00, SMMLA},    /* USMMLA */
    {0xbfa0fc00, 0x0e20cc00, FMLA},     /* FMLA of floats */
    {0xbf80f400, 0x0f801000, FMLA},     /* by element */
    {0xbfe0fc00, 0x0e400c00, FMLAH},    /* FMLA of halves */
    {0xbfc0f400, 0x0f001000, FMLAH},    /* by element */
    {0xbfe0fc00, 0x2e40fc00, FMLAH},    /* BFDOT */
    {0xffe0fc00, 0x6e40ec00, FMLAH},    /* BFMMLA */
    {0x9f20dc00, 0x0e208000, WIDENING}, /* SMLAL, SMLSL, UMLAL, UMLSL */
    {0x9f20fc00, 0x0e20c000, WIDENING}, /* SMULL, UMULL */
    {0x9f00b400, 0x0f002000, WIDENING}, /* the same but SMULL, by element */
    {0x9f00f400, 0x0f00a000, WIDENING}, /* SMULL, UMULL by element */
    {0xbf20fc00, 0x0e209400, WIDENING}, /* MLA */
    {0xbf20fc00, 0x0e209c00, WIDENING}, /* MUL */
    {0xbf00f400, 0x2f000000, WIDENING}, /* MLA by element */
};

struct counts {
    uint64_t of[KINDS];
};

struct function {
    const char *name;
    uint64_t entry; /* where its first block was translated: callers enter there */
    bool is_driver; /* runs the layers one by one */
    struct counts counts;
};

enum stage { NONE, LETTERBOX, MEASURE, STAGES };

static const struct {
    const char *name, *function;
} stages[STAGES] = {
    [LETTERBOX] = {"letterbox", "oct_letterbox_frame"}, [MEASURE] = {"measure", "oct_observe"}};

struct block {
    uint32_t of[KINDS];
    struct function *function;
    bool begins_network, begins_layer;
    enum stage begins_stage;
};

static struct function functions[FUNCTIONS_MAX];
static struct counts total, layers[LAYERS_MAX], in_stage[STAGES];
static uint64_t calls[STAGES];
static int function_count, layer = -1, next_layer, layer_count;
static const char *out_file;

static struct function *function_named(const char *name, uint64_t address)
{
    for (int i = 0; i < function_count; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    if (function_count == FUNCTIONS_MAX)
        return &functions[FUNCTIONS_MAX - 1];
    struct function *function = &functions[function_count++];
    *function = (struct function){.name = strdup(name), .entry = address};
    function->is_driver = strcmp(name, "oct_cpu_run") == 0 || strcmp(name, "run_picture") == 0;
    return function;
}

static void add(struct counts *counts, const struct block *block)
{
    for (int kind = 0; kind < KINDS; kind++)
        counts->of[kind] += block->of[kind];
}

/* The stage that a block belongs to, when `before` was executed before it. */
static enum stage stage_of(const struct block *block, const struct function *before)
{
    static enum stage stage;
    static const struct function *caller;
    if (stage && block->function == caller)
        stage = NONE;
    if (!stage && block->begins_stage) {
        stage = block->begins_stage;
        caller = before;
        calls[stage]++;
    }
    return stage;
}

/* Programs with one thread are counted right; those with more lose counts to each other. */
static void executed(unsigned cpu, void *user)
{
    static bool is_running;
    static const struct function *before;
    const struct block *block = user;
    (void)cpu;
    add(&in_stage[stage_of(block, before)], block);
    before = block->function;
    if (block->begins_network) {
        is_running = true;
        next_layer = 0;
    }
    if (block->function->is_driver)
        layer = -1;
    else if (is_running && block->begins_layer && next_layer < LAYERS_MAX) {
        layer = next_layer++;
        layer_count = next_layer > layer_count ? next_layer : layer_count;
    }
    add(&total, block);
    add(&block->function->counts, block);
    if (layer >= 0)
        add(&layers[layer], block);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    struct block *block = calloc(1, sizeof *block); /* lives as long as the translation */
    const size_t count = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(tb, i)), sizeof word);
        block->of[ALL]++;
        block->of[VECTOR] += (word & 0x0e000000) == 0x0e000000;
        for (size_t p = 0; p < sizeof products / sizeof products[0]; p++) {
            if ((word & products[p].mask) == products[p].bits) {
                block->of[products[p].kind]++;
                break;
            }
        }
    }
    const char *name = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, 0));
    block->function = function_named(name && *name ? name : "?", qemu_plugin_tb_vaddr(tb));
    const struct function *function = block->function;
    const bool is_entry = function->entry == qemu_plugin_tb_vaddr(tb);
    block->begins_network = is_entry && strcmp(function->name, "oct_cpu_run") == 0;
    block->begins_layer = is_entry && strcmp(function->name, "oct_threads_run") == 0;
    for (int stage = NONE + 1; stage < STAGES; stage++)
        if (is_entry && strcmp(function->name, stages[stage].function) == 0)
            block->begins_stage = stage;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block);
}

static void print(FILE *file, const struct counts *counts)
{
    for (int kind = 0; kind < KINDS; kind++)
        fprintf(file, " %" PRIu64, counts->of[kind]);
    fputc('\n', file);
}

static void ended(qemu_plugin_id_t id, void *user)
{
    (void)id;
    (void)user;
    FILE *file = out_file ? fopen(out_file, "w") : stderr;
    if (!file) {
        fprintf(stderr, "count_layers: cannot write %s\n", out_file);
        return;
    }
    fputs("all", file);
    print(file, &total);
    for (int i = 0; i < layer_count; i++) {
        fprintf(file, "layer %d", i);
        print(file, &layers[i]);
    }
    for (int i = NONE + 1; i < STAGES; i++) {
        fprintf(file, "stage %s %" PRIu64, stages[i].name, calls[i]);
        print(file, &in_stage[i]);
    }
    for (int i = 0; i < function_count; i++) {
        if (functions[i].counts.of[ALL] < total.of[ALL] / 1000)
            continue;
        fprintf(file, "function %s", functions[i].name);
        print(file, &functions[i].counts);
    }
    if (out_file)
        fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) != 0) {
            fprintf(stderr, "count_layers: out=FILE, not '%s'\n", argv[i]);
            return 1;
        }
        out_file = strdup(argv[i] + 4);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
