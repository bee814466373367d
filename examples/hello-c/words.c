#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int keep(struct words *words, const char *text, size_t length)
{
    if (words->count == words->room) {
        size_t room = words->room ? words->room * 2 : 16;
        char **all = realloc(words->all, room * sizeof(*all));
        if (!all)
            return -1;
        words->all = all;
        words->room = room;
    }
    char *word = malloc(length + 1);
    if (!word)
        return -1;
    memcpy(word, text, length);
    word[length] = '\0';
    words->all[words->count++] = word;
    return 0;
}

int words_read(struct words *words, FILE *input)
{
    char text[256];
    size_t length = 0;
    int c;
    do {
        c = getc(input);
        if (c != EOF && isalpha(c) && length < sizeof(text)) {
            text[length++] = (char)c;
        } else if (length > 0) {
            if (keep(words, text, length))
                return -1;
            length = 0;
        }
    } while (c != EOF);
    return 0;
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

size_t words_different(struct words *words)
{
    if (words->count == 0)
        return 0;
    qsort(words->all, words->count, sizeof(*words->all), compare);
    size_t different = 1;
    for (size_t i = 1; i < words->count; i++)
        different += strcmp(words->all[i - 1], words->all[i]) != 0;
    return different;
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->all[i]);
    free(words->all);
}
