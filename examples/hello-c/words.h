#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdio.h>

struct words {
    char **all;
    size_t count;
    size_t room;
};

/* Reads the words of `input`: runs of letters, as they stand. Answers 0, or -1 when there is no memory. */
int words_read(struct words *words, FILE *input);

/* How many of them differ. Sorts them. */
size_t words_different(struct words *words);

void words_free(struct words *words);

#endif
