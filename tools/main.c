/* SPDX-License-Identifier: Apache-2.0 */
/* octet: the command line. Finds the verb; the verbs are in cmd_*.c. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/foreign.h"
#include "app/json_print.h"
#include "app/suggest.h"

#define LARGE_BLOCK_BYTES (256 * 1024) /* what pictures take, and little else */

struct verb {
    const char *name, *summary;
    int (*run)(struct app *app, int argc, char **argv);
};

static const struct verb verbs[] = {
    {"inspect", "show what is in a model, an engine, statistics or a TensorRT cache", cmd_inspect},
    {"detect", "find objects in pictures", cmd_detect},
    {"calibrate", "gather a model's statistics over pictures", cmd_calibrate},
    {"merge", "join statistics of shards, cameras and sizes, exactly", cmd_merge},
    {"build", "make an engine from an ONNX model", cmd_build},
    {"export", "write what TensorRT, ONNX Runtime and OpenVINO take", cmd_export},
    {"eval", "measure average precision against labels, by COCO's rules", cmd_eval},
    {"compare", "how far two detectors agree, in boxes and in layers", cmd_compare},
    {"study", "measure how many calibration pictures are enough", cmd_study},
    {"tune", "train a quantised model to be what its float model is", cmd_tune},
    {"report", "one page that tells what quantisation did", cmd_report},
    {"run", "raw tensors in, raw tensors out, as NumPy files", cmd_run},
    {"bench", "measure the speed of models on this machine", cmd_bench},
    {"watch", "find objects in what many cameras see", cmd_watch},
    {"serve", "find objects in the frames that Frigate sends", cmd_serve},
    {"doctor", "tell what matters for INT8 on this machine", cmd_doctor},
};
#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static void print_verbs(FILE *stream)
{
    fputs("octet: YOLO detectors as small, fast INT8 engines\n\n"
          "usage: octet VERB [OPTION...] ARGUMENT...\n\n",
          stream);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(stream, "  %-12s%s\n", verbs[i].name, verbs[i].summary);
    fputs("\n  -h, --help     this text; 'octet VERB --help' tells about a verb\n"
          "      --version  the program's version\n",
          stream);
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int unknown_verb(struct app *app, const char *name)
{
    char text[SUGGEST_BYTES];
    struct suggestion suggestion = suggest_for(name);
    if (name[0] == '-')
        return app_usage(app, "unknown option '%s' before the verb; 'octet --help' lists the verbs",
                         name);
    for (size_t i = 0; i < VERB_COUNT; i++)
        suggest_offer(&suggestion, verbs[i].name);
    suggest_text(&suggestion, "", text);
    return app_usage(app, "unknown verb '%s'%s", name,
                     text[0] ? text : "; 'octet --help' lists the verbs");
}

static int run_verb(struct app *app, const struct verb *verb, int argc, char **argv)
{
    app->verb = verb->name;
    int status = verb->run(app, argc, argv);
    octet_context_free(&app->context);
    for (size_t i = 0; i < app->data_file_count; i++)
        free(app->data_files[i]);
    free(app->data_files);
    free(app->cache);
    return status;
}

static int dispatch(struct app *app, int argc, char **argv)
{
    if (argc < 2) {
        print_verbs(stderr);
        return STATUS_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("octet %s\n", octet_version());
        return STATUS_DONE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        const struct verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
        char help[] = "--help", *arguments[] = {argv[0], help, NULL};
        if (argc > 2 && !verb)
            return unknown_verb(app, argv[2]);
        if (verb)
            return run_verb(app, verb, 2, arguments);
        print_verbs(stdout);
        return STATUS_DONE;
    }
    const struct verb *verb = find_verb(word);
    if (!verb && (foreign_is_verb(word) || foreign_is_setting(word) || foreign_is_option(word)))
        return foreign_usage(app, argc - 1, argv + 1);
    return verb ? run_verb(app, verb, argc - 1, argv + 1) : unknown_verb(app, word);
}

/* With a closed standard stream the next file opened would take its place and receive its text. The
 * stand-ins cannot be written, so that results that nobody gets are still a failure. */
static void occupy_standard_streams(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0)
            return;
}

/* Pictures come and go by the megabyte: their memory goes back to the system at once, so that many
 * of different sizes take no more than one. */
static void return_large_blocks(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
#endif
}

int main(int argc, char **argv)
{
    struct app app = {0};
    return_large_blocks();
    occupy_standard_streams();
    app_catch_signals();
    json_start();
    /* Names in files are UTF-8 whatever the user's locale is, and letters are those of C. */
    setlocale(LC_CTYPE, "C.UTF-8");
    int status = dispatch(&app, argc, argv);
    if (app_flush(&app) != STATUS_DONE && status == STATUS_DONE)
        status = STATUS_FAILED;
    app_raise_caught();
    return status;
}
