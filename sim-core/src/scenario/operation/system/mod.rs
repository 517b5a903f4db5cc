mod arguments;
#[cfg(test)]
mod tests;

pub use arguments::*;

use alloc::format;
use alloc::string::{String, ToString};

use super::PermissionArguments;
use crate::access;
use crate::outcome::Outcome;
use crate::rule::Witness;
use crate::scenario::World;
use crate::scenario::call_group::call_group;

call_group! {
    /// An operation on the machine as a whole, on its network, or on the limits of a process.
    SystemOperation {
        /// socket(2).
        Socket "socket" SocketArguments;
        /// setsockopt(2).
        Setsockopt "setsockopt" SetsockoptArguments;
        /// clock_settime(2).
        ClockSettime "clock_settime" ClockSettimeArguments;
        /// adjtimex(2) that changes something.
        Adjtimex "adjtimex" PermissionArguments;
        /// timerfd_create(2).
        TimerfdCreate "timerfd_create" TimerfdCreateArguments;
        /// setrlimit(2).
        Setrlimit "setrlimit" SetrlimitArguments;
        /// mlock(2).
        Mlock "mlock" MlockArguments;
        /// init_module(2), on a kernel with modules.
        InitModule "init_module" PermissionArguments;
        /// delete_module(2), on a kernel with modules.
        DeleteModule "delete_module" PermissionArguments;
        /// iopl(2), on x86.
        Iopl "iopl" IoplArguments;
        /// ioperm(2) that turns ports on, on x86.
        Ioperm "ioperm" PermissionArguments;
        /// bpf(2).
        Bpf "bpf" BpfArguments;
        /// perf_event_open(2).
        PerfEventOpen "perf_event_open" PerfEventOpenArguments;
        /// syslog(2).
        Syslog "syslog" SyslogArguments;
        /// keyctl(2).
        Keyctl "keyctl" KeyctlArguments;
        /// fanotify_init(2).
        FanotifyInit "fanotify_init" FanotifyInitArguments;
        /// acct(2).
        Acct "acct" PermissionArguments;
        /// swapon(2).
        Swapon "swapon" PermissionArguments;
        /// swapoff(2).
        Swapoff "swapoff" PermissionArguments;
        /// quotactl(2).
        Quotactl "quotactl" QuotactlArguments;
    }
}

impl SystemOperation {
    /// Decides the operation in a world.
    pub(in crate::scenario) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<()> {
        let (system, thread) = (&world.system, &world.thread);
        match self {
            Self::Socket(SocketArguments { domain, kind, protocol }) => {
                access::socket(system, thread, *domain, *kind, *protocol, witness)
            }
            Self::Setsockopt(SetsockoptArguments { option, value }) => {
                access::setsockopt(system, thread, *option, *value, witness)
            }
            Self::ClockSettime(ClockSettimeArguments { clock }) => {
                access::clock_settime(system, thread, *clock, witness)
            }
            Self::Adjtimex(_) => access::adjtimex(system, thread, witness),
            Self::TimerfdCreate(TimerfdCreateArguments { clock }) => {
                access::timerfd_create(system, thread, *clock, witness)
            }
            Self::Setrlimit(SetrlimitArguments { resource, present, wanted }) => {
                access::setrlimit(system, thread, *resource, present.0, wanted.0, witness)
            }
            Self::Mlock(MlockArguments { limit, bytes }) => access::mlock(system, thread, limit.0, *bytes, witness),
            Self::InitModule(_) => access::init_module(system, thread, witness),
            Self::DeleteModule(_) => access::delete_module(system, thread, witness),
            Self::Iopl(IoplArguments { level }) => access::iopl(system, thread, *level, witness),
            Self::Ioperm(_) => access::ioperm(system, thread, witness),
            Self::Bpf(_) => access::bpf(system, thread, witness),
            Self::PerfEventOpen(PerfEventOpenArguments { exclude_kernel }) => {
                access::perf_event_open(system, thread, *exclude_kernel, witness)
            }
            Self::Syslog(SyslogArguments { action }) => access::syslog(system, thread, *action, witness),
            Self::Keyctl(KeyctlArguments { uid, .. }) => access::keyctl(system, thread, *uid, witness),
            Self::FanotifyInit(FanotifyInitArguments { class, report_fid }) => {
                access::fanotify_init(system, thread, *class, *report_fid, witness)
            }
            Self::Acct(_) => access::acct(system, thread, witness),
            Self::Swapon(_) => access::swapon(system, thread, witness),
            Self::Swapoff(_) => access::swapoff(system, thread, witness),
            Self::Quotactl(QuotactlArguments { command, id }) => {
                access::quotactl(system, thread, *command, *id, witness)
            }
        }
    }

    /// The operation in a few words.
    pub(in crate::scenario) fn in_words(&self) -> String {
        match self {
            Self::Socket(SocketArguments { domain, kind, protocol: None }) => {
                format!("socket {} of {}", kind.name(), domain.name())
            }
            Self::Socket(SocketArguments { domain, kind, protocol: Some(protocol) }) => {
                format!("socket {} of {} with {}", kind.name(), domain.name(), protocol.name())
            }
            Self::Setsockopt(SetsockoptArguments { option, value }) => {
                format!("setsockopt of {} to {value}", option.name())
            }
            Self::ClockSettime(ClockSettimeArguments { clock }) => format!("clock_settime of {}", clock.name()),
            Self::Adjtimex(_) => "adjtimex with a change".to_string(),
            Self::TimerfdCreate(TimerfdCreateArguments { clock }) => format!("timerfd_create on {}", clock.name()),
            Self::Setrlimit(SetrlimitArguments { resource, present, wanted }) => {
                format!("setrlimit of {} from {present} to {wanted}", resource.name())
            }
            Self::Mlock(MlockArguments { limit, bytes }) => {
                format!("mlock of {bytes} byte{} with RLIMIT_MEMLOCK {limit}", if *bytes == 1 { "" } else { "s" })
            }
            Self::Iopl(IoplArguments { level }) => format!("iopl to level {level}"),
            Self::Bpf(BpfArguments { command }) => format!("bpf with {}", command.name()),
            Self::PerfEventOpen(PerfEventOpenArguments { exclude_kernel: true }) => {
                "perf_event_open without the kernel".to_string()
            }
            Self::PerfEventOpen(_) => "perf_event_open with the kernel".to_string(),
            Self::Syslog(SyslogArguments { action }) => format!("syslog with {}", action.name()),
            Self::Keyctl(KeyctlArguments { operation, uid }) => {
                format!("keyctl with {} to {}", operation.name(), uid.cast_signed())
            }
            Self::FanotifyInit(FanotifyInitArguments { class, report_fid: false }) => {
                format!("fanotify_init with {}", class.name())
            }
            Self::FanotifyInit(FanotifyInitArguments { class, .. }) => {
                format!("fanotify_init with {} and FAN_REPORT_FID", class.name())
            }
            Self::Quotactl(QuotactlArguments { command, id }) => {
                format!("quotactl with {} of user {id}", command.name())
            }
            Self::InitModule(_)
            | Self::DeleteModule(_)
            | Self::Ioperm(_)
            | Self::Acct(_)
            | Self::Swapon(_)
            | Self::Swapoff(_) => self.name().to_string(),
        }
    }
}
