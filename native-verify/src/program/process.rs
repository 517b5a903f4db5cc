//! Operations on processes and on the namespaces that a process is in.

use sim_core::scenario::{
    ChrootArguments, ClaimedPid, CredentialsArguments, KillArguments, MountArguments, ProcessOperation,
    SchedSetschedulerArguments, SendmsgArguments, SetpriorityArguments,
};

use super::{Answer, Full, UNIX_SOCKET_FD, Writer};
use crate::stage::{OTHER_ROOT, PROGRAM};
use crate::tape::Kind;

/// What ptrace(2) attaches with, without stopping the process.
const PTRACE_SEIZE: u64 = 0x4206;

impl Writer<'_> {
    /// Writes an operation whose arguments are without effect, so that only the permission shows.
    pub(super) fn process(
        &mut self,
        operation: &ProcessOperation,
        targets: &mut dyn Iterator<Item = i32>,
    ) -> Result<Answer, Full> {
        // Another process has its pid, the thread itself is 0.
        let pid = operation.target().and_then(|_| targets.next()).unwrap_or_default().unsigned_abs().into();
        match operation {
            ProcessOperation::Kill(KillArguments { signal, .. }) => {
                self.ask(libc::SYS_kill, [pid, number(*signal), 0, 0, 0], &[])
            }
            ProcessOperation::Ptrace(_) => self.ask(libc::SYS_ptrace, [PTRACE_SEIZE, pid, 0, 0, 0], &[]),
            ProcessOperation::Setpriority(SetpriorityArguments { nice, .. }) => {
                let process = u64::from(libc::PRIO_PROCESS);
                self.ask(libc::SYS_setpriority, [process, pid, number(*nice), 0, 0], &[])
            }
            ProcessOperation::SchedSetscheduler(SchedSetschedulerArguments { policy, priority, .. }) => {
                let priority = self.store(&priority.to_ne_bytes())?;
                let policy = u64::from(policy.policy().number());
                self.push(Kind::Call, 0b100, libc::SYS_sched_setscheduler, [pid, policy, priority, 0, 0, 0])?;
                Ok(Answer::Permission(&[]))
            }
            ProcessOperation::Sendmsg(SendmsgArguments { credentials }) => self.sendmsg(credentials),
            ProcessOperation::Mount(MountArguments { kind }) => {
                let kind = self.store(format!("{}\0", kind.name()).as_bytes())?;
                // A folder cannot be mounted on a regular file, which shows only when all is ready.
                let place = self.store(format!("{PROGRAM}\0").as_bytes())?;
                self.push(Kind::Call, 0b111, libc::SYS_mount, [kind, place, kind, 0, 0, 0])?;
                Ok(Answer::Permission(&[libc::ENOTDIR]))
            }
            ProcessOperation::Umount2(_) => {
                let place = self.store(format!("{PROGRAM}\0").as_bytes())?;
                self.push(Kind::Call, 0b1, libc::SYS_umount2, [place, 0, 0, 0, 0, 0])?;
                // Nothing is mounted there.
                Ok(Answer::Permission(&[libc::EINVAL]))
            }
            ProcessOperation::PivotRoot(_) => {
                // It is looked up before the permission or after it, by release; nothing is mounted there.
                let place = self.store(format!("{OTHER_ROOT}\0").as_bytes())?;
                self.push(Kind::Call, 0b11, libc::SYS_pivot_root, [place, place, 0, 0, 0, 0])?;
                Ok(Answer::Permission(&[libc::EINVAL, libc::EBUSY]))
            }
            ProcessOperation::Chroot(arguments) => self.chroot(arguments),
            // A length below 0 is looked at once the permission is there.
            ProcessOperation::Sethostname(_) => {
                self.ask(libc::SYS_sethostname, [0, u64::MAX, 0, 0, 0], &[libc::EINVAL])
            }
            ProcessOperation::Setdomainname(_) => {
                self.ask(libc::SYS_setdomainname, [0, u64::MAX, 0, 0, 0], &[libc::EINVAL])
            }
            // Never with the right magic numbers: without them nothing is done, and that is found after the permission.
            ProcessOperation::Reboot(_) => self.ask(libc::SYS_reboot, [0; 5], &[libc::EINVAL]),
        }
    }

    /// Writes a call without pointers, which fails with one of `harmless` if it is permitted.
    fn ask(&mut self, call: libc::c_long, arguments: [u64; 5], harmless: &'static [i32]) -> Result<Answer, Full> {
        let mut six = [0; 6];
        for (place, argument) in six.iter_mut().zip(arguments) {
            *place = argument;
        }
        self.push(Kind::Call, 0, call, six)?;
        Ok(Answer::Permission(harmless))
    }

    fn chroot(&mut self, arguments: &ChrootArguments) -> Result<Answer, Full> {
        let place = if arguments.is_root() { "/" } else { OTHER_ROOT };
        let place = self.store(format!("{place}\0").as_bytes())?;
        self.push(Kind::Call, 0b1, libc::SYS_chroot, [place, 0, 0, 0, 0, 0])?;
        Ok(Answer::Value)
    }

    /// Writes a message with `SCM_CREDENTIALS` on a socket that is not connected, which shows after the permission.
    fn sendmsg(&mut self, claimed: &CredentialsArguments) -> Result<Answer, Full> {
        // No process has this pid, which is looked for after the permission.
        const FOREIGN: u32 = 0x3f_ffff;
        const HEADER: u64 = 16;
        let length = HEADER + 12;
        let [level, kind] = [libc::SOL_SOCKET, libc::SCM_CREDENTIALS].map(i32::to_ne_bytes);
        let ids = [FOREIGN, claimed.uid, claimed.gid].map(u32::to_ne_bytes);
        let control = [&length.to_ne_bytes()[..], &level, &kind, ids.as_flattened()].concat();
        let control = self.store(&control)?;
        // struct msghdr: name, iovec, control, each a pointer and a length, and flags.
        let mut words = [0u64; 7];
        let [.., control_length, _] = &mut words;
        *control_length = length;
        let message = self.store(words.map(u64::to_ne_bytes).as_flattened())?;
        self.push(Kind::StorePointer, 0b11, 0, [message + 32, control, 0, 0, 0, 0])?;
        if claimed.pid == ClaimedPid::Own {
            self.push(Kind::StorePid, 0b1, 0, [control + HEADER, 0, 0, 0, 0, 0])?;
        }
        self.call = self.operations;
        let fd = UNIX_SOCKET_FD.unsigned_abs().into();
        self.push(Kind::Call, 0b10, libc::SYS_sendmsg, [fd, message, 0, 0, 0, 0])?;
        Ok(Answer::Permission(&[libc::ENOTCONN, libc::ESRCH]))
    }
}

/// A number as a register holds it.
fn number(number: i32) -> u64 {
    i64::from(number).cast_unsigned()
}
