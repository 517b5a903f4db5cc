//! The table in the documentation is what the model says now.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may say what it expects")]

use std::process::Command;

#[test]
fn the_table_is_up_to_date() {
    let printed = Command::new(env!("CARGO_BIN_EXE_native-verify")).args(["table", "--markdown"]).output().unwrap();
    let file = std::fs::read_to_string("../TABLE.md").unwrap_or_default();
    assert!(file == String::from_utf8_lossy(&printed.stdout), "TABLE.md is not what `cargo xtask book` would write");
}
