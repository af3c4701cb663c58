/* SPDX-License-Identifier: Apache-2.0 */
/* Studies that go on where they were interrupted: FOLDER/study.partial holds what was measured
 * (state.json) and, after an interruption, the statistics that were gathered. */
#ifndef TOOLS_STUDY_STATE_H
#define TOOLS_STUDY_STATE_H

#include "study/study.h"

/* What makes a study this one, but for the model: to be compared with a state's. `evaluation` are
 * the pictures to evaluate on. */
struct study_state {
    struct study *study;
    char *folder; /* study.partial; NULL: none is kept */
    char *path;   /* its state.json */
    const struct sources *evaluation;
};

void study_state_open(struct study_state *state, struct study *study,
                      const struct sources *evaluation);

/* Takes over what was measured. A state that is not there, is none, or is of another study is
 * refused. Returns a status. */
int study_state_load(struct study_state *state);

/* Says when a state that is there is not used. */
void study_state_pass_over(struct study_state *state);

/* Writes what was measured; with `statistics` also what was gathered. Returns a status. */
int study_state_save(struct study_state *state, bool statistics);

/* Removes what was written, of a study that came to its end. */
void study_state_remove(struct study_state *state);

void study_state_close(struct study_state *state);

#endif
