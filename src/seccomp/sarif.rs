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

/// Writes the findings about one file as one run; what is about a preset is about no file.
pub(crate) fn write(file: Option<&str>, rules: &[Rule], findings: &[Finding], out: &mut impl Write) -> Result<()> {
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

fn result(file: Option<&str>, rules: &[Rule], finding: &Finding) -> Value {
    let place = finding.place;
    let region = (place.line > 0).then(|| json!({ "startLine": place.line, "startColumn": place.column }));
    let artifact = |file| object([("artifactLocation", Some(json!({ "uri": uri(file) }))), ("region", region)]);
    let logical = (!finding.path.is_empty()).then(|| json!([{ "fullyQualifiedName": finding.path }]));
    let location = object([("physicalLocation", file.map(artifact)), ("logicalLocations", logical)]);
    object([
        ("ruleId", Some(json!(finding.rule))),
        ("ruleIndex", rules.iter().position(|rule| rule.id == finding.rule).map(Value::from)),
        ("level", Some(json!(level(finding.severity)))),
        ("message", Some(json!({ "text": finding.message }))),
        ("locations", Some(json!([location]))),
        ("properties", finding.properties.clone()),
    ])
}

/// An object of what there is.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
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
