use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::capability::CapSet;
use crate::credentials::Securebits;
use crate::engine::Version;
use crate::file::Mode;

/// One change that a person can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    // What an engine is asked for.
    /// `--cap-add`.
    CapAdd(CapSet),
    /// The capability is dropped no more.
    KeepCap(CapSet),
    /// A name is left out of those to add.
    WithoutAdd(String),
    /// A name is left out of those to drop.
    WithoutDrop(String),
    /// This version of the engine or a later one.
    Upgrade(Version),
    /// The container runs as this user.
    User(u32),
    /// `no-new-privileges` is not asked for.
    AllowNewPrivileges,
    /// `--privileged`.
    Privileged,
    /// A setting of the container's own.
    EngineSetting(Setting),
    /// A network of its own in place of the host's.
    OwnNetwork,
    /// `--userns=keep-id` is left out.
    WithoutKeepId,
    /// The seccomp profile allows this call.
    AllowCall(String),
    /// The seccomp profile answers ENOSYS to this call, so that libraries fall back to an older one.
    AnswerEnosys(String),
    /// No seccomp profile.
    Unconfined,
    /// `AmbientCapabilities=`.
    UnitAmbient(CapSet),
    /// `CapabilityBoundingSet=`.
    UnitBounding(CapSet),
    /// No `AmbientCapabilities=`.
    WithoutUnitAmbient,
    /// A unit of the system's manager in place of a user's.
    SystemUnit,

    // Files.
    /// The file grants these.
    Setcap {
        /// Its path.
        path: String,
        /// Into its permitted set, or into its inheritable set.
        inheritable: bool,
        /// What is added.
        caps: CapSet,
        /// Whether its effective flag is set.
        effective: bool,
    },
    /// The file grants these no more.
    DropFileCaps {
        /// Its path.
        path: String,
        /// What is taken out.
        caps: CapSet,
    },
    /// The file's effective flag is cleared: the program raises what it needs by itself.
    ClearEffectiveFlag {
        /// Its path.
        path: String,
    },
    /// The attribute is removed.
    RemoveAttribute {
        /// The file's path.
        path: String,
    },
    /// The attribute is for the user namespace whose root is this host user.
    RootId {
        /// The file's path.
        path: String,
        /// A host id.
        rootid: u32,
    },
    /// More bits in its mode: those of the class that counts for the process as it is.
    Chmod {
        /// Its path.
        path: String,
        /// The bits that are added.
        add: Mode,
    },
    /// Another owner; a host id.
    Chown {
        /// Its path.
        path: String,
        /// The owner.
        uid: u32,
    },
    /// Another group; a host id.
    Chgrp {
        /// Its path.
        path: String,
        /// The group.
        gid: u32,
    },
    /// Set-user-ID root.
    SetUserIdRoot {
        /// Its path.
        path: String,
    },
    /// Onto a mount without nosuid.
    MountSuid {
        /// Its path.
        path: String,
    },
    /// Onto a mount without noexec.
    MountExec {
        /// Its path.
        path: String,
    },
    /// A program that needs no interpreter.
    Wrapper {
        /// Its path.
        path: String,
    },

    // The launcher of the process.
    /// It starts as root, with every capability.
    StartAsRoot,
    /// It starts as this user, an id of its own user namespace.
    StartAs(u32),
    /// It starts in this group, besides its others.
    StartInGroup(u32),
    /// It starts with these.
    StartWith {
        /// In which of its sets.
        set: ProcessSet,
        /// What is added.
        caps: CapSet,
    },
    /// These securebits are cleared.
    ClearSecurebits(Securebits),
    /// It starts without `no_new_privs`.
    WithoutNoNewPrivs,
    /// Nobody traces it.
    Untraced,
    /// Who traces it has CAP_SYS_PTRACE.
    PowerfulTracer,
    /// Nobody shares its filesystem context.
    OwnFilesystemContext,
    /// It starts in the initial user namespace.
    InitialUserNamespace,

    // The program.
    /// A step is made before another one; both counted from 0 in the scenario as it was.
    MoveBefore {
        /// Which.
        step: usize,
        /// Before which.
        before: usize,
    },
    /// A step is not made.
    LeaveOut {
        /// Which, counted from 0.
        step: usize,
    },
    /// capset(2) makes these effective before a step.
    Raise {
        /// What.
        caps: CapSet,
        /// Before which step, counted from 0.
        before: usize,
    },
    /// capset(2) makes these inheritable before a step.
    Inherit {
        /// What.
        caps: CapSet,
        /// Before which step, counted from 0.
        before: usize,
    },
    /// prctl(2) makes these ambient before a step.
    RaiseAmbient {
        /// What.
        caps: CapSet,
        /// Before which step, counted from 0.
        before: usize,
    },
    /// `PR_SET_KEEPCAPS` before a step.
    KeepCaps {
        /// Before which step, counted from 0.
        before: usize,
    },
    /// `PR_SET_NO_NEW_PRIVS` before a step.
    NoNewPrivsFirst {
        /// Before which step, counted from 0.
        before: usize,
    },

    // The machine.
    /// A setting of the machine.
    Setting(Setting),
}

