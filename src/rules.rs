use std::io::Write;

use anyhow::{Result, bail};
use sim_core::engine::ENGINE_CHANGES;
use sim_core::kernel::CHANGES;
use sim_core::rule::engine::UNCONFIRMED_BY_ENGINES;
use sim_core::rule::{Kernels, NOT_MODELLED, Rule, UNCONFIRMED};

use crate::Status;

/// The rules whose ids begin with `id`, or all.
pub(crate) fn list(id: Option<&str>, out: &mut impl Write) -> Result<Status> {
    let id = id.unwrap_or("");
    let mut any = false;
    for rule in Rule::all().filter(|rule| rule.id.starts_with(id)) {
        any = true;
        writeln!(out, "{}\n  {}", rule.id, rule.statement)?;
        for fact in facts(rule) {
            writeln!(out, "  {fact}")?;
        }
        writeln!(out)?;
    }
    if !any {
        bail!("no rule's id begins with {id:?}; `eperm rules` lists them all");
    }
    Ok(Status::Held)
}

/// The book of rules: the table as Markdown.
pub(crate) fn book(out: &mut impl Write) -> Result<Status> {
    writeln!(out, "# The book of rules\n")?;
    writeln!(
        out,
        "Every rule that the model applies: what it says, where it is written, and which kernels confirmed it. Made by\n\
         `cargo xtask book` from the table in `sim-core/src/rule/`.\n"
    )?;
    writeln!(
        out,
        "`P E I B A` are the thread's permitted, effective, inheritable, bounding and ambient sets, `fP fI fE` the file's\n\
         sets and its effective flag, `Pn` what execve has granted so far; a prime marks the result. A step counts as\n\
         evidence when the rule applied and every field that the kernel showed agreed with the model.\n"
    )?;
    let mut call = "";
    for rule in Rule::all() {
        let (new_call, _) = rule.id.split_once('.').unwrap_or((rule.id, ""));
        if new_call != call {
            writeln!(out, "## {new_call}\n")?;
            call = new_call;
        }
        writeln!(out, "### {}\n\n{}\n", rule.id, rule.statement)?;
        for fact in facts(rule) {
            writeln!(out, "- {fact}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "## Changes between releases\n")?;
    for change in CHANGES {
        writeln!(out, "- **{}** `{}`: {} ({})", change.since, change.id, change.statement, change.source)?;
    }
    writeln!(out, "\n## Changes between versions of engines\n")?;
    for change in ENGINE_CHANGES {
        let (engine, versions) = (change.engine, change.in_words());
        writeln!(out, "- **{engine} {versions}** `{}`: {} ({})", change.id, change.statement, change.source)?;
    }
    writeln!(out, "\n## Cited only\n\nRules that no kernel confirmed, or not every kernel that has them.\n")?;
    for unconfirmed in UNCONFIRMED {
        let kernels = match unconfirmed.kernels {
            Kernels::All => "no kernel".to_owned(),
            Kernels::Series(series) => format!("not on {}", series.join(", ")),
        };
        writeln!(out, "- `{}`, {kernels}: {}", unconfirmed.rule, unconfirmed.reason)?;
    }
    writeln!(out, "\nRules that no engine confirmed.\n")?;
    for unconfirmed in UNCONFIRMED_BY_ENGINES {
        let rules: Vec<_> = unconfirmed.rules.iter().map(|id| format!("`{id}`")).collect();
        writeln!(out, "- {} {}", unconfirmed.reason, rules.join(", "))?;
    }
    writeln!(out, "\n## Not modelled\n")?;
    for omission in NOT_MODELLED {
        writeln!(out, "- {omission}")?;
    }
    Ok(Status::Held)
}

fn facts(rule: &Rule) -> Vec<String> {
    let mut facts = Vec::new();
    if !rule.formula.is_empty() {
        facts.push(format!("Formula: {}", rule.formula));
    }
    if !rule.manual.is_empty() {
        facts.push(format!("Manual: {}", rule.manual));
    }
    facts.push(format!("{}: {}", if rule.is_kernels() { "Kernel" } else { "Source" }, rule.source));
    if let Some(change) = rule.since {
        facts.push(format!("Since Linux {}: {}", change.since, change.statement));
    }
    if let Some(change) = rule.until {
        facts.push(format!("Until Linux {}: {}", change.since, change.statement));
    }
    if let Some(change) = rule.since_engine {
        facts.push(format!("Since {} {}: {}", change.engine, change.in_words(), change.statement));
    }
    if let Some(change) = rule.until_engine {
        facts.push(format!("Until {} {}: {}", change.engine, change.in_words(), change.statement));
    }
    let evidence = rule.evidence_in_words();
    let first = evidence.chars().next().map(|c| c.to_ascii_uppercase());
    facts.push(first.into_iter().chain(evidence.chars().skip(1)).collect::<String>() + ".");
    facts
}

/// Which kernels confirmed the rule, without the figures.
pub(crate) fn evidence_in_brief(rule: &Rule) -> String {
    let engines: Vec<_> =
        rule.engine_evidence().map(|(engine, _)| format!("{} {}", engine.name, engine.version)).collect();
    if !engines.is_empty() {
        return format!("confirmed by {}", engines.join(", "));
    }
    let kernels: Vec<_> = rule.evidence().map(|(kernel, _)| kernel.name).collect();
    if kernels.is_empty() { "cited only".to_owned() } else { format!("confirmed on Linux {}", kernels.join(", ")) }
}
