//! Operations that ask for a permission, with calls that change credentials between them.

mod path;
mod process;
mod system;

use proptest::collection::vec;
use proptest::prelude::*;
use sim_core::capability::CapSet;
use sim_core::scenario::{Call, Process, Scenario, SetText, Step};

use super::calls::call;
use super::{Bounds, file, home, process as any_process};

/// Any sequence of operations, with calls that change credentials between them.
pub(crate) fn operations_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    home().prop_flat_map(move |home| {
        let operation = prop_oneof![
            4 => process::operation(home).prop_map(Call::Process),
            6 => path::operation().prop_map(Call::Path),
            4 => system::operation().prop_map(Call::System),
            2 => call(home, bounds),
        ];
        let all = home.capabilities(bounds);
        let process = (any_process(home, all, bounds), path::capabilities(all)).prop_map(favour);
        let files = (file(home, bounds), path::files(home));
        (process, files, vec(operation, 1..=8)).prop_map(move |(process, (file, files), calls)| {
            let steps = calls.into_iter().map(|call| Step { call, expect: None, note: None }).collect();
            let mut scenario = home.scenario(process, [file], steps);
            scenario.files.extend(files);
            scenario
        })
    })
}

/// The same process with more capabilities effective.
fn favour((mut process, more): (Process, CapSet)) -> Process {
    let with = |set: Option<SetText>| set.map(|set| SetText::Set(set.resolve(CapSet::EMPTY) | more));
    process.permitted = with(process.permitted);
    process.effective = with(process.effective);
    process
}