/// A setting and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `net.ipv4.ip_unprivileged_port_start`.
    UnprivilegedPortStart(u16),
    /// `net.ipv4.ping_group_range`, with one group in it.
    PingGroup(u32),
    /// `fs.protected_hardlinks`.
    ProtectedHardlinks(u8),
    /// `kernel.unprivileged_bpf_disabled`.
    UnprivilegedBpfDisabled(u8),
    /// `kernel.perf_event_paranoid`.
    PerfEventParanoid(i8),
    /// `kernel.dmesg_restrict`.
    DmesgRestrict(u8),
    /// `fs.nr_open`.
    NrOpen(u32),
}

/// A set that a launcher fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessSet {
    /// Permitted and effective: what the program's own file would grant.
    Permitted,
    /// Inheritable.
    Inheritable,
    /// Ambient, and so permitted, effective and inheritable.
    Ambient,
    /// Bounding.
    Bounding,
}

impl Setting {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnprivilegedPortStart(_) => "net.ipv4.ip_unprivileged_port_start",
            Self::PingGroup(_) => "net.ipv4.ping_group_range",
            Self::ProtectedHardlinks(_) => "fs.protected_hardlinks",
            Self::UnprivilegedBpfDisabled(_) => "kernel.unprivileged_bpf_disabled",
            Self::PerfEventParanoid(_) => "kernel.perf_event_paranoid",
            Self::DmesgRestrict(_) => "kernel.dmesg_restrict",
            Self::NrOpen(_) => "fs.nr_open",
        }
    }

    /// Its value; of two numbers, which are the same, one.
    pub fn value(self) -> i64 {
        match self {
            Self::UnprivilegedPortStart(value) => value.into(),
            Self::ProtectedHardlinks(value) | Self::UnprivilegedBpfDisabled(value) | Self::DmesgRestrict(value) => {
                value.into()
            }
            Self::PerfEventParanoid(value) => value.into(),
            Self::NrOpen(value) | Self::PingGroup(value) => value.into(),
        }
    }
}

/// As `sysctl -w` takes it.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PingGroup(group) => write!(f, "{}='{group} {group}'", self.name()),
            _ => write!(f, "{}={}", self.name(), self.value()),
        }
    }
}

impl Edit {
    /// Whether it switches a whole protection off, so that it is tried only where nothing else helps.
    pub const fn is_last_resort(&self) -> bool {
        matches!(self, Self::Privileged | Self::Unconfined)
    }

    /// Whether it changes where the process begins, and not only files and what the program does.
    pub(super) const fn is_of_start(&self) -> bool {
        !matches!(
            self,
            Self::Setcap { .. }
                | Self::DropFileCaps { .. }
                | Self::ClearEffectiveFlag { .. }
                | Self::RemoveAttribute { .. }
                | Self::RootId { .. }
                | Self::Chmod { .. }
                | Self::Chown { .. }
                | Self::Chgrp { .. }
                | Self::SetUserIdRoot { .. }
                | Self::MountSuid { .. }
                | Self::MountExec { .. }
                | Self::Wrapper { .. }
                | Self::MoveBefore { .. }
                | Self::LeaveOut { .. }
                | Self::Raise { .. }
                | Self::Inherit { .. }
                | Self::RaiseAmbient { .. }
                | Self::KeepCaps { .. }
                | Self::NoNewPrivsFirst { .. }
        )
    }

