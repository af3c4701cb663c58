/* SPDX-License-Identifier: Apache-2.0 */
/* Names and texts of statuses, from the one list of them. */
#include <octet/status.h>

const char *octet_status_name(octet_status status)
{
    switch (status) {
#define CASE(code, name, text)                                                                     \
    case OCTET_##name:                                                                             \
        return #name;
        OCTET_STATUS_LIST(CASE)
#undef CASE
    }
    return "UNKNOWN";
}

const char *octet_status_text(octet_status status)
{
    switch (status) {
#define CASE(code, name, text)                                                                     \
    case OCTET_##name:                                                                             \
        return text;
        OCTET_STATUS_LIST(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *octet_version(void)
{
    return OCTET_VERSION;
}
