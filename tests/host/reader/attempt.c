// Tries one thing that a view forbids and prints the errno, 0 if it was done: 'attempt WHAT [ARGUMENT]'.
// System calls are made raw, so that no library turns one into another.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static long end_child(long pid) {
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return pid;
}

static long try_clone3(void) {
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.exit_signal = SIGCHLD;
    return end_child(syscall(SYS_clone3, &arguments, sizeof arguments));
}

static long try_abstract(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    memcpy(address.sun_path + 1, name, length);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

static long attempt(const char *what, const char *argument) {
    struct stat stat;
    if (!strcmp(what, "umount"))
        return syscall(SYS_umount2, argument, MNT_DETACH);
    if (!strcmp(what, "remount"))
        return syscall(SYS_mount, "none", argument, "none", MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL);
    if (!strcmp(what, "mount"))
        return syscall(SYS_mount, "none", argument, "tmpfs", 0, NULL);
    if (!strcmp(what, "clone"))
        return end_child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    if (!strcmp(what, "clone3"))
        return try_clone3();
    if (!strcmp(what, "unshare"))
        return syscall(SYS_unshare, CLONE_NEWUSER);
    if (!strcmp(what, "type-into-terminal"))
        // 0x5412 is TIOCSTI; a descriptor that is no terminal says ENOTTY.
        return syscall(SYS_ioctl, 0, 0x5412, "x");
    if (!strcmp(what, "set-id"))
        return close(creat(argument, 0755)) ? -1 : syscall(SYS_chmod, argument, 04755);
    if (!strcmp(what, "keyctl"))
        return syscall(SYS_keyctl, 0, -3, 0, 0, 0);
    if (!strcmp(what, "signal"))
        return syscall(SYS_kill, atoi(argument), 0);
    if (!strcmp(what, "abstract-socket"))
        return try_abstract(argument);
    if (!strcmp(what, "read"))
        return open(argument, O_RDONLY) < 0 ? -1 : 0;
    if (!strcmp(what, "look"))
        return lstat(argument, &stat);
    if (!strcmp(what, "32-bit-entry")) {
#ifdef __x86_64__
        // 20 is getpid in the table of 32-bit calls.
        long answer;
        __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20L) : "memory");
        errno = answer < 0 ? -answer : 0;
        return answer < 0 ? -1 : 0;
#endif
    }
    errno = EINVAL;
    return -1;
}

int main(int count, char **words) {
    long answer = attempt(count > 1 ? words[1] : "", count > 2 ? words[2] : "");
    printf("%d\n", answer < 0 ? errno : 0);
    return 0;
}
