//! The system calls that a step makes, as filters are shown them.
//!
//! A step makes the call that its key names; `setcap` is setxattr, and `write` and `write_map` open the file with openat
//! and write to it. Where a machine has no call without a directory to start from, it is the one with it: fchownat for chown. Only what the step itself says is known: pointers, descriptors, pids and what registers hold beside the
//! arguments are not.

use alloc::vec::Vec;

use super::{
    Call, ChmodArguments, ChownArguments, CloneCall, CloneFlag, FileChange, FilterEntry, KillArguments,
    MkdirArguments, MknodArguments, OpenArguments, OpenFlag, PathOperation, ProcessOperation,
    SchedSetschedulerArguments, SeccompCall, SetcapArguments, SetpriorityArguments, SystemOperation, TimesText,
    TruncateArguments, UtimensatArguments, WriteArguments, WriteMapCall,
};
use crate::access::{
    BpfCommand, Clock, FanotifyClass, Resource, SocketDomain, SocketOption, SocketProtocol, SocketType, SyslogAction,
    TimerClock,
};
use crate::capability::CapSet;
use crate::file::FileKind;
use crate::seccomp::SeccompData;
use crate::seccomp::region::Unknown;
use crate::seccomp::syscalls::{Abi, Call as SystemCall};

/// A system call as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AskedCall {
    /// Its name.
    pub(super) name: &'static str,
    /// What is known; 0 stands for the rest.
    pub(super) data: SeccompData,
    /// What is not known.
    pub(super) unknown: Unknown,
}

/// An argument that is known.
type Argument = Option<u64>;

const UNKNOWN: Argument = None;

/// The calls that a step makes on a machine, in order, if `"all"` means `all`.
pub(super) fn asked_calls(call: &Call, all: CapSet, native: Abi) -> Vec<AskedCall> {
    let calls: Vec<Named> = match call {
        // Only the filters' answer is asked; and another process has no filters.
        Call::Syscall(_) | Call::WriteMap(WriteMapCall { by: Some(_), .. }) => Vec::new(),
        Call::WriteMap(call) => written(call.text.len() as u64),
        Call::FileChange(FileChange::Write(WriteArguments { bytes, .. })) => written(*bytes),
        Call::FileChange(change) => Vec::from([file_change(change, all)]),
        Call::Process(operation) => Vec::from([process(operation)]),
        Call::Path(operation) => Vec::from([path(operation)]),
        Call::System(operation) => Vec::from([system(operation)]),
        Call::Execve(_) | Call::Capset(_) | Call::Capget => Vec::from([asked(call.name(), &[])]),
        Call::Prctl(prctl) => {
            let call = prctl.resolve();
            let [a, b, c, d] = call.arguments.map(Some);
            Vec::from([asked("prctl", &[Some(call.option.number().into()), a, b, c, d])])
        }
        Call::SetId(call) => {
            let ids: Vec<Argument> = call.ids().iter().map(|&id| Some(id.into())).collect();
            Vec::from([asked(call.name(), &ids)])
        }
        Call::Setgroups(groups) => Vec::from([asked("setgroups", &[Some(groups.len() as u64)])]),
        Call::Unshare(call) => Vec::from([asked("unshare", &[Some(clone_flags(call))])]),
        Call::Clone(call) => {
            // The signal of the child's end is among the flags, which stand behind the stack on s390.
            let flags = Some(clone_flags(call) | SIGCHLD);
            let behind = matches!(native, Abi::S390 | Abi::S390X);
            Vec::from([asked("clone", &if behind { [UNKNOWN, flags] } else { [flags, UNKNOWN] })])
        }
        Call::Setns(_) => Vec::from([asked("setns", &[UNKNOWN, Some(CloneFlag::NewUser.bits())])]),
        Call::Bind { .. } => Vec::from([asked("bind", &[UNKNOWN, UNKNOWN, Some(INTERNET_ADDRESS)])]),
        Call::Seccomp(call) => Vec::from([asked("seccomp", &[Some(SET_MODE_FILTER), seccomp_flags(call)])]),
    };
    calls.into_iter().filter_map(|(name, known)| on_machine(name, &known, native)).collect()
}

const SIGCHLD: u64 = 17;
const SET_MODE_FILTER: u64 = 1;
/// The size of a `struct sockaddr_in`.
const INTERNET_ADDRESS: u64 = 16;
const O_WRONLY: u64 = 1;

