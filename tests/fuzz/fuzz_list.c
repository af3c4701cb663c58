/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a list of pictures: an error, or paths, those that lead nowhere counted; never a
 * crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes
 * files.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "pictures/sources.h"

static void make_pictures(void)
{
    fuzz_enter_folder();
    if (mkdir("a", 0777) != 0)
        return;
    fuzz_write_picture("a/1.pgm");
    fuzz_write_picture("2.pgm");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app app = {.quiet = true};
    static const char *const others[] = {"a", "?.pgm", "2.pgm", "none", "list.yaml:val", "a/*.jpg"};
    struct sources sources = {0};
    make_pictures();
    fuzz_write_file("list.txt", data, size);
    if (sources_add(&app, &sources, "list.txt") == STATUS_DONE && !sources.count)
        abort();
    size_t unreachable = 0;
    for (size_t i = 0; i < sources.count; i++)
        unreachable += access(sources.path[i], F_OK) != 0;
    if (unreachable != sources.unreachable)
        abort();
    if (size)
        sources_add(&app, &sources, others[data[0] % (sizeof others / sizeof *others)]);
    sources_sample(&app, &sources, sources.count / 2, size);
    sources_free(&sources);
    return 0;
}
