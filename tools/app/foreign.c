/* SPDX-License-Identifier: Apache-2.0 */
/* Puts command lines of other programs into octet's words, as far as it has them. */
#include "app/foreign.h"
#include "app/address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/address.h"
#include "app/foreign_settings.h"

static const struct {
    const char *word;
    int verb;
    const char *remark; /* or NULL */
} verbs[] = {
    {"predict", DETECT, NULL},
    {"detect", DETECT, NULL},
    {"track", DETECT, "octet does not track: it finds the objects of each picture"},
    {"val", EVAL, NULL},
    {"eval", EVAL, NULL},
    {"benchmark", BENCH, NULL},
    {"bench", BENCH, NULL},
    {"export", BUILD, NULL},
    {"build", BUILD, NULL},
    {"train", BUILD, "octet does not train: it takes the trained model, as ONNX"},
    {"segment", DETECT, "octet reads detectors only"},
    {"classify", DETECT, "octet reads detectors only"},
    {"pose", DETECT, "octet reads detectors only"},
    {"obb", DETECT, "octet reads detectors only"},
    {"yolo", DETECT, NULL},
    {"trtexec", BUILD, NULL},
};

/* What was understood. Texts are owned. */
struct command {
    int verb;
    const char *remark;
    char *model, *checkpoint, *source, *options, *left_out, *folder, *subfolder, *output, *data;
    const char *precision;
    bool files, no_draw; /* other files than pictures with boxes are asked for; these are not */
};

bool foreign_is_verb(const char *word)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].word, word) == 0)
            return true;
    return false;
}

bool foreign_is_setting(const char *argument)
{
    struct stat entry;
    size_t length = strcspn(argument, "=");
    return argument[length] && foreign_setting_find(argument, length) &&
           stat(argument, &entry) != 0;
}

/* Names that octet's options have as well are no sign of another program. */
bool foreign_is_option(const char *argument)
{
    const struct foreign_setting *setting =
        strncmp(argument, "--", 2) == 0
            ? foreign_setting_find(argument + 2, strcspn(argument + 2, "="))
            : NULL;
    return setting && (!setting->option || strncmp(setting->option, "--", 2) != 0 ||
                       strcmp(setting->option + 2, setting->name) != 0);
}

/* Appends to a text with `between` before it, unless it is the first. */
static void append(char **text, const char *between, const char *more)
{
    char *longer = *text ? app_printf("%s%s%s", *text, between, more) : app_strdup(more);
    free(*text);
    *text = longer;
}

/* As the shell must be told: in quotes where it would read more than the text. */
static char *shell_word(const char *text)
{
    static const char plain[] = "/._-+=:,@%";
    bool safe = text[0] != '\0';
    for (const char *c = text; *c; c++)
        safe &= isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80 || strchr(plain, *c);
    if (safe)
        return app_strdup(text);
    char *quoted = app_strdup("'");
    for (const char *c = text; *c; c++) {
        const char one[] = {*c, '\0'};
        append(&quoted, "", *c == '\'' ? "'\\''" : one);
    }
    append(&quoted, "", "'");
    return quoted;
}

static void add_word(char **text, const char *word)
{
    char *safe = shell_word(word);
    append(text, " ", safe);
    free(safe);
}

static void set(char **text, const char *value)
{
    free(*text);
    *text = app_strdup(value);
}

/* "yolov8n.octet" for "yolov8n.onnx" and "yolov8n.engine". */
static char *engine_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    int length = dot && (!slash || dot > slash) ? (int)(dot - path) : (int)strlen(path);
    return app_printf("%.*s.octet", length, path);
}

