use super::Credentials;

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
}

/// A tracer, as recorded when it attached. With `PTRACE_TRACEME` the record is of the traced thread itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracer {
    /// Whether it had CAP_SYS_PTRACE over the thread's user namespace.
    pub has_sys_ptrace: bool,
}

impl From<Credentials> for Thread {
    /// Neither shared nor traced.
    fn from(credentials: Credentials) -> Self {
        Self { credentials, shares_fs: false, tracer: None }
    }
}
