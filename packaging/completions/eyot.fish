# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_eyot_global_optspecs
    string join \n h/help V/version
end

function __fish_eyot_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_eyot_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_eyot_using_subcommand
    set -l cmd (__fish_eyot_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c eyot -n "__fish_eyot_needs_command" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_needs_command" -s V -l version -d 'Print version'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "run" -d 'Run a command in a view of its own'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "plan" -d 'Print what a command would do, and do nothing'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "doctor" -d 'Find out, by trying, what this machine and this user may do'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "list" -d 'List the views that live'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "enter" -d 'Run a command in a view that lives already'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "stop" -d 'End a view'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "check" -d 'Check view files'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "schema" -d 'Print the JSON Schema of a file format'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c eyot -n "__fish_eyot_needs_command" -f -a "__generate"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l profile -l extends -d 'The profile to start from: run, build, service, agent or empty' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l root -d 'What lies beneath everything: `empty`, `host` or a directory' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l writable-root -d 'Let the view write to the directory given as root' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l scratch-size -d 'Limit of the view\'s own memory file system, which holds its root and scratch directories' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l ro -d 'Show a file or directory read-only: `FROM[:AT]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l rw -d 'Show a file or directory writable: `FROM[:AT]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l ro-try -d 'Like `ro`, but left out where the host lacks it' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l rw-try -d 'Like `rw`, but left out where the host lacks it' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l tmpfs -d 'An empty file system in memory: `AT[:size=64M][:mode=1777]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l overlay -d 'Several directories shown as one: `LOWER[:LOWER…]:AT`, changes discarded; `:ro` behind it for none, `:upper=DIR` to keep them' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l file -d 'A file made of text, `AT=TEXT`, or read from a descriptor, `AT:fd=N`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l dir -d 'A private directory: `AT`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l symlink -d 'A symbolic link: `TARGET:AT`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l mask -d 'Hide what is at `AT`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l device -d 'A character device: `FROM[:AT]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l proc -d 'A proc file system of the view\'s own, at `/proc`' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l sys -d '`/sys` and `/sys/fs/cgroup`, read-only' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l dev -d 'A minimal `/dev`' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l hostname -d 'The view\'s host name' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l uid -d 'The user id inside' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l gid -d 'The group id inside' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l user -d '`own`: a user namespace of the view\'s own; `host`: none' -r -f -a "own\t''
host\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l share -d 'Namespaces shared with the host: pid, ipc, uts, cgroup' -r -f -a "pid\t''
ipc\t''
uts\t''
cgroup\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l net -d '`none`, `loopback` or `host`' -r -f -a "none\t''
loopback\t''
host\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -s C -l workdir -d 'The directory the command starts in' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l env -d 'Environment variables to set' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l keep-env -d 'Environment variables of the caller to keep' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l keep-fd -d 'Descriptors of the caller, beside 0 to 2, that the command keeps' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l cap -d 'Capabilities to keep, by name (`CAP_NET_BIND_SERVICE`)' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l seccomp -d '`default`, `off`, or an OCI seccomp profile (a JSON file)' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l allow -d 'Open by name what the view closes: nesting, set-id, root-owned, …' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l allow-missing -d 'Protections the view may lack where the machine cannot give them' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l core-dumps -d 'Let crashes write core dumps' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l memory -d 'Memory limit (`512M`)' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l processes -d 'Most processes and threads at a time' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l cpus -d 'Share of the processors (`1.5` is one and a half)' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l open-files -d 'Most open descriptors a process' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l wall-time -d 'Longest time the view may live (`90s`, `5m`)' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l init -d 'Whether eyot is PID 1 inside, reaping orphans and forwarding signals' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand run" -l view -d 'Read a view file; a name without a slash is searched (also with .toml) in the current directory, ~/.config/eyot/views and /etc/eyot/views' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l json-fd -d 'Write a report of the run, as JSON, to this descriptor: ids, times, exit, limits hit, protections absent' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l name -d 'The name by which list, enter and stop know the view' -r
complete -c eyot -n "__fish_eyot_using_subcommand run" -l no-proc -d 'The same as `--proc=false`'
complete -c eyot -n "__fish_eyot_using_subcommand run" -l no-sys -d 'The same as `--sys=false`'
complete -c eyot -n "__fish_eyot_using_subcommand run" -l no-dev -d 'The same as `--dev=false`'
complete -c eyot -n "__fish_eyot_using_subcommand run" -l no-init -d 'The same as `--init=false`'
complete -c eyot -n "__fish_eyot_using_subcommand run" -l why -d 'Explain on standard error what the view withholds, as it happens, with the option that opens it'
complete -c eyot -n "__fish_eyot_using_subcommand run" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and not __fish_seen_subcommand_from run" -l json -d 'Print JSON instead of text'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and not __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and not __fish_seen_subcommand_from run" -f -a "run" -d 'Print the view that \'eyot run\' would make'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l profile -l extends -d 'The profile to start from: run, build, service, agent or empty' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l root -d 'What lies beneath everything: `empty`, `host` or a directory' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l writable-root -d 'Let the view write to the directory given as root' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l scratch-size -d 'Limit of the view\'s own memory file system, which holds its root and scratch directories' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l ro -d 'Show a file or directory read-only: `FROM[:AT]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l rw -d 'Show a file or directory writable: `FROM[:AT]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l ro-try -d 'Like `ro`, but left out where the host lacks it' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l rw-try -d 'Like `rw`, but left out where the host lacks it' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l tmpfs -d 'An empty file system in memory: `AT[:size=64M][:mode=1777]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l overlay -d 'Several directories shown as one: `LOWER[:LOWER…]:AT`, changes discarded; `:ro` behind it for none, `:upper=DIR` to keep them' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l file -d 'A file made of text, `AT=TEXT`, or read from a descriptor, `AT:fd=N`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l dir -d 'A private directory: `AT`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l symlink -d 'A symbolic link: `TARGET:AT`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l mask -d 'Hide what is at `AT`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l device -d 'A character device: `FROM[:AT]`' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l proc -d 'A proc file system of the view\'s own, at `/proc`' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l sys -d '`/sys` and `/sys/fs/cgroup`, read-only' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l dev -d 'A minimal `/dev`' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l hostname -d 'The view\'s host name' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l uid -d 'The user id inside' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l gid -d 'The group id inside' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l user -d '`own`: a user namespace of the view\'s own; `host`: none' -r -f -a "own\t''
host\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l share -d 'Namespaces shared with the host: pid, ipc, uts, cgroup' -r -f -a "pid\t''
ipc\t''
uts\t''
cgroup\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l net -d '`none`, `loopback` or `host`' -r -f -a "none\t''
loopback\t''
host\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -s C -l workdir -d 'The directory the command starts in' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l env -d 'Environment variables to set' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l keep-env -d 'Environment variables of the caller to keep' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l keep-fd -d 'Descriptors of the caller, beside 0 to 2, that the command keeps' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l cap -d 'Capabilities to keep, by name (`CAP_NET_BIND_SERVICE`)' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l seccomp -d '`default`, `off`, or an OCI seccomp profile (a JSON file)' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l allow -d 'Open by name what the view closes: nesting, set-id, root-owned, …' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l allow-missing -d 'Protections the view may lack where the machine cannot give them' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l core-dumps -d 'Let crashes write core dumps' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l memory -d 'Memory limit (`512M`)' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l processes -d 'Most processes and threads at a time' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l cpus -d 'Share of the processors (`1.5` is one and a half)' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l open-files -d 'Most open descriptors a process' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l wall-time -d 'Longest time the view may live (`90s`, `5m`)' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l init -d 'Whether eyot is PID 1 inside, reaping orphans and forwarding signals' -r -f -a "true\t''
false\t''"
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l view -d 'Read a view file; a name without a slash is searched (also with .toml) in the current directory, ~/.config/eyot/views and /etc/eyot/views' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l json-fd -d 'Write a report of the run, as JSON, to this descriptor: ids, times, exit, limits hit, protections absent' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l name -d 'The name by which list, enter and stop know the view' -r
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l json -d 'Print JSON instead of text'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l no-proc -d 'The same as `--proc=false`'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l no-sys -d 'The same as `--sys=false`'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l no-dev -d 'The same as `--dev=false`'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l no-init -d 'The same as `--init=false`'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -l why -d 'Explain on standard error what the view withholds, as it happens, with the option that opens it'
complete -c eyot -n "__fish_eyot_using_subcommand plan; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand doctor" -l json -d 'Print JSON instead of text'
complete -c eyot -n "__fish_eyot_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand list" -l json -d 'Print JSON instead of text'
complete -c eyot -n "__fish_eyot_using_subcommand list" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand enter" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand stop" -l grace -d 'How long the command may take to end before the view is killed' -r
complete -c eyot -n "__fish_eyot_using_subcommand stop" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand check" -l syntax-only -d 'Check the file alone, not whether it makes a plan on this machine'
complete -c eyot -n "__fish_eyot_using_subcommand check" -l json -d 'Print JSON instead of text'
complete -c eyot -n "__fish_eyot_using_subcommand check" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand schema" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand completions" -s h -l help -d 'Print help'
complete -c eyot -n "__fish_eyot_using_subcommand __generate" -s h -l help -d 'Print help'
