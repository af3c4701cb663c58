/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks every kernel that this machine can run against the plain C reference on random input, and
 * times them.
 *
 *   kernel_check [--seed N] [--rounds N] [--list] [--bench | --network | --loops] [--model n|s]
 *                [--size PX] [--f32] [--bf16] [--cpu LIST] [-v] [NAME PART]
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu_mask.h"
#include "kernels/check.h"

static char reason[400];
static sigjmp_buf crash_return;
static volatile sig_atomic_t armed;

bool check_failed(const char *format, ...)
{
    if (reason[0])
        strncat(reason, "; ", sizeof reason - strlen(reason) - 1);
    const size_t used = strlen(reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason + used, sizeof reason - used, format, arguments);
    va_end(arguments);
    return false;
}

static void on_crash(int signal_number)
{
    if (!armed) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        return;
    }
    siglongjmp(crash_return, signal_number);
}

struct options {
    uint64_t seed;
    int rounds;
    bool list, bench, network, loops;
    struct check_bench timing;
    unsigned sets;
    const char *filter;
};

struct totals {
    int passed, failed;
};

/* What is under test: one of the convolutions, or an entry of a filled table. */
struct subject {
    const char *name;
    const struct oct_conv_kernel *kernel;
    enum oct_type type;
    const struct oct_kernels *table;
    enum {
        POOL_U8,
        POOL_F32,
        POOL_HALF,
        MEAN,
        ATTENTION_U8,
        ATTENTION_F32,
        ATTENTION_HALF,
        UPSAMPLE,
        CONVERT,
        PIXELS,
        RESIZE,
        YUV,
        MEASURE,
        BURN,
        CHOICE,
        SILU,
        SOFTMAX,
        ACTIVATIONS,
        REQUANTIZE,
        CPU_PARSE
    } entry;
};

static bool run_case(const struct subject *subject, struct check_random *random, int turn)
{
    if (subject->kernel)
        return check_conv(subject->kernel, subject->type, random, turn);
    switch (subject->entry) {
    case POOL_U8:
        return check_pool(subject->table, OCT_TYPE_U8, random);
    case POOL_F32:
        return check_pool(subject->table, OCT_TYPE_F32, random);
    case POOL_HALF:
        return check_pool(subject->table, check_half_type(subject->table), random);
    case MEAN:
        return check_mean(subject->table, random);
    case ATTENTION_U8:
        return check_attention(subject->table, OCT_TYPE_U8, random);
    case ATTENTION_F32:
        return check_attention(subject->table, OCT_TYPE_F32, random);
    case ATTENTION_HALF:
        return check_attention(subject->table, check_half_type(subject->table), random);
    case UPSAMPLE:
        return check_upsample(subject->table, random);
    case CONVERT:
        return check_convert(subject->table, random);
    case PIXELS:
        return check_pixels(subject->table, random);
    case RESIZE:
        return check_resize(subject->table, random);
    case YUV:
        return check_yuv(subject->table, random);
    case MEASURE:
        return check_measure(subject->table, random);
    case BURN:
        return turn > 0 || check_burn(subject->table);
    case CHOICE:
        return check_choice(subject->table, random);
    case SILU:
        return turn > 0 || check_silu();
    case SOFTMAX:
        return turn > 0 || check_softmax();
    case ACTIVATIONS:
        return turn > 0 || check_activations();
    case REQUANTIZE:
        return turn > 0 || check_requantize();
    default:
        return turn > 0 || check_cpu_parse();
    }
}

static void check_subject(const struct options *options, const struct subject *subject,
                          struct totals *totals)
{
    if (options->filter && !strstr(subject->name, options->filter))
        return;
    if (options->list) {
        printf("%s\n", subject->name);
        return;
    }
    for (int turn = 0; turn < options->rounds; turn++) {
        const uint64_t seed = options->seed + (uint64_t)turn;
        struct check_random random = check_random_of(seed);
        reason[0] = '\0';
        const int crash = sigsetjmp(crash_return, 1);
        bool good = false;
        if (crash == 0) {
            armed = 1;
            /* convolutions go through their kinds of cases; what takes no random data runs once */
            const int kind = subject->kernel ? (int)(options->seed % 20) : 0;
            good = run_case(subject, &random, turn + kind);
        } else {
            check_failed("crashed with signal %d (%s)", crash, strsignal(crash));
        }
        armed = 0;
        if (!good) {
            printf("FAILED %s: %s (--seed %llu --rounds 1)\n", subject->name, reason,
                   (unsigned long long)seed);
            totals->failed++;
            return;
        }
    }
    totals->passed++;
}

static void check_lists(const struct options *options, struct totals *totals)
{
    int count;
    const struct oct_kernel_list *lists = oct_kernels_list(&count);
    for (int i = 0; i < count; i++) {
        if ((options->sets & lists[i].sets) != lists[i].sets)
            continue;
        if ((lists[i].sets & OCT_CPU_AMX) && test_cpu_emulates_amx())
            continue; /* check_emulated() has these */
        for (enum oct_type type = OCT_TYPE_U8; type <= OCT_TYPE_F16; type++) {
            int kernels;
            const struct oct_conv_kernel *const *all = check_kernels(&lists[i], type, &kernels);
            for (int k = 0; k < kernels; k++)
                check_subject(
                    options,
                    &(struct subject){.name = all[k]->name, .kernel = all[k], .type = type},
                    totals);
        }
    }
}

