use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sim_core::scenario::{Call, CloneCall, CloneFlag, Scenario, Step};

use super::calls::call;
use super::{Bounds, file, in_homes, namespace, process};

/// What a thread may do about user namespaces. Names are settled once the whole sequence is drawn.
#[derive(Clone, Debug)]
enum Move {
    Unshare(Vec<CloneFlag>),
    Clone(Vec<CloneFlag>),
    /// Into a namespace that is described, or that an earlier step should have made.
    Setns(Index),
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
            6 => other,
        ];
        let process = process(home, home.capabilities(bounds), bounds);
        (process, file(home, bounds), vec(moves, 1..=6)).prop_map(move |(process, file, moves)| {
            let mut scenario = home.scenario(process, [file], Vec::new());
            // Whether a tracer without CAP_SYS_PTRACE has it in a namespace entered later depends on who it is.
            scenario.process.traced = scenario.process.traced.filter(|traced| traced.tracer_has_sys_ptrace);
            scenario.user_namespaces.entry(ASIDE.to_owned()).or_insert_with(|| namespace(ASIDE));
            let mut names: Vec<String> = scenario.user_namespaces.keys().cloned().collect();
            names.push("init".to_owned());
            scenario.steps = moves.into_iter().map(|moved| step(moved, &mut names)).collect();
            scenario
        })
    })
}

fn flags() -> impl Strategy<Value = Vec<CloneFlag>> {
    prop_oneof![
        6 => Just(vec![CloneFlag::NewUser]),
        1 => Just(vec![CloneFlag::NewUser, CloneFlag::Fs]),
        1 => Just(vec![CloneFlag::Fs]),
        1 => Just(vec![]),
    ]
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
        Move::Other(call) => call,
    };
    Step { call, expect: None, note: None }
}
