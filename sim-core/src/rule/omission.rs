use alloc::vec::Vec;
use core::fmt;

/// Something that Linux has and the model has not, and that could change a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Omission {
    /// What it is.
    pub name: &'static str,
    /// How it could change a verdict.
    pub effect: &'static str,
    /// The calls it could refuse or change; empty means every call.
    pub calls: &'static [&'static str],
}

/// The calls on files and directories.
const FILES: &[&str] =
    &["open", "setxattr", "link", "unlink", "utimensat", "mknod", "mkdir", "ioctl", "open_by_handle_at"];

/// The calls that look a path up.
const PATHS: &[&str] = &["execve", "open", "setxattr", "link", "unlink", "utimensat", "mknod", "mkdir"];

/// What is not modelled. Everything else that decides a modelled call is.
pub const NOT_MODELLED: &[Omission] = &[
    Omission {
        name: "AppArmor, SELinux, Smack, Landlock, BPF LSM",
        effect: "may refuse what is granted here",
        calls: &[],
    },
    Omission {
        name: "the BPF LSM before Linux 6.11",
        effect: "lets anyone remove security.capability from a file, for then nobody asks for CAP_SETFCAP \
                 (mended by commit 61df7b828204)",
        calls: &["removexattr"],
    },
    Omission {
        name: "seccomp filters that are not described, and handlers of the SIGSYS that one sends",
        effect: "may refuse or kill before the call is looked at, or go on after it",
        calls: &[],
    },
    Omission {
        name: "directories that the scenario does not describe",
        effect: "are taken to be open to all; in truth they may refuse to look the path up",
        calls: PATHS,
    },
    Omission {
        name: "ACLs, read-only filesystems, files that are immutable or append-only",
        effect: "may refuse what the mode grants; an ACL may also grant more",
        calls: PATHS,
    },
    Omission {
        name: "idmapped mounts, mounts of another mount namespace, filesystems mounted in a user namespace",
        effect: "may void set-id bits and file capabilities, or change whose they are",
        calls: &["execve", "chown", "chmod", "setcap", "removexattr", "getxattr", "write", "truncate"],
    },
    Omission {
        name: "idmapped mounts, filesystems mounted in a user namespace",
        effect: "may change whose a file is, and refuse a new one with EOVERFLOW",
        calls: FILES,
    },
    Omission {
        name: "settings with another mode than 0644, those of IPC namespaces and of /proc/sys/user",
        effect: "may be open to fewer or to more",
        calls: &["open"],
    },
    Omission {
        name: "the umask, and the control group's devices",
        effect: "take bits from the mode of a new file; may refuse a device",
        calls: &["mknod", "mkdir"],
    },
    Omission {
        name: "mounts of a mount namespace that the caller administers",
        effect: "give directories by handle without a capability in init, since 6.11 (commit 620c266f3949)",
        calls: &["open_by_handle_at"],
    },
    Omission {
        name: "the boot argument no_file_caps",
        effect: "makes every file capability void",
        calls: &["execve"],
    },
    Omission {
        name: "RLIMIT_NPROC, ETXTBSY, binfmt_misc, the content of binaries",
        effect: "may make execve fail",
        calls: &["execve"],
    },
    Omission {
        name: "read-only mounts, immutable and append-only files, filesystems without attributes or with rules of their own",
        effect: "may refuse a change of a file, or take away other things",
        calls: &["chown", "chmod", "setcap", "removexattr", "getxattr", "write", "truncate"],
    },
    Omission {
        name: "files that are being executed (ETXTBSY), space, quotas, RLIMIT_FSIZE",
        effect: "may make it fail, or write less",
        calls: &["write", "truncate"],
    },
    Omission {
        name: "a tracer without CAP_SYS_PTRACE who owns the user namespace that is entered",
        effect: "has it there, so that a later execve is not limited",
        calls: &["unshare", "setns"],
    },
    Omission {
        name: "user.max_user_namespaces",
        effect: "may refuse a new user namespace with ENOSPC",
        calls: &["unshare", "clone"],
    },
    Omission {
        name: "PR_SET_DUMPABLE, fs.suid_dumpable, programs executed outside of init before the first step",
        effect: "decide whether a process's files in /proc belong to root, and which, so that opening them fails with EACCES or not",
        calls: &["write_map"],
    },
    Omission { name: "pages of more than 4096 bytes", effect: "let longer maps be written", calls: &["write_map"] },
    Omission {
        name: "namespaces of other kinds than user that are there before the first step",
        effect: "the thread begins in those of init; only unshare and clone lead to others, not setns",
        calls: &[
            "bind",
            "mount",
            "umount2",
            "pivot_root",
            "sethostname",
            "setdomainname",
            "reboot",
            "sendmsg",
            "kill",
            "ptrace",
            "setpriority",
            "sched_setscheduler",
        ],
    },
    Omission {
        name: "limits on namespaces (user.max_net_namespaces and its like, 32 levels of pid namespaces), kinds left out of the kernel",
        effect: "may make it fail with ENOSPC or EINVAL",
        calls: &["unshare", "clone"],
    },
    Omission { name: "Yama", effect: "may refuse to trace what is no child", calls: &["ptrace"] },
    Omission { name: "sessions", effect: "SIGCONT is granted within one", calls: &["kill"] },
    Omission {
        name: "RLIMIT_NICE and RLIMIT_RTPRIO above 0",
        effect: "may grant it without CAP_SYS_NICE",
        calls: &["setpriority", "sched_setscheduler"],
    },
    Omission {
        name: "control groups without time for real-time policies",
        effect: "may refuse one with EPERM",
        calls: &["sched_setscheduler"],
    },
    Omission { name: "the path of chroot", effect: "it may not exist, or be out of reach", calls: &["chroot"] },
    Omission {
        name: "BPF programs of the control group",
        effect: "may refuse a port, or grant one without the capability",
        calls: &["bind"],
    },
    Omission {
        name: "kernels built without the call",
        effect: "answer ENOSYS before anything else",
        calls: &["init_module", "delete_module", "iopl", "ioperm", "bpf", "keyctl", "quotactl", "swapon", "swapoff"],
    },
    Omission {
        name: "kernel.modules_disabled and the kernel's lockdown",
        effect: "refuse with EPERM what the capability would grant",
        calls: &["init_module", "delete_module", "iopl", "ioperm", "perf_event_open", "bpf"],
    },
    Omission {
        name: "kernel.perf_event_paranoid above 2, which some distributions add",
        effect: "refuses events that leave the kernel out too",
        calls: &["perf_event_open"],
    },
    Omission {
        name: "tokens of bpf(2)",
        effect: "let a user namespace's own capabilities be enough",
        calls: &["bpf"],
    },
    Omission {
        name: "memory, quotas and numbers of open files, keys and groups that are used up",
        effect: "make a call fail that is permitted",
        calls: &["socket", "mlock", "bpf", "perf_event_open", "timerfd_create", "keyctl", "fanotify_init"],
    },
    Omission {
        name: "whether the file, module, swap area or clock exists",
        effect: "is looked at once the permission is there",
        calls: &["acct", "swapon", "swapoff", "init_module", "delete_module", "quotactl"],
    },
    Omission { name: "addresses and ports in use", effect: "may make bind fail", calls: &["bind"] },
];

impl Omission {
    /// Those that could change a verdict on `call`.
    pub fn of(call: &str) -> impl Iterator<Item = &'static Self> {
        NOT_MODELLED.iter().filter(move |omission| omission.calls.is_empty() || omission.calls.contains(&call))
    }

    /// Those that could change a verdict on any of `calls`, each once, in the order of the calls.
    ///
    /// ```
    /// use sim_core::rule::Omission;
    ///
    /// let both = Omission::of_any(["bind", "execve", "bind"]);
    /// assert!(both.len() < Omission::of("bind").count() + Omission::of("execve").count());
    /// ```
    pub fn of_any<'a>(calls: impl IntoIterator<Item = &'a str>) -> Vec<&'static Self> {
        let mut found: Vec<&'static Self> = Vec::new();
        for call in calls {
            let new: Vec<_> = Self::of(call).filter(|omission| !found.contains(omission)).collect();
            found.extend(new);
        }
        found
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.effect)
    }
}
