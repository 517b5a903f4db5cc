//! Markdown for an issue's thread. What comes from the scenario stands as code or is escaped: it may come from strangers.

use std::fmt::Write as _;

use sim_core::capability::CapSet;
use sim_core::rule::{Omission, Rule};
use sim_core::scenario::{CapsEntry, Options, ProcessResult, Scenario, Simulation, StepOutcome, World, verdict};

use super::{ExportError, Exported, quote, script};

/// The question, the world, each step with its verdict, rule and citation, what is not modelled, and a script that
/// reproduces it; with a link to the playground where one is given.
pub fn markdown(scenario: &Scenario, options: &Options, link: Option<&str>) -> Result<Exported, ExportError> {
    let world = World::new(scenario, options)?;
    let mut simulation = Simulation::new(world.clone());
    let mut text = String::new();
    let mut left_out = Vec::new();
    if let Some(title) = &scenario.title {
        let _ = writeln!(text, "### {}\n", quote::prose(title));
    }
    for said in [&scenario.question, &scenario.about].into_iter().flatten() {
        let _ = writeln!(text, "{}\n", quote::prose(said));
    }
    let _ = write!(text, "Linux {}", world.system.release);
    let runtime = simulation.runtime_result(None);
    if let Some(runtime) = &runtime {
        let _ = write!(text, ", {}", quote::prose(&runtime.engine));
    }
    text.push_str(".\n\n");
    if let Some(refused) = runtime.as_ref().and_then(|runtime| runtime.refused.as_ref()) {
        let about =
            if refused.about.is_empty() { String::new() } else { format!(" ({})", quote::code(&refused.about)) };
        let _ = writeln!(text, "The engine refuses it{about}:\n");
        cite(refused.rule, &mut text);
        text.push('\n');
    }
    state(&simulation.process(&simulation.world().thread.credentials), &mut text);
    files(scenario, world.all, &mut text);
    for (index, step) in scenario.steps.iter().enumerate() {
        let outcome = simulation.perform(&step.call);
        told(index + 1, &outcome, &mut text);
    }
    not_modelled(scenario, &mut text);
    match script(scenario, options, None) {
        Ok(script) => {
            left_out = script.left_out;
            let _ = write!(
                text,
                "<details><summary>A script that reproduces it</summary>\n\n{}\n</details>\n",
                quote::fenced("sh", &script.text)
            );
        }
        Err(error) => {
            let _ = writeln!(text, "No script reproduces it: {}.", quote::prose(&error.to_string()));
            left_out.push(format!("The script: {error}."));
        }
    }
    if let Some(link) = link {
        let _ = writeln!(text, "\n[The same in the playground]({})", destination(link));
    }
    Ok(Exported { text, left_out })
}

/// The thread as a table.
fn state(process: &ProcessResult, text: &mut String) {
    text.push_str("| process | |\n|---|---|\n");
    let ids = |ids: [u32; 4]| match ids {
        [one, rest @ ..] if rest == [one; 3] => one.to_string(),
        [real, effective, saved, filesystem] => {
            format!("real {real}, effective {effective}, saved {saved}, filesystem {filesystem}")
        }
    };
    let groups: Vec<_> = process.groups.iter().map(ToString::to_string).collect();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "| {name} | {value} |");
    };
    row("user id", ids(process.uid));
    row("group id", ids(process.gid));
    if !groups.is_empty() {
        row("groups", groups.join(", "));
    }
    for (name, set) in process.sets() {
        row(&name.to_string(), format!("`{set}` {}", named(set)));
    }
    if process.securebits != 0 {
        row("securebits", format!("`{:#x}`", process.securebits));
    }
    row("no_new_privs", process.no_new_privs.to_string());
    if process.user_ns != "init" {
        row("user namespace", cell(&process.user_ns));
    }
    text.push('\n');
}

fn named(set: CapSet) -> String {
    const FEW: u32 = 6;
    if set.is_empty() || set.len() > FEW { String::new() } else { quote::prose(&set.in_words().to_string()) }
}

/// The files as a table.
fn files(scenario: &Scenario, all: CapSet, text: &mut String) {
    if scenario.files.is_empty() {
        return;
    }
    text.push_str("| file | owner | mode | capabilities |\n|---|---|---|---|\n");
    for (path, file) in &scenario.files {
        let caps = file.caps.as_ref().map_or_else(String::new, |caps| match caps.resolve(all) {
            Ok(read) => match CapsEntry::from_caps(read) {
                CapsEntry::Text(text) => quote::code(&text.to_string()),
                other => quote::code(&serde_json::to_string(&other).unwrap_or_default()),
            },
            Err(error) => quote::prose(&error.to_string()),
        });
        let mount: Vec<_> = [(file.nosuid, "nosuid"), (file.noexec, "noexec")]
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| name)
            .collect();
        let mount = if mount.is_empty() { String::new() } else { format!(" on a mount with {}", mount.join(", ")) };
        let script = file
            .interpreter
            .as_ref()
            .map_or_else(String::new, |interpreter| format!(", run by {}", cell(interpreter)));
        let _ = writeln!(
            text,
            "| {}{script}{mount} | {}:{} | {} | {caps} |",
            cell(path),
            file.uid,
            file.gid,
            file.mode.0
        );
    }
    text.push('\n');
}

/// Code in a cell of a table, where a bar would begin the next one even in code.
fn cell(text: &str) -> String {
    quote::code(text).replace('|', "\\|")
}

/// A step: its verdict, and the rules that decided.
fn told(number: usize, outcome: &StepOutcome, text: &mut String) {
    let _ = writeln!(text, "**{number}.** {}\n", quote::prose(&verdict(outcome)));
    for rule in outcome.result().rules {
        cite(rule, text);
    }
    text.push('\n');
}

/// A rule with its sources.
fn cite(id: &str, text: &mut String) {
    let Some(rule) = Rule::find(id) else {
        let _ = writeln!(text, "- `{id}`");
        return;
    };
    let manual = match rule.manual_url() {
        Some(url) => format!("[{}]({url}), ", rule.manual),
        None => String::new(),
    };
    let _ =
        writeln!(text, "- `{id}`: {} {manual}[{}]({})", quote::prose(rule.statement), rule.source, rule.source.url());
}

fn not_modelled(scenario: &Scenario, text: &mut String) {
    let told = Omission::of_any(scenario.steps.iter().map(|step| step.call.name()));
    if told.is_empty() {
        return;
    }
    text.push_str("Not modelled, and able to change this:\n\n");
    for omission in told {
        let _ = writeln!(text, "- {}", quote::prose(&omission.to_string()));
    }
    text.push('\n');
}

/// An address in the destination of a link: what would end it is written in percent.
fn destination(link: &str) -> String {
    let mut written = String::from("<");
    for c in link.chars() {
        match c {
            '<' | '>' | '\\' | '`' | ' ' => {
                let _ = write!(written, "%{:02X}", u32::from(c));
            }
            c if c.is_control() => {}
            c => written.push(c),
        }
    }
    written + ">"
}
