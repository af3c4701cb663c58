/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that the compiler checks as those of printf(). */
#ifndef TOOLS_FORMAT_H
#define TOOLS_FORMAT_H

#define TOOLS_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))

#endif
