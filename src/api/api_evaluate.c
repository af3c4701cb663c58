/* SPDX-License-Identifier: Apache-2.0 */
/* Ground truth, detections, figures: the calls of octet/evaluate.h. */
#include <octet/evaluate.h>

#include "base/read_file.h"
#include "evaluate/agreement.h"
#include "evaluate/choose_candidate.h"
#include "evaluate/coco_json.h"
#include "evaluate/evaluation.h"
#include "evaluate/labels.h"

octet_status octet_truth_create(octet_context *context, octet_truth **truth)
{
    if (truth)
        *truth = NULL;
    if (!context || !truth)
        return oct_fail_null(context, __func__, "truth");
    return oct_truth_create(context, "ground truth", truth);
}

octet_status octet_truth_load(octet_context *context, const char *path, octet_truth **truth)
{
    if (truth)
        *truth = NULL;
    if (!context || !path || !truth)
        return oct_fail_null(context, __func__, "path and truth");
    struct oct_file file;
    octet_status status = oct_file_open(context, path, &file);
    if (status)
        return status;
    status = oct_coco_read_truth(context, file.bytes, file.size, path, truth);
    oct_file_close(context, &file);
    return status;
}

octet_status octet_truth_add_class(octet_truth *truth, int64_t id, const char *name)
{
    if (!truth || !name)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "name");
    return oct_truth_add_class(truth, id, name);
}

octet_status octet_truth_add_image(octet_truth *truth, const octet_truth_image *image)
{
    if (!truth || !image)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "image");
    if (image->width < 0 || image->height < 0)
        return oct_fail(truth->ctx, OCTET_INVALID_ARGUMENT, "a picture of %d x %d pixels",
                        image->width, image->height);
    return oct_truth_add_image(truth, image);
}

octet_status octet_truth_add_box(octet_truth *truth, const octet_truth_box *box)
{
    if (!truth || !box)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "box");
    return oct_truth_add_box(truth, box);
}

octet_status octet_truth_add_labels(octet_truth *truth, int64_t image_id, const char *path)
{
    if (!truth || !path)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "path");
    struct oct_file file;
    octet_status status = oct_file_open(truth->ctx, path, &file);
    if (status)
        return status;
    status = oct_labels_add(truth, image_id, file.bytes, file.size, path);
    oct_file_close(truth->ctx, &file);
    return status;
}

size_t octet_truth_class_count(const octet_truth *truth)
{
    return truth ? truth->class_count : 0;
}

size_t octet_truth_image_count(const octet_truth *truth)
{
    return truth ? truth->image_count : 0;
}

const char *octet_truth_class_get(const octet_truth *truth, size_t index, int64_t *id)
{
    if (!truth || index >= truth->class_count)
        return NULL;
    if (id)
        *id = truth->classes[index].id;
    return truth->classes[index].name;
}

octet_status octet_truth_image_get(const octet_truth *truth, size_t index, octet_truth_image *image)
{
    if (!truth || !image)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "image");
    if (index >= truth->image_count)
        return oct_fail(truth->ctx, OCTET_INVALID_ARGUMENT, "picture %zu: there are %zu", index,
                        truth->image_count);
    *image = truth->images[index];
    return OCTET_OK;
}

size_t octet_truth_box_count(const octet_truth *truth)
{
    return truth ? truth->box_count : 0;
}

octet_status octet_truth_box_get(const octet_truth *truth, size_t index, octet_truth_box *box)
{
    if (!truth || !box)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "box");
    if (index >= truth->box_count)
        return oct_fail(truth->ctx, OCTET_INVALID_ARGUMENT, "box %zu: there are %zu", index,
                        truth->box_count);
    *box = truth->boxes[index];
    return OCTET_OK;
}

const char *octet_truth_message(const octet_truth *truth)
{
    return truth ? truth->ctx->message : "";
}

void octet_truth_free(octet_truth **truth)
{
    if (!truth)
        return;
    oct_truth_free(*truth);
    *truth = NULL;
}

octet_status octet_detections_create(octet_context *context, octet_detections **made)
{
    if (made)
        *made = NULL;
    if (!context || !made)
        return oct_fail_null(context, __func__, "detections");
    return oct_detections_create(context, "detections", made);
}

octet_status octet_detections_load(octet_context *context, const char *path,
                                   octet_detections **detections)
{
    if (detections)
        *detections = NULL;
    if (!context || !path || !detections)
        return oct_fail_null(context, __func__, "path and detections");
    struct oct_file file;
    octet_status status = oct_file_open(context, path, &file);
    if (status)
        return status;
    status = oct_coco_read_detections(context, file.bytes, file.size, path, detections);
    oct_file_close(context, &file);
    return status;
}

octet_status octet_detections_add(octet_detections *detections, int64_t image_id, int64_t class_id,
                                  const octet_detection *box)
{
    if (!detections || !box)
        return oct_fail_null(detections ? detections->ctx : NULL, __func__, "box");
    const struct oct_found_box found = {
        .image_id = image_id,
        .class_id = class_id,
        .x = (double)box->x1,
        .y = (double)box->y1,
        .width = (double)(box->x2 - box->x1),
        .height = (double)(box->y2 - box->y1),
        .score = (double)box->score,
    };
    return oct_detections_add(detections, &found);
}

octet_status octet_detections_save(const octet_detections *detections, const char *path)
{
    if (!detections || !path)
        return oct_fail_null(detections ? detections->ctx : NULL, __func__, "path");
    return oct_coco_write_detections(detections, path);
}

size_t octet_detections_count(const octet_detections *detections)
{
    return detections ? detections->count : 0;
}

const char *octet_detections_message(const octet_detections *detections)
{
    return detections ? detections->ctx->message : "";
}

void octet_detections_free(octet_detections **detections)
{
    if (!detections)
        return;
    oct_detections_free(*detections);
    *detections = NULL;
}

octet_status octet_evaluate(const octet_truth *truth, const octet_detections *detections,
                            const octet_evaluate_settings *settings, octet_evaluation *evaluation,
                            octet_class_evaluation *classes)
{
    static const octet_evaluate_settings everything;
    if (!truth || !detections || !evaluation)
        return oct_fail_null(truth ? truth->ctx : NULL, __func__, "detections and evaluation");
    return oct_evaluate(truth, detections, settings ? settings : &everything, evaluation, classes);
}

octet_status octet_evaluate_agreement(const octet_detections *reference,
                                      const octet_detections *found, double confidence,
                                      octet_agreement *agreement)
{
    if (!reference || !found || !agreement)
        return oct_fail_null(reference ? reference->ctx : NULL, __func__, "found and agreement");
    if (!(confidence >= 0.0 && confidence <= 1.0))
        return oct_fail(reference->ctx, OCTET_INVALID_ARGUMENT, "confidence %g: it is 0 to 1",
                        confidence);
    return oct_agreement(reference, found, confidence, agreement);
}

int octet_choose_candidate(octet_candidate *candidates, int count, double min_agreement)
{
    return candidates ? oct_choose_candidate(candidates, count, min_agreement) : -1;
}
