//! Operations that ask for a permission, with calls that change credentials between them.

mod path;
pub(super) mod process;
mod system;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use sim_core::capability::CapSet;
use sim_core::scenario::{Call, Process, Scenario, Step};

use super::calls::call;
use super::{Bounds, file, in_weighted_homes, process as any_process, some_set};

/// Any sequence of operations, with calls that change credentials between them.
pub(crate) fn operations_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    // Most permissions are those of `init`: a thread elsewhere is refused them all alike.
    in_weighted_homes(bounds, [60, 24, 3], move |home| {
        let operation = prop_oneof![
            5 => process::operation(home, bounds).prop_map(Call::Process),
            6 => path::operation().prop_map(Call::Path),
            5 => system::operation(home, bounds).prop_map(Call::System),
            2 => call(home, bounds),
            1 => path::executable().prop_map(Call::Execve),
        ];
        let all = home.capabilities(bounds);
        // Few of the drawn sets have the one capability that an operation asks for.
        let more = prop_oneof![6 => Just(all), 4 => path::capabilities(all), 2 => asked_for(), 3 => some_set(all)];
        let process = (any_process(home, all, bounds), more)
            .prop_map(move |(process, more)| with_effective(process, more & all));
        let world = (process, system::settings(bounds), file(home, bounds), path::files(home));
        (world, vec(operation, 1..=10)).prop_map(move |((process, sysctl, file, files), calls)| {
            let mut steps = Vec::new();
            for call in calls {
                let sequel = match &call {
                    Call::Path(operation) if !path::makes_sense(operation, &steps) => continue,
                    Call::Path(operation) => path::sequel(operation).map(Call::Path),
                    _ => None,
                };
                let calls = [call].into_iter().chain(sequel);
                steps.extend(calls.map(|call| Step { call, expect: None, note: None }));
            }
            let mut scenario = Scenario { sysctl, ..home.scenario(process, [file], steps) };
            scenario.files.extend(files);
            process::settle_targets(&mut scenario);
            scenario
        })
    })
}

/// Some of the capabilities that operations ask for: single ones must be there, and others not.
pub(super) fn asked_for() -> impl Strategy<Value = CapSet> {
    let known = &process::ASKED_FOR[..];
    prop_oneof![
        1 => Just(CapSet::EMPTY),
        2 => subsequence(known, 0..=known.len()).prop_map(|some| some.into_iter().collect()),
        2 => Just(known.iter().copied().collect()),
    ]
}

/// The process with these capabilities permitted and effective too.
pub(super) fn with_effective(mut process: Process, more: CapSet) -> Process {
    let mut sets = process.sets(CapSet::EMPTY);
    sets.permitted |= more;
    sets.effective |= more;
    process.write_sets(sets);
    process
}
