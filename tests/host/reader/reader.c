// Tells, as JSON, what a process in a view really finds. It shares no code with eyot, so that neither can be wrong for
// both. Static, because the view may be empty but for this program.
//
// Standard input names what to look at: 'P PLACE' looks at one place, 'W PLACE' lists every name below it that lies on
// the same file system, which is the memory that the view itself brought. Places hold no newline.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LARGEST_FILE 65536

extern char **environ;

static void text(const char *bytes, size_t length) {
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = bytes[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        // What is not ASCII is told byte by byte: JSON has no bytes, and the test writes none.
        else if (c < 0x20 || c >= 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void words(const char *name, const char *value) {
    printf(",\"%s\":", name);
    if (value)
        text(value, strlen(value));
    else
        printf("null");
}

static void number(const char *name, long long value) { printf(",\"%s\":%lld", name, value); }

// A file's content up to a limit, or null.
static void content(const char *name, const char *path) {
    static char buffer[LARGEST_FILE];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = -1;
    while (fd >= 0 && length < sizeof buffer && (got = read(fd, buffer + length, sizeof buffer - length)) > 0)
        length += got;
    printf(",\"%s\":", name);
    if (fd < 0 || got < 0)
        printf("null");
    else
        text(buffer, length);
    if (fd >= 0)
        close(fd);
}

static void ids(void) {
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    printf("{\"uid\":[%u,%u,%u]", r, e, s);
    getresgid(&r, &e, &s);
    printf(",\"gid\":[%u,%u,%u]", r, e, s);
    gid_t groups[256];
    int count = getgroups(256, groups);
    printf(",\"groups\":[");
    for (int i = 0; i < count; i++)
        printf("%s%u", i ? "," : "", groups[i]);
    putchar(']');
    content("uid_map", "/proc/self/uid_map");
    content("gid_map", "/proc/self/gid_map");
    content("setgroups", "/proc/self/setgroups");
}

static void names(void) {
    struct utsname uts;
    uname(&uts);
    words("hostname", uts.nodename);
    char cwd[PATH_MAX];
    words("cwd", getcwd(cwd, sizeof cwd));
    printf(",\"environment\":[");
    for (char **entry = environ; *entry; entry++) {
        if (entry != environ)
            putchar(',');
        text(*entry, strlen(*entry));
    }
    putchar(']');
}

static void processes(void) {
    number("pid", getpid());
    number("parent", getppid());
    number("session", getsid(0));
    content("comm_of_1", "/proc/1/comm");
    int count = 0;
    DIR *directory = opendir("/proc");
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    if (directory)
        closedir(directory);
    number("processes", directory ? count : -1);
}

static void confinement(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{0}};
    syscall(SYS_capget, &header, sets);
#define SET(field) ((unsigned long long)sets[1].field << 32 | sets[0].field)
    printf(",\"effective\":%llu,\"permitted\":%llu,\"inheritable\":%llu", SET(effective), SET(permitted),
           SET(inheritable));
    unsigned long long bounding = 0, ambient = 0;
    for (int number = 0; number < 64; number++) {
        if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
            bounding |= 1ULL << number;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1)
            ambient |= 1ULL << number;
    }
    printf(",\"bounding\":%llu,\"ambient\":%llu", bounding, ambient);
    number("no_new_privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    // Through a filter that refuses prctl this would be -1.
    number("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    mode_t mask = umask(0);
    umask(mask);
    number("umask", mask);
}

static void limits(void) {
    const struct {
        const char *name;
        int number;
    } all[] = {{"core", RLIMIT_CORE}, {"open_files", RLIMIT_NOFILE}, {"processes_limit", RLIMIT_NPROC},
               {"address_space", RLIMIT_AS}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct rlimit limit;
        getrlimit(all[i].number, &limit);
        // As text: RLIM_INFINITY is larger than what JSON readers take for whole.
        printf(",\"limit_%s\":[\"%lld\",\"%lld\"]", all[i].name, (long long)limit.rlim_cur, (long long)limit.rlim_max);
    }
}

static void descriptors(void) {
    printf(",\"descriptors\":[");
    const char *comma = "";
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1) {
            printf("%s%d", comma, fd);
            comma = ",";
        }
    putchar(']');
}

static void namespaces(void) {
    static const char *all[] = {"mnt", "user", "pid", "ipc", "uts", "net", "cgroup"};
    printf(",\"namespaces\":{\"of\":\"self\"");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char path[64], link[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", all[i]);
        ssize_t length = readlink(path, link, sizeof link - 1);
        link[length > 0 ? length : 0] = 0;
        words(all[i], length > 0 ? link : NULL);
    }
    putchar('}');
}

static void interfaces(void) {
    printf(",\"interfaces\":[");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex *all = if_nameindex();
    for (struct if_nameindex *one = all; one && one->if_index; one++) {
        struct ifreq request = {0};
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", one->if_name);
        int known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
        printf("%s{\"name\":\"%s\",\"up\":%s}", one == all ? "" : ",", one->if_name,
               known && request.ifr_flags & IFF_UP ? "true" : "false");
    }
    if_freenameindex(all);
    close(fd);
    putchar(']');
}

static void flags(const struct statvfs *fs) {
    printf(",\"ro\":%s,\"nosuid\":%s,\"nodev\":%s,\"noexec\":%s", fs->f_flag & ST_RDONLY ? "true" : "false",
           fs->f_flag & ST_NOSUID ? "true" : "false", fs->f_flag & ST_NODEV ? "true" : "false",
           fs->f_flag & ST_NOEXEC ? "true" : "false");
    number("bytes", (long long)fs->f_blocks * fs->f_frsize);
}

// Tries to write, and undoes it: 0 or an errno.
static int try_to_write(const char *path, mode_t mode) {
    if (S_ISDIR(mode)) {
        char probe[PATH_MAX + 16];
        snprintf(probe, sizeof probe, "%s/.probe", path);
        return mkdir(probe, 0700) || rmdir(probe) ? errno : 0;
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int names_in(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    if (!directory)
        return -1;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 2;
}

static void place(const char *path) {
    struct stat stat;
    printf("{\"at\":");
    text(path, strlen(path));
    if (lstat(path, &stat)) {
        printf(",\"type\":\"%s\"}", errno == ENOENT || errno == ENOTDIR ? "none" : strerror(errno));
        return;
    }
    const char *type = S_ISDIR(stat.st_mode)   ? "directory"
                       : S_ISREG(stat.st_mode) ? "file"
                       : S_ISLNK(stat.st_mode) ? "link"
                       : S_ISCHR(stat.st_mode) ? "device"
                                               : "other";
    words("type", type);
    number("mode", stat.st_mode & 07777);
    number("uid", stat.st_uid);
    number("gid", stat.st_gid);
    number("device", stat.st_dev);
    number("inode", stat.st_ino);
    if (S_ISCHR(stat.st_mode))
        number("number", stat.st_rdev);
    if (S_ISLNK(stat.st_mode)) {
        char link[PATH_MAX];
        ssize_t length = readlink(path, link, sizeof link - 1);
        link[length > 0 ? length : 0] = 0;
        words("link", link);
        printf("}");
        return;
    }
    struct statvfs fs;
    if (statvfs(path, &fs) == 0)
        flags(&fs);
    if (S_ISREG(stat.st_mode) && stat.st_size <= LARGEST_FILE)
        content("content", path);
    if (S_ISDIR(stat.st_mode))
        number("names", names_in(path));
    number("write", try_to_write(path, stat.st_mode));
    // utimensat asks the mount before the file's mode, so a read-only mount says EROFS to everybody.
    number("touch", utimensat(AT_FDCWD, path, NULL, 0) ? errno : 0);
    printf("}");
}

static void walk(const char *path, dev_t device, int depth) {
    struct stat stat;
    DIR *directory = opendir(path);
    // What cannot be listed is told, lest something hide there.
    if (!directory) {
        putchar(',');
        char hidden[PATH_MAX + 8];
        snprintf(hidden, sizeof hidden, "%s/?", path);
        text(hidden, strlen(hidden));
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        char below[PATH_MAX];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(below, sizeof below, "%s/%s", depth ? path : strcmp(path, "/") ? path : "", entry->d_name);
        putchar(',');
        text(below, strlen(below));
        if (!lstat(below, &stat) && S_ISDIR(stat.st_mode) && stat.st_dev == device)
            walk(below, device, depth + 1);
    }
    closedir(directory);
}

int main(void) {
    ids();
    // Before anything here opens one.
    descriptors();
    names();
    processes();
    confinement();
    limits();
    namespaces();
    interfaces();
    static char mounts[1 << 20];
    FILE *file = fopen("/proc/self/mountinfo", "re");
    size_t length = file ? fread(mounts, 1, sizeof mounts, file) : 0;
    printf(",\"mounts\":");
    if (file)
        text(mounts, length);
    else
        printf("null");

    // Walked before anything is tried, and the answers kept apart: stdin may name both kinds in any order.
    static char lines[4096][PATH_MAX];
    size_t count = 0;
    while (count < 4096 && fgets(lines[count], PATH_MAX, stdin)) {
        lines[count][strcspn(lines[count], "\n")] = 0;
        count++;
    }
    printf(",\"names\":[\"/\"");
    for (size_t i = 0; i < count; i++) {
        struct stat stat;
        if (lines[i][0] == 'W' && !lstat(lines[i] + 2, &stat) && S_ISDIR(stat.st_mode))
            walk(lines[i] + 2, stat.st_dev, 0);
    }
    printf("],\"places\":[");
    const char *comma = "";
    for (size_t i = 0; i < count; i++)
        if (lines[i][0] == 'P') {
            printf("%s", comma);
            comma = ",";
            place(lines[i] + 2);
        }
    puts("]}");
    return 0;
}
