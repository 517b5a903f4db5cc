mod arguments;

pub use arguments::*;

use alloc::format;
use alloc::string::{String, ToString};

use crate::access;
use crate::capability::CapSet;
use crate::credentials::Thread;
use crate::outcome::Outcome;
use crate::rule::Witness;
use crate::scenario::call_group::call_group;
use crate::scenario::{Process, World};

call_group! {
    /// An operation on processes and on the namespaces that a process is in.
    ProcessOperation {
        /// kill(2).
        Kill "kill" KillArguments;
        /// ptrace(2), to attach.
        Ptrace "ptrace" PtraceArguments;
        /// setpriority(2) of one process.
        Setpriority "setpriority" SetpriorityArguments;
        /// sched_setscheduler(2).
        SchedSetscheduler "sched_setscheduler" SchedSetschedulerArguments;
        /// sendmsg(2) with `SCM_CREDENTIALS`.
        Sendmsg "sendmsg" SendmsgArguments;
        /// mount(2) of a new filesystem.
        Mount "mount" MountArguments;
        /// umount2(2).
        Umount2 "umount2" PermissionArguments;
        /// pivot_root(2).
        PivotRoot "pivot_root" PermissionArguments;
        /// chroot(2).
        Chroot "chroot" ChrootArguments;
        /// sethostname(2).
        Sethostname "sethostname" PermissionArguments;
        /// setdomainname(2).
        Setdomainname "setdomainname" PermissionArguments;
        /// reboot(2).
        Reboot "reboot" PermissionArguments;
    }
}

impl ProcessOperation {
    /// Decides the operation in a world; gives the thread, if it is another one after it.
    pub(in crate::scenario) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<Option<Thread>> {
        let (system, thread) = (&world.system, &world.thread);
        let unchanged = |outcome: Outcome<()>| outcome.map(|()| None);
        let target = |process: &Process| world.other_thread(process).unwrap_or_else(|_| thread.clone());
        match self {
            Self::Kill(KillArguments { target: process, signal }) => {
                unchanged(access::kill(system, thread, &target(process).credentials, *signal, witness))
            }
            Self::Ptrace(PtraceArguments { target: process, dumpable }) => {
                let Thread { credentials, tracer, .. } = &target(process);
                let tracee = access::Tracee { credentials, dumpable: *dumpable, traced: tracer.is_some() };
                unchanged(access::ptrace(system, thread, tracee, witness))
            }
            Self::Setpriority(SetpriorityArguments { nice, target: process }) => {
                let target = process.as_deref().map(target);
                let credentials = target.as_ref().map(|target| &target.credentials);
                access::setpriority(system, thread, credentials, *nice, witness)
                    .map(|scheduling| Some(Thread { scheduling, ..thread.clone() }))
            }
            Self::SchedSetscheduler(SchedSetschedulerArguments { policy, priority, target: process }) => {
                let target = process.as_deref().map(target);
                let credentials = target.as_ref().map(|target| &target.credentials);
                access::sched_setscheduler(system, thread, credentials, policy.policy(), *priority, witness)
                    .map(|scheduling| Some(Thread { scheduling, ..thread.clone() }))
            }
            Self::Sendmsg(SendmsgArguments { credentials: claimed }) => {
                unchanged(access::sendmsg(system, thread, claimed.credentials(), witness))
            }
            Self::Mount(MountArguments { kind }) => {
                unchanged(access::mount(system, thread, kind.filesystem(), witness))
            }
            Self::Umount2(_) => unchanged(access::umount2(system, thread, witness)),
            Self::PivotRoot(_) => unchanged(access::pivot_root(system, thread, witness)),
            Self::Chroot(arguments) => access::chroot(system, thread, arguments.is_root(), witness)
                .map(|chrooted| Some(Thread { chrooted, ..thread.clone() })),
            Self::Sethostname(_) => unchanged(access::sethostname(system, thread, witness)),
            Self::Setdomainname(_) => unchanged(access::setdomainname(system, thread, witness)),
            Self::Reboot(_) => unchanged(access::reboot(system, thread, witness)),
        }
    }

    /// The process that it is about, if that is another one than the thread's own.
    pub fn target(&self) -> Option<&Process> {
        match self {
            Self::Kill(KillArguments { target, .. }) | Self::Ptrace(PtraceArguments { target, .. }) => Some(target),
            Self::Setpriority(SetpriorityArguments { target, .. })
            | Self::SchedSetscheduler(SchedSetschedulerArguments { target, .. }) => target.as_deref(),
            _ => None,
        }
    }

    /// The same for a change.
    pub fn target_mut(&mut self) -> Option<&mut Process> {
        match self {
            Self::Kill(KillArguments { target, .. }) | Self::Ptrace(PtraceArguments { target, .. }) => Some(target),
            Self::Setpriority(SetpriorityArguments { target, .. })
            | Self::SchedSetscheduler(SchedSetschedulerArguments { target, .. }) => target.as_deref_mut(),
            _ => None,
        }
    }

    /// The same operation with its sets in digits, if `"all"` means `all`.
    pub(in crate::scenario) fn in_digits(&self, all: CapSet) -> Self {
        let mut operation = self.clone();
        if let Some(target) = operation.target_mut() {
            let Process { permitted, effective, inheritable, bounding, ambient, .. } = target;
            for set in [permitted, effective, inheritable, bounding, ambient].into_iter().flatten() {
                *set = set.resolve(all).into();
            }
        }
        operation
    }

    /// The operation in a few words.
    pub(in crate::scenario) fn in_words(&self) -> String {
        match self {
            Self::Kill(KillArguments { target, signal }) => format!("kill with signal {signal} of {}", whose(target)),
            Self::Ptrace(PtraceArguments { target, .. }) => format!("ptrace of {}", whose(target)),
            Self::Setpriority(SetpriorityArguments { nice, target }) => {
                let of = target.as_deref().map_or(String::new(), |target| format!(" of {}", whose(target)));
                format!("setpriority{of} to nice value {nice}")
            }
            Self::SchedSetscheduler(SchedSetschedulerArguments { policy, priority, target }) => {
                let of = target.as_deref().map_or(String::new(), |target| format!(" of {}", whose(target)));
                let policy = policy.name();
                if *priority == 0 {
                    format!("sched_setscheduler{of} to {policy}")
                } else {
                    format!("sched_setscheduler{of} to {policy}, priority {priority}")
                }
            }
            Self::Sendmsg(SendmsgArguments { credentials }) => {
                let CredentialsArguments { pid, uid, gid } = credentials;
                let pid = match pid {
                    ClaimedPid::Own => "the own pid",
                    ClaimedPid::Foreign => "a foreign pid",
                };
                format!("sendmsg as {pid}, user {} and group {}", show_id(*uid), show_id(*gid))
            }
            Self::Mount(MountArguments { kind }) => format!("mount of a {}", kind.name()),
            Self::Chroot(ChrootArguments { path }) => format!("chroot to {path}"),
            other => other.name().to_string(),
        }
    }
}

/// `a process of user 1000 in rootless`.
fn whose(process: &Process) -> String {
    let ids = process.uid.map_or([0; 4], |ids| ids.0);
    let [real, effective, saved, _] = ids;
    let user = if [effective, saved] == [real; 2] {
        format!("a process of user {real}")
    } else {
        format!("a process with user ids {real}, {effective}, {saved}")
    };
    match process.user_ns.as_deref() {
        None | Some("init") => user,
        Some(ns) => format!("{user} in {ns}"),
    }
}

/// An id as a program passes it.
fn show_id(id: u32) -> i64 {
    if id == u32::MAX { -1 } else { id.into() }
}