static bool is_false(const char *value)
{
    static const char *const words[] = {"False", "false", "0", "no", "None"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

/* "[0, 2]" as "0,2", and with 'x' between for sizes. */
static char *plain_list(const char *value, char between)
{
    char *list = app_strdup(value), *out = list;
    for (const char *c = list; *c; c++)
        if (!strchr("[]() '\"", *c))
            *out++ = *c == ',' ? between : *c;
    *out = '\0';
    return list;
}

/* "x.onnx" for "x.pt": the length without the ending, and whether it is a checkpoint's. */
static bool is_checkpoint(const char *path, int *stem)
{
    size_t length = strlen(path);
    *stem = (int)length - 3;
    return length > 3 && strcmp(path + *stem, ".pt") == 0;
}

/* octet reads ONNX; the models that other programs are given are checkpoints. */
static void set_model(struct command *command, const char *value)
{
    int stem;
    free(command->model);
    if (!is_checkpoint(value, &stem)) {
        command->model = app_strdup(value);
        return;
    }
    command->model = app_printf("%.*s.onnx", stem, value);
    set(&command->checkpoint, value);
}

static void set_verb(struct command *command, const char *word)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].word, word) == 0) {
            command->verb = verbs[i].verb;
            command->remark = verbs[i].remark ? verbs[i].remark : command->remark;
        }
}

static void add_option(struct command *command, const struct foreign_setting *setting,
                       const char *name, const char *value)
{
    if (!setting->option || !(setting->verbs & command->verb)) {
        append(&command->left_out, ", ", name);
        return;
    }
    append(&command->options, " ", setting->option);
    if (value)
        add_word(&command->options, value);
    command->files |= strncmp(setting->option, "--save", 6) == 0;
}

/* Takes in one setting; `value` is "" for a flag. `name` is how it was written. */
static void take(struct command *command, const struct foreign_setting *setting, const char *name,
                 const char *value)
{
    bool off = is_false(value);
    char *list;
    switch (setting->use) {
    case VALUE:
        add_option(command, setting, name, value);
        break;
    case FLAG:
    case INVERSE:
        if (off == (setting->use == INVERSE))
            add_option(command, setting, name, NULL);
        break;
    case DRAWN:
    case UNDRAWN:
        command->no_draw = off == (setting->use == DRAWN);
        break;
    case SIZE:
    case LIST:
        list = plain_list(value, setting->use == SIZE ? 'x' : ',');
        add_option(command, setting, name, list);
        free(list);
        break;
    case MODEL:
        set_model(command, value);
        break;
    case SOURCE:
        add_word(&command->source, value);
        break;
    case DATA:
        set(&command->data, value);
        break;
    case FOLDER:
        set(&command->folder, value);
        break;
    case SUBFOLDER:
        set(&command->subfolder, value);
        break;
    case PRECISION:
        if (!off && command->verb != BUILD)
            append(&command->left_out, ", ", name);
        else if (!off && (!command->precision || strcmp(setting->option, "int8") == 0))
            command->precision = setting->option;
        break;
    case VERB:
        set_verb(command, value);
        break;
    case OUTPUT:
        set(&command->output, value);
        break;
    case TIMED:
        command->verb = BENCH;
        free(command->model);
        command->model = engine_name(value);
        break;
    case SILENT:
        break;
    }
}

static bool is_number(const char *text)
{
    return text[0] && !text[strspn(text, "0123456789")];
}

/* "--name", "--name=value" and "--name value ..." (class numbers and sides of a size follow one
 * another). Moves `*at` over what belongs to it. */
static void take_option(struct command *command, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2;
    size_t length = strcspn(name, "=");
    const struct foreign_setting *setting = foreign_setting_find(name, length);
    char *written = app_printf("--%.*s", (int)length, name), *value = NULL;
    if (name[length])
        value = app_strdup(name + length + 1);
    else if (setting && !setting->flag && *at + 1 < argc)
        value = app_strdup(argv[++*at]);
    bool several = value && setting && (setting->use == LIST || setting->use == SIZE);
    while (several && *at + 1 < argc && is_number(argv[*at + 1]))
        append(&value, ",", argv[++*at]);
    if (setting)
        take(command, setting, written, value ? value : "");
    else
        append(&command->left_out, ", ", written);
    free(value);
    free(written);
}

static void take_argument(struct command *command, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    size_t length = strcspn(argument, "=");
    const struct foreign_setting *setting =
        argument[length] ? foreign_setting_find(argument, length) : NULL;
    struct stat entry;
    if (strncmp(argument, "--", 2) == 0) {
        if (argument[2])
            take_option(command, argc, argv, at);
    } else if (strcmp(argument, "-o") == 0 && *at + 1 < argc) {
        set(&command->output, argv[++*at]);
    } else if (setting) {
        char *name = app_printf("%.*s", (int)length, argument);
        take(command, setting, name, argument + length + 1);
        free(name);
    } else if (argument[0] == '-' || (argument[length] && stat(argument, &entry) != 0)) {
        append(&command->left_out, ", ", argument);
    } else if (foreign_is_verb(argument) && !command->model) {
        return; /* chosen already */
    } else if (!command->model) {
        set_model(command, argument);
    } else {
        add_word(&command->source, argument);
    }
}

