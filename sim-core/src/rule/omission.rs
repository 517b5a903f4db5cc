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
        name: "network namespaces of their own",
        effect: "ports are bound in the network namespace of the init user namespace",
        calls: &["bind"],
    },
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
