//! The doctor answers each question from the raw text that a person would paste.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
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

/// The longest answer to any text, in bytes.
const MOST_ANSWERED: usize = 4 << 20;

/// Answers a hostile text in every form, each within bounds; gives how many cases there are.
fn bounded(text: &[u8]) -> (usize, Diagnosis) {
    let diagnosis = diagnose(text, &Options::default());
    let json = serde_json::to_string(&diagnosis).unwrap();
    let markdown = diagnosis.markdown();
    assert!(json.len() < MOST_ANSWERED && markdown.len() < MOST_ANSWERED, "{} {}", json.len(), markdown.len());
    assert!(
        !markdown.chars().any(|c| c.is_control() && c != '\n' && c != '\t'),
        "no control character comes through"
    );
    (diagnosis.cases.len(), diagnosis)
}

#[test]
fn a_truncated_pod_ends_in_a_placed_error() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: web\n    image: \"web\n    securityContext: {runAsUser";
    let (_, diagnosis) = bounded(text.as_bytes());
    assert!(!diagnosis.misread.is_empty() || !diagnosis.cases.is_empty(), "an answer, or a placed error");
    assert!(diagnosis.misread.iter().all(|unread| unread.line >= 1 && unread.column >= 1));
}

#[test]
fn a_bomb_of_aliases_does_not_go_off() {
    let mut text = String::from("apiVersion: v1\nkind: Pod\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let below = format!("*a{}", level - 1);
        writeln!(text, "a{level}: &a{level} [{}]", [below.as_str(); 9].join(", ")).unwrap();
    }
    let (_, diagnosis) = bounded(text.as_bytes());
    assert!(diagnosis.cases.is_empty());
}

#[test]
fn control_characters_and_broken_text_are_shown_as_text() {
    let text = b"docker run --user '\x1b[31m1000\x07' --cap-add '\x00\xff\xfe' \xf0\x28\x8c\x28 web\nexec /x\x1b]0;y\x07: operation not permitted\n";
    bounded(text);
    let mut noise: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    bounded(&noise);
    noise.retain(|byte| *byte != b'\n');
    bounded(&noise);
}

#[test]
fn ten_thousand_containers_are_counted() {
    let mut text = String::from("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n");
    for index in 0..10_000 {
        writeln!(
            text,
            "  - {{name: c{index}, image: web, command: [/bin/web], securityContext: {{runAsUser: 1000}}}}"
        )
        .unwrap();
    }
    let (cases, diagnosis) = bounded(text.as_bytes());
    assert_eq!((cases + diagnosis.more_cases, cases), (10_000, 64));
}

#[test]
fn twenty_megabytes_of_strace_are_read() {
    let line = "[pid  4711] 10:31:07.100231 openat(AT_FDCWD, \"/etc/app.conf\", O_RDONLY|O_CLOEXEC) = 3\n";
    let mut text = line.repeat((20 << 20) / line.len());
    text += "[pid  4711] 10:31:08.000000 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = -1 EACCES (Permission denied)\n";
    let (cases, diagnosis) = bounded(text.as_bytes());
    assert_eq!(cases, 1);
    assert_eq!(diagnosis.cases[0].rule, Some("bind.net-bind-service"), "{}", diagnosis.cases[0].verdict);
}

#[test]
fn a_scenario_has_only_the_files_that_its_steps_touch() {
    let mut text = "docker run --user 1000 web web\n".repeat(70);
    for index in 0..20_000 {
        writeln!(text, "/opt/p{index} cap_net_raw=ep").unwrap();
    }
    text += "/opt/web cap_net_raw=ep\n$ chmod 0750 /opt/p1\n";
    let (cases, diagnosis) = bounded(text.as_bytes());
    assert_eq!(cases, 64);
    for case in diagnosis.cases {
        assert_eq!(case.scenario.files.into_keys().collect::<Vec<_>>(), ["/opt/web"]);
    }
}

#[test]
fn of_many_logs_the_last_is_played() {
    let mut text = String::new();
    for index in 0..20_000 {
        writeln!(text, "getpid() = {index}\n/opt/p{index} cap_kill=ep").unwrap();
    }
    text += "socket(AF_PACKET, SOCK_RAW, 0) = -1 EPERM (Operation not permitted)\n";
    let (_, diagnosis) = bounded(text.as_bytes());
    assert_eq!(diagnosis.cases[0].rule, Some("socket.packet"), "{}", diagnosis.cases[0].verdict);
}
