use formats::{Finding, Reading, Says};
use sim_core::scenario::{Call, read_value};

use super::check_place;
use super::containers::{check_container, check_shown};

/// The entry point: any mixture of texts.
pub fn mixture(bytes: &[u8]) {
    check(bytes, &formats::read(bytes));
}

/// What systems print about processes, files and themselves: each line alone says no more than all together.
pub fn system_texts(bytes: &[u8]) {
    mixture(bytes);
    for line in bytes.split(|byte| *byte == b'\n').take(100) {
        mixture(line);
    }
}

/// A unit file, with its section or without.
pub fn unit(bytes: &[u8]) {
    mixture(bytes);
    mixture(&[b"[Service]\n", bytes].concat());
}

/// Commands, each line behind a prompt.
pub fn commands(bytes: &[u8]) {
    mixture(bytes);
    let prompted: Vec<u8> =
        bytes.split_inclusive(|byte| *byte == b'\n').flat_map(|line| [b"$ ", line].concat()).collect();
    mixture(&prompted);
}

/// The instructions of a Dockerfile.
pub fn dockerfile(bytes: &[u8]) {
    mixture(&[b"FROM scratch\n", bytes].concat());
}

/// Error messages: what one tells can be written in the scenario format.
pub fn messages(bytes: &[u8]) {
    mixture(bytes);
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Some(failure) = formats::read_message(line) {
            failure.call.iter().for_each(check_call);
        }
    }
}

/// What is found has its lines, in order; what is not understood has its place; nothing that is shown has control
/// characters; what calls and containers say can be written and read again.
fn check(bytes: &[u8], reading: &Reading) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for misread in &reading.misread {
        check_shown(&misread.message);
        check_place(bytes, misread.line, misread.column);
    }
    let mut last = 1;
    for finding in &reading.findings {
        let Finding { line, last_line, says, recognised, assumed, .. } = finding;
        assert!(last <= *line && line <= last_line && *last_line <= lines, "{finding:?}");
        assert!(!recognised.is_empty(), "{finding:?}");
        recognised.iter().chain(assumed).for_each(|phrase| check_shown(phrase));
        match says {
            Says::Calls(calls) => calls.iter().for_each(check_call),
            Says::Failure(failure) => {
                check_shown(&failure.message.replace('\t', " "));
                failure.call.iter().for_each(check_call);
            }
            Says::Container(container) => check_container(container),
            _ => {}
        }
        last = *line;
    }
}

fn check_call(call: &Call) {
    let text = serde_json::to_string(call).expect("a call can be written");
    let again: Call = read_value(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(serde_json::to_string(&again).expect("so can this"), text);
}
