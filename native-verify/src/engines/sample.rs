use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::compare::compare;
use super::rows::{Line, Session};

/// How many rows of an engine are kept.
const KEPT: usize = 48;

/// Writes a few rows of each engine that differ most from each other: what decides, and what comes of it.
pub(crate) fn sample(sessions: &[Session], path: &Path) -> Result<()> {
    let mut text = String::new();
    let mut add = |line: &Line| -> Result<()> {
        text += &serde_json::to_string(line)?;
        text.push('\n');
        Ok(())
    };
    for session in sessions {
        add(&Line::Head(session.head.clone()))?;
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for row in &session.rows {
            let report = compare(&Session { head: session.head.clone(), rows: vec![row.clone()] });
            let decided: Vec<_> = report.rules.keys().copied().collect();
            let came_of: Vec<_> = report.came_of.keys().copied().collect();
            let explained: Vec<_> = report.explained.keys().copied().collect();
            if seen.insert((decided, came_of, explained, row.asked.program)) {
                kept.push(row);
            }
        }
        // Evenly, if there are too many kinds.
        let step = kept.len().div_ceil(KEPT).max(1);
        for row in kept.into_iter().step_by(step) {
            add(&Line::Row(row.clone()))?;
        }
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
