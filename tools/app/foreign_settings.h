/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of other programs' command lines, and what they are here. */
#ifndef TOOLS_FOREIGN_SETTINGS_H
#define TOOLS_FOREIGN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* The verbs here that there are equivalents for; bits, for the options' table. */
enum { DETECT = 1, EVAL = 2, BENCH = 4, BUILD = 8 };

/* What becomes of an option's value. */
enum foreign_use {
    VALUE,     /* the octet option with the value */
    FLAG,      /* the octet option, unless the value is false */
    INVERSE,   /* the octet option, if the value is false */
    DRAWN,     /* whether pictures with boxes are written */
    UNDRAWN,   /* whether they are not */
    SIZE,      /* the option with an input size */
    LIST,      /* the option with a list without brackets */
    MODEL,     /* an operand */
    SOURCE,    /* one or more operands */
    DATA,      /* a data.yaml: an option of eval, pictures to build */
    FOLDER,    /* the first part of the output folder */
    SUBFOLDER, /* its second */
    PRECISION, /* a flag: the precision to build with */
    VERB,      /* mode=predict */
    OUTPUT,    /* the file or folder to write */
    TIMED,     /* the model to measure */
    SILENT     /* without meaning here, and without harm */
};

struct foreign_setting {
    const char *name; /* with '-' for '_' */
    enum foreign_use use;
    bool flag;          /* as an option it takes no value */
    const char *option; /* octet's, or NULL */
    int verbs;          /* that have it */
};

/* By the first `length` bytes of a name, '_' being as good as '-'; NULL: nobody's. */
const struct foreign_setting *foreign_setting_find(const char *name, size_t length);

#endif
