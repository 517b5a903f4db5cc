//! Operations on the machine as a whole, on its network, and on the limits of a process.

use std::mem::offset_of;
use std::time::SystemTime;

use sim_core::access::{
    BpfCommand, Clock, FanotifyClass, Resource, SocketDomain, SocketOption, SocketProtocol, SocketType, SyslogAction,
    TimerClock,
};
use sim_core::scenario::{
    Call, FanotifyInitArguments, MlockArguments, SetrlimitArguments, SetsockoptArguments, Simulation,
    SocketArguments, Step, SystemOperation, World,
};

use super::{Answer, Full, Writer};
use crate::machine::Machine;
use crate::report::Skip;
use crate::tape::{Kind, Tape};

/// What no preparation can bring about on this machine, or what would change it.
pub(super) fn check_possible(world: &World, steps: &[Step], machine: &Machine) -> Result<(), Skip> {
    let mut simulation = None;
    for (index, step) in steps.iter().enumerate() {
        let Call::System(operation) = &step.call else { continue };
        let name = operation.name();
        if lacks(machine, operation) {
            return Err(Skip(format!("{name}: this kernel has no such call")));
        }
        if matches!(operation, SystemOperation::Quotactl(_)) {
            return Err(Skip(format!("{name}: it needs a file system with quotas")));
        }
        if changes_machine(operation) && !machine.own {
            let (simulation, done) = simulation.get_or_insert_with(|| (Simulation::new(world.clone()), 0));
            let mut refused = false;
            for step in steps.iter().take(index + 1).skip(*done) {
                refused = simulation.perform(&step.call).refusal.is_some();
            }
            *done = index + 1;
            if !refused {
                return Err(Skip(format!("{name}: it is granted, and would change a machine that is not its own")));
            }
        }
    }
    Ok(())
}

fn lacks(machine: &Machine, operation: &SystemOperation) -> bool {
    match operation {
        SystemOperation::InitModule(_) | SystemOperation::DeleteModule(_) => !machine.facilities.modules,
        SystemOperation::Iopl(_) | SystemOperation::Ioperm(_) => !machine.facilities.ports,
        _ => false,
    }
}

/// Whether the operation has an effect beyond its process, if it is granted.
fn changes_machine(operation: &SystemOperation) -> bool {
    match operation {
        SystemOperation::ClockSettime(arguments) => arguments.clock == Clock::Realtime,
        SystemOperation::Syslog(arguments) => arguments.action == SyslogAction::Clear,
        _ => false,
    }
}

/// Where a child maps memory of its own: far from everything that a program has there.
const FAR: u64 = 1 << 44;
const PAGE: u64 = 4096;

