//! From what people paste to an answer.
//!
//! A text is read by `formats`; `facts` keeps what it says, `assemble` makes scenarios of that, the model plays them, and
//! the search finds the smallest changes that help. Whatever had to be taken for granted on the way is said.
//!
//! ```
//! use doctor::{Options, diagnose};
//!
//! let text = b"docker run --user 1000 --cap-drop ALL web\nexec /usr/bin/web: operation not permitted\n\
//!              /usr/bin/web cap_net_bind_service=ep\n";
//! let diagnosis = diagnose(text, &Options::default());
//! assert_eq!(diagnosis.cases[0].rule, Some("execve.file-effective-eperm"));
//! ```

#![forbid(unsafe_code)]

mod assemble;
mod case;
mod explain_message;
mod facts;
mod markdown;
mod played;
mod reproduce;
mod told;

pub use case::{Case, Remedy};
pub use reproduce::Reproduction;

use formats::Misread;
use serde::Serialize;
use sim_core::kernel::Release;

use assemble::drafts;
use facts::Facts;

/// What may be decided instead of the text.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kernel, whatever the text says.
    pub release: Option<Release>,
    /// Where the playground is served, for links.
    pub playground: String,
    /// How many changes a fix may have at most.
    pub most_edits: usize,
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
pub struct Diagnosis {
    /// One a container or process, in the order of the text.
    pub cases: Vec<Case>,
    /// How many more there are than are answered.
    pub more_cases: usize,
    /// What was recognised, in the order of the text.
    pub recognised: Vec<Recognised>,
    /// What was not understood.
    pub misread: Vec<Unread>,
}

/// A part of the text that was recognised.
#[derive(Clone, Debug, Serialize)]
pub struct Recognised {
    /// Its first line, counted from 1.
    pub line: usize,
    /// Its last line.
    pub last_line: usize,
    /// What it is, as `a docker command`.
    pub form: &'static str,
    /// What was taken from it.
    pub taken: Vec<String>,
}

/// A part of the text that was not understood.
#[derive(Clone, Debug, Serialize)]
pub struct Unread {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// How many parts of a text are told, of those that were recognised and of those that were not.
const MOST_PARTS: usize = 1000;

/// How many containers and processes are answered: more are counted.
const MOST_CASES: usize = 64;

/// Where `cargo xtask play` serves the playground.
pub const PLAYGROUND: &str = "http://127.0.0.1:8008/";

impl Default for Options {
    fn default() -> Self {
        Self { release: None, playground: PLAYGROUND.to_owned(), most_edits: 3 }
    }
}

/// Answers a text. It never fails: what cannot be read is in `misread`, and a text of which nothing is understood has no
/// cases.
pub fn diagnose(text: &[u8], options: &Options) -> Diagnosis {
    let reading = formats::read(text);
    let facts = Facts::of(&reading.findings, text);
    let (drafts, more_cases) = drafts(&facts, options, MOST_CASES);
    let cases = drafts.into_iter().map(|draft| case::judge(draft, &facts, options)).collect();
    let recognised = reading.findings.iter().take(MOST_PARTS).map(|finding| Recognised {
        line: finding.line,
        last_line: finding.last_line,
        form: told::form(finding.form),
        taken: finding.recognised.clone(),
    });
    let misread =
        reading.misread.into_iter().map(|Misread { line, column, message }| Unread { line, column, message });
    Diagnosis { cases, more_cases, recognised: recognised.collect(), misread: misread.collect() }
}