    /// Whether it changes what the program does.
    pub(super) const fn is_programs(&self) -> bool {
        matches!(self, Self::MoveBefore { .. } | Self::LeaveOut { .. })
    }

    /// Whether it changes the same as `other` does, and hands out no less.
    pub(super) fn is_more_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::StartWith { set: ProcessSet::Ambient, caps }, Self::StartWith { set, caps: fewer }) => {
                *set == ProcessSet::Inheritable && fewer.is_subset(*caps)
            }
            (
                Self::Setcap { path, inheritable, caps, effective: true },
                Self::Setcap { path: same, inheritable: set, caps: fewer, effective: false },
            ) => path == same && inheritable == set && fewer.is_subset(*caps),
            (Self::AllowCall(name), Self::AnswerEnosys(same)) => name == same,
            (Self::Upgrade(version), Self::Upgrade(earlier)) => version > earlier,
            _ => false,
        }
    }

    /// Whether both cannot be made, or one holds the other.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        use Edit::{
            AllowCall, AnswerEnosys, ClearEffectiveFlag, DropFileCaps, Inherit, KeepCaps, LeaveOut, MoveBefore,
            PowerfulTracer, Raise, RaiseAmbient, RemoveAttribute, Setcap, StartAs, StartAsRoot, StartWith, Untraced,
            Upgrade, User,
        };
        let pair = |a: &Self, b: &Self| match (a, b) {
            (User(_), User(_))
            | (Upgrade(_), Upgrade(_))
            | (StartAs(_) | StartAsRoot, StartAs(_) | StartAsRoot)
            | (Untraced, PowerfulTracer) => true,
            (Setcap { path: a, caps, inheritable, .. }, Setcap { path: b, caps: others, inheritable: other, .. }) => {
                a == b && inheritable == other && !(*caps & *others).is_empty()
            }
            (AllowCall(a), AnswerEnosys(b))
            | (Setcap { path: a, effective: true, .. }, ClearEffectiveFlag { path: b })
            | (
                Setcap { path: a, .. } | ClearEffectiveFlag { path: a } | DropFileCaps { path: a, .. },
                RemoveAttribute { path: b },
            ) => a == b,
            (MoveBefore { step: a, .. }, MoveBefore { step: b, .. } | LeaveOut { step: b })
            | (
                Raise { before: a, .. }
                | Inherit { before: a, .. }
                | RaiseAmbient { before: a, .. }
                | KeepCaps { before: a },
                LeaveOut { step: b },
            ) => a == b,
            (StartWith { set: a, caps }, StartWith { set: b, caps: others }) => {
                !(*caps & *others).is_empty()
                    && matches!((a, b), (ProcessSet::Ambient, ProcessSet::Permitted | ProcessSet::Inheritable))
            }
            _ => false,
        };
        pair(self, other) || pair(other, self)
    }
}

