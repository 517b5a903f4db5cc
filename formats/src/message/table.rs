//! The messages, a row each. A line belongs to the first row that has a pattern in it, so the particular ones come first.

/// A kind of message, as programs print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its short name.
    pub id: &'static str,
    /// Who prints it, and what it means there, in a sentence.
    pub about: &'static str,
    /// What it looks like: words with holes, `{path}`, `{port}` for digits and `{any}`. Case does not matter, all quotes
    /// are alike.
    pub patterns: &'static [&'static str],
    /// Real lines, one at least; each is a test.
    pub examples: &'static [&'static str],
    /// What fails, in the words of the scenario format; `<path>` and `<port>` stand for what the holes hold.
    pub call: Option<&'static str>,
    /// What the call takes for granted, a sentence each.
    pub assumed: &'static [&'static str],
    /// The errno, where the words do not tell it themselves.
    pub errno: Option<&'static str>,
    /// Which of the gallery's questions people ask with it.
    pub questions: &'static [&'static str],
}

/// Questions of the gallery that nobody asks with a message, and why.
pub const NO_MESSAGE: [(&str, &str); 7] = [
    ("why-can-bind-80", "Nothing fails: a port can be bound, and the question is why."),
    ("exec-vs-run", "Two processes are compared by their sets, or fail by one of the other messages."),
    ("lost-after-copy", "The program fails later by a message of its own, such as bind."),
    ("wrong-rootid", "The program runs without, and fails by a message of what it tries."),
    ("capsh-recipe", "The question is how; a failing attempt has the row ambient-raise."),
    ("ruid-euid", "The question is about a kernel release; nothing fails."),
    ("chmod-not-blocked", "The question is why a call does not fail."),
];

macro_rules! messages {
    ($($id:literal $about:literal
        [$($pattern:literal),* $(,)?]
        eg [$($example:literal),* $(,)?]
        $(call $call:literal)? $(assumed $assumed:literal)? $(errno $errno:literal)? $(asks $($question:literal)+)?;)*) => {
        /// Every kind of message that is recognised.
        pub const MESSAGES: &[Message] = &[$(Message {
            id: $id,
            about: $about,
            patterns: &[$($pattern),*],
            examples: &[$($example),*],
            call: messages!(@option $($call)?),
            assumed: &[$($assumed)?],
            errno: messages!(@option $($errno)?),
            questions: &[$($($question),+)?],
        }),*];
    };
    (@option) => { None };
    (@option $value:literal) => { Some($value) };
}

