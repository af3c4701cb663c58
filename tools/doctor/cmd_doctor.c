/* SPDX-License-Identifier: Apache-2.0 */
/* octet doctor: lets each group look, and prints what they say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/json_print.h"
#include "app/options.h"
#include "app/table.h"
#include "doctor/doctor.h"
#include "doctor/doctor_files.h"

#define KEY_COLUMN 26

static const char *const verdict_names[] = {
    [VERDICT_ABSENT] = "absent",
    [VERDICT_GOOD] = "good",
    [VERDICT_NOTE] = "note",
    [VERDICT_PROBLEM] = "problem",
};

static const struct {
    const char *name;
    void (*look)(struct doctor *doctor, struct group *group);
} looks[] = {
    {"cpu", doctor_cpu},       {"memory", doctor_memory},     {"power", doctor_power},
    {"jetson", doctor_jetson}, {"tensorrt", doctor_tensorrt}, {"gpu", doctor_gpu},
};
#define GROUP_COUNT (sizeof looks / sizeof *looks)

/* A key as people read it; numbers of bytes, hertz, kilohertz and milliwatts get a unit. */
static void print_fact(const struct fact *fact)
{
    static const struct {
        const char *ending, *unit;
        int digits;
        double scale;
    } units[] = {{"_bytes", " GB", 1, 1e9},
                 {"_khz", " MHz", 0, 1e3},
                 {"_hz", " MHz", 0, 1e6},
                 {"_mw", " W", 0, 1e3}};
    size_t length = strlen(fact->key), unit = sizeof units / sizeof *units;
    for (size_t i = 0; i < sizeof units / sizeof *units && fact->is_number; i++) {
        const size_t size = strlen(units[i].ending);
        if (length <= size || strcmp(fact->key + length - size, units[i].ending) != 0)
            continue;
        length -= size;
        unit = i;
        break;
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)length, fact->key);
    for (char *c = name; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    printf("  %-*s", KEY_COLUMN - 2, name);
    if (unit < sizeof units / sizeof *units)
        printf("%.*f%s", units[unit].digits, strtod(fact->text, NULL) / units[unit].scale,
               units[unit].unit);
    else
        print_clean(fact->text);
    putchar('\n');
}

static void print_group(const struct group *group)
{
    printf("%-9s %-8s ", group->name, verdict_names[group->verdict]);
    print_clean(group->summary);
    putchar('\n');
    for (size_t i = 0; i < group->fact_count; i++)
        print_fact(&group->facts[i]);
    for (size_t i = 0; i < group->advice_count; i++) {
        fputs("  * ", stdout);
        print_clean(group->advice[i]);
        putchar('\n');
    }
}

static json_t *group_json(const struct group *group)
{
    json_t *root = json_new_object(), *facts = json_new_object(), *advice = json_new_array();
    for (size_t i = 0; i < group->fact_count; i++) {
        const struct fact *fact = &group->facts[i];
        json_put(facts, fact->key,
                 fact->is_number ? json_integer(strtoll(fact->text, NULL, 10))
                                 : json_text(fact->text));
    }
    for (size_t i = 0; i < group->advice_count; i++)
        json_push(advice, json_text(group->advice[i]));
    json_put(root, "name", json_text(group->name));
    json_put(root, "verdict", json_text(verdict_names[group->verdict]));
    json_put(root, "summary", json_text(group->summary));
    json_put(root, "facts", facts);
    json_put(root, "advice", advice);
    return root;
}

static int print_json(struct app *app, const struct group *groups, const char *folder)
{
    json_t *root = json_new_object(), *list = json_new_array();
    enum verdict worst = VERDICT_GOOD;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        worst = groups[i].verdict > worst ? groups[i].verdict : worst;
        json_push(list, group_json(&groups[i]));
    }
    if (folder)
        json_put(root, "root", json_text(folder));
    json_put(root, "verdict", json_text(verdict_names[worst]));
    json_put(root, "groups", list);
    return json_print(app, root);
}

static int examine(struct app *app, const char *folder)
{
    struct group *groups = app_alloc(GROUP_COUNT, sizeof *groups);
    struct doctor doctor = {.app = app, .recorded = folder != NULL};
    int status = STATUS_DONE;
    doctor.root = doctor_open_root(folder ? folder : "/");
    if (doctor.root < 0) {
        status = app_fail(app, "%s: %s", folder ? folder : "/", strerror(errno));
        free(groups);
        return status;
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        groups[i].name = looks[i].name;
        doctor.unreadable = &groups[i];
        looks[i].look(&doctor, &groups[i]);
    }
    close(doctor.root);
    for (size_t i = 0; i < GROUP_COUNT && !app->json; i++)
        print_group(&groups[i]);
    if (app->json)
        status = print_json(app, groups, folder);
    for (size_t i = 0; i < GROUP_COUNT; i++)
        group_free(&groups[i]);
    free(groups);
    return status;
}

int cmd_doctor(struct app *app, int argc, char **argv)
{
    const char *root = NULL;
    const struct option options[] = {
        {"root", 0, OPTION_TEXT, "DIR", "read a recorded file tree instead of this machine's",
         &root, 0, 0, NULL},
    };
    const struct command command = {
        .name = "doctor",
        .operands = "",
        .summary = "tell what matters for INT8 on this machine",
        .notes = "Processor, memory, clocks, Jetson, TensorRT, GPU: each with a verdict. See "
                 "octet-doctor(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
    };
    struct operands operands;
    int status;
    if (!options_parse(app, &command, argc, argv, &operands, &status))
        return status;
    return examine(app, root);
}
