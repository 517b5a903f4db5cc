use super::{Credentials, Memory, UserNs};

/// One thread: its credentials, and the two facts about other processes that execve looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its credentials.
    pub credentials: Credentials,
    /// Whether another process, not merely another thread of this one, shares its filesystem context
    /// (CLONE_FS).
    pub shares_fs: bool,
    /// Who traces it.
    pub tracer: Option<Tracer>,
    /// The namespaces of other kinds that it is in.
    pub namespaces: Namespaces,
    /// Its memory.
    pub memory: Memory,
}

/// The namespaces that a thread is in beside its user namespace, each by the user namespace that owns it: its
/// capabilities over what belongs to one are looked for there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// Owner of the mount namespace.
    pub mount: UserNs,
    /// Owner of the network namespace.
    pub network: UserNs,
    /// Owner of the UTS namespace.
    pub uts: UserNs,
    /// Owner of the IPC namespace.
    pub ipc: UserNs,
    /// Owner of the pid namespace.
    pub pid: UserNs,
    /// Owner of the control group namespace.
    pub cgroup: UserNs,
    /// Owner of the time namespace.
    pub time: UserNs,
}

impl Namespaces {
    /// Those of the system, all owned by `init`.
    pub const INIT: Self = Self {
        mount: UserNs::INIT,
        network: UserNs::INIT,
        uts: UserNs::INIT,
        ipc: UserNs::INIT,
        pid: UserNs::INIT,
        cgroup: UserNs::INIT,
        time: UserNs::INIT,
    };
}

/// A tracer, as recorded when it attached. With `PTRACE_TRACEME` the record is of the traced thread itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracer {
    /// Whether it had CAP_SYS_PTRACE over the thread's user namespace.
    pub has_sys_ptrace: bool,
}

impl From<Credentials> for Thread {
    /// Neither shared nor traced, in the system's own namespaces, its program executed there.
    fn from(credentials: Credentials) -> Self {
        Self { credentials, shares_fs: false, tracer: None, namespaces: Namespaces::INIT, memory: Memory::INIT }
    }
}
