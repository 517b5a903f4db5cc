use super::{Credentials, Memory, Namespaces, Scheduling};

/// One thread: its credentials, and what else of it decides about calls.
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
    /// Whether its root directory is another one than that of its mount namespace.
    pub chrooted: bool,
    /// How it is scheduled.
    pub scheduling: Scheduling,
}

/// A tracer, as recorded when it attached. With `PTRACE_TRACEME` the record is of the traced thread itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracer {
    /// Whether it had CAP_SYS_PTRACE over the thread's user namespace.
    pub has_sys_ptrace: bool,
}

impl From<Credentials> for Thread {
    /// Neither shared nor traced, in the system's own namespaces and root directory, scheduled as usual, its
    /// program executed there.
    fn from(credentials: Credentials) -> Self {
        Self {
            credentials,
            shares_fs: false,
            tracer: None,
            namespaces: Namespaces::INIT,
            chrooted: false,
            memory: Memory::INIT,
            scheduling: Scheduling::DEFAULT,
        }
    }
}
