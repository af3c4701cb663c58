/* SPDX-License-Identifier: Apache-2.0 */
/* The time that intervals are measured by. */
#ifndef TOOLS_CLOCK_H
#define TOOLS_CLOCK_H

/* Milliseconds of a clock that only goes forward. */
double app_now_ms(void);

/* Milliseconds that all threads of the program have worked so far. */
double app_cpu_ms(void);

#endif
