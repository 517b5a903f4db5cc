//! The report for people.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use formats::operations::Seen;
use sim_core::capability::CapSet;
use sim_core::least::{Beginning, DependsOn};

use super::Report;
use super::judge::{JudgedPhase, show, who};
use crate::run::printable;

/// So many lines of one kind are told; the others are counted.
const MOST: usize = 8;

/// Tells everything.
pub(super) fn for_people(report: &Report, out: &mut impl Write) -> Result<()> {
    head(report, out)?;
    let quiet = |phase: &&JudgedPhase| {
        let least = &phase.least;
        least.set().is_empty() && least.refused.is_empty() && least.unexplained.is_empty()
    };
    for phase in report.judged.phases.iter().filter(|phase| !quiet(phase)) {
        tell(phase, report, out)?;
    }
    let quiet: Vec<&JudgedPhase> = report.judged.phases.iter().filter(quiet).collect();
    tell_quiet(&quiet, report, out)?;
    together(report, out)?;
    seccomp(report, out)?;
    not_shown(report, out)
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn head(report: &Report, out: &mut impl Write) -> Result<()> {
    let (log, names) = (&report.input.log, report.input.names.join(", "));
    if report.input.scenario.is_some() {
        writeln!(out, "{}: the steps of a scenario\n", printable(&names))?;
        return Ok(());
    }
    let (calls, threads) = (log.calls, log.threads.len() as u64);
    let name = printable(&names);
    writeln!(out, "{name}: {calls} call{} by {threads} thread{}", plural(calls), plural(threads))?;
    let untold: u64 = log.untold.iter().map(|untold| untold.count).sum();
    for (count, what) in [
        (log.asked, "are asked about"),
        (log.never, "can need no capability"),
        (untold, "cannot be told"),
        (log.failed, "failed for another reason than a permission, which shows nothing"),
        (log.without_result, "have no result"),
        (report.input.problems, "lines are none of strace"),
        (report.input.trapped, "were stopped by a filter"),
    ] {
        if count > 0 {
            writeln!(out, "  {count:>7} {what}")?;
        }
    }
    for assumed in &report.judged.assumed {
        writeln!(out, "  Assumed: {assumed}.")?;
    }
    Ok(writeln!(out)?)
}

/// The beginning of a phase in words.
pub(super) fn begun(phase: &JudgedPhase) -> String {
    match &phase.phase.begun {
        Beginning::Start => "from its beginning".to_owned(),
        Beginning::Executed(path) => format!("after it executed {}", printable(path)),
        Beginning::BecameRoot => "after it became root".to_owned(),
        Beginning::LeftRoot => "after it ceased to be root".to_owned(),
    }
}

fn tell(phase: &JudgedPhase, report: &Report, out: &mut impl Write) -> Result<()> {
    let names = &report.input.names;
    let least = &phase.least;
    let [_, uid, ..] = least.process.uid;
    let at = phase.place().map(|place| format!(" ({})", show(place, names))).unwrap_or_default();
    let same = if phase.same > 1 { format!(", and {} more like it", phase.same - 1) } else { String::new() };
    let mut title =
        format!("{}, phase {}, {}{at}, as user {uid}{same}", who(phase.thread), phase.number, begun(phase));
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    writeln!(out, "{title}")?;
    writeln!(out, "  Needed: {}", all_names(least.set()))?;
    for need in &least.needs {
        let found: Vec<_> = need.operations.iter().filter_map(|index| phase.seen(*index)).collect();
        let count: u64 = found.iter().map(|seen| seen.count).sum();
        writeln!(out, "    {}, for {count} call{}:", need.capability, plural(count))?;
        for seen in found.iter().take(MOST) {
            writeln!(out, "      {}  {}", places(seen, names), printable(&seen.text))?;
        }
        more(found.len(), out)?;
    }
    for set in least.sets.iter().skip(1).take(MOST) {
        writeln!(out, "  It would do too with: {}", all_names(*set))?;
    }
    if !least.complete {
        writeln!(out, "  The search for other sets was ended; there may be some.")?;
    }
    for depends in &least.depends {
        let found: Vec<_> = depends.operations.iter().filter_map(|index| phase.seen(*index)).collect();
        let count: u64 = found.iter().map(|seen| seen.count).sum();
        let sets: Vec<_> = depends.alternatives.iter().map(|set| all_names(*set)).collect();
        let on = on(depends.on);
        writeln!(out, "  Perhaps {}, for {count} call{}, which depends on {on}:", sets.join(" or "), plural(count))?;
        for seen in found.iter().take(3) {
            writeln!(out, "      {}  {}", places(seen, names), printable(&seen.text))?;
        }
        if let Some(left) = found.len().checked_sub(3).filter(|left| *left > 0) {
            writeln!(out, "      and {left} more kinds of calls")?;
        }
    }
    for refused in least.refused.iter().take(MOST) {
        let Some(seen) = phase.seen(refused.operation) else { continue };
        let sets: Vec<_> = refused.helps.iter().map(|set| all_names(*set)).collect();
        let helps = match (refused.unexplained, sets.is_empty(), refused.depends_on) {
            (true, ..) => {
                "the model lets it through: something else refused it, as a filter or a security module".to_owned()
            }
            (_, true, None) => "no capability would have helped".to_owned(),
            (_, true, Some(depends)) => format!("it depends on {}", on(depends)),
            (_, false, None) => format!("{} would have let it through", sets.join(" or ")),
            (_, false, Some(depends)) => {
                format!("{} might have let it through; it depends on {}", sets.join(" or "), on(depends))
            }
        };
        writeln!(out, "  Refused: {}  {}", places(seen, names), printable(&seen.text))?;
        writeln!(out, "      {helps}")?;
    }
    more(least.refused.len(), out)?;
    for seen in least.unexplained.iter().filter_map(|index| phase.seen(*index)).take(MOST) {
        writeln!(out, "  Succeeded, though the model refuses it whatever the thread has:")?;
        writeln!(out, "      {}  {}", places(seen, names), printable(&seen.text))?;
    }
    more(least.unexplained.len(), out)?;
    Ok(writeln!(out)?)
}

/// The phases that need nothing for certain, together.
fn tell_quiet(phases: &[&JudgedPhase], report: &Report, out: &mut impl Write) -> Result<()> {
    let count: u64 = phases.iter().map(|phase| phase.same).sum();
    if count == 0 {
        return Ok(());
    }
    writeln!(out, "{count} phase{} need{} nothing for certain", plural(count), if count == 1 { "s" } else { "" })?;
    let mut found: BTreeMap<(DependsOn, String), (u64, Vec<&Seen>)> = BTreeMap::new();
    for phase in phases {
        for depends in &phase.least.depends {
            let sets: Vec<_> = depends.alternatives.iter().map(|set| all_names(*set)).collect();
            let (count, calls) = found.entry((depends.on, sets.join(" or "))).or_default();
            for seen in depends.operations.iter().filter_map(|index| phase.seen(*index)) {
                *count += seen.count * phase.same;
                if calls.iter().all(|known| known.text != seen.text) && calls.len() < MOST {
                    calls.push(seen);
                }
            }
        }
    }
    for ((on, sets), (count, calls)) in found {
        writeln!(out, "  Perhaps {sets}, for {count} call{}, which depends on {}:", plural(count), self::on(on))?;
        for seen in calls {
            writeln!(out, "      {}  {}", places(seen, &report.input.names), printable(&seen.text))?;
        }
    }
    Ok(writeln!(out)?)
}

fn more(count: usize, out: &mut impl Write) -> Result<()> {
    if let Some(left) = count.checked_sub(MOST).filter(|left| *left > 0) {
        writeln!(out, "      and {left} more kinds of calls")?;
    }
    Ok(())
}

/// What something depends on.
pub(super) const fn on(on: DependsOn) -> &'static str {
    match on {
        DependsOn::Files => "owner and mode of files",
        DependsOn::Target => "as whom another process runs",
        DependsOn::Value => "a value that the log does not show, as a limit",
    }
}

