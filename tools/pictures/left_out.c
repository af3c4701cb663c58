/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is no picture by kind, and puts that into one line. */
#include "pictures/left_out.h"

#include <stdio.h>
#include <string.h>

#include "app/paths.h"

/* What somebody may take for a picture of the set. */
static const struct kind {
    const char *name;
    const char *extensions[24];
} kinds[] = {
    {"GIF picture", {"gif"}},
    {"AVIF picture", {"avif"}},
    {"HEIC picture", {"heic", "heif", "hif"}},
    {"JPEG 2000 picture", {"jp2", "j2k", "jpx", "jpf"}},
    {"JPEG XL picture", {"jxl"}},
    {"Photoshop picture", {"psd"}},
    {"SVG picture", {"svg"}},
    {"OpenEXR or HDR picture", {"exr", "hdr"}},
    {"PBM, PAM or PFM picture", {"pbm", "pam", "pfm"}},
    {"raw camera picture", {"dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf"}},
    {"icon", {"ico"}},
    {"TGA picture", {"tga"}},
    {"video", {"mp4", "avi",  "mov", "mkv", "webm", "m4v", "mpeg", "mpg", "wmv",  "ts",
               "mts", "m2ts", "flv", "3gp", "ogv",  "asf", "mjpg", "vob", "h264", "h265"}},
};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)
_Static_assert(KIND_COUNT <= LEFT_OUT_KINDS, "struct left_out has room for all kinds");

static const char *const companions[] = {
    "txt",  "xml", "json",  "jsonl", "cache", "yaml",   "yml", "csv", "tsv",  "npy",     "npz",
    "md",   "log", "html",  "pdf",   "db",    "ini",    "cfg", "xmp", "aae",  "names",   "data",
    "onnx", "pt",  "stats", "octet", "zip",   "sha256", "py",  "sh",  "toml", "partial", NULL};

static const char *ending_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    return dot && (!slash || dot > slash) && dot[1] ? dot : "without ending";
}

static void note_ending(struct left_out *left, const char *ending)
{
    for (size_t i = 0; i < left->ending_count; i++)
        if (strncmp(left->endings[i], ending, ENDING_BYTES - 1) == 0)
            return;
    if (left->ending_count < LEFT_OUT_ENDINGS)
        snprintf(left->endings[left->ending_count++], ENDING_BYTES, "%s", ending);
    else
        left->more_endings = true;
}

void left_out_add(struct left_out *left, const char *path)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (path_has_extension(path, kinds[i].extensions)) {
            left->kinds[i]++;
            return;
        }
    if (path_has_extension(path, companions)) {
        left->companions++;
        return;
    }
    left->others++;
    note_ending(left, ending_of(path));
}

void left_out_add_special(struct left_out *left)
{
    left->special++;
}

/* Adds "3 GIF pictures (not read)". */
static void add(char *text, size_t count, const char *what, const char *remark)
{
    const size_t length = strlen(text);
    if (count)
        snprintf(text + length, LEFT_OUT_BYTES - length, "%s%zu %s%s%s", length ? ", " : "", count,
                 what, count == 1 ? "" : "s", remark);
}

const char *left_out_text(const struct left_out *left, char text[LEFT_OUT_BYTES])
{
    char endings[LEFT_OUT_ENDINGS * (ENDING_BYTES + 2) + 16] = "";
    size_t length = 0;
    for (size_t i = 0; i < left->ending_count; i++)
        length += (size_t)snprintf(endings + length, sizeof endings - length, "%s%s",
                                   i ? ", " : " (", left->endings[i]);
    if (left->ending_count)
        strcat(endings, left->more_endings ? ", ...)" : ")");
    text[0] = '\0';
    for (size_t i = 0; i < KIND_COUNT; i++)
        add(text, left->kinds[i], kinds[i].name, " (not read)");
    add(text, left->special, "pipe", "");
    add(text, left->others, "other file", endings);
    add(text, left->companions, "companion file", " (labels, lists and the like)");
    return text;
}

void left_out_say(struct app *app, const struct left_out *left, const char *folder)
{
    char text[LEFT_OUT_BYTES];
    struct left_out strange = *left;
    strange.companions = 0;
    if (left_out_text(app->verbose ? left : &strange, text)[0])
        app_say(app, "%s: left out: %s", folder, left_out_text(left, text));
}
