use alloc::format;
use alloc::string::{String, ToString};

use super::objects::Objects;
use super::path::Path;
use super::{Options, Scenario, ScenarioResult, Simulation, World, WorldError};

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
        let scenario = parse(text)?;
        let world = World::new(&scenario, options).map_err(|error| place(text, &error))?;
        Ok(Self { scenario, world })
    }

    /// Performs its steps and compares them with what it expects.
    pub fn run(&self) -> ScenarioResult {
        let mut simulation = Simulation::new(self.world.clone());
        let mut result = ScenarioResult {
            title: self.scenario.title.clone(),
            kernel: self.world.system.release.to_string(),
            ok: true,
            steps: alloc::vec![],
        };
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

fn bounded_utf8(bytes: &[u8]) -> Result<&str, ReadError> {
    let error_at = |end: usize, message: String| {
        let before = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ReadError { line, column, path: String::new(), message }
    };
    if bytes.len() > MAX_SIZE {
        let message = format!("a scenario has at most {MAX_SIZE} bytes (1 MiB); this one goes on");
        return Err(error_at(MAX_SIZE, message));
    }
    core::str::from_utf8(bytes).map_err(|error| error_at(error.valid_up_to(), "this byte is not UTF-8".to_string()))
}

fn parse(text: &str) -> Result<Scenario, ReadError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let scenario = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let path = Path::from(error.path());
        json_error(text, path, error.inner())
    })?;
    deserializer.end().map_err(|error| json_error(text, Path::default(), &error))?;
    Ok(scenario)
}

fn json_error(text: &str, path: Path, error: &serde_json::Error) -> ReadError {
    let read = (error.line(), error.column());
    let message = error.to_string();
    let message = message.strip_suffix(&format!(" at line {} column {}", read.0, read.1)).unwrap_or(&message);
    let path = match unknown_field(message) {
        Some(field) if !path.ends_with_key(field) => path.key(field),
        _ => path,
    };
    let place = if error.is_data() { path.locate(text) } else { None };
    read_error(text, place.unwrap_or(read), &path, message.to_string())
}

fn read_error(text: &str, (line, column): (usize, usize), path: &Path, message: String) -> ReadError {
    ReadError { line: line.max(1), column: characters(text, line, column).max(1), path: path.to_string(), message }
}

/// The field of serde's message about an unknown one.
fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split_once('`').map(|(field, _)| field)
}

fn place(text: &str, error: &WorldError) -> ReadError {
    read_error(text, error.path.locate(text).unwrap_or((1, 1)), &error.path, error.problem.to_string())
}

/// A column in characters, from one in bytes; both are counted from 1.
pub(super) fn characters(text: &str, line: usize, column: usize) -> usize {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = (0..column).rev().find_map(|end| line.get(..end));
    before.map_or(column, |before| before.chars().count() + 1)
}
