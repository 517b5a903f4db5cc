use super::UserNs;

/// A kind of namespace beside the user namespace, in the order in which the kernel makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceKind {
    /// `CLONE_NEWNS`.
    Mount,
    /// `CLONE_NEWUTS`.
    Uts,
    /// `CLONE_NEWIPC`.
    Ipc,
    /// `CLONE_NEWPID`.
    Pid,
    /// `CLONE_NEWCGROUP`.
    Cgroup,
    /// `CLONE_NEWNET`.
    Network,
    /// `CLONE_NEWTIME`.
    Time,
}

/// A set of kinds of namespaces.
///
/// ```
/// use sim_core::credentials::{NamespaceKind, NamespaceKinds};
///
/// let kinds: NamespaceKinds = [NamespaceKind::Uts, NamespaceKind::Pid].into_iter().collect();
/// assert!(kinds.contains(NamespaceKind::Uts) && !kinds.contains(NamespaceKind::Mount));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamespaceKinds(u8);

impl NamespaceKinds {
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `kind` is among them.
    pub const fn contains(self, kind: NamespaceKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// The same without `kind`.
    #[must_use]
    pub const fn without(self, kind: NamespaceKind) -> Self {
        Self(self.0 & !(1 << kind as u8))
    }
}

impl FromIterator<NamespaceKind> for NamespaceKinds {
    fn from_iter<T: IntoIterator<Item = NamespaceKind>>(kinds: T) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | 1 << kind as u8))
    }
}

/// The namespaces that a thread is in beside its user namespace, each by the user namespace that owns it: its
/// capabilities over what belongs to one are looked for there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// Owner of the mount namespace.
    pub mount: UserNs,
    /// Owner of the network namespace.
    pub network: UserNs,
    /// Whether the network namespace is the first one, whose settings are those of the [`System`](crate::system::System);
    /// a new one has the kernel's own.
    pub first_network: bool,
    /// Owner of the UTS namespace.
    pub uts: UserNs,
    /// Owner of the IPC namespace.
    pub ipc: UserNs,
    /// Owner of the pid namespace.
    pub pid: UserNs,
    /// Whether the pid namespace is the first one; from a new one the processes of the first cannot be seen.
    pub first_pid: bool,
    /// Owner of the pid namespace for children, where that is another one than the thread's own.
    pub pid_for_children: Option<UserNs>,
    /// Owner of the control group namespace.
    pub cgroup: UserNs,
    /// Owner of the time namespace.
    pub time: UserNs,
    /// Owner of the time namespace for children, where that is another one than the thread's own.
    pub time_for_children: Option<UserNs>,
}

impl Namespaces {
    /// Those of the system, all owned by `init`.
    pub const INIT: Self = Self {
        mount: UserNs::INIT,
        network: UserNs::INIT,
        first_network: true,
        uts: UserNs::INIT,
        ipc: UserNs::INIT,
        pid: UserNs::INIT,
        first_pid: true,
        pid_for_children: None,
        cgroup: UserNs::INIT,
        time: UserNs::INIT,
        time_for_children: None,
    };
}