/// `line 5, 9 and 12 (7 times)`
fn places(seen: &Seen, names: &[String]) -> String {
    let lines: Vec<String> = seen.places.iter().map(|place| show(*place, names)).collect();
    let times = if seen.count > 1 { format!(" ({} times)", seen.count) } else { String::new() };
    format!("{}{times}", lines.join(", "))
}

/// Every name, however many there are.
pub(super) fn all_names(set: CapSet) -> String {
    if set.is_empty() {
        return "nothing".to_owned();
    }
    set.iter().map(|capability| capability.to_string()).collect::<Vec<_>>().join(", ")
}

fn together(report: &Report, out: &mut impl Write) -> Result<()> {
    let judged = &report.judged;
    let (needed, perhaps) = (judged.needed(), judged.perhaps());
    writeln!(out, "All together")?;
    writeln!(out, "  Needed: {}", all_names(needed))?;
    if !perhaps.is_empty() {
        writeln!(out, "  Perhaps: {}", all_names(perhaps))?;
    }
    if let Some((held, place)) = report.held {
        let from = match place {
            Some(place) => format!("permitted at {}", show(place, &report.input.names)),
            None => "--held".to_owned(),
        };
        writeln!(out, "  Held ({from}) and never needed: {}", all_names(held - needed - perhaps))?;
        let maybe = held & perhaps;
        if !maybe.is_empty() {
            writeln!(out, "  Held and perhaps needed: {}", all_names(maybe))?;
        }
        let lacking = needed - held;
        if !lacking.is_empty() {
            writeln!(out, "  Needed and not held: {}", all_names(lacking))?;
        }
    }
    writeln!(out)?;
    writeln!(out, "To give just that")?;
    for line in give(needed) {
        writeln!(out, "  {line}")?;
    }
    if !needed.is_empty() {
        writeln!(
            out,
            "  A user other than root has it only by the file's capabilities or an ambient set; over setuid(2) a program\n  \
             keeps it with PR_SET_KEEPCAPS alone."
        )?;
    }
    Ok(writeln!(out)?)
}

