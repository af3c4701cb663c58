/* SPDX-License-Identifier: Apache-2.0 */
/* One parser for the options of all verbs. A verb describes itself by a struct command, from which
 * parsing and the help text both come. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include "app/app.h"
#include "app/shard.h"

enum option_kind {
    OPTION_FLAG,    /* bool */
    OPTION_INTEGER, /* int64_t within minimum .. maximum */
    OPTION_REAL,    /* double within minimum .. maximum */
    OPTION_TEXT,    /* const char *, not empty */
    OPTION_TEXTS,   /* struct texts: every one that is given is kept */
    OPTION_LIST,    /* const char *: words with commas between; of several, all words */
    OPTION_CHOICE,  /* const char *, one of `choices` */
    OPTION_CHOICES, /* const char *, some of `choices` with commas between */
    OPTION_DEVICE,  /* const char *, a word of device.h */
    OPTION_DEVICES, /* as OPTION_LIST, words of device.h */
    OPTION_SIZE,    /* struct input_size: N or HxW, multiples of INPUT_SIDE_STEP */
    OPTION_SIZES,   /* struct input_sizes: such sizes with commas between, none twice */
    OPTION_SHARD    /* struct shard: K/N, 1 <= K <= N <= SHARDS_MAX */
};

/* Bounds of options that several verbs have. */
#define SAMPLE_MAX 1e9 /* pictures of --count */
#define SEED_MAX 1e15  /* a double holds it exactly */
#define BATCH_MAX 256
#define INPUT_SIDE_STEP 32
#define INPUT_SIDE_MAX 8192
#define INPUT_SIZES_MAX 32

struct input_size {
    int height, width; /* pixels; 0: not given */
};

struct input_sizes {
    struct input_size size[INPUT_SIZES_MAX];
    int count; /* 0: not given */
};

/* Not empty each; they point into argv. The array lives as long as the program. */
struct texts {
    const char **text;
    size_t count;
};

struct option {
    const char *name; /* without the dashes */
    char letter;      /* 0: no short form */
    enum option_kind kind;
    const char *value; /* what the help calls the value, e.g. "DIR" */
    const char *help;
    /* of the kind's type; holds the default and receives the value
     * (the last one given wins, but for OPTION_TEXTS, OPTION_LIST and OPTION_DEVICES) */
    void *target;
    double minimum, maximum;
    const char *const *choices; /* ends with NULL; "OLD=NEW": an old word for NEW, not offered */
};

struct command {
    const char *name, *operands, *summary;
    const char *notes; /* closing lines of the help, or NULL */
    const struct option *options;
    size_t option_count;
    int operands_minimum, operands_maximum; /* maximum -1: any number */
};

/* Of verbs that run a network. */
#define DEVICE_OPTION(app)                                                                         \
    {                                                                                              \
        "device", 0, OPTION_DEVICE, "NAME", "where it runs: cpu (default), cuda, cuda:N or auto",  \
            &(app)->device, 0, 0, NULL                                                             \
    }
/* Of those that choose ranges. */
#define WEIGHTS_OPTION(target_)                                                                    \
    {                                                                                              \
        "weights", 0, OPTION_TEXT, "HOW",                                                          \
            "of statistics' parts: images (default), equal, W1,W2,...", target_, 0, 0, NULL        \
    }
/* Of those whose work can be parted. */
#define SHARD_OPTION(target_)                                                                      \
    {                                                                                              \
        "shard", 0, OPTION_SHARD, "K/N", "only every N-th picture from the K-th on: part K of N",  \
            target_, 0, 0, NULL                                                                    \
    }
/* Of those that read films. */
#define EVERY_OPTION(target_)                                                                      \
    {                                                                                              \
        "every", 0, OPTION_INTEGER, "N", "of films and cameras every N-th frame (default 1)",      \
            target_, 1, SAMPLE_MAX, NULL                                                           \
    }
/* Of those that may try a GPU's kernels out for it. */
#define CACHE_OPTION(app)                                                                          \
    {                                                                                              \
        .name = "no-cache", .help = "keep nothing of what is tried out on a GPU, and use nothing", \
        .target = &(app)->no_cache                                                                 \
    }

#define OPTION_COUNT(options) (sizeof(options) / sizeof *(options))

/* What was given besides options; points into argv. */
struct operands {
    char **text;
    int count;
};

/* Parses argv[1] and on; the common options go to `app`, which is opened afterwards. Operands and
 * options may mix; after "--" all are operands. Returns true when the verb shall go on; else
 * `*status` is what it shall return (the help was printed, or one line about the mistake). */
bool options_parse(struct app *app, const struct command *command, int argc, char **argv,
                   struct operands *operands, int *status);

/* Parses a whole text as a number; false on anything else. */
bool parse_integer(const char *text, int64_t *number);

#endif
