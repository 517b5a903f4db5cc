//! The running kernel, asked the same as the others.

use std::process::Command;

use anyhow::{Context, Result};

use super::results::Results;
use crate::shell::read;
use crate::verify;

/// Performs every scenario, the table and the random suites on the running kernel.
pub(crate) fn results(cases: u32, seed: u64) -> Result<Results> {
    let native_verify = verify::build()?;
    let folder = tempfile::tempdir()?;
    let evidence = folder.path().join("evidence.json");
    let ask = |arguments: &[&str]| {
        read(Command::new(&native_verify).args(arguments).args(["--json", "--evidence"]).arg(&evidence))
    };
    let mut text = ask(&[&["run"], verify::SCENARIOS.as_slice()].concat())?;
    text += &ask(&["table"])?;
    let (cases, seed) = (cases.to_string(), seed.to_string());
    for suite in verify::SUITES {
        println!("{suite}: {cases} cases");
        text += &ask(&[suite, "--cases", &cases, "--seed", &seed, "--difference", verify::DIFFERENCE])?;
    }
    let confirmed: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(&evidence).context("nothing was confirmed: does it run as root, on Linux?")?,
    )?;
    text += &serde_json::json!({ "evidence": confirmed }).to_string();
    Results::read(text.lines())
}
