/* SPDX-License-Identifier: Apache-2.0 */
/* Parses options by their table, and prints the help from it. */
#include "app/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/device.h"
#include "app/foreign.h"
#include "app/suggest.h"

#define CHOICES_BYTES 256 /* all choices of an option, in words */
#define SIZE_BYTES 24     /* an input size */
#define THREADS_MAX 1024
#define COMMON_COUNT 6

static const char *const cpu_names[] = {"max",        "ref",        "avx2", "avxvnni", "avx512",
                                        "avx512vnni", "avx512bf16", "amx",  "neon",    "fp16",
                                        "dotprod",    "i8mm",       NULL};

/* One parse: the verb's options, the common ones and where those go. */
struct parse {
    struct app *app;
    const struct command *command;
    struct option common[COMMON_COUNT];
    bool help;
    int64_t threads;
    char **given; /* argv as it came: operands take its place */
    int given_count;
};

static void fill_common(struct parse *parse)
{
    struct app *app = parse->app;
    const struct option common[COMMON_COUNT] = {
        {.name = "quiet",
         .letter = 'q',
         .help = "no progress and no messages but errors",
         .target = &app->quiet},
        {.name = "verbose",
         .letter = 'v',
         .help = "more messages; twice: yet more",
         .target = &app->verbose},
        {"threads", 0, OPTION_INTEGER, "N",
         "threads to use (default: the physical cores and CPU quota of this process)",
         &parse->threads, 1, THREADS_MAX, NULL},
        {"cpu", 0, OPTION_CHOICES, "LIST",
         "highest kernel set to use, or a list: max (default), ref, avx2, ...", &app->cpu, 0, 0,
         cpu_names},
        {.name = "json", .help = "results as JSON", .target = &app->json},
        {.name = "help", .letter = 'h', .help = "this text", .target = &parse->help},
    };
    memcpy(parse->common, common, sizeof common);
}

static const struct option *find_option(const struct parse *parse, const char *name, size_t length,
                                        char letter)
{
    const struct command *command = parse->command;
    for (size_t i = 0; i < command->option_count + COMMON_COUNT; i++) {
        const struct option *option = i < command->option_count
                                          ? &command->options[i]
                                          : &parse->common[i - command->option_count];
        if (letter ? option->letter == letter
                   : strlen(option->name) == length && memcmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

static int unknown_option(const struct parse *parse, const char *argument, const char *name,
                          size_t length)
{
    char text[SUGGEST_BYTES], *word = strndup(name, length);
    struct suggestion suggestion = suggest_for(word ? word : "");
    for (size_t i = 0; i < parse->command->option_count; i++)
        suggest_offer(&suggestion, parse->command->options[i].name);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        suggest_offer(&suggestion, parse->common[i].name);
    suggest_text(&suggestion, "--", text);
    free(word);
    if (!text[0])
        snprintf(text, sizeof text, "; 'octet %s --help' lists the options", parse->command->name);
    return app_usage(parse->app, "unknown option '%s'%s", argument, text);
}

bool parse_integer(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || text[0] == ' ' || text[0] == '\t')
        return false;
    *number = value;
    return true;
}

static bool parse_real(const char *text, double *number)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || text[0] == ' ')
        return false;
    *number = value;
    return true;
}

static bool parse_side(const char *text, size_t length, int *side)
{
    char copy[8];
    int64_t value;
    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (!parse_integer(copy, &value) || value < 0)
        return false;
    *side = (int)value;
    return true;
}

/* Two sides that may be none of an input's. */
static bool parse_size(const char *text, struct input_size *size)
{
    const char *cross = strchr(text, 'x');
    if (!cross) {
        bool is_one = parse_side(text, strlen(text), &size->height);
        size->width = size->height;
        return is_one;
    }
    return parse_side(text, (size_t)(cross - text), &size->height) &&
           parse_side(cross + 1, strlen(cross + 1), &size->width);
}

static bool is_side(int side)
{
    return side >= INPUT_SIDE_STEP && side <= INPUT_SIDE_MAX && side % INPUT_SIDE_STEP == 0;
}

static bool parse_sizes(const char *text, struct input_sizes *sizes)
{
    char *copy = app_strdup(text), *at = copy;
    bool good = true;
    sizes->count = 0;
    while (good && at) {
        char *comma = strchr(at, ',');
        struct input_size size;
        if (comma)
            *comma = '\0';
        good = sizes->count < INPUT_SIZES_MAX && parse_size(at, &size) && is_side(size.height) &&
               is_side(size.width);
        for (int i = 0; i < sizes->count && good; i++)
            good = sizes->size[i].height != size.height || sizes->size[i].width != size.width;
        if (good)
            sizes->size[sizes->count++] = size;
        at = comma ? comma + 1 : NULL;
    }
    free(copy);
    return good;
}

