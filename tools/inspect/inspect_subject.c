/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the model or the engine, whichever it is. */
#include "inspect/inspect_subject.h"

void subject_info(const struct subject *subject, octet_info *info)
{
    if (subject->model)
        octet_model_info(subject->model, info);
    else
        octet_engine_info(subject->engine, info);
}

const char *subject_class_name(const struct subject *subject, int class_id)
{
    return subject->model ? octet_model_class_name(subject->model, class_id)
                          : octet_engine_class_name(subject->engine, class_id);
}

octet_status subject_layer(const struct subject *subject, int index, octet_layer_info *layer)
{
    return subject->model ? octet_model_layer(subject->model, index, layer)
                          : octet_engine_layer(subject->engine, index, layer);
}

int subject_pair(const struct subject *subject, int index, const char **key, const char **text)
{
    return subject->model ? octet_model_metadata(subject->model, index, key, text)
                          : octet_engine_provenance(subject->engine, index, key, text);
}

int subject_settings(const struct subject *subject, octet_detect_settings *settings)
{
    return subject->model ? octet_model_detect_settings(subject->model, settings)
                          : octet_engine_detect_settings(subject->engine, settings);
}
