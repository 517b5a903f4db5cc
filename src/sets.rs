use std::io::{Result, Write};

use sim_core::capability::CapSet;
use sim_core::scenario::ProcessResult;

/// The state of a thread before and after a step, line by line.
pub(crate) fn compare(before: &ProcessResult, after: &ProcessResult, out: &mut impl Write) -> Result<()> {
    let ids = |ids: [u32; 4]| ids.map(|id| id.to_string()).join(" ");
    writeln!(out, "     {:<12} {:<20} after", "", "before")?;
    plain("uid", &ids(before.uid), &ids(after.uid), out)?;
    plain("gid", &ids(before.gid), &ids(after.gid), out)?;
    for ((name, old), (_, new)) in before.sets().into_iter().zip(after.sets()) {
        let changes: Vec<_> = [("+", new - old), ("-", old - new)]
            .into_iter()
            .filter(|(_, set)| !set.is_empty())
            .map(|(sign, set)| format!("{sign} {}", names(set)))
            .collect();
        let line = format!("     {:<12} {:<20} {new}  {}", name.to_string(), old.to_string(), changes.join("  "));
        writeln!(out, "{}", line.trim_end())?;
    }
    let securebits = |process: &ProcessResult| format!("{:#x}", process.securebits);
    plain("securebits", &securebits(before), &securebits(after), out)?;
    plain("no_new_privs", &before.no_new_privs.to_string(), &after.no_new_privs.to_string(), out)
}

fn plain(name: &str, before: &str, after: &str, out: &mut impl Write) -> Result<()> {
    let sign = if before == after { "" } else { "  changed" };
    writeln!(out, "     {name:<12} {before:<20} {after}{sign}")
}

/// Names, or their number where there are many.
fn names(set: CapSet) -> String {
    const MANY: u32 = 6;
    if set.len() > MANY {
        return format!("{} capabilities", set.len());
    }
    set.iter().map(|capability| capability.to_string()).collect::<Vec<_>>().join(", ")
}