messages! {
    // systemd
    "systemd-exec" "systemd: the program of a unit could not be executed."
        ["failed at step exec spawning {path}: {any}", "failed to execute {path}: operation not permitted", "status=203/exec"]
        eg ["myapp.service: Failed at step EXEC spawning /usr/bin/myapp: Operation not permitted",
            "    Process: 812 ExecStart=/opt/zeek/bin/zeek (code=exited, status=203/EXEC)",
            "myapp.service: Failed to execute /usr/bin/myapp: Operation not permitted"]
        call r#"{"execve": "<path>"}"# asks "eperm-on-exec";
    "systemd-capabilities" "systemd: capabilities of a unit could not be set."
        ["failed at step capabilities spawning {path}: {any}", "failed to apply ambient capabilities {any}: operation not permitted", "status=218/capabilities"]
        eg ["myapp.service: Failed at step CAPABILITIES spawning /usr/bin/myapp: Operation not permitted",
            "myapp.service: Main process exited, code=exited, status=218/CAPABILITIES",
            "myapp.service: Failed to apply ambient capabilities (before UID change): Operation not permitted"]
        errno "EPERM" asks "systemd-ambient";
    "systemd-group" "systemd: groups of a unit could not be set, as in the manager of a user."
        ["failed at step group spawning {path}: {any}", "failed to determine supplementary groups: operation not permitted", "status=216/group"]
        eg ["myapp.service: Failed at step GROUP spawning /usr/bin/myapp: Operation not permitted",
            "myapp.service: Failed to determine supplementary groups: Operation not permitted",
            "Main PID: 4711 (code=exited, status=216/GROUP)"]
        call r#"{"setgroups": []}"# errno "EPERM";
    "systemd-seccomp" "systemd: the filter of a unit could not be installed."
        ["failed at step seccomp spawning {path}: {any}", "status=228/seccomp"]
        eg ["myapp.service: Failed at step SECCOMP spawning /usr/bin/myapp: Permission denied",
            "Main PID: 4711 (code=exited, status=228/SECCOMP)"]
        call r#"{"seccomp": {"filter": {"profile": {"defaultAction": "SCMP_ACT_ALLOW"}}}}"#
        assumed "Which filter is not said; one that allows everything stands for it." asks "seccomp-eacces";
    "systemd-user" "systemd: the user of a unit could not be taken on."
        ["failed at step user spawning {path}: {any}", "status=217/user"]
        eg ["myapp.service: Failed at step USER spawning /usr/bin/myapp: Operation not permitted",
            "Main PID: 4711 (code=exited, status=217/USER)"];

    // set-uid programs
    "sudo-no-new-privs" "sudo: no_new_privs is set, so that its set-uid bit is void."
        ["the 'no new privileges' flag is set"]
        eg ["sudo: The \"no new privileges\" flag is set, which prevents sudo from running as root."]
        call r#"{"execve": "/usr/bin/sudo"}"# errno "EPERM" asks "sudo-nnp";
    "sudo-euid" "sudo: its effective user is not root, so its set-uid bit was void: a mount with nosuid, a user namespace without root, or another owner."
        ["effective uid is not 0"]
        eg ["sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set or an NFS file system without root privileges?",
            "sudo: effective uid is not 0, is sudo installed setuid root?"]
        call r#"{"execve": "/usr/bin/sudo"}"# errno "EPERM" asks "sudo-nnp" "nosuid";
    "sudo-owner" "sudo: it is not owned by root or has no set-uid bit."
        ["{path} must be owned by uid 0 and have the setuid bit set"]
        eg ["sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set"]
        call r#"{"execve": "<path>"}"# errno "EPERM" asks "sudo-nnp";
    "sudo-ids" "sudo: it could not take on an id."
        ["unable to change to root gid: operation not permitted", "sudo: unable to change to {any}: operation not permitted", "sudo: setresuid{any}: operation not permitted"]
        eg ["sudo: unable to change to root gid: Operation not permitted",
            "sudo: setresuid(0, -1, -1): Operation not permitted"]
        call r#"{"setgid": 0}"# asks "drop-all-root";
    "su-groups" "su: groups could not be set."
        ["su: cannot set groups: operation not permitted", "su: can't set groups: operation not permitted"]
        eg ["su: cannot set groups: Operation not permitted", "su: can't set groups: Operation not permitted"]
        call r#"{"setgroups": []}"# asks "drop-all-root";
    "bwrap-unexpected" "bubblewrap: it was given capabilities, as by an ambient set, and is not set-uid."
        ["unexpected capabilities but not setuid"]
        eg ["bwrap: Unexpected capabilities but not setuid, old file caps config?"]
        asks "ambient-leak";

    // user namespaces
    "uid-map" "newuidmap, unshare and engines: a user namespace's map of users could not be written."
        ["write to uid_map failed: operation not permitted", "write failed /proc/self/uid_map: operation not permitted",
         "write to {any}/uid_map{any}: operation not permitted", "/uid_map: operation not permitted", "uid_map: operation not permitted"]
        eg ["newuidmap: write to uid_map failed: Operation not permitted",
            "unshare: write failed /proc/self/uid_map: Operation not permitted",
            "open /proc/1234/uid_map: operation not permitted"]
        call r#"{"write_map": {"user_ns": "child", "file": "uid_map", "text": "0 0 1"}}"#
        assumed "The map is not shown; one of user 0 of the namespace above, which needs most, is assumed." asks "setfcap-uidmap";
    "gid-map" "newgidmap and engines: a user namespace's map of groups could not be written."
        ["gid_map failed: operation not permitted", "gid_map: operation not permitted"]
        eg ["newgidmap: write to gid_map failed: Operation not permitted",
            "unshare: write failed /proc/self/gid_map: Operation not permitted"]
        call r#"{"write_map": {"user_ns": "child", "file": "gid_map", "text": "0 0 1"}}"#
        assumed "The map is not shown; one of group 0 of the namespace above is assumed.";
    "unshare" "unshare, engines and sandboxes: a namespace could not be made."
        ["unshare failed: operation not permitted", "unshare: operation not permitted", "unshare(clone_newuser): operation not permitted",
         "creating new namespace failed: operation not permitted", "no permissions to create new namespace",
         "no permissions to create a new namespace", "cannot clone: operation not permitted", "failed to unshare{any}: operation not permitted",
         "clone: operation not permitted", "failed to clone: operation not permitted"]
        eg ["unshare: unshare failed: Operation not permitted",
            "bwrap: Creating new namespace failed: Operation not permitted",
            "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.",
            "cannot clone: Operation not permitted"]
        call r#"{"unshare": {"flags": ["CLONE_NEWUSER"], "user_ns": "child"}}"#
        assumed "Which namespace is not said; a user namespace is assumed." errno "EPERM";

    // capabilities
    "unknown-capability" "Docker and runc: the kernel or the engine is older than a capability's name."
        ["unknown capability: '{path}'", "unknown capability '{path}'", "unknown capability {path}", "invalid capability: '{path}'", "invalid capability: {path}", "invalid cap: {path}",
         "capability not supported by your kernel{any}'{path}'", "unknown or unsupported capability{any}'{path}'", "capability '{path}' is not supported by your kernel"]
        eg ["docker: Error response from daemon: invalid CapAdd: unknown capability: \"CAP_PERFMON\".",
            "OCI runtime create failed: unknown capability \"CAP_PERFMON\": unknown",
            "Error: unknown capability CAP_BPF",
            "invalid CapAdd: capability not supported by your kernel or not available in the current environment: \"CAP_PERFMON\"",
            "Error response from daemon: Capability \"CAP_BPF\" is not supported by your kernel"]
        errno "EINVAL" asks "unknown-cap";
    "setcap-effective" "setcap: it lacks CAP_SETFCAP."
        ["unable to set cap_setfcap effective capability"]
        eg ["unable to set CAP_SETFCAP effective capability: Operation not permitted"]
        call r#"{"capset": {"effective": "cap_setfcap", "permitted": "cap_setfcap", "inheritable": "none"}}"# errno "EPERM";
    "setcap" "setcap: the attribute could not be written."
        ["failed to set capabilities on file '{path}'", "failed to set capabilities on file {path}"]
        eg ["Failed to set capabilities on file '/usr/bin/ping': Operation not permitted",
            "Failed to set capabilities on file `/usr/bin/ping' (Operation not permitted)",
            "Failed to set capabilities on file '/usr/bin/ping': Not supported"]
        call r#"{"setcap": {"path": "<path>", "caps": "cap_net_bind_service=ep"}}"#
        assumed "The message does not say which capabilities; cap_net_bind_service=ep is assumed.";
    "ambient-raise" "Programs that raise the ambient set: the capability is not in both the permitted and the inheritable set, or a securebit forbids it."
        ["pr_cap_ambient_raise{any}failed", "pr_cap_ambient_raise{any}: operation not permitted", "pr_cap_ambient{any}operation not permitted",
         "failed to raise ambient capability", "unable to raise ambient", "can't raise ambient capability",
         "failed to add ambient capabilities", "failed adding {path} to ambient set", "set ambient{any}: operation not permitted"]
        eg ["prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE): Operation not permitted",
            "PR_CAP_AMBIENT_RAISE failed: operation not permitted",
            "unable to raise ambient CAP_NET_ADMIN capability",
            "failed adding CAP_NET_RAW to ambient set: Operation not permitted",
            "error: failed to raise ambient capability net_bind_service"]
        call r#"{"prctl": ["PR_CAP_AMBIENT", "PR_CAP_AMBIENT_RAISE", "cap_net_bind_service"]}"#
        assumed "Where the message does not name the capability, cap_net_bind_service is assumed." errno "EPERM" asks "ambient-raise-eperm" "ambient-su";
    "capset" "Programs of libcap: the sets asked for are not allowed, as more than is permitted."
        ["cap_set_proc{any}operation not permitted", "capset{any}: operation not permitted", "unable to set capabilities: operation not permitted", "unable to apply caps",
         "failed to set process capabilities", "set capabilities: operation not permitted", "cap_set_flag{any}not permitted", "failed to set inheritable capabilities"]
        eg ["cap_set_proc: Operation not permitted",
            "Unable to set capabilities: Operation not permitted",
            "container init: unable to apply caps: operation not permitted",
            "capset(): Operation not permitted"]
        errno "EPERM" asks "profile-breaks-start";
    "bounding-drop" "A capability could not be taken out of the bounding set: CAP_SETPCAP is missing."
        ["unable to drop {path} from bounding set", "pr_capbset_drop{any}operation not permitted", "apply bounding set: operation not permitted", "unable to drop bset{any}not permitted"]
        eg ["prctl(PR_CAPBSET_DROP): Operation not permitted", "setpriv: apply bounding set: Operation not permitted"]
        call r#"{"prctl": ["PR_CAPBSET_DROP", "cap_net_raw"]}"#
        assumed "The message does not name the capability; cap_net_raw stands for it." errno "EPERM";

    // seccomp
    "seccomp-load" "A filter could not be installed: neither no_new_privs nor CAP_SYS_ADMIN."
        ["seccomp{any}eacces", "seccomp{any}permission denied", "seccomp_load{any}denied", "failed to install seccomp", "seccomp_set_mode_filter{any}failed",
         "unable to init seccomp{any}permission denied", "failed to add seccomp filter{any}denied", "pr_set_seccomp{any}denied"]
        eg ["seccomp: Permission denied", "prctl(PR_SET_SECCOMP): seccomp(SECCOMP_SET_MODE_FILTER) = EACCES",
            "seccomp_load: Permission denied", "standard_init_linux.go: init seccomp caused: permission denied"]
        call r#"{"seccomp": {"filter": {"profile": {"defaultAction": "SCMP_ACT_ALLOW"}}}}"#
        assumed "Which filter is not said; one that allows everything stands for it." errno "EACCES" asks "seccomp-eacces";
    "seccomp-init" "A runtime's own steps behind its filter were refused, or the filter is malformed."
        ["error loading seccomp filter", "unable to init seccomp", "cannot set up seccomp", "error during container init: error running hook",
         "error closing exec fds{any}operation not permitted", "unable to restrict sys_keyring permissions", "unable to start container process: waiting for init preliminary setup{any}",
         "cannot start a container that has stopped", "unable to load seccomp"]
        eg ["OCI runtime create failed: runc create failed: unable to start container process: error during container init: unable to init seccomp: error loading seccomp filter into kernel: operation not permitted",
            "cannot start a container that has stopped"]
        asks "profile-breaks-start";
    "clone3" "The C library: a thread or process could not be made, as under a profile that answers EPERM to clone3."
        ["pthread_create{any}operation not permitted", "pthread_create failed{any}1", "clone3{any}not permitted", "clone3{any}eperm", "can't start new thread", "failed to create new os thread (have {any} errno=1",
         "failed to create new os thread (have {any} errno=22", "uv_thread_create", "unable to create thread{any}not permitted", "pthread_create: eperm", "getaddrinfo() thread failed to start",
         "resource temporarily unavailable: pthread_create", "thread constructor failed: operation not permitted"]
        eg ["pthread_create failed: Operation not permitted", "clone3: Operation not permitted",
            "runtime: failed to create new OS thread (have 2 already; errno=1)", "RuntimeError: can't start new thread",
            "curl: (6) getaddrinfo() thread failed to start"]
        call r#"{"syscall": {"arch": "x86_64", "name": "clone3"}}"#
        assumed "The machine is assumed to be an x86_64." errno "EPERM" asks "clone3";
    "faccessat2" "Programs with musl or a new glibc: faccessat2 is refused instead of not implemented."
        ["faccessat2{any}", "make: {path}: operation not permitted", "make: exec({path}) failed", "make[{port}]: {path}: operation not permitted"]
        eg ["make: /bin/sh: Operation not permitted", "faccessat2(AT_FDCWD, \"/bin/sh\", X_OK, AT_EACCESS) not permitted", "make[1]: /bin/sh: Operation not permitted"]
        call r#"{"syscall": {"arch": "x86_64", "name": "faccessat2"}}"#
        assumed "The machine is assumed to be an x86_64." errno "EPERM" asks "faccessat2" "enosys-stub";
    "openat2" "runc and others: openat2 is refused instead of not implemented."
        ["openat2 {path}: operation not permitted", "openat2{any}operation not permitted", "openat2{any}eperm", "openat2{any}denied"]
        eg ["open sysctl net.ipv4.ip_unprivileged_port_start file: unsafe procfs detected: openat2 fsmount:fscontext:proc/./sys/net/ipv4/: operation not permitted",
            "openat2 /proc/self/fd: operation not permitted"]
        call r#"{"syscall": {"arch": "x86_64", "name": "openat2"}}"#
        assumed "The machine is assumed to be an x86_64." errno "EPERM" asks "openat2" "enosys-stub";
    "sigsys" "A filter ended the process."
        ["bad system call", "signal: bad system call", "status=31/sys", "code=killed, signal=sys"]
        eg ["Bad system call (core dumped)", "Main PID: 99 (code=killed, status=31/SYS)"]
        asks "which-syscall";

    // tracing
    "strace-traceme" "strace: the child could not be traced, as under a profile that denies ptrace."
        ["ptrace(ptrace_traceme{any}operation not permitted", "ptrace(ptrace_traceme{any}not implemented", "test_ptrace_get_syscall_info: ptrace_traceme: operation not permitted",
         "ptrace_traceme: operation not permitted", "do_test: ptrace_setoptions"]
        eg ["strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted",
            "strace: test_ptrace_get_syscall_info: PTRACE_TRACEME: Operation not permitted"]
        call r#"{"syscall": {"arch": "x86_64", "name": "ptrace", "args": [0]}}"#
        assumed "The machine is assumed to be an x86_64." errno "EPERM" asks "strace-in-docker";
    "ptrace" "strace, gdb and others: another process could not be traced."
        ["ptrace{any}operation not permitted", "could not attach to process", "attach: ptrace", "unable to attach: {any}not permitted", "attach failed: operation not permitted"]
        eg ["ptrace: Operation not permitted.", "strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted",
            "Could not attach to process.  If your uid matches the uid of the target"]
        call r#"{"ptrace": {"target": {}}}"#
        assumed "The process to be traced is not described; one of root with every capability is assumed." errno "EPERM" asks "strace-in-docker" "strace-loses-caps" "setcap-dump";

    // network
    "bind" "Servers: a port below net.ipv4.ip_unprivileged_port_start could not be bound."
        ["listen tcp {any}:{port}: bind: permission denied", "listen tcp4 {any}:{port}: bind: permission denied", "listen tcp6 {any}:{port}: bind: permission denied",
         "listen udp {any}:{port}: bind: permission denied", "bind() to {any}:{port} failed (13: permission denied)",
         "could not bind to address {any}:{port}", "listen eacces: permission denied {any}:{port}", "listen eacces {any}:{port}",
         "permission denied: ('{any}', {port})", "bind to port {port} on {any} failed: permission denied", "listening socket for port {port}: permission denied",
         "cannot bind socket (permission denied) {any}:{port}]", "cannot bind socket (permission denied) for [{any}:{port}]", "bind to {any}:{port}: permission denied", "bind {any}:{port}: permission denied",
         "binding to {any}:{port}: permission denied", "cannot expose privileged port {port}", "bind({any}:{port}): permission denied", "bind() to {any}:{port} failed: permission denied",
         "could not bind {any}port {port}{any}permission denied", "unable to bind to port {port}{any}permission denied", "port {port}: permission denied", "failed to bind to {any}:{port}{any}permission denied",
         "permission denied{any}bind{any}:{port}", "permission denied for port {port}"]
        eg ["listen tcp :80: bind: permission denied", "2026/11/25 03:00:00 listen tcp [::]:443: bind: permission denied",
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
            "(13)Permission denied: AH00072: make_sock: could not bind to address [::]:80",
            "Error: listen EACCES: permission denied 0.0.0.0:80", "PermissionError: [Errno 13] Permission denied: ('0.0.0.0', 80)",
            "Bind to port 22 on 0.0.0.0 failed: Permission denied.",
            "dnsmasq: failed to create listening socket for port 53: Permission denied",
            "Starting frontend http: cannot bind socket (Permission denied) [0.0.0.0:80]",
            "Error: rootlessport cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf",
            "panic: listen udp 0.0.0.0:53: bind: permission denied"]
        call r#"{"bind": {"port": <port>}}"# errno "EACCES" asks "cap-add-nonroot" "nnp-and-setcap" "privileged-nonroot" "setcap-on-script" "script-loses-caps";
    "bind-some-port" "Servers: a port could not be bound, and the message does not name it."
        ["bind: permission denied", "bind failed: permission denied", "bindexception: permission denied", "bind() failed: permission denied", "bind(): permission denied", "can't bind{any}permission denied", "error binding{any}permission denied", "bind permission denied"]
        eg ["bind: Permission denied", "java.net.BindException: Permission denied", "nc: bind failed: Permission denied"]
        call r#"{"bind": {"port": 80}}"# assumed "The message does not name the port; 80 is assumed." errno "EACCES" asks "cap-add-nonroot";
    "raw-socket" "ping and others: a raw socket could not be made, and no other either."
        ["ping: socket: operation not permitted", "ping: {path}: operation not permitted", "permission denied (are you root?)", "icmp open socket: operation not permitted", "ping: socktype: sock_raw",
         "lacking privilege for raw socket", "lacking privilege for icmp socket", "listen ip4:{any}: socket: operation not permitted", "dial ip4:{any}: socket: operation not permitted", "raw socket{any}operation not permitted",
         "sock_raw{any}operation not permitted", "socket: operation not permitted", "socket(af_inet, sock_raw{any}: operation not permitted", "raw socket{any}permission denied"]
        eg ["ping: socket: Operation not permitted", "ping: permission denied (are you root?)", "ping: icmp open socket: Operation not permitted",
            "ping: socktype: SOCK_RAW", "listen ip4:icmp 0.0.0.0: socket: operation not permitted", "traceroute: socket: Operation not permitted",
            "ping: Lacking privilege for raw socket."]
        call r#"{"socket": {"domain": "AF_INET", "type": "SOCK_RAW"}}"# errno "EPERM" asks "ping";
    "packet-socket" "tcpdump and others: a packet socket could not be made."
        ["don't have permission to capture on that device", "don't have permission to perform this capture", "af_packet{any}operation not permitted", "packet socket{any}not permitted", "socket.socket(socket.af_packet, socket.sock_raw"]
        eg ["tcpdump: eth0: You don't have permission to capture on that device",
            "    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))"]
        call r#"{"socket": {"domain": "AF_PACKET", "type": "SOCK_RAW"}}"# errno "EPERM";
    "interface" "ip: the network could not be changed."
        ["rtnetlink answers: operation not permitted", "siocsifflags: operation not permitted", "siocsifaddr: operation not permitted", "can't initialize iptables table{any}permission denied", "tunsetiff: operation not permitted", "tunsetiff{any}: operation not permitted", "you must be root) iptables"]
        eg ["RTNETLINK answers: Operation not permitted", "SIOCSIFFLAGS: Operation not permitted",
            "iptables v1.8.9 (legacy): can't initialize iptables table `filter': Permission denied (you must be root)",
            "ERROR: Cannot ioctl TUNSETIFF tun0: Operation not permitted"]
        call r#"{"ioctl": {"request": "SIOCSIFFLAGS"}}"# assumed "A change of the network is taken for one of an interface's flags, which asks for the same capability.";

    // files
    "chown" "chown and others: a file's owner could not be changed."
        ["changing ownership of '{path}': operation not permitted", "changing group of '{path}': operation not permitted", "chown: {path}: operation not permitted", "chown {path}: operation not permitted",
         "chgrp: {path}: operation not permitted", "chown() of {path} failed: operation not permitted", "chown({path}): operation not permitted", "chown({any}'{path}'{any}failed (1: operation not permitted)", "cannot change ownership to uid {any}",
         "{path}: cannot change ownership to {any}", "lchown {path}: operation not permitted", "preserve ownership for '{path}': operation not permitted"]
        eg ["chown: changing ownership of '/var/lib/data': Operation not permitted", "chown: /data: Operation not permitted",
            "chown: changing ownership of \u{2018}/data\u{2019}: Operation not permitted", "lchown /data: operation not permitted",
            "nginx: [emerg] chown(\"/var/cache/nginx/client_temp\", 101) failed (1: Operation not permitted)",
            "tar: ./x: Cannot change ownership to uid 1000, gid 1000: Operation not permitted",
            "cp: failed to preserve ownership for '/data/x': Operation not permitted"]
        call r#"{"chown": {"path": "<path>", "uid": 1000, "gid": 1000}}"#
        assumed "The new owner is not said; user and group 1000 are assumed." errno "EPERM" asks "drop-all-root";
    "chmod" "chmod: a file's mode could not be changed."
        ["changing permissions of '{path}': operation not permitted", "chmod: {path}: operation not permitted", "chmod {path}: operation not permitted"]
        eg ["chmod: changing permissions of '/data': Operation not permitted", "chmod: /data: Operation not permitted"]
        call r#"{"chmod": {"path": "<path>", "mode": "0755"}}"# assumed "The new mode is not said; 0755 is assumed.";
    "mkdir" "mkdir and others: a directory could not be made."
        ["cannot create directory '{path}': permission denied", "can't create directory '{path}': permission denied", "mkdir {path}: permission denied", "mkdir() '{path}' failed (13: permission denied)"]
        eg ["mkdir: cannot create directory '/data/x': Permission denied", "mkdir: can't create directory '/data/x': Permission denied",
            "mkdir /data/x: permission denied", "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (13: Permission denied)"]
        call r#"{"mkdir": {"path": "<path>", "mode": "0755"}}"# asks "drop-all-root";
    "unlink" "rm: a file could not be removed."
        ["cannot remove '{path}': permission denied", "cannot remove '{path}': operation not permitted", "can't remove '{path}': permission denied"]
        eg ["rm: cannot remove '/data/x': Permission denied"]
        call r#"{"unlink": {"path": "<path>"}}"#;
    "utimensat" "touch: times could not be set."
        ["setting times of '{path}': operation not permitted"]
        eg ["touch: setting times of '/data/x': Operation not permitted"]
        call r#"{"utimensat": {"path": "<path>", "times": "given"}}"#;
    "create" "Shells and touch: a file could not be made or written."
        ["cannot touch '{path}': permission denied", "touch: {path}: permission denied", "cannot create {path}: permission denied", "can't create {path}: permission denied", "cannot create regular file '{path}': permission denied", "cannot open '{path}' for writing: permission denied"]
        eg ["touch: cannot touch '/data/x': Permission denied", "sh: 1: cannot create /data/x: Permission denied", "sh: can't create /data/x: Permission denied"]
        call r#"{"open": {"path": "<path>", "flags": ["O_WRONLY"]}}"# errno "EACCES" asks "drop-all-root";
    "library" "The dynamic loader: a library was not found, as where LD_LIBRARY_PATH is passed over in a program with capabilities."
        ["error while loading shared libraries: {path}: cannot open shared object file"]
        eg ["/opt/app/server: error while loading shared libraries: libfoo.so.1: cannot open shared object file: No such file or directory"]
        errno "ENOENT" asks "setcap-lib-path";
    "own-proc" "A process could not read its own or another's files in /proc: it is not dumpable."
        ["open /proc/{path}: permission denied", "/proc/self/{path}: permission denied", "cannot read {any}/proc/{path}", "permission denied: '/proc/{path}'", "readlink /proc/{path}: permission denied", "/proc/{port}/{path}: permission denied", "core dump{any}permission denied", "dump failed: permission denied", "failed to write core dump"]
        eg ["open /proc/self/environ: permission denied", "cat: /proc/self/maps: Permission denied", "PermissionError: [Errno 13] Permission denied: '/proc/1/root'",
            "# Failed to write core dump. Core dumps have been disabled."]
        errno "EACCES" asks "setcap-dump";

    // ids
    "setgroups" "su-exec, gosu and others: groups could not be set."
        ["setgroups{any}operation not permitted", "setgroups failed", "failed switching to {any}: operation not permitted", "initgroups{any}operation not permitted", "initgroups failed", "initgroups({any} failed (1: operation not permitted)", "unable to set supplementary groups", "setgroups({any} failed (1: operation not permitted)", "error setting supplementary groups", "failed to set groups: operation not permitted"]
        eg ["su-exec: setgroups: Operation not permitted", "su-exec: setgroups(1000): Operation not permitted",
            "error: failed switching to \"redis\": operation not permitted", "setpriv: setgroups failed: Operation not permitted",
            "nginx: [emerg] initgroups(nginx, 101) failed (1: Operation not permitted)"]
        call r#"{"setgroups": []}"# errno "EPERM" asks "drop-all-root";
    "setgid" "A group could not be taken on."
        ["setresgid{any}operation not permitted", "setresgid failed", "setgid{any}operation not permitted", "setgid failed", "setgid({any} failed (1: operation not permitted)", "cannot set gid", "failed to set gid", "setegid{any}operation not permitted", "can't set gid"]
        eg ["setgid: Operation not permitted", "su-exec: setgid(1000): Operation not permitted", "nginx: [emerg] setgid(101) failed (1: Operation not permitted)"]
        call r#"{"setgid": 1000}"# assumed "Which group is not said; 1000 is assumed." errno "EPERM" asks "drop-all-root";
    "setuid" "A user could not be taken on."
        ["setresuid{any}operation not permitted", "setresuid failed", "setuid{any}operation not permitted", "setuid failed", "setuid({any} failed (1: operation not permitted)", "cannot set uid", "cannot set user id: operation not permitted", "failed to set uid", "seteuid{any}operation not permitted", "can't set uid", "setreuid{any}operation not permitted"]
        eg ["setpriv: setresuid failed: Operation not permitted", "su: cannot set user id: Operation not permitted", "su-exec: setuid(1000): Operation not permitted", "setuid: Operation not permitted"]
        call r#"{"setuid": 1000}"# assumed "Which user is not said; 1000 is assumed." errno "EPERM" asks "drop-all-root" "ambient-su";

    // the machine
    "chroot" "chroot: the root directory could not be changed."
        ["cannot change root directory to '{path}': operation not permitted", "chroot: {path}: operation not permitted", "chroot {path}: operation not permitted", "chroot({path}): operation not permitted", "can't change root directory to '{path}': operation not permitted"]
        eg ["chroot: cannot change root directory to '/mnt': Operation not permitted", "chroot: can't change root directory to '/mnt': Operation not permitted"]
        call r#"{"chroot": {"path": "<path>"}}"#;
    "mount" "mount and others: nothing could be mounted."
        ["mount: {path}: permission denied", "mount: permission denied", "mount: only root can do that", "mount failed: operation not permitted", "mount(2) system call failed: operation not permitted", "mount: mounting {any} failed: permission denied", "mount: mounting {any} failed: operation not permitted", "mount {any}: operation not permitted", "must be superuser to use mount", "failed to mount{any}: operation not permitted"]
        eg ["mount: /mnt: permission denied.", "mount: mounting tmpfs on /mnt failed: Permission denied", "mount: only root can do that", "mount: /mnt: must be superuser to use mount."]
        call r#"{"mount": {"type": "tmpfs"}}"# assumed "Which filesystem is not said; a tmpfs is assumed." errno "EPERM" asks "rootless-caps";
    "mknod" "mknod: a device could not be made."
        ["mknod: {path}: operation not permitted", "mknod {path}: operation not permitted"]
        eg ["mknod: /dev/null: Operation not permitted"]
        call r#"{"mknod": {"path": "<path>", "type": "S_IFCHR", "mode": "0666", "device": [1, 3]}}"#
        assumed "Which device is not said; that of /dev/null is assumed." errno "EPERM" asks "rootless-caps";
    "module" "modprobe and insmod: a module could not be loaded."
        ["could not insert '{path}': operation not permitted", "could not insert module {path}: operation not permitted", "init_module{any}operation not permitted", "can't insert '{path}': operation not permitted"]
        eg ["modprobe: ERROR: could not insert 'tun': Operation not permitted", "insmod: ERROR: could not insert module tun.ko: Operation not permitted"]
        call r#"{"init_module": {}}"# asks "rootless-caps";
    "clock" "date and others: the time could not be set."
        ["cannot set date: operation not permitted", "can't set date: operation not permitted", "settimeofday{any}operation not permitted", "adjtimex{any}operation not permitted", "clock_settime{any}operation not permitted"]
        eg ["date: cannot set date: Operation not permitted", "date: can't set date: Operation not permitted"]
        call r#"{"clock_settime": {"clock": "CLOCK_REALTIME"}}"# asks "rootless-caps";
    "hostname" "hostname: the name could not be set."
        ["sethostname: operation not permitted", "you must be root to change the host name", "hostname: sethostname: operation not permitted", "sethostname: use the root account"]
        eg ["hostname: you must be root to change the host name", "hostname: sethostname: Operation not permitted"]
        call r#"{"sethostname": {}}"# errno "EPERM";
    "dmesg" "dmesg: the kernel's log could not be read."
        ["read kernel buffer failed: operation not permitted", "klogctl: operation not permitted"]
        eg ["dmesg: read kernel buffer failed: Operation not permitted", "dmesg: klogctl: Operation not permitted"]
        call r#"{"syslog": {"type": "SYSLOG_ACTION_READ_ALL"}}"#;
    "bpf" "bpf(2): a program or map could not be loaded."
        ["bpf({any}): operation not permitted", "bpf{any}: operation not permitted", "failed to load bpf", "failed to load program: operation not permitted", "load program: operation not permitted", "map create: operation not permitted"]
        eg ["bpf(BPF_PROG_LOAD): Operation not permitted", "field XdpProg: program xdp_prog: load program: operation not permitted"]
        call r#"{"bpf": {"command": "BPF_MAP_CREATE"}}"# assumed "Which command is not said; BPF_MAP_CREATE is assumed." asks "unknown-cap";
    "perf" "perf: events could not be counted."
        ["perf_event_open{any}denied", "perf_event_open{any}not permitted", "perf_event_paranoid setting is", "access to performance monitoring and observability operations is limited"]
        eg ["perf_event_open: Permission denied", "Access to performance monitoring and observability operations is limited."]
        call r#"{"perf_event_open": {"exclude_kernel": false}}"# errno "EACCES" asks "unknown-cap";
    "nice" "nice and others: the priority could not be raised."
        ["cannot set niceness: permission denied", "setpriority{any}: permission denied", "failed to set priority{any}denied"]
        eg ["nice: cannot set niceness: Permission denied", "renice: failed to set priority for 1 (process ID): Permission denied"]
        call r#"{"setpriority": {"nice": -5}}"# assumed "Which value is not said; -5 is assumed." errno "EACCES";
    "scheduler" "chrt: the scheduling policy could not be set."
        ["failed to set pid {port}'s policy: operation not permitted", "sched_setscheduler{any}operation not permitted", "pthread_setschedparam{any}not permitted"]
        eg ["chrt: failed to set pid 0's policy: Operation not permitted"]
        call r#"{"sched_setscheduler": {"policy": "SCHED_FIFO", "priority": 1}}"# assumed "Which policy is not said; SCHED_FIFO is assumed.";
    "mlock" "Programs that lock memory: the limit is too small and CAP_IPC_LOCK is missing."
        ["failed to lock memory", "mlock{any}cannot allocate memory", "mlockall{any}cannot allocate memory", "mlock{any}operation not permitted", "mlockall{any}operation not permitted"]
        eg ["Error initializing core: Failed to lock memory: cannot allocate memory", "mlockall: Operation not permitted"]
        call r#"{"mlock": {"limit": 65536, "bytes": 1048576}}"# assumed "Neither limit nor size is said; 64 KiB and 1 MiB are assumed." errno "ENOMEM";
    "setrlimit" "ulimit and others: a limit could not be raised."
        ["ulimit: {any}: cannot modify limit: operation not permitted", "setrlimit({any}): operation not permitted", "error setting limit: operation not permitted", "error setting limit (operation not permitted)", "setrlimit{any}operation not permitted"]
        eg ["bash: ulimit: open files: cannot modify limit: Operation not permitted", "sudo: setrlimit(RLIMIT_CORE): Operation not permitted", "sh: 1: ulimit: error setting limit (Operation not permitted)"]
        call r#"{"setrlimit": {"resource": "RLIMIT_NOFILE", "present": 1024, "wanted": 65536}}"# assumed "Which limit is not said; that of open files, from 1024 to 65536, is assumed.";
    "kill" "kill: a signal could not be sent."
        ["kill: ({port}) - operation not permitted", "kill: {path}: operation not permitted", "kill {port}: operation not permitted", "kill: can't kill pid {port}: operation not permitted"]
        eg ["bash: kill: (1) - Operation not permitted", "kill: can't kill pid 1: Operation not permitted"]
        call r#"{"kill": {"target": {}, "signal": 15}}"# assumed "The other process is not described; one of root is assumed.";
    "reboot" "reboot: the machine could not be stopped."
        ["reboot: must be superuser", "reboot: operation not permitted", "must be superuser"]
        eg ["reboot: must be superuser."]
        call r#"{"reboot": {}}"# errno "EPERM";

    // execve
    "exec" "Engines, shells and others: execve of a program was refused."
        ["exec user process caused: operation not permitted", "exec user process caused 'operation not permitted'", "exec container process '{path}': operation not permitted", "exec container process {any}: operation not permitted",
         "exec: '{path}': operation not permitted", "fork/exec {path}: operation not permitted", "exec '{path}': operation not permitted", "exec {path}: operation not permitted",
         "exec: {path}: operation not permitted", "exec failed: operation not permitted", "failed to run command '{path}': operation not permitted", "sh: {port}: {path}: operation not permitted", "sh: line {port}: {path}: operation not permitted",
         "line {port}: {path}: operation not permitted", "sh: {path}: operation not permitted", "operation not permitted: {path}", "env: '{path}': operation not permitted",
         "execve: operation not permitted", "execv: operation not permitted", "execvp: operation not permitted", "execve({path}){any}operation not permitted", "strace: exec: operation not permitted", "cannot run {path}: operation not permitted",
         "cannot execute '{path}': operation not permitted", "cannot exec '{path}': operation not permitted", "execvp {path}: operation not permitted", "unable to execute {path}: operation not permitted", "execute '{path}': operation not permitted", "execvp(): operation not permitted", "exec: {path}: eperm", "spawn {path} eperm", "can't execute '{path}': operation not permitted", "execvpe() failed: operation not permitted"]
        eg ["exec /usr/bin/caddy: operation not permitted", "standard_init_linux.go:228: exec user process caused: operation not permitted",
            "docker: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \"/app/server\": operation not permitted: unknown.",
            "{\"msg\":\"exec container process `/app/server`: Operation not permitted\",\"level\":\"error\"}",
            "sh: 1: ping: Operation not permitted", "-bash: /usr/bin/ping: Operation not permitted", "/bin/sh: /app/server: Operation not permitted", "zsh: operation not permitted: /app/server",
            "env: \u{2018}/app/server\u{2019}: Operation not permitted", "fork/exec /app/server: operation not permitted", "Error: spawn /app/server EPERM",
            "crun: executing /app/server: exec '/app/server': Operation not permitted", "nohup: failed to run command '/app/server': Operation not permitted", "./run.sh: line 3: /app/server: Operation not permitted"]
        call r#"{"execve": "<path>"}"# errno "EPERM" asks "eperm-on-exec" "ping";
    "exec-eacces" "Engines, shells and others: execve of a program was refused by its mode or its mount."
        ["exec user process caused: permission denied", "exec user process caused 'permission denied'", "exec container process '{path}': permission denied", "exec: '{path}': permission denied", "fork/exec {path}: permission denied", "exec '{path}': permission denied",
         "exec {path}: permission denied", "exec: {path}: permission denied", "failed to run command '{path}': permission denied", "sh: {port}: {path}: permission denied", "sh: line {port}: {path}: permission denied", "line {port}: {path}: permission denied", "sh: {path}: permission denied",
         "zsh: permission denied: {path}", "env: '{path}': permission denied", "cannot execute '{path}': permission denied", "spawn {path} eacces", "failed to execute {path}: permission denied"]
        eg ["exec /docker-entrypoint.sh: permission denied", "sh: 1: ./run.sh: Permission denied", "bash: ./run.sh: Permission denied", "zsh: permission denied: ./run.sh",
            "OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \"/app/server\": permission denied: unknown"]
        call r#"{"execve": "<path>"}"# errno "EACCES";

    // security modules
    "apparmor" "The kernel's log: AppArmor denied something, which is not modelled."
        ["apparmor='denied'"]
        eg ["audit: type=1400 audit(1700000000.123:45): apparmor=\"DENIED\" operation=\"mount\" profile=\"docker-default\" name=\"/mnt/\" comm=\"mount\""]
        errno "EACCES";
    "selinux" "The kernel's log: SELinux denied something, which is not modelled."
        ["avc: denied {", "avc:  denied  {"]
        eg ["type=AVC msg=audit(1700000000.123:45): avc:  denied  { read } for  pid=77 comm=\"server\" name=\"data\""]
        errno "EACCES";

    // others
    "open" "cat and others: a file could not be read."
        ["open() '{path}' failed (13: permission denied)", "open {path}: permission denied", "permission denied: '{path}'", "cannot open '{path}'{any}: permission denied", "can't open '{path}': permission denied", "cat: {path}: permission denied", "ls: cannot open directory '{path}': permission denied", "ls: cannot access '{path}': permission denied", "can't cd to {path}: permission denied", "{path}: permission denied"]
        eg ["cat: /etc/shadow: Permission denied", "open /data/config.yml: permission denied", "PermissionError: [Errno 13] Permission denied: '/data/x'", "nginx: [emerg] open() \"/var/run/nginx.pid\" failed (13: Permission denied)", "ls: cannot open directory '/root': Permission denied"]
        call r#"{"open": {"path": "<path>", "flags": ["O_RDONLY"]}}"# assumed "Whether the file was to be read or written is not said; reading is assumed." errno "EACCES" asks "drop-all-root";
    "not-permitted" "Something was not permitted, and the message does not tell what."
        [": operation not permitted", "[errno 1] operation not permitted", "(operation not permitted)", "eperm: operation not permitted", "error: eperm", "= -1 eperm"]
        eg ["foo: Operation not permitted", "PermissionError: [Errno 1] Operation not permitted", "Error: EPERM: operation not permitted"]
        errno "EPERM" asks "which-syscall";
    "denied" "Something was denied, and the message does not tell what."
        [": permission denied", "[errno 13] permission denied", "(permission denied)", "error: eacces"]
        eg ["foo: bar baz (Permission denied)"]
        errno "EACCES";
    "not-implemented" "A system call is not implemented, or a filter says so."
        [": function not implemented", "[errno 38] function not implemented", "enosys"]
        eg ["foo: Function not implemented"]
        errno "ENOSYS" asks "enosys-stub" "faccessat2";
}
