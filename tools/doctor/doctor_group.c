/* SPDX-License-Identifier: Apache-2.0 */
/* How a group of the doctor gathers what it says. */
#include "doctor/doctor_group.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/allocate.h"

void group_say(struct group *group, enum verdict verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(group->summary, sizeof group->summary, format, arguments);
    va_end(arguments);
    if (group->verdict < verdict)
        group->verdict = verdict;
}

static char *formatted(const char *format, va_list arguments)
{
    char text[2 * DOCTOR_TEXT_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    return app_strdup(text);
}

void group_fact(struct group *group, const char *key, const char *format, ...)
{
    va_list arguments;
    if (group->fact_count == DOCTOR_FACTS_MAX)
        return;
    va_start(arguments, format);
    group->facts[group->fact_count++] = (struct fact){key, formatted(format, arguments), false};
    va_end(arguments);
}

void group_number(struct group *group, const char *key, long long number)
{
    const size_t at = group->fact_count;
    group_fact(group, key, "%lld", number);
    if (at < DOCTOR_FACTS_MAX)
        group->facts[at].is_number = true;
}

void group_advise(struct group *group, enum verdict verdict, const char *format, ...)
{
    va_list arguments;
    if (group->verdict < verdict)
        group->verdict = verdict;
    if (group->advice_count == DOCTOR_ADVICE_MAX)
        return;
    va_start(arguments, format);
    group->advice[group->advice_count++] = formatted(format, arguments);
    va_end(arguments);
}

void group_free(struct group *group)
{
    for (size_t i = 0; i < group->fact_count; i++)
        free(group->facts[i].text);
    for (size_t i = 0; i < group->advice_count; i++)
        free(group->advice[i]);
}
