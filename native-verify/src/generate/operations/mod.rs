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
use super::{Bounds, file, home, process as any_process};

/// Any sequence of operations, with calls that change credentials between them.
pub(crate) fn operations_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    home().prop_flat_map(move |home| {
        let operation = prop_oneof![
            4 => process::operation(home, bounds).prop_map(Call::Process),
            4 => path::operation().prop_map(Call::Path),
            4 => system::operation().prop_map(Call::System),
            2 => call(home, bounds),
        ];
        let process = any_process(home, home.capabilities(bounds), bounds);
        (process, asked_for(), file(home, bounds), vec(operation, 1..=8)).prop_map(
            move |(process, asked_for, file, calls)| {
                let process = with_effective(process, asked_for & home.capabilities(bounds));
                let steps = calls.into_iter().map(|call| Step { call, expect: None, note: None }).collect();
                let mut scenario = home.scenario(process, [file], steps);
                process::settle_targets(&mut scenario);
                scenario
            },
        )
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
