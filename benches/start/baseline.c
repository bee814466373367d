/*
 * baseline DIRECTORY PROGRAM [ARGUMENT...]
 *
 * The program that eyot's start is compared with: what one would write in C, with the classic calls, to run PROGRAM
 * in the same seven namespaces, on a block of ids, with a tmpfs for a root, a /proc of its own, and /usr, /etc and
 * DIRECTORY read-only. It does nothing else: no devices, no limits, no seccomp, no init, no report.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)

/* Host ids that own nothing on an ordinary machine. */
#define ID_BLOCK "0 1000000000 65536\n"

struct view {
    int ready[2]; /* gets one byte when the ids are mapped */
    const char *directory;
    char **command;
};

/* Makes `path` and every directory above it, below the current root. */
static void make_directories(const char *path)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
        errx(125, "%s: too long", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) && errno != EEXIST)
            err(125, "mkdir %s", part);
        *slash = '/';
    }
    if (mkdir(part, 0755) && errno != EEXIST)
        err(125, "mkdir %s", part);
}

/* A remount must name the flags that are locked, or the kernel refuses it. */
static unsigned long flags_of(const char *path)
{
    struct statvfs now;
    if (statvfs(path, &now))
        err(125, "statvfs %s", path);
    unsigned long flags = 0;
    flags |= now.f_flag & ST_NOSUID ? MS_NOSUID : 0;
    flags |= now.f_flag & ST_NODEV ? MS_NODEV : 0;
    flags |= now.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
    flags |= now.f_flag & ST_NOATIME ? MS_NOATIME : 0;
    flags |= now.f_flag & ST_NODIRATIME ? MS_NODIRATIME : 0;
    flags |= now.f_flag & ST_RELATIME ? MS_RELATIME : 0;
    return flags;
}

static void bind_read_only(const char *path)
{
    char source[4096];
    if ((size_t)snprintf(source, sizeof(source), "/old%s", path) >= sizeof(source))
        errx(125, "%s: too long", path);
    make_directories(path);
    if (mount(source, path, NULL, MS_BIND | MS_REC, NULL))
        err(125, "bind %s", path);
    if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags_of(path), NULL))
        err(125, "making %s read-only", path);
}

static void build_root(const char *directory)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        err(125, "making / private");
    if (mount("root", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"))
        err(125, "tmpfs");
    if (mkdir("/tmp/old", 0700))
        err(125, "mkdir old");
    if (syscall(SYS_pivot_root, "/tmp", "/tmp/old") || chdir("/"))
        err(125, "pivot_root");

    bind_read_only("/usr");
    bind_read_only("/etc");
    bind_read_only(directory);
    const char *const links[] = { "bin", "sbin", "lib", "lib64" };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        char target[32];
        snprintf(target, sizeof(target), "usr/%s", links[i]);
        if (symlink(target, links[i]))
            err(125, "symlink %s", links[i]);
    }
    if (mkdir("/proc", 0555) || mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        err(125, "proc");
    if (umount2("/old", MNT_DETACH) || rmdir("/old"))
        err(125, "detaching the old root");
}

static int child(void *argument)
{
    struct view *view = argument;
    char byte;
    close(view->ready[1]);
    if (read(view->ready[0], &byte, 1) != 1)
        _exit(125); /* The parent failed, and has said so. */
    close(view->ready[0]);

    if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0))
        err(125, "becoming the view's root");
    /* After the last change of ids, which would clear it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        err(125, "PR_SET_PDEATHSIG");
    build_root(view->directory);
    if (chdir(view->directory))
        err(125, "chdir %s", view->directory);
    execv(view->command[0], view->command);
    err(127, "%s", view->command[0]);
}

static void write_map(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    int map = open(path, O_WRONLY | O_CLOEXEC);
    if (map < 0 || write(map, ID_BLOCK, strlen(ID_BLOCK)) < 0)
        err(125, "%s", path);
    close(map);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        errx(125, "usage: baseline DIRECTORY PROGRAM [ARGUMENT...]");
    struct view view = { .directory = argv[1], .command = argv + 2 };
    if (pipe2(view.ready, O_CLOEXEC))
        err(125, "pipe");

    static char stack[64 * 1024] __attribute__((aligned(16)));
    pid_t pid = clone(child, stack + sizeof(stack), NAMESPACES | SIGCHLD, &view);
    if (pid < 0)
        err(125, "clone");
    close(view.ready[0]);
    write_map(pid, "uid_map");
    write_map(pid, "gid_map");
    if (write(view.ready[1], "", 1) != 1)
        err(125, "pipe");

    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            err(125, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
