//! Operations that ask for a permission, with calls that change credentials between them.

mod path;
mod process;
mod system;

use proptest::collection::vec;
use proptest::prelude::*;
use sim_core::scenario::{Call, Scenario, Step};

use super::calls::call;
use super::{Bounds, file, home, process as any_process};

/// Any sequence of operations, with calls that change credentials between them.
pub(crate) fn operations_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    home().prop_flat_map(move |home| {
        let operation = prop_oneof![
            4 => process::operation(home).prop_map(Call::Process),
            4 => path::operation().prop_map(Call::Path),
            4 => system::operation(home, bounds).prop_map(Call::System),
            2 => call(home, bounds),
        ];
        let process = any_process(home, home.capabilities(bounds), bounds);
        let world = (process, file(home, bounds), system::settings(bounds));
        (world, vec(operation, 1..=8)).prop_map(move |((process, file, sysctl), calls)| {
            let steps = calls.into_iter().map(|call| Step { call, expect: None, note: None }).collect();
            Scenario { sysctl, ..home.scenario(process, [file], steps) }
        })
    })
}
