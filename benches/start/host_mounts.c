/*
 * host_mounts COUNT DIRECTORY PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM on a host with COUNT mounts: in a mount namespace of its own, so that the machine's own table is left
 * alone and the mounts are gone with the program. A table that is longer already stays as it is.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static long mounts_now(void)
{
    FILE *table = fopen("/proc/self/mountinfo", "re");
    if (!table)
        err(1, "/proc/self/mountinfo");
    long lines = 0;
    for (int c; (c = getc(table)) != EOF;)
        lines += c == '\n';
    fclose(table);
    return lines;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        errx(2, "usage: host_mounts COUNT DIRECTORY PROGRAM [ARGUMENT...]");
    long count = atol(argv[1]);

    if (unshare(CLONE_NEWNS))
        err(1, "unshare(CLONE_NEWNS)");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        err(1, "making / private");
    long missing = count - mounts_now();

    if (missing > 0) {
        int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (home < 0)
            err(1, ".");
        if (mount("many", argv[2], "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") || chdir(argv[2]))
            err(1, "%s", argv[2]);
        if (mkdir("source", 0755))
            err(1, "source");
        /* The tmpfs above is the first of the missing ones. */
        for (long i = 1; i < missing; i++) {
            char name[32];
            snprintf(name, sizeof(name), "%ld", i);
            if (mkdir(name, 0755) || mount("source", name, NULL, MS_BIND, NULL))
                err(1, "%s/%s", argv[2], name);
        }
        if (fchdir(home))
            err(1, "going back");
    }
    execv(argv[3], argv + 3);
    err(1, "%s", argv[3]);
}
