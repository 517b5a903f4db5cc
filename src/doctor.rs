use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use doctor::{Case, Diagnosis, Options, PLAYGROUND, Recognised, diagnose};
use sim_core::kernel::Release;

use crate::Status;
use crate::run::printable;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Files with what you have: commands, YAML, error messages, listings, logs, alone or mixed; - or none for standard
    /// input.
    files: Vec<PathBuf>,
    /// As JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// As Markdown, for the thread of an issue.
    #[arg(long)]
    markdown: bool,
    /// The kernel, whatever the text says, as 6.18.
    #[arg(long)]
    kernel: Option<Release>,
    /// How many changes a fix may have at most.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=6))]
    edits: u8,
    /// Where the playground is served, for links.
    #[arg(long, default_value = PLAYGROUND)]
    playground: String,
}

/// The most bytes that are looked at: 32 MiB.
const MOST_BYTES: u64 = 32 << 20;

/// A file's name, and its first line in the whole text, counted from 1.
type Part = (String, usize);

/// Reads what was pasted, and answers.
pub(crate) fn doctor(arguments: &Arguments, out: &mut impl Write) -> Result<Status> {
    let (text, parts) = read(&arguments.files)?;
    let options = Options {
        release: arguments.kernel,
        playground: arguments.playground.clone(),
        most_edits: arguments.edits.into(),
    };
    let diagnosis = diagnose(&text, &options);
    if arguments.json {
        serde_json::to_writer(&mut *out, &diagnosis)?;
        writeln!(out)?;
    } else if arguments.markdown {
        write!(out, "{}", diagnosis.markdown())?;
    } else {
        tell(&diagnosis, &parts, out)?;
    }
    Ok(match () {
        () if diagnosis.cases.is_empty() => Status::Unreadable,
        () if diagnosis.cases.iter().any(|case| case.errno.is_some()) => Status::Failed,
        () => Status::Held,
    })
}

fn read(files: &[PathBuf]) -> Result<(Vec<u8>, Vec<Part>)> {
    let standard_input = [PathBuf::from("-")];
    let files = if files.is_empty() { &standard_input } else { files };
    let (mut text, mut parts) = (Vec::new(), Vec::new());
    for path in files {
        let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        parts.push((name, String::from_utf8_lossy(&text).lines().count() + 1));
        let left = (MOST_BYTES + 1).saturating_sub(text.len() as u64);
        if path.as_os_str() == "-" {
            io::stdin().lock().take(left).read_to_end(&mut text).context("cannot read standard input")?;
        } else {
            read_file(path, left, &mut text)?;
        }
        if text.len() as u64 > MOST_BYTES {
            bail!("the text has more than {MOST_BYTES} bytes (32 MiB); cut it down to the part that matters");
        }
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
    Ok((text, parts))
}

fn read_file(path: &Path, left: u64, text: &mut Vec<u8>) -> Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(left).read_to_end(text).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(())
}

/// Where a line of the whole text is, as `line 3` or `compose.yml:3`.
fn place(line: usize, parts: &[Part]) -> String {
    match parts {
        [] | [_] => format!("line {line}"),
        several => match several.iter().rev().find(|(_, first)| *first <= line) {
            Some((name, first)) => format!("{}:{}", printable(name), line - first + 1),
            None => format!("line {line}"),
        },
    }
}

