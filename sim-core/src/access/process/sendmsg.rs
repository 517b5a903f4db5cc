use super::demand_capability;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Ids, Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Rule, Witness, process as rules};
use crate::system::System;

/// What a message says about its sender: `struct ucred`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketCredentials {
    /// Whether the pid is the sender's own.
    pub own_pid: bool,
    /// The user, as the sender sees it.
    pub uid: u32,
    /// The group, as the sender sees it.
    pub gid: u32,
}

/// Decides sendmsg(2) of credentials over a Unix socket (`SCM_CREDENTIALS`).
///
/// ```
/// use sim_core::access::{SocketCredentials, sendmsg};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let claim = |uid| SocketCredentials { own_pid: true, uid, gid: 1000 };
/// assert_eq!(sendmsg(&System::default(), &user, claim(1000), &mut Silent).refusal(), None);
/// let refusal = sendmsg(&System::default(), &user, claim(0), &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "sendmsg.uid");
/// ```
pub fn sendmsg<W: Witness>(
    system: &System,
    thread: &Thread,
    claimed: SocketCredentials,
    witness: &mut W,
) -> Outcome<()> {
    decide(system, thread, claimed, witness).into()
}

/// `scm_check_creds`.
fn decide<W: Witness>(
    system: &System,
    thread: &Thread,
    claimed: SocketCredentials,
    witness: &mut W,
) -> Result<(), Refusal> {
    let (own, namespaces) = (&thread.credentials, &system.user_namespaces);
    let (uid, gid) = (namespaces.kuid(own.user_ns, claimed.uid), namespaces.kgid(own.user_ns, claimed.gid));
    let mapped = uid.is_some() && gid.is_some();
    demand(mapped, Errno::EINVAL, &rules::SENDMSG_UNMAPPED, CapSet::EMPTY, Condition::IdsMapped, witness)?;
    let mut demand_unless = |own: bool, reason, ns: UserNs, needed: Capability, rule: &'static Rule| {
        if own {
            witness.not_applied(rule, reason);
            return Ok(());
        }
        demand_capability(system, thread, ns, needed, Errno::EPERM, rule, witness)
    };
    let (home, pid_ns) = (own.user_ns, thread.namespaces.pid);
    demand_unless(claimed.own_pid, Condition::OwnPid, pid_ns, Capability::SYS_ADMIN, &rules::SENDMSG_PID)?;
    let is_own_uid = uid.is_some_and(|uid| is_one_of(uid, own.uid));
    demand_unless(is_own_uid, Condition::OwnUid, home, Capability::SETUID, &rules::SENDMSG_UID)?;
    let is_own_gid = gid.is_some_and(|gid| is_one_of(gid, own.gid));
    demand_unless(is_own_gid, Condition::OwnGid, home, Capability::SETGID, &rules::SENDMSG_GID)
}

fn is_one_of<T: Copy + PartialEq>(id: T, ids: Ids<T>) -> bool {
    [ids.real, ids.effective, ids.saved].contains(&id)
}
