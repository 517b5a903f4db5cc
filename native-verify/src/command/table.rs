use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{CommonArguments, Results, describe, exit_code, load, on_stage, say, survey, verify};
use crate::compare::show;
use crate::evidence::Evidence;
use crate::report::Tally;
use crate::shard::Shard;
use crate::stop::Stop;
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
    shard: Shard,
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
    let machine = survey(common)?;
    say(&describe(&machine), common);
    let combinations = Combination::all();
    let execs = combinations.iter().flat_map(|combination| combination.scenarios(machine.capabilities));
    let execs: Vec<_> =
        (0..).zip(execs).filter(|(index, _)| common.shard.has(*index)).map(|(_, exec)| exec).collect();
    let rows = if common.shard == Shard::WHOLE {
        combinations.iter().map(|combination| Row::all(combination.file_caps).len()).sum()
    } else {
        execs.iter().map(|(_, placed)| placed.len()).sum()
    };
    let asked = execs.len() as u64;
    let stop = Stop::listen()?;
    let results = Results::of(common)?;
    let mut junit = results.junit("table", &machine);
    let finish = |tally: &Tally, proven: usize| -> Result<u8> {
        if common.json {
            let summary = Summary {
                suite: "table",
                kernel: &machine.uname,
                shard: common.shard,
                combinations: combinations.len(),
                rows,
                proven,
                tally,
            };
            println!("{}", serde_json::to_string(&summary)?);
        } else {
            let (shard, combinations) = (common.shard.title(), combinations.len());
            println!("table{shard}: {proven} of {rows} rows of {combinations} combinations, in execs: {tally}");
        }
        Ok(exit_code(tally, common))
    };
    if let Some(reason) = machine.obstacle() {
        let tally = Tally::skipped_all(asked, reason);
        junit.sum(&tally);
        junit.write()?;
        return finish(&tally, 0);
    }
    on_stage(&stop, &machine, |stage| {
        let (mut tally, mut evidence, mut proven) = (Tally::asked(asked), Evidence::new(&machine), 0);
        for (scenario, placed) in execs {
            if stop.is_asked() {
                tally.stopped = true;
                break;
            }
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
                    let differences = show(&comparison.differences);
                    say(&format!("{text}\n{differences}"), common);
                    junit.differed(&format!("exec {}", tally.drawn), &differences, &text);
                }
            }
        }
        junit.sum(&tally);
        junit.write()?;
        results.keep(evidence)?;
        finish(&tally, proven)
    })
}
