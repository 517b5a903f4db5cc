use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::asked::What;
use super::known::{KNOWN, known};
use super::model::{self, Expected};
use super::rows::{Head, Row, Session};
use super::seen::{Answer, Seen};

/// What came of one engine's rows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) head: Head,
    pub(crate) requests: u32,
    pub(crate) agreed: u32,
    /// Differences that are the engine's own, by their explanation.
    pub(crate) explained: BTreeMap<&'static str, u32>,
    pub(crate) differences: Vec<Difference>,
    /// What failed for reasons that are neither the engine's nor the model's.
    pub(crate) unclear: Vec<String>,
    /// The engine's rules that applied, each with the number of requests that agreed.
    pub(crate) rules: BTreeMap<&'static str, u32>,
    /// How many ran, were refused, and failed on their way.
    pub(crate) came_of: BTreeMap<&'static str, u32>,
}

/// A request of which engine and model think differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// What was asked, as the rows have it.
    pub(crate) asked: String,
    /// Each field with what the model says and what the engine did.
    pub(crate) fields: Vec<(String, String, String)>,
}

/// Compares every row with the model.
pub(crate) fn compare(session: &Session) -> Report {
    let mut report = Report {
        head: session.head.clone(),
        requests: 0,
        agreed: 0,
        explained: BTreeMap::new(),
        differences: Vec::new(),
        unclear: Vec::new(),
        rules: BTreeMap::new(),
        came_of: BTreeMap::new(),
    };
    for row in &session.rows {
        report.requests += 1;
        if let Answer::Unclear(text) = &row.answer {
            report.unclear.push(format!("{}: {text}", asked(row)));
            continue;
        }
        let said = match model::ask(&session.head, &row.asked) {
            Ok(said) => said,
            Err(error) => {
                report.unclear.push(format!("{}: the model cannot be asked: {error}", asked(row)));
                continue;
            }
        };
        let fields = differences(&row.asked.what, &said.answer, &row.answer);
        if !fields.is_empty() {
            match known(&session.head, row, &said.answer) {
                Some(known) => *report.explained.entry(known.id).or_default() += 1,
                None => report.differences.push(Difference { asked: asked(row), fields }),
            }
            continue;
        }
        report.agreed += 1;
        *report.came_of.entry(kind(&row.answer)).or_default() += 1;
        for rule in said.rules {
            *report.rules.entry(rule).or_default() += 1;
        }
    }
    report
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More of a kind tell no more.
        const SHOWN: usize = 20;
        let Head { engine, version, runtime, suite, .. } = &self.head;
        let explained: u32 = self.explained.values().sum();
        write!(
            f,
            "{engine} {version} ({runtime}, Debian {suite}): {} requests: {} agree, {} differ, {explained} differ as \
             explained, {} unclear; {} rules confirmed",
            self.requests,
            self.agreed,
            self.differences.len(),
            self.unclear.len(),
            self.rules.len(),
        )?;
        let came_of: Vec<_> = self.came_of.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        write!(f, "\n  of those that agree: {}", came_of.join(", "))?;
        for (id, count) in &self.explained {
            let known = KNOWN.iter().find(|known| known.id == *id);
            let (explanation, link) = known.map_or(("", ""), |known| (known.explanation, known.link));
            write!(f, "\n  explained {count}: {id}: {explanation} {link}")?;
        }
        for difference in self.differences.iter().take(SHOWN) {
            write!(f, "\n  DIFFERS  {}", difference.asked)?;
            for (field, model, engine) in &difference.fields {
                write!(f, "\n    {field}: the model says {model}, the engine {engine}")?;
            }
        }
        if self.differences.len() > SHOWN {
            write!(f, "\n  and {} more", self.differences.len() - SHOWN)?;
        }
        self.unclear.iter().take(SHOWN).try_for_each(|text| write!(f, "\n  unclear  {text}"))
    }
}

fn asked(row: &Row) -> String {
    serde_json::to_string(&row.asked).unwrap_or_default()
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Refused(_) => "refused",
        Answer::NotStarted(_) => "not started",
        Answer::NotExecuted(_) => "not executed",
        Answer::Runs(_) => "runs",
        Answer::Unclear(_) => "unclear",
    }
}

/// The fields in which they differ, each with the model's value and the engine's.
fn differences(what: &What, expected: &Expected, answer: &Answer) -> Vec<(String, String, String)> {
    // A runtime that is asked directly refuses by failing.
    let of_runtime = !matches!(what, What::Run(_));
    match (expected, answer) {
        (Expected::Runs(model), Answer::Runs(engine)) => fields(model, engine),
        (Expected::Refused(_), Answer::Refused(_))
        | (Expected::NotStarted(_), Answer::NotStarted(_))
        | (Expected::NotExecuted(_), Answer::NotExecuted(_)) => Vec::new(),
        (Expected::Refused(_), Answer::NotStarted(_)) if of_runtime => Vec::new(),
        _ => {
            let told = match answer {
                Answer::Runs(seen) => format!("runs: {}", seen.sets.join(" ")),
                Answer::Refused(text)
                | Answer::NotStarted(text)
                | Answer::NotExecuted(text)
                | Answer::Unclear(text) => format!("{}: {text}", kind(answer)),
            };
            let model = match expected {
                Expected::Runs(seen) => format!("runs: {}", seen.sets.join(" ")),
                Expected::Refused(rule) => format!("refused: {rule}"),
                Expected::NotStarted(call) => format!("not started: {call}"),
                Expected::NotExecuted(errno) => format!("not executed: {errno}"),
            };
            vec![("answer".to_owned(), model, told)]
        }
    }
}

fn fields(model: &Seen, engine: &Seen) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let names = ["inheritable", "permitted", "effective", "bounding", "ambient"];
    for ((name, model), engine) in names.into_iter().zip(&model.sets).zip(&engine.sets) {
        if model != engine {
            found.push((name.to_owned(), model.clone(), engine.clone()));
        }
    }
    let mut other = |name: &str, model: String, engine: String| {
        if model != engine {
            found.push((name.to_owned(), model, engine));
        }
    };
    other("uid", format!("{:?}", model.uid), format!("{:?}", engine.uid));
    other("gid", format!("{:?}", model.gid), format!("{:?}", engine.gid));
    other("groups", format!("{:?}", model.groups), format!("{:?}", engine.groups));
    other("no_new_privs", model.no_new_privs.to_string(), engine.no_new_privs.to_string());
    other("seccomp", model.seccomp.to_string(), engine.seccomp.to_string());
    other("port_start", model.port_start.to_string(), engine.port_start.to_string());
    other("ping_groups", format!("{:?}", model.ping_groups), format!("{:?}", engine.ping_groups));
    found
}