static bool parse_shard(const char *text, struct shard *shard)
{
    int end = 0;
    return sscanf(text, "%4d/%4d%n", &shard->index, &shard->count, &end) == 2 &&
           text[end] == '\0' && shard->index >= 1 && shard->index <= shard->count &&
           shard->count <= SHARDS_MAX && text[0] >= '0' && text[0] <= '9';
}

/* The next side that an input may have, downwards or upwards; this one where it may. */
static int near_side(int side, bool upwards)
{
    const int kept = side < INPUT_SIDE_STEP  ? INPUT_SIDE_STEP
                     : side > INPUT_SIDE_MAX ? INPUT_SIDE_MAX
                                             : side;
    return (kept + (upwards ? INPUT_SIDE_STEP - 1 : 0)) / INPUT_SIDE_STEP * INPUT_SIDE_STEP;
}

/* "96", or "96x640" where the sides differ. */
static void size_text(char text[SIZE_BYTES], int height, int width)
{
    if (height == width)
        snprintf(text, SIZE_BYTES, "%d", height);
    else
        snprintf(text, SIZE_BYTES, "%dx%d", height, width);
}

/* With the sizes near one that is two numbers, as which the others stand at 0x0. */
static int refuse_size(struct app *app, const struct option *option, const char *value,
                       struct input_size size)
{
    char low[SIZE_BYTES], high[SIZE_BYTES], near[3 * SIZE_BYTES] = "";
    size_text(low, near_side(size.height, false), near_side(size.width, false));
    size_text(high, near_side(size.height, true), near_side(size.width, true));
    if (size.height || size.width)
        snprintf(near, sizeof near, strcmp(low, high) ? "; near it: %s and %s" : "; near it: %s",
                 low, high);
    return app_usage(app,
                     "--%s '%s': must be one size, N or HEIGHTxWIDTH, in multiples of %d from %d "
                     "to %d%s",
                     option->name, value, INPUT_SIDE_STEP, INPUT_SIDE_STEP, INPUT_SIDE_MAX, near);
}

static int set_size(struct app *app, const struct option *option, const char *value)
{
    struct input_size size;
    if (!parse_size(value, &size))
        return refuse_size(app, option, value, (struct input_size){0});
    if (!is_side(size.height) || !is_side(size.width))
        return refuse_size(app, option, value, size);
    *(struct input_size *)option->target = size;
    return STATUS_DONE;
}

/* The choice that the word is, or is an old word for; NULL: none. */
static const char *find_choice(const struct option *option, const char *word)
{
    const size_t length = strlen(word);
    for (size_t i = 0; option->choices[i]; i++) {
        const char *choice = option->choices[i], *equals = strchr(choice, '=');
        if (strcmp(choice, word) == 0)
            return choice;
        if (equals && (size_t)(equals - choice) == length && strncmp(choice, word, length) == 0)
            return equals + 1;
    }
    return NULL;
}

static int refuse_choice(struct app *app, const struct option *option, const char *word)
{
    char text[SUGGEST_BYTES], all[CHOICES_BYTES] = "";
    struct suggestion suggestion = suggest_for(word);
    for (size_t i = 0; option->choices[i]; i++) {
        if (strchr(option->choices[i], '='))
            continue;
        suggest_offer(&suggestion, option->choices[i]);
        size_t length = strlen(all);
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", option->choices[i]);
    }
    return app_usage(app, "--%s '%s': must be one of %s%s", option->name, word, all,
                     suggest_text(&suggestion, "", text));
}

static int set_choice(struct app *app, const struct option *option, const char *value)
{
    const char *choice = find_choice(option, value);
    if (!choice)
        return refuse_choice(app, option, value);
    *(const char **)option->target = choice;
    return STATUS_DONE;
}

/* Every word between commas must be a choice; the value is kept as it is. */
static int set_choices(struct app *app, const struct option *option, const char *value)
{
    char *copy = app_strdup(value), *rest = copy, *word;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && (word = strsep(&rest, ",")))
        status = find_choice(option, word) ? STATUS_DONE : refuse_choice(app, option, word);
    free(copy);
    *(const char **)option->target = value;
    return status;
}

