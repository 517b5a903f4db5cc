use proptest::collection::vec;
use proptest::prelude::*;
use sim_core::scenario::{Call, FileEntry, Process, Scenario, Step};

use super::{Bounds, Home, file, in_homes, path, process};

/// Any scenario of one or two execs.
pub(crate) fn execve_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    in_homes(bounds, move |home| {
        let files = prop_oneof![
            12 => vec(file(home, bounds), 1..=1),
            4 => vec(file(home, bounds), 2..=2),
            1 => vec(file(home, bounds), 3..=7),
        ];
        let second = prop::bool::weighted(0.3);
        (process(home, home.capabilities(bounds), bounds), files, second)
            .prop_map(move |(process, files, second)| scenario(home, process, files, second))
    })
}

/// The first file is executed; each but the last is a script that the next one runs.
fn scenario(home: Home, process: Process, files: Vec<FileEntry>, twice: bool) -> Scenario {
    let count = files.len();
    let files = files.into_iter().enumerate().map(|(index, file)| {
        let interpreter = (index + 1 < count).then(|| path(index + 1));
        FileEntry { interpreter, ..file }
    });
    let step = || Step { call: Call::Execve(path(0)), expect: None, note: None };
    home.scenario(process, files, if twice { vec![step(), step()] } else { vec![step()] })
}
