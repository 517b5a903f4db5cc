use alloc::format;
use alloc::string::{String, ToString};

use serde::de::DeserializeOwned;

use super::era::eras;
use super::{Options, Scenario, ScenarioResult, Simulation, World};
use crate::json::{self, Node, Path};

/// The largest scenario that is read, in bytes: 1 MiB.
pub const MAX_SIZE: usize = 1 << 20;

/// A scenario and the world it describes.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// As it is written.
    pub scenario: Scenario,
    /// What it means.
    pub world: World,
}

/// Why a text is no scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("line {line}, column {column}: {}{message}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct ReadError {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The place in the JSON, as `steps[2].capset`; empty for the whole.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Loaded {
    /// Reads one scenario. Its size is bounded by [`MAX_SIZE`], its nesting by 128.
    pub fn read(text: impl AsRef<[u8]>, options: &Options) -> Result<Self, ReadError> {
        let text = bounded_utf8(text.as_ref())?;
        let root = Node::root(text).map_err(|error| unread(text, error))?;
        let scenario = root.read().map_err(|error| unread(text, error))?;
        let world = World::new(&scenario, options)
            .map_err(|error| error_at(text, root.offset_of(&error.path), &error.path, error.problem.to_string()))?;
        Ok(Self { scenario, world })
    }

    /// Performs its steps and compares them with what it expects.
    pub fn run(&self) -> ScenarioResult {
        let mut simulation = Simulation::new(self.world.clone());
        let expect = self.scenario.runtime.as_ref().and_then(|runtime| runtime.expect.as_ref());
        let runtime = simulation.runtime_result(expect);
        let mut result = ScenarioResult {
            title: self.scenario.title.clone(),
            kernel: self.world.system.release.to_string(),
            ok: runtime.as_ref().is_none_or(|runtime| runtime.differences.is_empty()),
            runtime,
            steps: alloc::vec![],
            eras: eras(&self.scenario),
        };
        result.ok &= result.eras.is_empty();
        for step in &self.scenario.steps {
            let mut step_result = simulation.perform(&step.call).result();
            if let Some(expect) = &step.expect {
                step_result.differences = expect.differences(&step_result, self.world.all);
            }
            result.ok &= step_result.differences.is_empty();
            result.steps.push(step_result);
        }
        result
    }
}

/// Reads a value that is written as the format writes it, such as a single [`CapsEntry`](super::CapsEntry), as strictly as a
/// scenario: objects alone are structs. A `RawValue` of serde_json takes any value as it stands in the text.
///
/// ```
/// use sim_core::scenario::{CapsEntry, read_value};
///
/// assert!(read_value::<CapsEntry>(r#"{"revision": 2, "permitted": "cap_kill"}"#).is_ok());
/// let error = read_value::<CapsEntry>(r#"{"revision": 2, "rootid": -1}"#).unwrap_err();
/// assert_eq!((error.column, error.path.as_str()), (27, "rootid"));
/// ```
pub fn read_value<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    let value = Node::root(text).and_then(|root| root.read());
    value.map_err(|error| unread(text, error))
}

fn bounded_utf8(bytes: &[u8]) -> Result<&str, ReadError> {
    let error_after = |end: usize, message: String| {
        let before = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        error_at(&before, before.len(), &Path::default(), message)
    };
    if bytes.len() > MAX_SIZE {
        let message = format!("a scenario has at most {MAX_SIZE} bytes (1 MiB); this one goes on");
        return Err(error_after(MAX_SIZE, message));
    }
    core::str::from_utf8(bytes)
        .map_err(|error| error_after(error.valid_up_to(), "this byte is not UTF-8".to_string()))
}

fn unread(text: &str, error: json::Error) -> ReadError {
    let (offset, path, message) = error.into_parts();
    error_at(text, offset, &path, message)
}

fn error_at(text: &str, offset: usize, path: &Path, message: String) -> ReadError {
    let (line, column) = line_and_column(text, offset);
    ReadError { line, column, path: path.to_string(), message }
}

/// Line and column, in characters, of an offset in bytes; both are counted from 1.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}