/* Values that are made here live as long as the program. */
static void *keep(void *memory)
{
    static void **kept;
    static size_t count;
    kept = app_resize(kept, count + 1, sizeof *kept);
    return kept[count++] = memory;
}

static void add_text(struct texts *texts, const char *value)
{
    const char **longer = keep(app_alloc(texts->count + 1, sizeof *longer));
    if (texts->count)
        memcpy(longer, texts->text, texts->count * sizeof *longer);
    longer[texts->count++] = value;
    texts->text = longer;
}

static void add_words(const char **list, const char *value)
{
    *list = *list ? keep(app_printf("%s,%s", *list, value)) : value;
}

/* Words with commas between are added to those given before. */
static int add_devices(struct app *app, const struct option *option, const char *value)
{
    char *copy = app_strdup(value), *rest = copy, *word;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && (word = strsep(&rest, ",")))
        status = device_is_known(word) ? STATUS_DONE : device_refuse(app, word);
    free(copy);
    if (status == STATUS_DONE)
        add_words(option->target, value);
    return status;
}

static int set_value(struct app *app, const struct option *option, const char *value)
{
    int64_t integer;
    double real;
    switch (option->kind) {
    case OPTION_FLAG:
        return STATUS_DONE;
    case OPTION_INTEGER:
        if (!parse_integer(value, &integer) || (double)integer < option->minimum ||
            (double)integer > option->maximum)
            return app_usage(app, "--%s '%s': must be a whole number from %.0f to %.0f",
                             option->name, value, option->minimum, option->maximum);
        *(int64_t *)option->target = integer;
        return STATUS_DONE;
    case OPTION_REAL:
        if (!parse_real(value, &real) || real < option->minimum || real > option->maximum)
            return app_usage(app, "--%s '%s': must be a number from %g to %g", option->name, value,
                             option->minimum, option->maximum);
        *(double *)option->target = real;
        return STATUS_DONE;
    case OPTION_TEXT:
        if (!value[0])
            return app_usage(app, "--%s: %s must not be empty", option->name, option->value);
        *(const char **)option->target = value;
        return STATUS_DONE;
    case OPTION_TEXTS:
    case OPTION_LIST:
        if (!value[0])
            return app_usage(app, "--%s: %s must not be empty", option->name, option->value);
        if (option->kind == OPTION_TEXTS)
            add_text(option->target, value);
        else
            add_words(option->target, value);
        return STATUS_DONE;
    case OPTION_CHOICE:
        return set_choice(app, option, value);
    case OPTION_CHOICES:
        return set_choices(app, option, value);
    case OPTION_DEVICE:
        if (!device_is_known(value))
            return device_refuse(app, value);
        *(const char **)option->target = value;
        return STATUS_DONE;
    case OPTION_DEVICES:
        return add_devices(app, option, value);
    case OPTION_SIZE:
        return set_size(app, option, value);
    case OPTION_SIZES:
        if (!parse_sizes(value, option->target))
            return app_usage(app,
                             "--%s '%s': must be sizes, N or HEIGHTxWIDTH, in multiples of 32 from "
                             "%d to %d, with commas between and none twice",
                             option->name, value, INPUT_SIDE_STEP, INPUT_SIDE_MAX);
        return STATUS_DONE;
    case OPTION_SHARD:
        if (!parse_shard(value, option->target))
            return app_usage(app, "--%s '%s': must be K/N, from 1/N to N/N, N up to %d",
                             option->name, value, SHARDS_MAX);
        return STATUS_DONE;
    }
    return STATUS_USAGE;
}

static void set_flag(const struct parse *parse, const struct option *option)
{
    if (option->target == &parse->app->verbose)
        parse->app->verbose++;
    else
        *(bool *)option->target = true;
}

/* Takes the option at argv[*at] apart, and its value where it has one. */
static int parse_long(struct parse *parse, char **argv, int argc, int *at)
{
    const char *argument = argv[*at], *name = argument + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find_option(parse, name, length, 0);
    if (!option && foreign_is_verb(parse->command->name) && foreign_is_option(argument))
        return foreign_usage(parse->app, parse->given_count, parse->given);
    if (!option)
        return unknown_option(parse, argument, name, length);
    if (option->kind == OPTION_FLAG) {
        if (equals)
            return app_usage(parse->app, "--%s takes no value", option->name);
        set_flag(parse, option);
        return STATUS_DONE;
    }
    const char *value = equals ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    if (!value || (!equals && strncmp(value, "--", 2) == 0))
        return app_usage(parse->app, "--%s needs a value: --%s %s", option->name, option->name,
                         option->value);
    return set_value(parse->app, option, value);
}

