//! Processes beside the thread, for operations on them.

use sim_core::capability::CapSet;
use sim_core::credentials::{Credentials, Ids, Securebits, Thread, UserNamespaces};

use super::{Full, Writer, check_credentials};
use crate::machine::Machine;
use crate::report::Skip;
use crate::stage::PROGRAM;
use crate::tape::{Kind, Tape};

const PR_SET_DUMPABLE: i32 = 4;
const PR_CAP_AMBIENT: i32 = 47;
const RAISE: u64 = 2;
const CLEAR_ALL: u64 = 4;

/// Writes a process with these credentials that executed a program in its user namespace and rests.
pub(crate) fn write_target(
    tape: &mut Tape,
    target: &Thread,
    namespaces: &UserNamespaces,
    user_ns: Option<i32>,
    dumpable: bool,
    machine: &Machine,
) -> Result<(), Skip> {
    let credentials = &target.credentials;
    check_credentials(credentials, user_ns.is_none(), machine)?;
    let all = if user_ns.is_some() { machine.known } else { machine.capabilities };
    let mut writer = Writer { tape, operations: 0, call: 0, states: 0, data: 0, watched: 0 };
    writer.rewind();
    writer.enter_and_execute(credentials, user_ns, all, machine)?;
    if target.tracer.is_some() {
        writer.demand(libc::SYS_ptrace, [u64::from(libc::PTRACE_TRACEME), 0, 0, 0, 0, 0])?;
    }
    writer.take_inner_ids(credentials, namespaces)?;
    writer.demand_prctl(PR_CAP_AMBIENT, [CLEAR_ALL, 0, 0, 0])?;
    writer.sets(credentials, all)?;
    writer.demand_prctl(PR_SET_DUMPABLE, [dumpable.into(), 0, 0, 0])?;
    writer.push(Kind::Rest, 0, 0, [0; 6])?;
    writer.finish();
    Ok(())
}

impl Writer<'_> {
    /// Enters the user namespace and executes a program there, so that the process belongs to it, with every capability.
    fn enter_and_execute(
        &mut self,
        credentials: &Credentials,
        user_ns: Option<i32>,
        all: CapSet,
        machine: &Machine,
    ) -> Result<(), Full> {
        // Another session than the thread's.
        self.demand(libc::SYS_setsid, [0; 6])?;
        self.demand_prctl(libc::PR_SET_SECUREBITS, [Securebits::NO_SETUID_FIXUP.bits().into(), 0, 0, 0])?;
        self.groups(&credentials.groups)?;
        self.ids(Ids::all(credentials.uid.real), Ids::all(credentials.gid.real), machine)?;
        if let Some(fd) = user_ns {
            let newuser = libc::CLONE_NEWUSER.unsigned_abs().into();
            self.demand(libc::SYS_setns, [fd.unsigned_abs().into(), newuser, 0, 0, 0, 0])?;
        }
        self.demand_capset(all, all, all)?;
        for capability in all {
            self.demand_prctl(PR_CAP_AMBIENT, [RAISE, capability.number().into(), 0, 0])?;
        }
        let program = self.store(format!("{PROGRAM}\0").as_bytes())?;
        self.push(Kind::Execute, 0b1, 0, [program, 0, 0, 0, 0, 0])
    }

    /// Sets all ids by their numbers in the namespace, keeping every capability.
    fn take_inner_ids(&mut self, credentials: &Credentials, namespaces: &UserNamespaces) -> Result<(), Full> {
        let (ns, unmapped) = (credentials.user_ns, u32::MAX);
        self.demand_prctl(libc::PR_SET_SECUREBITS, [Securebits::NO_SETUID_FIXUP.bits().into(), 0, 0, 0])?;
        let gid = credentials.gid.to_array().map(|gid| namespaces.gid(ns, gid).unwrap_or(unmapped));
        let uid = credentials.uid.to_array().map(|uid| namespaces.uid(ns, uid).unwrap_or(unmapped));
        let [real, effective, saved, filesystem] = gid.map(u64::from);
        self.demand(libc::SYS_setresgid, [real, effective, saved, 0, 0, 0])?;
        self.demand(libc::SYS_setfsgid, [filesystem, 0, 0, 0, 0, 0])?;
        let [real, effective, saved, filesystem] = uid.map(u64::from);
        self.demand(libc::SYS_setresuid, [real, effective, saved, 0, 0, 0])?;
        self.demand(libc::SYS_setfsuid, [filesystem, 0, 0, 0, 0, 0])
    }
}