impl Writer<'_> {
    /// Writes an operation whose arguments are without effect, so that only the permission shows.
    pub(super) fn system(&mut self, operation: &SystemOperation) -> Result<Answer, Skip> {
        let mut harmless: &'static [i32] = &[];
        match operation {
            SystemOperation::Socket(arguments) => self.socket(*arguments)?,
            SystemOperation::Setsockopt(arguments) => self.setsockopt(*arguments)?,
            SystemOperation::ClockSettime(arguments) => {
                let clock = match arguments.clock {
                    Clock::Realtime => libc::CLOCK_REALTIME,
                    Clock::Monotonic => libc::CLOCK_MONOTONIC,
                    Clock::Boottime => libc::CLOCK_BOOTTIME,
                };
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let words = [now.as_secs(), u64::from(now.subsec_nanos())];
                let time = self.store_words(&words)?;
                self.push(Kind::Call, 0b10, libc::SYS_clock_settime, [word(clock), time, 0, 0, 0, 0])?;
            }
            SystemOperation::Adjtimex(_) => {
                // A tick of 0 is looked at once the permission is there.
                harmless = &[libc::EINVAL];
                let mut timex = [0; 32];
                timex[0] = u64::from(libc::ADJ_TICK);
                let timex = self.store_words(&timex)?;
                self.push(Kind::Call, 0b1, libc::SYS_adjtimex, [timex, 0, 0, 0, 0, 0])?;
            }
            SystemOperation::TimerfdCreate(arguments) => {
                let clock = word(match arguments.clock {
                    TimerClock::Realtime => libc::CLOCK_REALTIME,
                    TimerClock::Monotonic => libc::CLOCK_MONOTONIC,
                    TimerClock::Boottime => libc::CLOCK_BOOTTIME,
                    TimerClock::RealtimeAlarm => libc::CLOCK_REALTIME_ALARM,
                    TimerClock::BoottimeAlarm => libc::CLOCK_BOOTTIME_ALARM,
                });
                self.push(Kind::Call, 0, libc::SYS_timerfd_create, [clock, 0, 0, 0, 0, 0])?;
            }
            SystemOperation::Setrlimit(arguments) => self.setrlimit(*arguments)?,
            SystemOperation::Mlock(arguments) => self.mlock(*arguments)?,
            SystemOperation::InitModule(_) => {
                // A module of no length is refused once the permission is there.
                harmless = &[libc::ENOEXEC];
                self.push(Kind::Call, 0, libc::SYS_init_module, [0; 6])?;
            }
            SystemOperation::DeleteModule(_) => {
                // The name is read once the permission is there.
                harmless = &[libc::EFAULT, libc::ENOENT];
                self.push(Kind::Call, 0, libc::SYS_delete_module, [0; 6])?;
            }
            SystemOperation::Iopl(arguments) => {
                self.apart(1)?;
                self.push(Kind::Call, 0, IOPL, [arguments.level.into(), 0, 0, 0, 0, 0])?;
            }
            SystemOperation::Ioperm(_) => {
                // A port whose only use is to wait a little.
                const DELAY: u64 = 0x80;
                self.apart(1)?;
                self.push(Kind::Call, 0, IOPERM, [DELAY, 1, 1, 0, 0, 0])?;
            }
            SystemOperation::Bpf(arguments) => match arguments.command {
                BpfCommand::MapCreate => self.bpf_map_create()?,
                BpfCommand::ProgramLoad => self.bpf_program_load()?,
            },
            SystemOperation::PerfEventOpen(arguments) => self.perf_event_open(arguments.exclude_kernel)?,
            SystemOperation::Syslog(arguments) => {
                // Nothing is read into a buffer of no length, and nothing is cleared then.
                let action = match arguments.action {
                    SyslogAction::Read => 2,
                    SyslogAction::ReadAll => 3,
                    SyslogAction::ReadClear => 4,
                    SyslogAction::Clear => 5,
                    SyslogAction::SizeUnread => 9,
                    SyslogAction::SizeBuffer => 10,
                };
                let buffer = self.store(&[0])?;
                self.push(Kind::Call, 0b10, libc::SYS_syslog, [action, buffer, 0, 0, 0, 0])?;
            }
            SystemOperation::Keyctl(arguments) => {
                // A new process has no keyring of its own until it is named.
                const THREAD_KEYRING: u64 = u64::MAX;
                harmless = &[libc::EDQUOT];
                let chown = u64::from(libc::KEYCTL_CHOWN);
                let (uid, keep) = (arguments.uid.into(), u64::MAX);
                self.apart(1)?;
                self.push(Kind::Call, 0, libc::SYS_keyctl, [chown, THREAD_KEYRING, uid, keep, 0, 0])?;
            }
            SystemOperation::FanotifyInit(FanotifyInitArguments { class, report_fid }) => {
                let class = match class {
                    FanotifyClass::Notification => libc::FAN_CLASS_NOTIF,
                    FanotifyClass::Content => libc::FAN_CLASS_CONTENT,
                    FanotifyClass::PreContent => libc::FAN_CLASS_PRE_CONTENT,
                };
                let flags = class | if *report_fid { libc::FAN_REPORT_FID } else { 0 };
                self.push(Kind::Call, 0, libc::SYS_fanotify_init, [flags.into(), 0, 0, 0, 0, 0])?;
            }
            SystemOperation::Acct(_) => {
                harmless = &[libc::ENOENT];
                self.on_no_file(libc::SYS_acct)?;
            }
            SystemOperation::Swapon(_) => {
                harmless = &[libc::ENOENT];
                self.on_no_file(libc::SYS_swapon)?;
            }
            SystemOperation::Swapoff(_) => {
                harmless = &[libc::ENOENT];
                self.on_no_file(libc::SYS_swapoff)?;
            }
            // It was refused before the tape was begun.
            SystemOperation::Quotactl(_) => return Err(Skip("quotactl is not performed".to_owned())),
        }
        Ok(Answer::Permission(harmless))
    }

    /// A path that does not exist is looked up once the permission is there.
    fn on_no_file(&mut self, number: libc::c_long) -> Result<(), Full> {
        let path = self.store(b"no-such-file\0")?;
        self.push(Kind::Call, 0b1, number, [path, 0, 0, 0, 0, 0])
    }

    fn socket(&mut self, SocketArguments { domain, kind, protocol }: SocketArguments) -> Result<(), Full> {
        let raw = kind == SocketType::Raw;
        let asked = protocol.map(|protocol| match protocol {
            SocketProtocol::Icmp => libc::IPPROTO_ICMP,
            SocketProtocol::IcmpV6 => libc::IPPROTO_ICMPV6,
        });
        let (family, protocol) = match domain {
            SocketDomain::Inet => (libc::AF_INET, if raw { libc::IPPROTO_ICMP } else { 0 }),
            SocketDomain::Inet6 => (libc::AF_INET6, if raw { libc::IPPROTO_ICMPV6 } else { 0 }),
            SocketDomain::Packet => (libc::AF_PACKET, 0),
            SocketDomain::Unix => (libc::AF_UNIX, 0),
        };
        let kind = match kind {
            SocketType::Raw => libc::SOCK_RAW,
            SocketType::Stream => libc::SOCK_STREAM,
            SocketType::Datagram => libc::SOCK_DGRAM,
        };
        self.push(
            Kind::Call,
            0,
            libc::SYS_socket,
            [word(family), word(kind), word(asked.unwrap_or(protocol)), 0, 0, 0],
        )
    }

    fn setsockopt(&mut self, SetsockoptArguments { option, value }: SetsockoptArguments) -> Result<(), Full> {
        let option = match option {
            SocketOption::Mark => libc::SO_MARK,
            SocketOption::Priority => libc::SO_PRIORITY,
            SocketOption::ReceiveBufferForce => libc::SO_RCVBUFFORCE,
            SocketOption::SendBufferForce => libc::SO_SNDBUFFORCE,
            SocketOption::Debug => libc::SO_DEBUG,
        };
        let value = self.store(&value.to_ne_bytes())?;
        self.apart(2)?;
        self.demand(libc::SYS_socket, [word(libc::AF_INET), word(libc::SOCK_STREAM), 0, 0, 0, 0])?;
        self.call = self.operations;
        let (level, size) = (word(libc::SOL_SOCKET), 4);
        self.push(Kind::CallOn, 0b1000, libc::SYS_setsockopt, [0, level, word(option), value, size, 0])
    }

    fn setrlimit(&mut self, arguments: SetrlimitArguments) -> Result<(), Full> {
        let SetrlimitArguments { resource, present, wanted } = arguments;
        let resource = number(resource);
        let wanted = self.store_words(&[wanted.0; 2])?;
        self.apart(2)?;
        self.demand_limit(resource, present.0)?;
        self.call = self.operations;
        self.push(Kind::Call, 0b10, libc::SYS_setrlimit, [resource, wanted, 0, 0, 0, 0])
    }

    /// Gives the process this soft and hard limit.
    pub(super) fn demand_limit(&mut self, resource: u64, limit: u64) -> Result<(), Full> {
        let limit = self.store_words(&[limit; 2])?;
        self.push(Kind::Demand, 0b10, libc::SYS_setrlimit, [resource, limit, 0, 0, 0, 0])
    }

    /// Locks memory that is not there yet, so that none is used: `mlock` and `mlock2` ask alike.
    fn mlock(&mut self, MlockArguments { limit, bytes }: MlockArguments) -> Result<(), Full> {
        const ON_FAULT: u64 = 1;
        let size = bytes.wrapping_add(PAGE - 1) & !(PAGE - 1);
        self.apart(if size == 0 { 2 } else { 3 })?;
        self.demand_limit(number(Resource::Memlock), limit.0)?;
        if size > 0 {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
            let protection = word(libc::PROT_READ);
            self.demand(libc::SYS_mmap, [FAR, size, protection, word(flags), u64::MAX, 0])?;
        }
        self.call = self.operations;
        self.push(Kind::Call, 0, libc::SYS_mlock2, [FAR, bytes, ON_FAULT, 0, 0, 0])
    }

    /// Makes an array of one element.
    fn bpf_map_create(&mut self) -> Result<(), Full> {
        const MAP_CREATE: u64 = 0;
        const ARRAY: u32 = 2;
        let [key_size, value_size, entries] = [4, 4, 1];
        let bytes = [ARRAY, key_size, value_size, entries].map(u32::to_ne_bytes).concat();
        let size = bytes.len() as u64;
        let attributes = self.store(&bytes)?;
        self.push(Kind::Call, 0b10, libc::SYS_bpf, [MAP_CREATE, attributes, size, 0, 0, 0])
    }

    /// Loads a socket filter that drops everything. Its attributes hold addresses, so the tape is mapped where they are
    /// known.
    fn bpf_program_load(&mut self) -> Result<(), Full> {
        const PROGRAM_LOAD: u64 = 5;
        const SOCKET_FILTER: u64 = 1;
        // r0 = 0, exit
        let instructions = self.store_words(&[0xb7, 0x95])?;
        let license = self.store(b"GPL\0")?;
        let address = |offset: u64| FAR + offset_of!(Tape, data) as u64 + offset;
        let count = 2;
        let words = [SOCKET_FILTER | count << 32, address(instructions), address(license)];
        let attributes = self.store_words(&words)?;
        self.apart(2)?;
        let (protection, flags) = (word(libc::PROT_READ), word(libc::MAP_SHARED | libc::MAP_FIXED));
        let (size, tape) = (crate::tape::SIZE as u64, word(crate::tape::TAPE_FD));
        self.demand(libc::SYS_mmap, [FAR, size, protection, flags, tape, 0])?;
        self.call = self.operations;
        let size = 8 * words.len() as u64;
        self.push(Kind::Call, 0b10, libc::SYS_bpf, [PROGRAM_LOAD, attributes, size, 0, 0, 0])
    }

    /// Opens a dummy event of the thread itself.
    fn perf_event_open(&mut self, exclude_kernel: bool) -> Result<(), Full> {
        const SOFTWARE: u64 = 1;
        const DUMMY: u64 = 9;
        const SIZE: u64 = 64;
        const DISABLED: u64 = 1;
        const EXCLUDE_KERNEL: u64 = 1 << 5;
        let flags = DISABLED | if exclude_kernel { EXCLUDE_KERNEL } else { 0 };
        let attributes = self.store_words(&[SOFTWARE | SIZE << 32, DUMMY, 0, 0, 0, flags, 0, 0])?;
        let (itself, any_processor, no_group) = (0, u64::MAX, u64::MAX);
        let arguments = [attributes, itself, any_processor, no_group, 0, 0];
        self.push(Kind::Call, 0b1, libc::SYS_perf_event_open, arguments)
    }

    /// Has the next operations performed by a child; the first of them is the step's, unless it is said otherwise.
    fn apart(&mut self, count: u64) -> Result<(), Full> {
        self.push(Kind::Apart, 0, 0, [count, 0, 0, 0, 0, 0])?;
        self.call = self.operations;
        Ok(())
    }

    fn store_words(&mut self, words: &[u64]) -> Result<u64, Full> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.store(&bytes)
    }
}

