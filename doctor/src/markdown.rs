//! The answer as Markdown, for the thread of an issue.

use std::fmt::Write;

use crate::{Case, Diagnosis};

impl Diagnosis {
    /// The answer as Markdown. What comes from the text stands in code, so that nothing in it is taken for markup.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for case in &self.cases {
            // Writing into a string cannot fail.
            let _ = of_case(case, &mut out);
        }
        if self.cases.is_empty() {
            out.push_str("Nothing in the text was recognised that starts or fails.\n");
        }
        if self.more_cases > 0 {
            let _ = writeln!(out, "{} more are not answered.\n", self.more_cases);
        }
        if !self.misread.is_empty() {
            out.push_str("Not understood:\n\n");
            for unread in &self.misread {
                let _ = writeln!(out, "- line {}, column {}: {}", unread.line, unread.column, code(&unread.message));
            }
            out.push('\n');
        }
        out
    }
}

fn of_case(case: &Case, out: &mut String) -> std::fmt::Result {
    writeln!(out, "### {}\n", plain(&case.title))?;
    writeln!(out, "**{}**\n", plain(&case.verdict))?;
    if let Some(rule) = case.rule {
        writeln!(out, "Rule `{rule}`: {} ({})\n", plain(case.statement), plain(&case.citation))?;
    }
    if let Some(message) = &case.explains {
        writeln!(out, "This explains {}.\n", code(message))?;
    }
    if let Some(message) = &case.does_not_explain {
        writeln!(out, "With what is in the text, the model does **not** fail as in {}.\n", code(message))?;
    }
    if !case.assumed.is_empty() {
        writeln!(out, "Assumed:\n")?;
        for text in &case.assumed {
            writeln!(out, "- {}", plain(text))?;
        }
        writeln!(out)?;
    }
    if !case.fixes.is_empty() {
        writeln!(out, "What helps, the least powerful first:\n")?;
        for (index, fix) in case.fixes.iter().enumerate() {
            writeln!(out, "{}. {}", index + 1, plain(&fix.hands_out))?;
            for command in &fix.commands {
                fence(command, "   ", out)?;
            }
        }
        writeln!(out, "\n{}\n", plain(&case.search))?;
    }
    for text in &case.flips {
        writeln!(out, "{}\n", plain(text))?;
    }
    for reproduction in &case.reproductions {
        writeln!(out, "<details><summary>{}</summary>\n", plain(reproduction.what))?;
        fence(&reproduction.text, "", out)?;
        writeln!(out, "\n</details>\n")?;
    }
    if !case.not_modelled.is_empty() {
        writeln!(out, "<details><summary>Not modelled, and could change this</summary>\n")?;
        for text in &case.not_modelled {
            writeln!(out, "- {}", plain(text))?;
        }
        writeln!(out, "\n</details>\n")?;
    }
    writeln!(out, "[Open in the playground]({})\n", case.link)
}

/// Text from strangers as plain text: what Markdown would take for markup is escaped, what moves a cursor is shown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// Text as code in a line, in more backticks than it holds in a row.
fn code(text: &str) -> String {
    let shown: String =
        text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect();
    let ticks = "`".repeat(longest_run(&shown) + 1);
    format!("{ticks} {shown} {ticks}")
}

/// Text as a block of code, in a fence longer than any in it.
fn fence(text: &str, indent: &str, out: &mut String) -> std::fmt::Result {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    writeln!(out, "{indent}{fence}")?;
    for line in text.lines() {
        let shown: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        writeln!(out, "{indent}{shown}")?;
    }
    writeln!(out, "{indent}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
