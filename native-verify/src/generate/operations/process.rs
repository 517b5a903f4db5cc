use proptest::prelude::*;
use proptest::sample::select;
use sim_core::capability::{CapSet, Capability};
use sim_core::scenario::{
    Call, ChrootArguments, ClaimedPid, CredentialsArguments, FilesystemType, FourIds, KillArguments, MountArguments,
    PermissionArguments, PolicyName, Process, ProcessOperation, PtraceArguments, Scenario,
    SchedSetschedulerArguments, SendmsgArguments, SetpriorityArguments,
};

use crate::generate::{Bounds, HOMES, Home, namespace, process};

/// The capabilities that these operations ask for.
pub(super) const ASKED_FOR: [Capability; 8] = [
    Capability::KILL,
    Capability::SYS_PTRACE,
    Capability::SYS_NICE,
    Capability::SYS_ADMIN,
    Capability::SYS_BOOT,
    Capability::SYS_CHROOT,
    Capability::SETUID,
    Capability::SETGID,
];

/// Any operation on processes and namespaces.
pub(in crate::generate) fn operation(home: Home, bounds: Bounds) -> impl Strategy<Value = ProcessOperation> {
    let permission = |name: fn(PermissionArguments) -> ProcessOperation| Just(name(PermissionArguments {}));
    prop_oneof![
        3 => kill(home, bounds),
        3 => ptrace(home, bounds),
        3 => setpriority(home, bounds),
        3 => sched_setscheduler(home, bounds),
        5 => sendmsg(home),
        3 => mount(),
        3 => permission(ProcessOperation::Umount2),
        3 => permission(ProcessOperation::PivotRoot),
        2 => chroot(),
        3 => permission(ProcessOperation::Sethostname),
        3 => permission(ProcessOperation::Setdomainname),
        3 => permission(ProcessOperation::Reboot),
    ]
}

/// Settles the processes of the steps: who they are like, and that their namespaces are described.
pub(in crate::generate) fn settle_targets(scenario: &mut Scenario) {
    let thread = scenario.process.clone();
    for step in &mut scenario.steps {
        if let Call::Process(operation) = &mut step.call
            && let Some(target) = operation.target_mut().filter(|target| target.uid.is_none())
        {
            make_like(&thread, target);
        }
    }
    describe_namespaces(scenario);
}

/// Gives a process the real ids of the thread for all of its own, its place, and some of what is permitted to it.
fn make_like(thread: &Process, target: &mut Process) {
    let all_real = |ids: Option<FourIds>| ids.map(|FourIds([real, ..])| FourIds([real; 4]));
    let permitted = thread.sets(CapSet::EMPTY).permitted & target.sets(CapSet::EMPTY).permitted;
    (target.uid, target.gid) = (all_real(thread.uid), all_real(thread.gid));
    target.groups.clone_from(&thread.groups);
    target.user_ns.clone_from(&thread.user_ns);
    target.permitted = Some(permitted.into());
    target.bounding = Some(permitted.into());
    (target.effective, target.inheritable, target.ambient) = (Some(CapSet::EMPTY.into()), None, None);
}

fn describe_namespaces(scenario: &mut Scenario) {
    let named = scenario.steps.iter().filter_map(|step| match &step.call {
        Call::Process(operation) => operation.target()?.user_ns.as_deref(),
        _ => None,
    });
    let homes = named.filter_map(|name| HOMES.iter().find(|home| home.namespaces.last() == Some(&name)));
    let needed: Vec<&str> = homes.flat_map(|home| home.namespaces).copied().collect();
    for name in needed {
        scenario.user_namespaces.entry(name.to_owned()).or_insert_with(|| namespace(name));
    }
}

/// A process beside the thread: where the thread is, more often than not.
fn target(home: Home, bounds: Bounds) -> impl Strategy<Value = Box<Process>> {
    let place = prop_oneof![3 => Just(home), 2 => select(&HOMES[..])];
    place.prop_flat_map(move |place| {
        let all = place.capabilities(bounds);
        // Half of them have one id and no capabilities, so that an equal one is not too rare.
        (process(place, all, bounds), select(place.ids), any::<bool>())
            .prop_map(|(process, id, plain)| Box::new(if plain { unprivileged(id, process) } else { process }))
    })
}

fn unprivileged(id: u32, process: Process) -> Process {
    let (ids, none) = (Some(FourIds([id; 4])), Some(CapSet::EMPTY.into()));
    Process { uid: ids, gid: ids, permitted: none, effective: none, ambient: none, traced: None, ..process }
}

fn kill(home: Home, bounds: Bounds) -> impl Strategy<Value = ProcessOperation> {
    let signal =
        prop_oneof![4 => Just(0), 3 => select(vec![1, 9, 15, 18, 19, 64]), 1 => select(vec![-1, 65, i32::MAX])];
    (target(home, bounds), signal)
        .prop_map(|(target, signal)| ProcessOperation::Kill(KillArguments { target, signal }))
}

fn ptrace(home: Home, bounds: Bounds) -> impl Strategy<Value = ProcessOperation> {
    (target(home, bounds), prop::bool::weighted(0.7))
        .prop_map(|(target, dumpable)| ProcessOperation::Ptrace(PtraceArguments { target, dumpable }))
}

fn setpriority(home: Home, bounds: Bounds) -> impl Strategy<Value = ProcessOperation> {
    let nice = select(vec![-100, -20, -5, -1, 0, 5, 19, 20]);
    (nice, prop::option::of(target(home, bounds)))
        .prop_map(|(nice, target)| ProcessOperation::Setpriority(SetpriorityArguments { nice, target }))
}

fn sched_setscheduler(home: Home, bounds: Bounds) -> impl Strategy<Value = ProcessOperation> {
    let policy = select(vec![
        PolicyName::Other,
        PolicyName::Fifo,
        PolicyName::RoundRobin,
        PolicyName::Batch,
        PolicyName::Idle,
    ]);
    let odd = prop_oneof![6 => Just(None), 1 => select(vec![-1, 0, 1, 100]).prop_map(Some)];
    (policy, select(vec![1, 5, 99]), odd, prop::option::of(target(home, bounds))).prop_map(
        |(policy, priority, odd, target)| {
            let fitting = if policy.policy().is_real_time() { priority } else { 0 };
            let priority = odd.unwrap_or(fitting);
            ProcessOperation::SchedSetscheduler(SchedSetschedulerArguments { policy, priority, target })
        },
    )
}

fn sendmsg(home: Home) -> impl Strategy<Value = ProcessOperation> {
    let id = move || prop_oneof![15 => select(home.ids), 1 => select(vec![u32::MAX, 77_777_777, 65_534])];
    let pid = prop_oneof![3 => Just(ClaimedPid::Own), 1 => Just(ClaimedPid::Foreign)];
    (pid, id(), id()).prop_map(|(pid, uid, gid)| {
        ProcessOperation::Sendmsg(SendmsgArguments { credentials: CredentialsArguments { pid, uid, gid } })
    })
}

fn mount() -> impl Strategy<Value = ProcessOperation> {
    select(vec![
        FilesystemType::Tmpfs,
        FilesystemType::Ramfs,
        FilesystemType::Devtmpfs,
        FilesystemType::Mqueue,
        FilesystemType::Cgroup2,
    ])
    .prop_map(|kind| ProcessOperation::Mount(MountArguments { kind }))
}

fn chroot() -> impl Strategy<Value = ProcessOperation> {
    let path = prop_oneof![1 => Just("/"), 1 => Just("/jail")];
    path.prop_map(|path| ProcessOperation::Chroot(ChrootArguments { path: path.to_owned() }))
}
