use super::{Rule, evidence};
use crate::kernel::Release;

/// A rule that kernels which have it did not confirm, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// The rule's id.
    pub rule: &'static str,
    /// On which kernels.
    pub kernels: Kernels,
    /// Why not.
    pub reason: &'static str,
}

/// Some of the kernels that evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// Every one: the rule is cited only.
    All,
    /// Those of these series, as `"5.10"`.
    Series(&'static [&'static str]),
}

/// Every rule that lacks evidence from a kernel which has it. Tests hold the list against the evidence.
pub static UNCONFIRMED: &[Unconfirmed] = &[
    Unconfirmed {
        rule: "execve.script-caps-checked",
        kernels: Kernels::All,
        reason: "Only releases before 5.8 have it, and none of them is among the kernels asked.",
    },
    Unconfirmed {
        rule: "getxattr.stored-version-2",
        kernels: Kernels::All,
        reason: "Only releases before 5.11 have it, and Debian's 5.10 took over the change that ended it.",
    },
    Unconfirmed {
        rule: "getxattr.stored-version-3",
        kernels: Kernels::All,
        reason: "Only releases before 5.11 have it, and Debian's 5.10 took over the change that ended it.",
    },
    Unconfirmed {
        rule: "ioctl.linux-immutable",
        kernels: Kernels::Series(&["5.10"]),
        reason: "The files that are changed there lie on tmpfs, which has no such flags before Linux 6.0.",
    },
    Unconfirmed {
        rule: "ioctl.owner",
        kernels: Kernels::Series(&["5.10"]),
        reason: "The files that are changed there lie on tmpfs, which has no such flags before Linux 6.0.",
    },
    Unconfirmed {
        rule: "quotactl.own",
        kernels: Kernels::All,
        reason: "It needs a file system with quotas, which none of the machines asked has.",
    },
    Unconfirmed {
        rule: "quotactl.sys-admin",
        kernels: Kernels::All,
        reason: "It needs a file system with quotas, which none of the machines asked has.",
    },
    Unconfirmed {
        rule: "unshare.no-time-namespaces",
        kernels: Kernels::All,
        reason: "Only releases before 5.6 have it, and none of them is among the kernels asked.",
    },
    Unconfirmed {
        rule: "write-map.few-lines",
        kernels: Kernels::All,
        reason: "Only releases before 4.15 have it, and none of them is among the kernels asked.",
    },
    Unconfirmed {
        rule: "init-module.sys-module",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The kernel asked is built without modules.",
    },
    Unconfirmed {
        rule: "delete-module.sys-module",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The kernel asked is built without modules.",
    },
    Unconfirmed {
        rule: "iopl.invalid",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The kernel asked is built without ports for programs (CONFIG_X86_IOPL_IOPERM).",
    },
    Unconfirmed {
        rule: "iopl.unchanged",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The kernel asked is built without ports for programs (CONFIG_X86_IOPL_IOPERM).",
    },
    Unconfirmed {
        rule: "iopl.sys-rawio",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The kernel asked is built without ports for programs (CONFIG_X86_IOPL_IOPERM).",
    },
    Unconfirmed {
        rule: "ioperm.sys-rawio",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The kernel asked is built without ports for programs (CONFIG_X86_IOPL_IOPERM).",
    },
    Unconfirmed {
        rule: "bpf.unprivileged",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The sysctl says otherwise there, and stays as it is on a machine that others use too.",
    },
    Unconfirmed {
        rule: "perf-event-open.not-paranoid",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The sysctl says otherwise there, and stays as it is on a machine that others use too.",
    },
    Unconfirmed {
        rule: "syslog.unrestricted",
        kernels: Kernels::Series(&["6.18"]),
        reason: "The sysctl says otherwise there, and stays as it is on a machine that others use too.",
    },
    Unconfirmed {
        rule: "seccomp.tsync-and-listener",
        kernels: Kernels::All,
        reason: "Only releases before 5.7 have it, and none of them is among the kernels asked.",
    },
];

impl Unconfirmed {
    /// What is said of a rule, if anything.
    pub fn of(rule: &Rule) -> impl Iterator<Item = &'static Self> {
        let id = rule.id;
        UNCONFIRMED.iter().filter(move |unconfirmed| unconfirmed.rule == id)
    }

    /// Whether it is said of this kernel.
    pub fn covers(&self, kernel: &evidence::Kernel) -> bool {
        match self.kernels {
            Kernels::All => true,
            Kernels::Series(series) => {
                Release::from_uname(kernel.name).is_ok_and(|own| series.iter().any(|name| name.parse() == Ok(own)))
            }
        }
    }
}
