//! Operations that ask for a permission, with calls that change credentials between them.

mod path;
mod process;
mod system;

use proptest::collection::vec;
use proptest::prelude::*;
use sim_core::capability::CapSet;
use sim_core::scenario::{Call, Process, Scenario, Step};

use super::calls::call;
use super::{Bounds, HOMES, file, home, process as any_process};

/// Any sequence of operations, with calls that change credentials between them.
pub(crate) fn operations_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    // Most permissions are those of `init`: a thread elsewhere is refused them all alike.
    let [init, ..] = HOMES;
    let home = prop_oneof![1 => Just(init), 1 => home()];
    home.prop_flat_map(move |home| {
        let operation = prop_oneof![
            4 => process::operation(home).prop_map(Call::Process),
            4 => path::operation().prop_map(Call::Path),
            4 => system::operation(home, bounds).prop_map(Call::System),
            2 => call(home, bounds),
        ];
        let all = home.capabilities(bounds);
        let process = any_process(home, all, bounds);
        // Few of the drawn sets have the one capability that an operation asks for.
        let process = (process, any::<bool>())
            .prop_map(move |(process, powerful)| if powerful { with_all(process, all) } else { process });
        let world = (process, file(home, bounds), system::settings(bounds));
        (world, vec(operation, 1..=8)).prop_map(move |((process, file, sysctl), calls)| {
            let steps = calls.into_iter().map(|call| Step { call, expect: None, note: None }).collect();
            Scenario { sysctl, ..home.scenario(process, [file], steps) }
        })
    })
}

/// The same process with every capability effective.
fn with_all(process: Process, all: CapSet) -> Process {
    Process { permitted: Some(all.into()), effective: Some(all.into()), ..process }
}
