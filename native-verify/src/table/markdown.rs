use std::fmt::{self, Write};

use anyhow::{Context, Result};
use sim_core::capability::{CapSet, Capability};
use sim_core::scenario::{Options, Simulation, World};

use super::{Circumstance, Combination, FileCaps, Row, SetIdBit};

/// What becomes of each row in a combination.
type Column = Vec<String>;

/// The table as Markdown, as the model has it for its newest release.
pub(crate) fn markdown() -> Result<String> {
    let mut text = String::from(HEAD);
    for file_caps in [FileCaps::Absent, FileCaps::WithoutFlag, FileCaps::WithFlag] {
        let mut columns: Vec<(Column, Vec<Combination>)> = Vec::new();
        for combination in Combination::all().into_iter().filter(|known| known.file_caps == file_caps) {
            let column = column(combination)?;
            match columns.iter_mut().find(|(known, _)| *known == column) {
                Some((_, members)) => members.push(combination),
                None => columns.push((column, vec![combination])),
            }
        }
        write_part(&mut text, file_caps, &columns)?;
    }
    Ok(text.trim_end().to_owned() + "\n")
}

const HEAD: &str = "# The complete table of execve\n\n\
    Given the conditions that concern the whole call, execve acts on each capability by itself. `P I B A` say in which of \
    the thread's sets a capability is before the exec, `fP fI` in which of the file's. A column is a class of conditions \
    that come to the same; its letters are listed below its table. A cell says in which of `P′ E′ A′` the capability is \
    afterwards, or that execve fails. `I` and `B` never change. Printed by `native-verify table --markdown`, proven by \
    `native-verify table`: every row of every combination is performed.\n\n";

fn write_part(text: &mut String, file_caps: FileCaps, columns: &[(Column, Vec<Combination>)]) -> Result<()> {
    writeln!(text, "## {file_caps}\n")?;
    let names: Vec<char> = ('a'..='z').chain('A'..='Z').take(columns.len()).collect();
    let heads: Vec<String> = names.iter().map(|name| format!(" {name} |")).collect();
    writeln!(text, "| P I B A | fP fI |{}", heads.concat())?;
    writeln!(text, "|---|---|{}", "---|".repeat(columns.len()))?;
    for (index, row) in Row::all(file_caps).into_iter().enumerate() {
        let bit = |bit: bool| u8::from(bit);
        let thread =
            [row.permitted, row.inheritable, row.bounding, row.ambient].map(|b| bit(b).to_string()).join(" ");
        let file = [row.file_permitted, row.file_inheritable].map(|b| bit(b).to_string()).join(" ");
        let cells: Vec<_> = columns.iter().filter_map(|(column, _)| column.get(index)).map(String::as_str).collect();
        writeln!(text, "| {thread} | {file} | {} |", cells.join(" | "))?;
    }
    writeln!(text)?;
    for (name, (_, members)) in names.iter().zip(columns) {
        writeln!(text, "- **{name}**, {} combinations: {}", members.len(), summary(members))?;
    }
    writeln!(text)?;
    Ok(())
}

/// The combinations of a class, condensed: ids and securebits with what limits and which bits the file has.
fn summary(members: &[Combination]) -> String {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for member in members {
        let ids = format!(
            "real {}, effective {}{}",
            member.real_uid,
            member.effective_uid,
            if member.noroot { ", NOROOT" } else { "" }
        );
        let rest = format!("{} {}", member.circumstance, member.set_id);
        match groups.iter_mut().find(|(known, _)| *known == ids) {
            Some((_, rests)) => rests.push(rest),
            None => groups.push((ids, vec![rest])),
        }
    }
    let every = Circumstance::ALL.len() * SetIdBit::ALL.len();
    let told = groups.into_iter().map(|(ids, rests)| {
        if rests.len() == every { format!("{ids}: always") } else { format!("{ids}: {}", rests.join(", ")) }
    });
    told.collect::<Vec<_>>().join("; ")
}

fn column(combination: Combination) -> Result<Column> {
    let all = CapSet::up_to(Capability::LAST_NAMED);
    let mut cells: Vec<(Row, String)> = Vec::new();
    for (scenario, rows) in combination.scenarios(all) {
        let world = World::new(&scenario, &Options::default()).context("a combination makes no sense")?;
        let step = scenario.steps.first().context("an exec is missing")?;
        let outcome = Simulation::new(world).perform(&step.call);
        for (capability, row) in rows {
            let after = outcome.process();
            let cell = match outcome.refusal {
                Some(refusal) => refusal.errno.to_string(),
                None => [("P", after.permitted), ("E", after.effective), ("A", after.ambient)]
                    .into_iter()
                    .filter(|(_, set)| set.contains(capability))
                    .map(|(name, _)| name)
                    .collect(),
            };
            cells.push((row, cell));
        }
    }
    let cell = |row: &Row| cells.iter().find(|(known, _)| known == row).map(|(_, cell)| cell.clone());
    Row::all(combination.file_caps).iter().map(|row| cell(row).context("a row is missing")).collect()
}

impl fmt::Display for FileCaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "No file capabilities",
            Self::WithoutFlag => "File capabilities without the effective flag",
            Self::WithFlag => "File capabilities with the effective flag",
        })
    }
}

impl fmt::Display for Circumstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::NoNewPrivs => "no_new_privs",
            Self::SharedFs => "CLONE_FS",
            Self::SharedFsWithSetuid => "CLONE_FS with CAP_SETUID",
            Self::Traced => "traced",
            Self::TracedByThePowerful => "traced by one with CAP_SYS_PTRACE",
        })
    }
}

impl fmt::Display for SetIdBit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "without set-id bit",
            Self::ToRoot => "set-user-ID root",
            Self::ToUser => "set-user-ID 2000",
            Self::ToGroup => "set-group-ID 2000",
        })
    }
}
