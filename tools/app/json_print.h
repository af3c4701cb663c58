/* SPDX-License-Identifier: Apache-2.0 */
/* Results as JSON, by way of jansson. Numbers have nine digits, so that a float survives. */
#ifndef TOOLS_JSON_PRINT_H
#define TOOLS_JSON_PRINT_H

#include <jansson.h>

#include "app/app.h"

/* Before anything else here: makes lack of memory in jansson end the program, which it would tell
 * as text that is not UTF-8, or not at all. */
void json_start(void);

/* Text; bytes that are not UTF-8 (file names may hold any) become U+FFFD. */
json_t *json_text(const char *text);

/* A number; null where it is not finite. */
json_t *json_number(double number);

/* Adds a pair and takes over `value`; the same for arrays. Lack of memory ends the program. */
void json_put(json_t *object, const char *key, json_t *value);
void json_push(json_t *array, json_t *value);
json_t *json_new_object(void);
json_t *json_new_array(void);

/* The text of `root` on standard output, in jansson's flags; frees it. Characters that could drive
 * a terminal (text_clean) are escaped, so that the text stays exact and harmless. */
void json_write(json_t *root, size_t flags);

/* One line of text with all digits that a double has; frees `root`. The caller frees the text. */
char *json_line(json_t *root);

/* One line as json_print_compact() prints it. */
char *json_clean_line(json_t *root);

/* {"name":.., ..} on standard output, indented, with a line end; frees it. Returns a status. */
int json_print(struct app *app, json_t *root);

/* The same on one line and without the line end, for one element of a longer text. */
void json_print_compact(json_t *root);

#endif