static void check_emulated(const struct options *options, struct totals *totals)
{
#if defined(__x86_64__)
    for (int i = 0; i < CHECK_AMX_KERNELS && options->sets & OCT_CPU_AVX512VNNI; i++) {
        const struct oct_conv_kernel *u8 = check_conv_u8_amx[i], *bf16 = check_conv_bf16_amx[i];
        check_subject(options,
                      &(struct subject){.name = u8->name, .kernel = u8, .type = OCT_TYPE_U8},
                      totals);
        check_subject(options,
                      &(struct subject){.name = bf16->name, .kernel = bf16, .type = OCT_TYPE_BF16},
                      totals);
    }
#else
    (void)options;
    (void)totals;
#endif
}

static void check_tables(const struct options *options, struct totals *totals)
{
    static const char *const entries[] = {"max_pool_u8",     "max_pool_f32", "max_pool_half",
                                          "mean_pool",       "attention_u8", "attention_f32",
                                          "attention_half",  "upsample2",    "convert",
                                          "pixels_to_float", "resize",       "yuv",
                                          "measure",         "burn",         "choose_conv"};
    for (unsigned set = OCT_CPU_REF; oct_cpu_set_name(set); set <<= 1) {
        if (!(options->sets & set))
            continue;
        struct oct_kernels table;
        oct_kernels_fill(&table, options->sets & (2 * set - 1));
        for (int entry = POOL_U8; entry <= CHOICE; entry++) {
            char name[64];
            snprintf(name, sizeof name, "%s_%s", entries[entry], oct_cpu_set_name(set));
            struct subject subject = {.name = name, .table = &table};
            subject.entry = entry;
            check_subject(options, &subject, totals);
        }
    }
    check_subject(options, &(struct subject){.name = "silu", .entry = SILU}, totals);
    check_subject(options, &(struct subject){.name = "softmax", .entry = SOFTMAX}, totals);
    check_subject(options, &(struct subject){.name = "activations", .entry = ACTIVATIONS}, totals);
    check_subject(options, &(struct subject){.name = "requantize", .entry = REQUANTIZE}, totals);
    check_subject(options, &(struct subject){.name = "cpu_parse", .entry = CPU_PARSE}, totals);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: kernel_check [--seed N] [--rounds N] [--list] [--bench | --network | --loops]\n"
            "                    [--model n|s] [--size PX] [--f32] [--bf16] [--cpu LIST] [-v]\n"
            "                    [NAME PART]\n");
    return 2;
}

static bool parse_sets(const char *list, unsigned *sets)
{
    struct octet_context ctx = {.message = ""};
    const bool good = oct_cpu_parse(&ctx, list, sets) == OCTET_OK;
    if (!good)
        fprintf(stderr, "kernel_check: %s\n", ctx.message);
    return good;
}

static bool parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        bool took = true;
        if (value && strcmp(argument, "--seed") == 0)
            options->seed = strtoull(value, NULL, 0);
        else if (value && strcmp(argument, "--rounds") == 0)
            options->rounds = atoi(value);
        else if (value && strcmp(argument, "--model") == 0)
            options->timing.model = value;
        else if (value && strcmp(argument, "--size") == 0)
            options->timing.size = atoi(value);
        else if (value && strcmp(argument, "--cpu") == 0) {
            if (!parse_sets(value, &options->sets))
                return false;
        } else
            took = false;
        if (took) {
            i++;
            continue;
        }
        if (strcmp(argument, "--list") == 0)
            options->list = true;
        else if (strcmp(argument, "--bench") == 0)
            options->bench = true;
        else if (strcmp(argument, "--network") == 0)
            options->network = true;
        else if (strcmp(argument, "--loops") == 0)
            options->loops = true;
        else if (strcmp(argument, "--f32") == 0)
            options->timing.type = OCT_TYPE_F32;
        else if (strcmp(argument, "--bf16") == 0)
            options->timing.type = OCT_TYPE_BF16;
        else if (strcmp(argument, "-v") == 0)
            options->timing.verbose = true;
        else if (argument[0] != '-' && !options->filter)
            options->filter = argument;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = (uint64_t)time(NULL),
                              .rounds = 120,
                              .sets = oct_cpu_sets(),
                              .timing = {.model = "n", .size = 640}};
    if (!parse(argc, argv, &options))
        return usage();
    options.sets = oct_cpu_enable(options.sets);
    options.timing.sets = options.sets;
    if (options.timing.type == OCT_TYPE_BF16) { /* asked for: as this machine stores it */
        struct oct_kernels table;
        oct_kernels_fill(&table, options.sets);
        options.timing.type = check_half_type(&table);
    }
    options.timing.filter = options.filter;
    if (options.bench || options.network || options.loops) {
        (options.bench     ? check_bench_kernels
         : options.network ? check_bench_network
                           : check_bench_loops)(&options.timing);
        return 0;
    }
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], on_crash);
    struct totals totals = {0, 0};
    if (!options.list)
        printf("seed %llu\n", (unsigned long long)options.seed);
    check_lists(&options, &totals);
    check_emulated(&options, &totals);
    check_tables(&options, &totals);
    if (!options.list)
        printf("%d passed, %d failed\n", totals.passed, totals.failed);
    return totals.failed || (!options.list && totals.passed == 0) ? 1 : 0;
}