/* The last word that is a verb of some program, or what "mode=" says; options are judged by it. */
static void choose_verb(struct command *command, int argc, char **argv)
{
    bool named = false;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "mode=", 5) == 0)
            set_verb(command, argv[i] + 5);
        else if (i < 3 && foreign_is_verb(argv[i]))
            set_verb(command, argv[i]);
        else
            continue;
        named = true;
    }
    for (int i = 0; i < argc && !named; i++) /* trtexec has no verbs */
        if (strncmp(argv[i], "--onnx", 6) == 0)
            command->verb = BUILD;
}

static void add_build(const struct command *command, char **line)
{
    char *engine = engine_name(command->output ? command->output : command->model);
    bool int8 = command->precision && strcmp(command->precision, "int8") == 0;
    bool cached = command->options && strstr(command->options, "--trt-cache");
    bool imaged = command->options && strstr(command->options, "--images");
    if (!int8 && !cached && !imaged) {
        append(line, " ", "--precision");
        add_word(line, command->precision ? command->precision : "fp32");
    } else if (!cached && !imaged) {
        append(line, " ", "--images");
        add_word(line, command->data ? command->data : "PICTURES");
    }
    append(line, " ", "-o");
    add_word(line, engine);
    free(engine);
}

/* Ultralytics writes the pictures with their boxes unless it is told not to. */
static void add_output(const struct command *command, char **line)
{
    if (command->no_draw && !command->files)
        return;
    char *folder = command->output
                       ? app_strdup(command->output)
                       : app_printf("%s/%s", command->folder ? command->folder : "runs/detect",
                                    command->subfolder ? command->subfolder : "predict");
    append(line, " ", "-o");
    add_word(line, folder);
    if (command->no_draw)
        append(line, " ", "--no-draw");
    free(folder);
}

static char *octet_line(const struct command *command)
{
    const char *name = command->verb == DETECT  ? "detect"
                       : command->verb == EVAL  ? "eval"
                       : command->verb == BENCH ? "bench"
                                                : "build";
    char *line = app_printf("octet %s", name);
    add_word(&line, command->model);
    if (command->verb == DETECT)
        append(&line, " ", command->source ? command->source : "SOURCE");
    if (command->verb == EVAL) {
        append(&line, " ", "--data");
        add_word(&line, command->data ? command->data : "DATA.yaml");
    }
    if (command->options)
        append(&line, " ", command->options);
    if (command->verb == DETECT)
        add_output(command, &line);
    if (command->verb == BUILD)
        add_build(command, &line);
    return line;
}

int foreign_usage(struct app *app, int argc, char **argv)
{
    struct command command = {.verb = DETECT};
    choose_verb(&command, argc, argv);
    for (int i = foreign_is_option(argv[0]) || foreign_is_setting(argv[0]) ? 0 : 1; i < argc; i++)
        take_argument(&command, argc, argv, &i);
    if (strcmp(argv[0], "trtexec") == 0 && !command.output && !command.precision)
        command.verb = BENCH;
    if (strcmp(argv[0], "train") == 0)
        command.precision = "int8";
    if (!command.model)
        command.model = app_strdup("MODEL.onnx");
    char *line = octet_line(&command);
    if (command.left_out)
        append(&line, "; not known here: ", command.left_out);
    if (command.checkpoint)
        append(&line, "; first: yolo export format=onnx model=", command.checkpoint);
    if (command.remark)
        append(&line, "; ", command.remark);
    char *shown = without_passwords(line);
    app_usage(app, "written for another program; here: %s", shown);
    free(shown);
    char *const texts[] = {
        command.model,  command.checkpoint, command.source, command.options, command.left_out,
        command.folder, command.subfolder,  command.output, command.data,    line};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    return STATUS_USAGE;
}
