/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a data.yaml: an error, or pictures with their labels; never a crash, a leak or a
 * hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "models/eval_yaml.h"
#include "pictures/yaml.h"

static void make_dataset(void)
{
    static const char labels[] = "0 .5 .5 .5 .5\n", list[] = "images/val/1.pgm\n./images/2.pgm\n";
    static const char *const folders[] = {"images", "images/val", "labels", "labels/val"};
    fuzz_enter_folder();
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdir(folders[i], 0777) != 0)
            return;
    fuzz_write_picture("images/val/1.pgm");
    fuzz_write_picture("images/2.pgm");
    fuzz_write_file("labels/val/1.txt", labels, sizeof labels - 1);
    fuzz_write_file("list.txt", list, sizeof list - 1);
}

/* No text in it leads out of the folder, which is searched. */
static bool stays_here(struct app *app)
{
    struct yaml yaml;
    bool stays = yaml_read(app, "data.yaml", &yaml) == STATUS_DONE;
    for (const struct yaml_node *node = yaml.nodes; node && stays; node = node->made_before)
        stays = !node->text ||
                (!strchr("/~\\", node->text[0] ? node->text[0] : 1) && !strstr(node->text, ".."));
    yaml_free(&yaml);
    return stays;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const splits[] = {"train", "val", "test"};
    static struct app app = {.quiet = true};
    make_dataset();
    if (!app.context && app_open(&app) != STATUS_DONE)
        abort();
    fuzz_write_file("data.yaml", data, size);
    for (size_t i = 0; i < 3 && stays_here(&app); i++) {
        struct eval_set set = {.max_bad = 1};
        if (eval_set_open_yaml(&app, "data.yaml", splits[i], &set) == STATUS_DONE &&
            (!set.pictures.count || !octet_truth_class_count(set.truth)))
            abort();
        eval_set_free(&set);
    }
    return 0;
}