fn tell(diagnosis: &Diagnosis, parts: &[Part], out: &mut impl Write) -> Result<()> {
    if diagnosis.cases.is_empty() {
        writeln!(
            out,
            "Nothing was recognised that starts or fails. Paste a docker or podman command, a pod, a unit,"
        )?;
        writeln!(
            out,
            "an error message, lines of /proc/PID/status, what getcap or strace prints; several together."
        )?;
    }
    for case in &diagnosis.cases {
        tell_case(case, parts, out)?;
    }
    if diagnosis.more_cases > 0 {
        writeln!(out, "{} more containers or processes are not answered.\n", diagnosis.more_cases)?;
    }
    if !diagnosis.recognised.is_empty() {
        writeln!(out, "Recognised:")?;
    }
    for Recognised { line, form, taken, .. } in diagnosis.recognised.iter().take(MOST_TOLD) {
        let taken = if taken.is_empty() { String::new() } else { format!(": {}", printable(&taken.join(", "))) };
        writeln!(out, "  {}, {form}{taken}", place(*line, parts))?;
    }
    more(diagnosis.recognised.len(), out)?;
    if !diagnosis.misread.is_empty() {
        writeln!(out, "Not understood:")?;
    }
    for unread in diagnosis.misread.iter().take(MOST_TOLD) {
        writeln!(out, "  {}, column {}: {}", place(unread.line, parts), unread.column, printable(&unread.message))?;
    }
    more(diagnosis.misread.len(), out)
}

/// How many parts of a text are told one by one.
const MOST_TOLD: usize = 40;

fn more(count: usize, out: &mut impl Write) -> Result<()> {
    if count > MOST_TOLD {
        writeln!(out, "  and {} more", count - MOST_TOLD)?;
    }
    Ok(())
}

fn tell_case(case: &Case, parts: &[Part], out: &mut impl Write) -> Result<()> {
    // A title that names the line of one text needs no other place.
    let at = case.line.filter(|_| parts.len() > 1 || !case.title.contains(" of line "));
    let at = at.map_or_else(String::new, |line| format!(" ({})", place(line, parts)));
    writeln!(out, "{}{at}\n  {}", printable(&case.title), printable(&case.verdict))?;
    if let Some(rule) = case.rule {
        writeln!(out, "  Rule: {rule} ({})", case.citation)?;
        if !case.verdict.contains(case.statement) {
            writeln!(out, "    {}", case.statement)?;
        }
    }
    if let Some(message) = &case.explains {
        writeln!(out, "  This explains: {}", printable(message))?;
    }
    if let Some(message) = &case.does_not_explain {
        writeln!(out, "  NOT explained with what is in the text: {}", printable(message))?;
    }
    list("Assumed:", &case.assumed, out)?;
    if !case.fixes.is_empty() {
        writeln!(out, "  What helps, the least powerful first; behind it, what it hands out:")?;
    }
    for (index, fix) in case.fixes.iter().enumerate() {
        let mut lines = fix.commands.iter().flat_map(|command| command.lines());
        writeln!(out, "   {}. {}", index + 1, printable(lines.next().unwrap_or_default()))?;
        for line in lines {
            writeln!(out, "      {}", printable(line))?;
        }
        writeln!(out, "      -> {}", printable(&fix.hands_out))?;
    }
    if !case.search.is_empty() {
        writeln!(out, "  {}", case.search)?;
    }
    list("Other kernels:", &case.flips, out)?;
    let (short, long): (Vec<_>, Vec<_>) =
        case.reproductions.iter().partition(|reproduction| reproduction.text.lines().count() <= SHORT);
    for reproduction in short {
        writeln!(out, "  To see it, {}:", reproduction.what)?;
        for line in reproduction.text.lines() {
            writeln!(out, "    {}", printable(line))?;
        }
    }
    if !long.is_empty() {
        let what: Vec<_> = long.iter().map(|reproduction| reproduction.what).collect();
        writeln!(out, "  --markdown and --json also have {}.", what.join("; "))?;
    }
    list("Not modelled, and could change this:", &case.not_modelled, out)?;
    writeln!(out, "  Step by step: {}\n", case.link)?;
    Ok(())
}

/// Longer reproductions are named on a terminal and not printed.
const SHORT: usize = 12;

fn list(title: &str, texts: &[String], out: &mut impl Write) -> Result<()> {
    if !texts.is_empty() {
        writeln!(out, "  {title}")?;
    }
    for text in texts {
        writeln!(out, "    {}", printable(text))?;
    }
    Ok(())
}
