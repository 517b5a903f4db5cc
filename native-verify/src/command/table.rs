use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{CommonArguments, absolute, describe, exit_code, keep_evidence, load, on_stage, say, verify};
use crate::compare::show;
use crate::evidence::Evidence;
use crate::machine::Machine;
use crate::report::Tally;
use crate::table::{Combination, Row, markdown};

/// Arguments of `table`.
#[derive(Debug, Args)]
pub(crate) struct TableArguments {
    /// Print the table as the model has it, and perform nothing.
    #[arg(long)]
    markdown: bool,
    #[command(flatten)]
    common: CommonArguments,
}

/// What came of the table.
#[derive(Serialize)]
struct Summary<'a> {
    suite: &'static str,
    kernel: &'a str,
    combinations: usize,
    rows: usize,
    proven: usize,
    #[serde(flatten)]
    tally: &'a Tally,
}

/// Performs every row of every combination.
pub(crate) fn table(arguments: &TableArguments) -> Result<u8> {
    if arguments.markdown {
        print!("{}", markdown()?);
        return Ok(0);
    }
    let common = &arguments.common;
    let machine = Machine::survey()?;
    say(&describe(&machine), common);
    let combinations = Combination::all();
    let rows = combinations.iter().map(|combination| Row::all(combination.file_caps).len()).sum();
    let execs: Vec<_> =
        combinations.iter().flat_map(|combination| combination.scenarios(machine.capabilities)).collect();
    let finish = |tally: &Tally, proven: usize| -> Result<u8> {
        if common.json {
            let summary = Summary {
                suite: "table",
                kernel: &machine.uname,
                combinations: combinations.len(),
                rows,
                proven,
                tally,
            };
            println!("{}", serde_json::to_string(&summary)?);
        } else {
            println!("table: {proven} of {rows} rows of {} combinations, in execs: {tally}", combinations.len());
        }
        Ok(exit_code(tally, common).max(u8::from(proven < rows)))
    };
    if let Some(reason) = machine.obstacle() {
        let mut tally = Tally { drawn: execs.len() as u64, ..Tally::default() };
        tally.skipped.insert(reason, tally.drawn);
        let code = finish(&tally, 0)?;
        return Ok(if common.deny_skips { code } else { 0 });
    }
    let evidence_file = common.evidence.as_deref().map(absolute).transpose()?;
    on_stage(|stage| {
        let (mut tally, mut evidence, mut proven) = (Tally::default(), Evidence::new(&machine), 0);
        for (scenario, placed) in execs {
            tally.drawn += 1;
            let loaded = load(&scenario, &machine);
            match loaded.and_then(|loaded| Ok((verify(stage, &machine, &loaded)?, loaded))) {
                Err(skip) => tally.skip(&skip),
                Ok((comparison, loaded)) if comparison.differences.is_empty() => {
                    tally.agree(&loaded, &comparison.calls);
                    evidence.confirm(&comparison.rules);
                    proven += placed.len();
                }
                Ok((comparison, _)) => {
                    tally.differed += 1;
                    let text = serde_json::to_string(&scenario)?;
                    say(&format!("{text}\n{}", show(&comparison.differences)), common);
                }
            }
        }
        keep_evidence(evidence, evidence_file.as_deref())?;
        finish(&tally, proven)
    })
}