#[cfg(target_arch = "x86_64")]
const IOPL: libc::c_long = libc::SYS_iopl;
#[cfg(target_arch = "x86_64")]
const IOPERM: libc::c_long = libc::SYS_ioperm;
/// No call has this number: other machines have no ports.
#[cfg(not(target_arch = "x86_64"))]
const IOPL: libc::c_long = -1;
#[cfg(not(target_arch = "x86_64"))]
const IOPERM: libc::c_long = -1;

/// A small number that is never below 0.
fn word(number: libc::c_int) -> u64 {
    number.unsigned_abs().into()
}

/// The number of a resource.
fn number(resource: Resource) -> u64 {
    u64::from(match resource {
        Resource::AddressSpace => libc::RLIMIT_AS,
        Resource::Core => libc::RLIMIT_CORE,
        Resource::Cpu => libc::RLIMIT_CPU,
        Resource::Data => libc::RLIMIT_DATA,
        Resource::FileSize => libc::RLIMIT_FSIZE,
        Resource::Locks => libc::RLIMIT_LOCKS,
        Resource::Memlock => libc::RLIMIT_MEMLOCK,
        Resource::MessageQueue => libc::RLIMIT_MSGQUEUE,
        Resource::Nice => libc::RLIMIT_NICE,
        Resource::OpenFiles => libc::RLIMIT_NOFILE,
        Resource::Processes => libc::RLIMIT_NPROC,
        Resource::ResidentSet => libc::RLIMIT_RSS,
        Resource::RealtimePriority => libc::RLIMIT_RTPRIO,
        Resource::RealtimeTime => libc::RLIMIT_RTTIME,
        Resource::PendingSignals => libc::RLIMIT_SIGPENDING,
        Resource::Stack => libc::RLIMIT_STACK,
    })
}
