//! The doctor answers each question from the raw text that a person would paste.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use doctor::{Diagnosis, Options, diagnose};
use serde::Deserialize;

/// What an answer must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rule: String,
    #[serde(default)]
    because: Vec<String>,
    errno: String,
    #[serde(default)]
    mentions: Vec<String>,
    #[serde(default)]
    engine: Option<String>,
}

fn expected() -> BTreeMap<String, Expected> {
    toml::from_str(&fs::read_to_string("tests/doctor/expected.toml").unwrap()).unwrap()
}

fn answer(slug: &str) -> Diagnosis {
    diagnose(&fs::read(format!("tests/doctor/{slug}.txt")).unwrap(), &Options::default())
}

/// What is not as expected of a text's answer.
fn shortcomings(slug: &str, expected: &Expected) -> Vec<String> {
    let diagnosis = answer(slug);
    let Some(case) = diagnosis.cases.first() else { return vec!["there is no answer".to_owned()] };
    let mut found = Vec::new();
    if case.rule != Some(expected.rule.as_str()) {
        found.push(format!("the rule is {:?}, not {:?}: {}", case.rule, expected.rule, case.verdict));
    }
    let missing: Vec<_> = expected.because.iter().filter(|rule| !case.rules.contains(&rule.as_str())).collect();
    if !missing.is_empty() {
        found.push(format!("it does not name {missing:?}; it names {:?}", case.rules));
    }
    if case.errno.as_deref().unwrap_or("none") != expected.errno {
        found.push(format!("the error is {:?}, not {:?}", case.errno, expected.errno));
    }
    if let Some(message) = &case.does_not_explain {
        found.push(format!("it does not explain {message:?}"));
    }
    let whole = format!("{}\n{}", serde_json::to_string(case).unwrap(), diagnosis.markdown());
    for text in expected.mentions.iter().filter(|text| !whole.contains(text.as_str())) {
        let fixes: Vec<_> = case.fixes.iter().map(|fix| fix.commands.join(" && ")).collect();
        found.push(format!("it does not mention {text:?}; its fixes are {fixes:?}"));
    }
    if let Some(engine) = &expected.engine {
        let known = case.scenario.runtime.as_ref().map(|runtime| runtime.engine.0.name());
        if known != Some(engine.as_str()) {
            found.push(format!("the engine is {known:?}, not {engine:?}"));
        }
    }
    found
}

#[test]
fn every_question_is_answered_from_its_raw_text() {
    let expected = expected();
    assert_eq!(expected.len(), 35);
    let texts: BTreeSet<String> = fs::read_dir("tests/doctor")
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".txt")?.to_owned()))
        .collect();
    assert_eq!(
        texts,
        expected.keys().cloned().collect(),
        "every text has an expectation, and every expectation a text"
    );
    let wrong: Vec<_> = expected
        .iter()
        .map(|(slug, expected)| (slug, shortcomings(slug, expected)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(slug, found)| format!("{slug}:\n    {}", found.join("\n    ")))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}
