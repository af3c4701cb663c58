/* SPDX-License-Identifier: Apache-2.0 */
/* The table of other programs' settings. */
#include "app/foreign_settings.h"

static const struct foreign_setting settings[] = {
    {"model", MODEL, false, NULL, 0},
    {"weights", MODEL, false, NULL, 0},
    {"onnx", MODEL, false, NULL, 0},
    {"source", SOURCE, false, NULL, 0},
    {"conf", VALUE, false, "--conf", DETECT},
    {"conf-thres", VALUE, false, "--conf", DETECT},
    {"iou", VALUE, false, "--iou", DETECT},
    {"iou-thres", VALUE, false, "--iou", DETECT},
    {"imgsz", SIZE, false, "--imgsz", DETECT | EVAL | BENCH},
    {"img", SIZE, false, "--imgsz", DETECT | EVAL | BENCH},
    {"img-size", SIZE, false, "--imgsz", DETECT | EVAL | BENCH},
    {"rect", FLAG, true, "--rect", DETECT | EVAL},
    {"max-det", VALUE, false, "--max-det", DETECT},
    {"classes", LIST, false, "--classes", DETECT | EVAL},
    {"batch", VALUE, false, "--batch", DETECT | BENCH},
    {"batch-size", VALUE, false, "--batch", DETECT | BENCH},
    {"agnostic-nms", FLAG, true, "--agnostic-nms", DETECT},
    {"save-txt", FLAG, true, "--save-txt", DETECT},
    {"save-conf", FLAG, true, "--save-conf", DETECT},
    {"save-crop", FLAG, true, "--save-crop", DETECT},
    {"save-json", FLAG, true, "--save-json", DETECT},
    {"save-csv", FLAG, true, "--csv", DETECT},
    {"save", DRAWN, false, NULL, 0},
    {"nosave", UNDRAWN, true, NULL, 0},
    {"line-width", VALUE, false, "--line-width", DETECT},
    {"line-thickness", VALUE, false, "--line-width", DETECT},
    {"show-labels", INVERSE, false, "--no-labels", DETECT},
    {"show-conf", INVERSE, false, "--no-conf", DETECT},
    {"hide-labels", FLAG, true, "--no-labels", DETECT},
    {"hide-conf", FLAG, true, "--no-conf", DETECT},
    {"project", FOLDER, false, "-o", DETECT},
    {"name", SUBFOLDER, false, "-o", DETECT},
    {"data", DATA, false, NULL, 0},
    {"split", VALUE, false, "--split", EVAL},
    {"half", PRECISION, true, "bf16", BUILD},
    {"fp16", PRECISION, true, "bf16", BUILD},
    {"int8", PRECISION, true, "int8", BUILD},
    {"best", PRECISION, true, "int8", BUILD},
    {"calib", VALUE, false, "--trt-cache", BUILD},
    {"mode", VERB, false, NULL, 0},
    {"task", SILENT, false, NULL, 0},
    {"format", SILENT, false, NULL, 0},
    {"device", VALUE, false, NULL, 0},
    {"verbose", SILENT, false, NULL, 0},
    {"exist-ok", SILENT, true, NULL, 0},
    {"saveEngine", OUTPUT, false, "-o", BUILD},
    {"loadEngine", TIMED, false, NULL, 0},
    {"iterations", VALUE, false, "--iterations", BENCH},
    {"streams", VALUE, false, "--streams", BENCH},
    {"view-img", VALUE, true, NULL, 0},
    {"show", VALUE, false, NULL, 0},
    {"stream", VALUE, false, NULL, 0},
    {"augment", VALUE, true, NULL, 0},
    {"visualize", VALUE, true, NULL, 0},
    {"dnn", VALUE, true, NULL, 0},
    {"vid-stride", VALUE, false, NULL, 0},
    {"retina-masks", VALUE, false, NULL, 0},
    {"tracker", VALUE, false, NULL, 0},
    {"epochs", VALUE, false, NULL, 0},
    {"fraction", VALUE, false, NULL, 0},
    {"workspace", VALUE, false, NULL, 0},
    {"dynamic", VALUE, true, NULL, 0},
    {"simplify", VALUE, true, NULL, 0},
    {"opset", VALUE, false, NULL, 0},
    {"nms", VALUE, true, NULL, 0},
    {"shapes", VALUE, false, NULL, 0},
    /* octet's own, so that their values are known as such */
    {"output", OUTPUT, false, "--output", DETECT | BUILD},
    {"images", VALUE, false, "--images", BUILD | EVAL},
    {"annotations", VALUE, false, "--annotations", DETECT | EVAL},
    {"count", VALUE, false, "--count", DETECT | BUILD},
    {"seed", VALUE, false, "--seed", DETECT | BUILD},
    {"threads", VALUE, false, "--threads", DETECT | EVAL | BENCH | BUILD},
    {"json", FLAG, true, "--json", DETECT | EVAL | BENCH | BUILD},
    {"csv", FLAG, true, "--csv", DETECT},
};

const struct foreign_setting *foreign_setting_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *other = settings[i].name;
        size_t k = 0;
        while (k < length && other[k] && (name[k] == '_' ? '-' : name[k]) == other[k])
            k++;
        if (k == length && !other[k])
            return &settings[i];
    }
    return NULL;
}
