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

/// What is not modelled. Everything else that decides a modelled call is.
pub const NOT_MODELLED: &[Omission] = &[
    Omission {
        name: "AppArmor, SELinux, Smack, Landlock, BPF LSM",
        effect: "may refuse what is granted here",
        calls: &[],
    },
    Omission { name: "seccomp filters", effect: "may refuse or kill before the call is looked at", calls: &[] },
    Omission {
        name: "permissions of the folders on the path, and ACLs",
        effect: "may refuse to open the file",
        calls: &["execve"],
    },
    Omission {
        name: "idmapped mounts, mounts of another mount namespace, filesystems mounted in a user namespace",
        effect: "may void set-id bits and file capabilities, or change whose they are",
        calls: &["execve"],
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
        name: "a tracer without CAP_SYS_PTRACE who owns the user namespace that is entered",
        effect: "has it there, so that a later execve is not limited",
        calls: &["unshare", "setns"],
    },
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
    Omission { name: "addresses and ports in use", effect: "may make bind fail", calls: &["bind"] },
];

impl Omission {
    /// Those that could change a verdict on `call`.
    pub fn of(call: &str) -> impl Iterator<Item = &'static Self> {
        NOT_MODELLED.iter().filter(move |omission| omission.calls.is_empty() || omission.calls.contains(&call))
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.effect)
    }
}
