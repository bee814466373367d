#include "words.h"

#include <stdlib.h>

int main(void)
{
    struct words words = { 0 };
    if (words_read(&words, stdin)) {
        fputs("hello: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    size_t count = words.count;
    printf("hello: %zu words, %zu of them different\n", count, words_different(&words));
    words_free(&words);
    return EXIT_SUCCESS;
}