/// The edit as a clause for people: `give /usr/bin/x cap_net_raw=ep`.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |caps: CapSet| caps.in_words();
        match self {
            Self::CapAdd(caps) => write!(f, "add {} to the container", words(*caps)),
            Self::KeepCap(caps) => write!(f, "do not drop {}", words(*caps)),
            Self::WithoutAdd(name) => write!(f, "do not add {name}"),
            Self::WithoutDrop(name) => write!(f, "do not drop {name}"),
            Self::Upgrade(version) => write!(f, "upgrade the engine to {version} or later"),
            Self::User(0) => f.write_str("run it as root"),
            Self::User(user) => write!(f, "run it as user {user}"),
            Self::AllowNewPrivileges => f.write_str("allow new privileges"),
            Self::Privileged => f.write_str("run the container privileged"),
            Self::EngineSetting(setting) => write!(f, "set {setting} in the container"),
            Self::OwnNetwork => f.write_str("give the container a network of its own"),
            Self::WithoutKeepId => f.write_str("leave keep-id out"),
            Self::AllowCall(name) => write!(f, "allow {name} in the seccomp profile"),
            Self::AnswerEnosys(name) => write!(f, "answer ENOSYS to {name} in the seccomp profile"),
            Self::Unconfined => f.write_str("apply no seccomp profile"),
            Self::UnitAmbient(caps) => write!(f, "make {} ambient in the unit", words(*caps)),
            Self::UnitBounding(caps) => write!(f, "put {} into the unit's bounding set", words(*caps)),
            Self::WithoutUnitAmbient => f.write_str("leave AmbientCapabilities= out"),
            Self::SystemUnit => f.write_str("make it a unit of the system's manager"),
            Self::Setcap { path, inheritable, caps, effective } => {
                let set = if *inheritable { "inheritable" } else { "permitted" };
                let flag = if *effective { ", with the effective flag" } else { "" };
                write!(f, "put {} into the {set} set of {path}{flag}", words(*caps))
            }
            Self::DropFileCaps { path, caps } => write!(f, "take {} out of {path}", words(*caps)),
            Self::ClearEffectiveFlag { path } => write!(f, "clear the effective flag of {path}"),
            Self::RemoveAttribute { path } => write!(f, "remove the capabilities of {path}"),
            Self::RootId { path, rootid } => write!(f, "set the capabilities of {path} for root id {rootid}"),
            Self::Chmod { path, add } => write!(f, "add mode {add} to {path}"),
            Self::Chown { path, uid } => write!(f, "give {path} to user {uid}"),
            Self::Chgrp { path, gid } => write!(f, "give {path} to group {gid}"),
            Self::SetUserIdRoot { path } => write!(f, "make {path} set-user-ID root"),
            Self::MountSuid { path } => write!(f, "have {path} on a mount without nosuid"),
            Self::MountExec { path } => write!(f, "have {path} on a mount without noexec"),
            Self::Wrapper { path } => write!(f, "put a compiled program in place of the script {path}"),
            Self::StartAsRoot => f.write_str("start it as root"),
            Self::StartAs(uid) => write!(f, "start it as user {uid}"),
            Self::StartInGroup(gid) => write!(f, "start it in group {gid}"),
            Self::StartWith { set, caps } => write!(f, "start it with {} {set}", words(*caps)),
            Self::ClearSecurebits(bits) => {
                f.write_str("start it without ")?;
                bits.names().enumerate().try_for_each(|(index, name)| {
                    write!(f, "{}SECBIT_{}", if index == 0 { "" } else { ", " }, name.to_ascii_uppercase())
                })
            }
            Self::WithoutNoNewPrivs => f.write_str("start it without no_new_privs"),
            Self::Untraced => f.write_str("do not trace it"),
            Self::PowerfulTracer => f.write_str("trace it with CAP_SYS_PTRACE"),
            Self::OwnFilesystemContext => f.write_str("start it without CLONE_FS"),
            Self::InitialUserNamespace => f.write_str("start it in the initial user namespace"),
            Self::MoveBefore { step, before } => write!(f, "make step {} before step {}", step + 1, before + 1),
            Self::LeaveOut { step } => write!(f, "leave step {} out", step + 1),
            Self::Raise { caps, before } => write!(f, "make {} effective before step {}", words(*caps), before + 1),
            Self::Inherit { caps, before } => {
                write!(f, "make {} inheritable before step {}", words(*caps), before + 1)
            }
            Self::RaiseAmbient { caps, before } => {
                write!(f, "make {} ambient before step {}", words(*caps), before + 1)
            }
            Self::KeepCaps { before } => write!(f, "call PR_SET_KEEPCAPS before step {}", before + 1),
            Self::NoNewPrivsFirst { before } => write!(f, "call PR_SET_NO_NEW_PRIVS before step {}", before + 1),
            Self::Setting(setting) => write!(f, "set {setting}"),
        }
    }
}

impl fmt::Display for ProcessSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permitted => "permitted and effective",
            Self::Inheritable => "inheritable",
            Self::Ambient => "ambient",
            Self::Bounding => "in its bounding set",
        })
    }
}

/// The names of a set as engines and tools take them, with something between them.
pub(super) fn names(caps: CapSet, between: &str, name: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for capability in caps {
        let named = match capability.name() {
            Some(known) => name(known),
            None => format!("{}", capability.number()),
        };
        if !text.is_empty() {
            text.push_str(between);
        }
        text.push_str(&named);
    }
    text
}