/// A call and its arguments, those that are left out being unknown.
type Named = (&'static str, [Argument; 6]);

fn asked(name: &'static str, known: &[Argument]) -> Named {
    let mut arguments = [UNKNOWN; 6];
    for (place, argument) in arguments.iter_mut().zip(known) {
        *place = *argument;
    }
    (name, arguments)
}

/// Calls that many machines have only with a directory to start from.
const WITH_DIRECTORY: [(&str, &str); 7] = [
    ("open", "openat"),
    ("chown", "fchownat"),
    ("chmod", "fchmodat"),
    ("link", "linkat"),
    ("unlink", "unlinkat"),
    ("mknod", "mknodat"),
    ("mkdir", "mkdirat"),
];

/// The call as a machine has it, if it has it.
fn on_machine(name: &'static str, arguments: &[Argument; 6], native: Abi) -> Option<AskedCall> {
    let number = |name: &str| SystemCall::by_name(name).and_then(|call| call.number(native));
    let (name, number, arguments) = if let Some(number) = number(name) {
        (name, number, *arguments)
    } else {
        let (_, named) = WITH_DIRECTORY.iter().find(|(plain, _)| *plain == name)?;
        // The directory comes before all; the last one is unknown as it is.
        let mut arguments = *arguments;
        arguments.rotate_right(1);
        (*named, number(named)?, arguments)
    };
    let data = SeccompData::call(native.architecture(), number, arguments.map(Option::unwrap_or_default));
    let unknown = Unknown { args: arguments.map(|argument| argument.is_none()), instruction_pointer: true };
    Some(AskedCall { name, data, unknown })
}

/// A number as a register of 64 bits holds it.
const fn signed(number: i32) -> u64 {
    (number as i64).cast_unsigned()
}

/// A file is opened for writing, and this many bytes are written.
fn written(bytes: u64) -> Vec<Named> {
    Vec::from([
        asked("openat", &[UNKNOWN, UNKNOWN, Some(O_WRONLY)]),
        asked("write", &[UNKNOWN, UNKNOWN, Some(bytes)]),
    ])
}

/// What an engine adds is not in the step.
fn seccomp_flags(call: &SeccompCall) -> Argument {
    match &call.filter {
        FilterEntry::Instructions(_) => Some(call.flags().0.into()),
        FilterEntry::Profile(_) => UNKNOWN,
    }
}

fn clone_flags(call: &CloneCall) -> u64 {
    call.flags.iter().fold(0, |flags, flag| flags | flag.bits())
}

impl CloneFlag {
    /// Its value in C.
    const fn bits(self) -> u64 {
        match self {
            Self::NewTime => 0x80,
            Self::Fs => 0x200,
            Self::NewMount => 0x2_0000,
            Self::NewCgroup => 0x200_0000,
            Self::NewUts => 0x400_0000,
            Self::NewIpc => 0x800_0000,
            Self::NewUser => 0x1000_0000,
            Self::NewPid => 0x2000_0000,
            Self::NewNetwork => 0x4000_0000,
        }
    }
}

fn file_change(change: &FileChange, all: CapSet) -> Named {
    match change {
        FileChange::Chown(ChownArguments { uid, gid, .. }) => {
            asked("chown", &[UNKNOWN, Some((*uid).into()), Some((*gid).into())])
        }
        FileChange::Chmod(ChmodArguments { mode, .. }) => asked("chmod", &[UNKNOWN, Some(mode.0.bits().into())]),
        FileChange::Setcap(SetcapArguments { caps, .. }) => {
            let size = caps.to_bytes(all).len() as u64;
            asked("setxattr", &[UNKNOWN, UNKNOWN, UNKNOWN, Some(size), Some(0)])
        }
        FileChange::Truncate(TruncateArguments { size, .. }) => {
            asked("truncate", &[UNKNOWN, Some(size.cast_unsigned())])
        }
        FileChange::Removexattr(_) | FileChange::Getxattr(_) | FileChange::Write(_) => asked(change.name(), &[]),
    }
}

fn process(operation: &ProcessOperation) -> Named {
    const PTRACE_SEIZE: u64 = 0x4206;
    const PRIO_PROCESS: u64 = 0;
    let whom = if operation.target().is_some() { UNKNOWN } else { Some(0) };
    match operation {
        ProcessOperation::Kill(KillArguments { signal, .. }) => asked("kill", &[UNKNOWN, Some(signed(*signal))]),
        ProcessOperation::Ptrace(_) => asked("ptrace", &[Some(PTRACE_SEIZE), UNKNOWN, Some(0), Some(0)]),
        ProcessOperation::Setpriority(SetpriorityArguments { nice, .. }) => {
            asked("setpriority", &[Some(PRIO_PROCESS), whom, Some(signed(*nice))])
        }
        ProcessOperation::SchedSetscheduler(SchedSetschedulerArguments { policy, .. }) => {
            asked("sched_setscheduler", &[whom, Some(policy.policy().number().into())])
        }
        ProcessOperation::Sendmsg(_) => asked("sendmsg", &[UNKNOWN, UNKNOWN, Some(0)]),
        ProcessOperation::Mount(_) => asked("mount", &[UNKNOWN, UNKNOWN, UNKNOWN, Some(0)]),
        ProcessOperation::Umount2(_) => asked("umount2", &[UNKNOWN, Some(0)]),
        ProcessOperation::PivotRoot(_)
        | ProcessOperation::Chroot(_)
        | ProcessOperation::Sethostname(_)
        | ProcessOperation::Setdomainname(_)
        | ProcessOperation::Reboot(_) => asked(operation.name(), &[]),
    }
}

fn path(operation: &PathOperation) -> Named {
    const O_RDWR: u64 = 2;
    const O_NOATIME: u64 = 0o1_000_000;
    match operation {
        PathOperation::Open(OpenArguments { flags, .. }) => {
            let bits = flags.iter().fold(0, |bits, flag| {
                bits | match flag {
                    OpenFlag::ReadOnly => 0,
                    OpenFlag::WriteOnly => O_WRONLY,
                    OpenFlag::ReadWrite => O_RDWR,
                    OpenFlag::NoAtime => O_NOATIME,
                }
            });
            asked("open", &[UNKNOWN, Some(bits)])
        }
        PathOperation::Utimensat(UtimensatArguments { times, .. }) => {
            let times = if *times == TimesText::Now { Some(0) } else { UNKNOWN };
            asked("utimensat", &[UNKNOWN, UNKNOWN, times, Some(0)])
        }
        PathOperation::Mknod(arguments @ MknodArguments { mode, .. }) => {
            let node = arguments.node();
            let kind = match node.kind {
                FileKind::Fifo => 0o010_000,
                FileKind::CharacterDevice => 0o020_000,
                FileKind::Directory => 0o040_000,
                FileKind::BlockDevice => 0o060_000,
                FileKind::Regular => 0o100_000,
                FileKind::Socket => 0o140_000,
            };
            // Both numbers are below 256, so that they stand in one byte each.
            let [major, minor] = node.device.map(u64::from);
            asked("mknod", &[UNKNOWN, Some(kind | u64::from(mode.0.bits())), Some(major << 8 | minor)])
        }
        PathOperation::Mkdir(MkdirArguments { mode, .. }) => asked("mkdir", &[UNKNOWN, Some(mode.0.bits().into())]),
        PathOperation::Setxattr(_)
        | PathOperation::Link(_)
        | PathOperation::Unlink(_)
        | PathOperation::Ioctl(_)
        | PathOperation::OpenByHandleAt(_) => asked(operation.name(), &[]),
    }
}

fn system(operation: &SystemOperation) -> Named {
    const SOL_SOCKET: u64 = 1;
    const SIZE_OF_INT: u64 = 4;
    const KEYCTL_CHOWN: u64 = 4;
    const FAN_REPORT_FID: u64 = 0x200;
    const ICMP: u64 = 1;
    const ICMPV6: u64 = 58;
    match operation {
        SystemOperation::Socket(arguments) => {
            let domain = match arguments.domain {
                SocketDomain::Unix => 1,
                SocketDomain::Inet => 2,
                SocketDomain::Inet6 => 10,
                SocketDomain::Packet => 17,
            };
            let kind = match arguments.kind {
                SocketType::Stream => 1,
                SocketType::Datagram => 2,
                SocketType::Raw => 3,
            };
            let protocol = match (arguments.protocol, arguments.domain, arguments.kind) {
                (Some(SocketProtocol::Icmp), ..) | (None, SocketDomain::Inet, SocketType::Raw) => ICMP,
                (Some(SocketProtocol::IcmpV6), ..) | (None, SocketDomain::Inet6, SocketType::Raw) => ICMPV6,
                (None, ..) => 0,
            };
            asked("socket", &[Some(domain), Some(kind), Some(protocol)])
        }
        SystemOperation::Setsockopt(arguments) => {
            let option = match arguments.option {
                SocketOption::Debug => 1,
                SocketOption::Priority => 12,
                SocketOption::SendBufferForce => 32,
                SocketOption::ReceiveBufferForce => 33,
                SocketOption::Mark => 36,
            };
            asked("setsockopt", &[UNKNOWN, Some(SOL_SOCKET), Some(option), UNKNOWN, Some(SIZE_OF_INT)])
        }
        SystemOperation::ClockSettime(arguments) => {
            let clock = match arguments.clock {
                Clock::Realtime => 0,
                Clock::Monotonic => 1,
                Clock::Boottime => 7,
            };
            asked("clock_settime", &[Some(clock)])
        }
        SystemOperation::TimerfdCreate(arguments) => {
            let clock = match arguments.clock {
                TimerClock::Realtime => 0,
                TimerClock::Monotonic => 1,
                TimerClock::Boottime => 7,
                TimerClock::RealtimeAlarm => 8,
                TimerClock::BoottimeAlarm => 9,
            };
            asked("timerfd_create", &[Some(clock), Some(0)])
        }
        SystemOperation::Setrlimit(arguments) => asked("setrlimit", &[Some(resource(arguments.resource))]),
        SystemOperation::Mlock(arguments) => asked("mlock", &[UNKNOWN, Some(arguments.bytes)]),
        SystemOperation::Iopl(arguments) => asked("iopl", &[Some(arguments.level.into())]),
        SystemOperation::Bpf(arguments) => {
            let command = match arguments.command {
                BpfCommand::MapCreate => 0,
                BpfCommand::ProgramLoad => 5,
            };
            asked("bpf", &[Some(command)])
        }
        SystemOperation::Syslog(arguments) => {
            let action = match arguments.action {
                SyslogAction::Read => 2,
                SyslogAction::ReadAll => 3,
                SyslogAction::ReadClear => 4,
                SyslogAction::Clear => 5,
                SyslogAction::SizeUnread => 9,
                SyslogAction::SizeBuffer => 10,
            };
            asked("syslog", &[Some(action)])
        }
        SystemOperation::Keyctl(arguments) => {
            asked("keyctl", &[Some(KEYCTL_CHOWN), UNKNOWN, Some(arguments.uid.into())])
        }
        SystemOperation::FanotifyInit(arguments) => {
            let class = match arguments.class {
                FanotifyClass::Notification => 0,
                FanotifyClass::Content => 4,
                FanotifyClass::PreContent => 8,
            };
            asked("fanotify_init", &[Some(class | if arguments.report_fid { FAN_REPORT_FID } else { 0 })])
        }
        SystemOperation::Adjtimex(_)
        | SystemOperation::InitModule(_)
        | SystemOperation::DeleteModule(_)
        | SystemOperation::Ioperm(_)
        | SystemOperation::PerfEventOpen(_)
        | SystemOperation::Acct(_)
        | SystemOperation::Swapon(_)
        | SystemOperation::Swapoff(_)
        | SystemOperation::Quotactl(_) => asked(operation.name(), &[]),
    }
}

/// The number of a resource.
const fn resource(resource: Resource) -> u64 {
    match resource {
        Resource::Cpu => 0,
        Resource::FileSize => 1,
        Resource::Data => 2,
        Resource::Stack => 3,
        Resource::Core => 4,
        Resource::ResidentSet => 5,
        Resource::Processes => 6,
        Resource::OpenFiles => 7,
        Resource::Memlock => 8,
        Resource::AddressSpace => 9,
        Resource::Locks => 10,
        Resource::PendingSignals => 11,
        Resource::MessageQueue => 12,
        Resource::Nice => 13,
        Resource::RealtimePriority => 14,
        Resource::RealtimeTime => 15,
    }
}