/// The lines that give a set.
pub(super) fn give(set: CapSet) -> Vec<String> {
    let names: Vec<&str> = set.iter().filter_map(sim_core::capability::Capability::name).collect();
    let upper: Vec<String> = names.iter().map(|name| name.to_ascii_uppercase()).collect();
    let added: Vec<_> =
        upper.iter().map(|name| format!(" --cap-add {}", name.strip_prefix("CAP_").unwrap_or(name))).collect();
    let added = added.concat();
    let mut lines = Vec::new();
    if !names.is_empty() {
        lines.push(format!("setcap {}=ep PROGRAM", names.join(",")));
    }
    lines.push(format!("docker run --cap-drop ALL{added} IMAGE"));
    lines.push(format!("podman run --cap-drop ALL{added} IMAGE"));
    lines.push(format!("CapabilityBoundingSet={}", upper.join(" ")));
    lines.push(format!("AmbientCapabilities={}", upper.join(" ")));
    lines
}

fn seccomp(report: &Report, out: &mut impl Write) -> Result<()> {
    if report.profile.is_none() {
        return Ok(());
    }
    let names: Vec<&str> = report.input.recorder.names().collect();
    writeln!(out, "A seccomp profile of the same log allows {} calls (--profile FILE writes it)", names.len())?;
    let mut line = String::from(" ");
    for name in names {
        if line.len() + name.len() > 110 {
            writeln!(out, "{line}")?;
            line = String::from(" ");
        }
        line = line + " " + name;
    }
    writeln!(out, "{line}\n")?;
    Ok(())
}

/// What no log shows.
pub(super) const NEVER_SHOWN: [&str; 8] = [
    "paths that the program did not take: other arguments, errors, a restart, another time of the day",
    "what ran before the log began, and threads and processes that were not traced (strace -f follows them)",
    "owners and modes of files, and of the directories on the way; `ls -ld` or `stat` of the files above tells",
    "capabilities that a library tried for and did without, unless the call failed in the log",
    "security modules (AppArmor, SELinux), filters, quotas and mount options, which refuse on their own account",
    "other kernels and settings: what is told is so for the newest kernel that is modelled, with the kernel's defaults",
    "that strace is there: it takes set-user-ID and file capabilities from an execve, unless it is root itself",
    "calls over io_uring, and what the kernel does for the program later",
];

fn not_shown(report: &Report, out: &mut impl Write) -> Result<()> {
    let log = &report.input.log;
    if report.input.scenario.is_some() {
        return Ok(());
    }
    if !log.untold.is_empty() {
        writeln!(out, "Calls of which cannot be told what they need")?;
        for untold in log.untold.iter().take(2 * MOST) {
            let (place, text) = (show(untold.place, &report.input.names), printable(&untold.text));
            writeln!(out, "  {} call{}: {}", untold.count, plural(untold.count), untold.reason)?;
            writeln!(out, "      {place}  {text}")?;
        }
        if let Some(left) = log.untold.len().checked_sub(2 * MOST).filter(|left| *left > 0) {
            writeln!(out, "  and {left} more kinds of calls")?;
        }
        writeln!(out)?;
    }
    if let Some(problem) = &report.input.first_problem {
        writeln!(out, "The first line that is none of strace: {}\n", printable(problem))?;
    }
    writeln!(out, "What a log cannot show")?;
    for text in particular(report).into_iter().chain(NEVER_SHOWN.map(str::to_owned)) {
        writeln!(out, "  {text}")?;
    }
    Ok(())
}

/// What this log does not show.
pub(super) fn particular(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let phases = || report.judged.phases.iter();
    let seen = |name: &str| phases().flat_map(|phase| &phase.seen).any(|seen| seen.operation.call.name() == name);
    if seen("bind") {
        found.push("net.ipv4.ip_unprivileged_port_start: 1024 is assumed; container engines set it to 0".to_owned());
    }
    for (name, setting) in [
        ("bpf", "kernel.unprivileged_bpf_disabled: 2 is assumed"),
        ("perf_event_open", "kernel.perf_event_paranoid: 2 is assumed"),
        ("syslog", "kernel.dmesg_restrict: 0 is assumed"),
        ("mlock", "how much the process had locked before"),
        ("setpriority", "the nice value before, and RLIMIT_NICE: 0 is assumed for both"),
        ("sched_setscheduler", "RLIMIT_RTPRIO: 0 is assumed"),
        ("mount", "which kind of mount it is: the model asks for the same with each"),
    ] {
        if seen(name) {
            found.push(setting.to_owned());
        }
    }
    let executes = |phase: &JudgedPhase| matches!(&phase.phase.begun, Beginning::Executed(_));
    if phases().any(executes) {
        found.push(
            "whether an executed file is set-user-ID or has capabilities: that it has neither is assumed".to_owned(),
        );
    }
    let unfollowed = report.input.log.threads.iter().filter(|thread| thread.parent.is_none()).count();
    if unfollowed > 1 {
        found.push(format!("who made {} of the threads", unfollowed - 1));
    }
    found
}
