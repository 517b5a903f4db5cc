use proptest::prelude::*;
use proptest::sample::select;
use sim_core::access::{
    BpfCommand, Clock, FanotifyClass, KeyOperation, Resource, SocketDomain, SocketOption, SocketProtocol, SocketType,
    SyslogAction, TimerClock,
};
use sim_core::scenario::{
    BpfArguments, ClockSettimeArguments, FanotifyInitArguments, IoplArguments, KeyctlArguments, LimitText,
    MlockArguments, PerfEventOpenArguments, PermissionArguments, SetrlimitArguments, SetsockoptArguments,
    SocketArguments, Sysctl, SyslogArguments, SystemOperation, TimerfdCreateArguments,
};

use crate::generate::{Bounds, Home, Homes};

const NOTHING: PermissionArguments = PermissionArguments {};

/// Any operation on the machine, its network, or limits, that the machine can perform.
pub(super) fn operation(home: Home, bounds: Bounds) -> impl Strategy<Value = SystemOperation> {
    let mut plain = vec![
        SystemOperation::Adjtimex(NOTHING),
        SystemOperation::Adjtimex(NOTHING),
        SystemOperation::Acct(NOTHING),
        SystemOperation::Acct(NOTHING),
        SystemOperation::Swapon(NOTHING),
        SystemOperation::Swapoff(NOTHING),
    ];
    if bounds.facilities.modules {
        plain.extend([SystemOperation::InitModule(NOTHING), SystemOperation::DeleteModule(NOTHING)]);
    }
    if bounds.facilities.ports {
        plain.push(SystemOperation::Ioperm(NOTHING));
        plain.extend([0, 3, 4].map(|level| SystemOperation::Iopl(IoplArguments { level })));
    }
    let weight = u32::try_from(plain.len()).unwrap_or(1);
    prop_oneof![
        weight => select(plain),
        1 => clock_settime(home, bounds),
        1 => timerfd_create(),
        2 => socket(),
        1 => setsockopt(),
        1 => setrlimit(),
        1 => mlock(),
        1 => select(BpfCommand::ALL).prop_map(|command| SystemOperation::Bpf(BpfArguments { command })),
        1 => prop::bool::weighted(0.3).prop_map(|exclude_kernel| {
            SystemOperation::PerfEventOpen(PerfEventOpenArguments { exclude_kernel })
        }),
        2 => syslog(home, bounds),
        1 => keyctl(home),
        1 => fanotify_init(),
    ]
}

/// Settings: of a network namespace of the harness's own, and of a machine that may be changed.
pub(super) fn settings(bounds: Bounds) -> impl Strategy<Value = Sysctl> {
    let bpf = prop::option::of(Just(0));
    let perf = prop::option::of(-1..=2_i8);
    let log = prop::option::of(0..=1_u8);
    let ping = prop::option::of(select(vec![[0, 0x7fff_ffff], [1000, 1000], [0, 999], [1, 0]]));
    (bpf, perf, log, ping).prop_map(move |(unprivileged_bpf_disabled, perf_event_paranoid, dmesg_restrict, ping)| {
        let drawn = Sysctl { unprivileged_bpf_disabled, perf_event_paranoid, dmesg_restrict, ..Sysctl::default() };
        // Who has one id can name no other group.
        let ping_group_range = ping.filter(|_| bounds.homes != Homes::Alone);
        Sysctl { ping_group_range, ..if bounds.own_machine { drawn } else { Sysctl::default() } }
    })
}

/// Whether what changes the machine may be asked for: it is refused below `init`.
fn may_be_asked(home: Home, bounds: Bounds) -> bool {
    bounds.own_machine || !home.namespaces.is_empty()
}

fn clock_settime(home: Home, bounds: Bounds) -> impl Strategy<Value = SystemOperation> {
    let all = Clock::ALL.iter().copied();
    let clocks: Vec<_> = all.filter(|clock| *clock != Clock::Realtime || may_be_asked(home, bounds)).collect();
    let often = *clocks.first().unwrap_or(&Clock::Monotonic);
    prop_oneof![2 => Just(often), 1 => select(clocks)]
        .prop_map(|clock| SystemOperation::ClockSettime(ClockSettimeArguments { clock }))
}

fn timerfd_create() -> impl Strategy<Value = SystemOperation> {
    let clock = prop_oneof![1 => Just(TimerClock::RealtimeAlarm), 2 => select(TimerClock::ALL)];
    clock.prop_map(|clock| SystemOperation::TimerfdCreate(TimerfdCreateArguments { clock }))
}

fn socket() -> impl Strategy<Value = SystemOperation> {
    (select(SocketDomain::ALL), select(SocketType::ALL), prop::option::of(select(SocketProtocol::ALL)))
        .prop_map(|(domain, kind, protocol)| SystemOperation::Socket(SocketArguments { domain, kind, protocol }))
}

fn setsockopt() -> impl Strategy<Value = SystemOperation> {
    (select(SocketOption::ALL), select(vec![-1, 0, 1, 6, 7, 5000]))
        .prop_map(|(option, value)| SystemOperation::Setsockopt(SetsockoptArguments { option, value }))
}

fn setrlimit() -> impl Strategy<Value = SystemOperation> {
    let limit = || select(vec![0, 1024, 4096, 8192, 1 << 20, (1 << 20) + 1, u64::MAX]);
    (select(Resource::ALL), limit(), limit()).prop_map(|(resource, present, wanted)| {
        // No more than every machine has: only the privileged could bring it about.
        let most = match resource {
            Resource::Nice | Resource::RealtimePriority => 0,
            Resource::Memlock | Resource::MessageQueue | Resource::PendingSignals | Resource::Processes => 1024,
            Resource::OpenFiles => 4096,
            _ => u64::MAX,
        };
        let (present, wanted) = (LimitText(present.min(most)), LimitText(wanted));
        SystemOperation::Setrlimit(SetrlimitArguments { resource, present, wanted })
    })
}

fn mlock() -> impl Strategy<Value = SystemOperation> {
    let bytes = select(vec![0, 1, 4095, 4096, 4097, 8192, 65536, u64::MAX]);
    (select(vec![0, 4095, 4096, 8192, 65536]), bytes)
        .prop_map(|(limit, bytes)| SystemOperation::Mlock(MlockArguments { limit: LimitText(limit), bytes }))
}

fn syslog(home: Home, bounds: Bounds) -> impl Strategy<Value = SystemOperation> {
    let all = SyslogAction::ALL.iter().copied();
    let actions: Vec<_> = all.filter(|action| *action != SyslogAction::Clear || may_be_asked(home, bounds)).collect();
    select(actions).prop_map(|action| SystemOperation::Syslog(SyslogArguments { action }))
}

fn keyctl(home: Home) -> impl Strategy<Value = SystemOperation> {
    let uid = prop_oneof![8 => select(home.ids), 1 => select(vec![u32::MAX, 77_777_777])];
    uid.prop_map(|uid| SystemOperation::Keyctl(KeyctlArguments { operation: KeyOperation::Chown, uid }))
}

fn fanotify_init() -> impl Strategy<Value = SystemOperation> {
    (select(FanotifyClass::ALL), any::<bool>())
        .prop_map(|(class, report_fid)| SystemOperation::FanotifyInit(FanotifyInitArguments { class, report_fid }))
}
