use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use sim_core::scenario::{Call, CloneCall, CloneFlag, Scenario, Step, UserNamespaceEntry};

use super::calls::call;
use super::map_writes::{BLANK, MapWriteMove, map_write};
use super::operations::process::{operation, settle_targets};
use super::operations::{asked_for, with_effective};
use super::{Bounds, Home, file, in_homes, namespace, process};

/// What a thread may do about user namespaces. Names are settled once the whole sequence is drawn.
#[derive(Clone, Debug)]
enum Move {
    Unshare(Vec<CloneFlag>),
    Clone(Vec<CloneFlag>),
    /// Into a namespace that is described, or that an earlier step should have made.
    Setns(Index),
    Write(MapWriteMove),
    Other(Call),
}

/// A namespace beside the one that the thread is in.
const ASIDE: &str = "rootless";

/// Any sequence of calls that make and enter user namespaces, with calls that change credentials between them.
pub(crate) fn namespaces_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    in_homes(bounds, move |home| {
        let other = call(home, bounds).prop_map(Move::Other);
        let moves = prop_oneof![
            3 => flags().prop_map(Move::Unshare),
            3 => flags().prop_map(Move::Clone),
            3 => any::<Index>().prop_map(Move::Setns),
            8 => map_write(home, bounds).prop_map(Move::Write),
            5 => other,
            1 => select(vec![80, 1023, 1024, 1999]).prop_map(|port| Move::Other(Call::Bind { port })),
            5 => operation(home, bounds).prop_map(|operation| Move::Other(Call::Process(operation))),
        ];
        let process = process(home, home.capabilities(bounds), bounds);
        // Of the first network namespace; a new one begins with the default.
        let port_start = prop::option::weighted(0.3, select(vec![0, 80, 2000]));
        let rest = (port_start, file(home, bounds), vec(moves, 1..=6), owner(home));
        (process, asked_for(), rest).prop_map(move |(process, more, (port_start, file, moves, owner))| {
            let process = with_effective(process, more & home.capabilities(bounds));
            let mut scenario = home.scenario(process, [file], Vec::new());
            scenario.sysctl.ip_unprivileged_port_start = port_start;
            // Whether a tracer without CAP_SYS_PTRACE has it in a namespace entered later depends on who it is.
            scenario.process.traced = scenario.process.traced.filter(|traced| traced.tracer_has_sys_ptrace);
            scenario.user_namespaces.entry(ASIDE.to_owned()).or_insert_with(|| namespace(ASIDE));
            let blank = UserNamespaceEntry {
                parent: home.namespaces.last().map(|name| (*name).to_owned()),
                owner: Some(owner),
                ..UserNamespaceEntry::default()
            };
            scenario.user_namespaces.insert(BLANK.to_owned(), blank);
            let mut names: Vec<String> = scenario.user_namespaces.keys().cloned().collect();
            names.insert(0, "init".to_owned());
            scenario.steps = moves.into_iter().map(|moved| step(moved, &mut names)).collect();
            settle_targets(&mut scenario);
            scenario
        })
    })
}

/// A host id of somebody in the place.
fn owner(home: Home) -> impl Strategy<Value = u32> {
    match home.namespaces.last() {
        None => select(home.ids).boxed(),
        Some(&"nested") => select(vec![105_000, 105_007, 105_500]).boxed(),
        Some(&"wide") => select(vec![100_000, 101_000, 102_000]).boxed(),
        Some(&"same") => select(vec![0, 1000, 2000]).boxed(),
        _ => Just(1000).boxed(),
    }
}
/// What mounting and pids depend on.
const MOST: [CloneFlag; 4] = [CloneFlag::NewMount, CloneFlag::NewIpc, CloneFlag::NewPid, CloneFlag::NewCgroup];

fn flags() -> impl Strategy<Value = Vec<CloneFlag>> {
    // Network namespaces take the kernel long to make and to take away.
    let kind = prop_oneof![
        4 => select(vec![
            CloneFlag::NewMount,
            CloneFlag::NewUts,
            CloneFlag::NewIpc,
            CloneFlag::NewPid,
            CloneFlag::NewCgroup,
            CloneFlag::NewTime,
        ]),
        1 => prop_oneof![2 => Just(CloneFlag::NewUts), 1 => Just(CloneFlag::NewNetwork)],
    ];
    let kinds = prop_oneof![
        2 => Just(vec![]),
        3 => vec(kind, 1..=3),
        1 => subsequence(&MOST[..], 2..=MOST.len()),
    ];
    let others = prop_oneof![
        6 => Just(vec![CloneFlag::NewUser]),
        1 => Just(vec![CloneFlag::NewUser, CloneFlag::Fs]),
        1 => Just(vec![CloneFlag::Fs]),
        5 => Just(vec![]),
    ];
    (others, kinds).prop_map(|(others, kinds)| others.into_iter().chain(kinds).collect())
}

fn step(moved: Move, names: &mut Vec<String>) -> Step {
    let mut made = |flags: Vec<CloneFlag>| {
        let user_ns = flags.contains(&CloneFlag::NewUser).then(|| format!("new-{}", names.len()));
        names.extend(user_ns.clone());
        CloneCall { flags, user_ns }
    };
    let call = match moved {
        Move::Unshare(flags) => Call::Unshare(made(flags)),
        Move::Clone(flags) => Call::Clone(made(flags)),
        Move::Setns(index) => Call::Setns(index.get(names).clone()),
        Move::Write(write) => Call::WriteMap(write.settle(names)),
        Move::Other(call) => call,
    };
    Step { call, expect: None, note: None }
}
