//! Findings in SARIF 2.1.0, which code hosts and editors read.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};
use sim_core::seccomp::lint::Severity;
use sim_core::seccomp::profile::Place;

/// A kind of finding: a `reportingDescriptor`.
pub(crate) struct Rule {
    /// As `unknown-name`.
    pub(crate) id: &'static str,
    /// In a sentence.
    pub(crate) statement: &'static str,
    /// Unless a finding says otherwise.
    pub(crate) severity: Severity,
}

/// A finding: a `result`.
pub(crate) struct Finding {
    /// The rule's id.
    pub(crate) rule: &'static str,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What happens.
    pub(crate) message: String,
    /// Where; line 0 for no place in the file.
    pub(crate) place: Place,
    /// Where in the JSON, empty for the whole.
    pub(crate) path: String,
    /// More about it, as JSON.
    pub(crate) properties: Option<Value>,
}

/// Writes the findings about one file as one run.
pub(crate) fn write(file: &str, rules: &[Rule], findings: &[Finding], out: &mut impl Write) -> Result<()> {
    let descriptors: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.statement },
                "defaultConfiguration": { "level": level(rule.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(file, rules, finding)).collect();
    let driver = json!({
        "name": "eperm",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": descriptors,
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    Ok(writeln!(out)?)
}

fn result(file: &str, rules: &[Rule], finding: &Finding) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    if finding.place.line > 0 {
        physical["region"] = json!({ "startLine": finding.place.line, "startColumn": finding.place.column });
    }
    let mut location = json!({ "physicalLocation": physical });
    if !finding.path.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": finding.path }]);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": finding.message },
        "locations": [location],
    });
    if let Some(index) = rules.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(properties) = &finding.properties {
        result["properties"] = properties.clone();
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The path as a reference: what has a meaning in one is encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("profiles/a b.json"), "profiles/a%20b.json");
        assert_eq!(uri("c:é"), "c%3A%C3%A9");
    }
}
