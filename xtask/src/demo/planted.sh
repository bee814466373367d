# Planted in a Makefile by the demo: what a hostile package would try. Every attempt is harmless even where it succeeds:
# files are opened and not written, devices are read and not kept, and what is written is a canary of the demo's own.
# The demo's own values (SECRET, PORT, …) stand above this line.
LC_ALL=C
export LC_ALL

attempt() {
    what=$1
    shift
    if answer=$("$@" 2>&1); then
        echo "succeeded|$what|$(echo "$answer" | head -n 1)"
    else
        echo "refused|$what|$(echo "$answer" | head -n 1)"
    fi
}

read_secret() { cat "$SECRET"; }
connect() { timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT" && echo connected; }
append_to_passwd() {
    (: >>/etc/passwd) || return
    test "$(stat -c %d:%i /etc/passwd)" = "$PASSWD" || { echo "a copy that only this view sees"; return 1; }
}
read_disk() { dd if="$DISK" of=/dev/null bs=512 count=1; }
make_disk() { mknod ./disk-node b "$DISK_MAJOR" "$DISK_MINOR" && dd if=./disk-node of=/dev/null bs=512 count=1; }
remount() { mount -o remount,bind,rw /usr; }
write_usr() { touch "$USR_CANARY"; }

attempt "read ~/.ssh/id_canary" read_secret
attempt "connect to a port of the host" connect
test "${1-}" = harmless && exit
attempt "open /etc/passwd for appending" append_to_passwd
attempt "read the disk at $DISK" read_disk
attempt "make a node of the disk ($DISK_MAJOR:$DISK_MINOR) and read it" make_disk
attempt "remount /usr writable" remount
attempt "make a file in /usr" write_usr