/* "-qv", "-o DIR" and "-oDIR". */
static int parse_short(struct parse *parse, char **argv, int argc, int *at)
{
    const char *argument = argv[*at];
    for (const char *letter = argument + 1; *letter; letter++) {
        const struct option *option = find_option(parse, NULL, 0, *letter);
        if (!option)
            return unknown_option(parse, argument, argument + 1, strlen(argument + 1));
        if (option->kind == OPTION_FLAG) {
            set_flag(parse, option);
            continue;
        }
        const char *value = letter[1] ? letter + 1 : *at + 1 < argc ? argv[++*at] : NULL;
        if (!value || (!letter[1] && strncmp(value, "--", 2) == 0))
            return app_usage(parse->app, "-%c needs a value: -%c %s", *letter, *letter,
                             option->value);
        return set_value(parse->app, option, value);
    }
    return STATUS_DONE;
}

#define HELP_COLUMN 26

static void print_option(const struct option *option)
{
    char left[80];
    int length = option->letter
                     ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                     : snprintf(left, sizeof left, "      --%s", option->name);
    if (option->value)
        length += snprintf(left + length, sizeof left - (size_t)length, " %s", option->value);
    if (length + 2 > HELP_COLUMN)
        printf("%s\n%*s%s\n", left, HELP_COLUMN, "", option->help);
    else
        printf("%-*s%s\n", HELP_COLUMN, left, option->help);
}

static int print_help(const struct parse *parse)
{
    const struct command *command = parse->command;
    printf("octet %s: %s\n\nusage: octet %s [OPTION...]%s%s\n\n", command->name, command->summary,
           command->name, command->operands[0] ? " " : "", command->operands);
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    if (command->option_count)
        putchar('\n');
    for (size_t i = 0; i < COMMON_COUNT; i++)
        print_option(&parse->common[i]);
    if (command->notes)
        printf("\n%s\n", command->notes);
    return app_flush(parse->app);
}

/* Names the operand of place `index` in "MODEL SOURCE...". */
static void missing_operand(struct app *app, const struct command *command, int index)
{
    const char *word = command->operands;
    for (; index > 0 && strchr(word, ' '); index--)
        word = strchr(word, ' ') + 1;
    app_usage(app, "%.*s is missing: octet %s [OPTION...] %s", (int)strcspn(word, " "), word,
              command->name, command->operands);
}

/* Sorts the arguments into options, which take effect, and operands. Returns a status. */
static int parse_all(struct parse *parse, int argc, char **argv, struct operands *operands)
{
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        bool is_operand = only_operands || argv[i][0] != '-' || !argv[i][1];
        if (!only_operands && is_operand && foreign_is_verb(parse->command->name) &&
            foreign_is_setting(argv[i]))
            return foreign_usage(parse->app, parse->given_count, parse->given);
        if (is_operand) {
            operands->text[operands->count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_operands = true;
            continue;
        }
        int status = argv[i][1] == '-' ? parse_long(parse, argv, argc, &i)
                                       : parse_short(parse, argv, argc, &i);
        if (status != STATUS_DONE || parse->help)
            return status;
    }
    return STATUS_DONE;
}

bool options_parse(struct app *app, const struct command *command, int argc, char **argv,
                   struct operands *operands, int *status)
{
    struct parse parse = {.app = app, .command = command, .given_count = argc};
    fill_common(&parse);
    parse.given = app_alloc((size_t)argc, sizeof *parse.given);
    memcpy(parse.given, argv, (size_t)argc * sizeof *argv);
    *operands = (struct operands){argv, 0};
    *status = parse_all(&parse, argc, argv, operands);
    free(parse.given);
    if (*status == STATUS_DONE && parse.help)
        *status = print_help(&parse);
    if (*status != STATUS_DONE || parse.help)
        return false;
    app->threads = (int)parse.threads;
    *status = STATUS_USAGE;
    if (operands->count < command->operands_minimum)
        missing_operand(app, command, operands->count);
    else if (command->operands_maximum >= 0 && operands->count > command->operands_maximum)
        app_usage(app, "'%s' is too much: octet %s [OPTION...]%s%s",
                  operands->text[command->operands_maximum], command->name,
                  command->operands[0] ? " " : "", command->operands);
    else
        *status = app_open(app);
    return *status == STATUS_DONE;
}
