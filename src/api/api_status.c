/* SPDX-License-Identifier: Apache-2.0 */
/* The binary contract: its number, and the size of every public struct. */
#include <string.h>

#include <octet/octet.h>

int octet_abi_version(void)
{
    return OCTET_ABI_VERSION;
}

size_t octet_struct_bytes(const char *name)
{
#define ROW(type) #type, sizeof(type)
    static const struct {
        const char *name;
        size_t bytes;
    } structs[] = {
        {ROW(octet_build_settings)},
        {ROW(octet_calibration_settings)},
        {ROW(octet_input_size)},
        {ROW(octet_statistics_info)},
        {ROW(octet_part_statistics)},
        {ROW(octet_tensor_statistics)},
        {ROW(octet_allocator)},
        {ROW(octet_context_settings)},
        {ROW(octet_range_fit)},
        {ROW(octet_shared_range)},
        {ROW(octet_fit)},
        {ROW(octet_drift_state)},
        {ROW(octet_info)},
        {ROW(octet_layer_info)},
        {ROW(octet_truth_box)},
        {ROW(octet_truth_image)},
        {ROW(octet_evaluate_settings)},
        {ROW(octet_evaluation)},
        {ROW(octet_class_evaluation)},
        {ROW(octet_agreement)},
        {ROW(octet_candidate)},
        {ROW(octet_export_settings)},
        {ROW(octet_export_info)},
        {ROW(octet_cache_entry)},
        {ROW(octet_letterbox)},
        {ROW(octet_gpu)},
        {ROW(octet_gpu_peak)},
        {ROW(octet_gpu_state)},
        {ROW(octet_machine)},
        {ROW(octet_port_info)},
        {ROW(octet_session_settings)},
        {ROW(octet_detection)},
        {ROW(octet_detect_settings)},
        {ROW(octet_tensor_view)},
        {ROW(octet_frame)},
        {ROW(octet_tune_settings)},
        {ROW(octet_tune_box)},
        {ROW(octet_tune_info)},
    };
#undef ROW
    for (size_t i = 0; name && i < sizeof structs / sizeof structs[0]; i++)
        if (strcmp(structs[i].name, name) == 0)
            return structs[i].bytes;
    return 0;
}
