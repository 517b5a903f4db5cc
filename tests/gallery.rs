//! The gallery: thirty-five questions that people ask, each a scenario that holds, and each as a text that people paste.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use sim_core::scenario::{Loaded, Options};
use sim_core::search::{Goal, Limits, fixes};

/// Scenarios without fixes, and why.
const WITHOUT_FIXES: [(&str, &str); 13] = [
    ("03-nnp-and-setcap", "nothing fails; with Docker 18.04 to 24 a newer one, or without no-new-privileges"),
    ("05-why-can-bind-80", "nothing fails; --sysctl net.ipv4.ip_unprivileged_port_start=1024 brings the limit back"),
    ("06b-run-as-root", "nothing fails"),
    ("08-rootless-caps", "no option of the container helps, for the clock is the host's"),
    ("12b-ambient-lib-path", "nothing fails"),
    ("14b-traced-by-root", "nothing fails"),
    ("19b-systemd-system-unit", "nothing fails"),
    ("20-capsh-recipe", "it is the recipe"),
    ("23-ruid-euid", "nothing fails since 6.17; before it the launcher makes its ids equal"),
    ("26b-uidmap-with-setfcap", "nothing fails"),
    ("27b-clone3-enosys", "nothing fails"),
    ("30b-profile-with-nnp", "nothing fails"),
    ("32b-strace-today", "what fails is to fail"),
];

/// Scenarios that no kernel performs, and why.
const NOT_PERFORMED: [(&str, &str); 2] = [
    ("09-unknown-cap", "the engine refuses, and no kernel is asked"),
    ("19-systemd-ambient", "systemd gives up, and no kernel is asked"),
];

/// Scenarios whose fixes the search does not find, and why.
const OTHER_FIXES: [(&str, &str); 2] = [
    ("09-unknown-cap", "the search leaves no option out, and the fix asks for another capability"),
    ("34-chmod-not-blocked", "the fix refuses more, and the search looks for what lets the call through"),
];

/// The scenarios by name, in order.
fn gallery() -> BTreeMap<String, Loaded> {
    let entries = fs::read_dir("scenarios/gallery").unwrap().map(|entry| entry.unwrap().path());
    let scenarios = entries.map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let loaded = Loaded::read(&text, &Options::default());
        assert!(loaded.is_ok(), "{}: {}", path.display(), loaded.unwrap_err());
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), loaded.unwrap())
    });
    scenarios.collect()
}

fn has(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(listed, _)| *listed == name)
}

/// Whether the name begins with a number and `-`, and not with `b-`: a question of its own.
fn is_question(name: &str) -> bool {
    name.as_bytes().get(2) == Some(&b'-')
}

/// The two digits with which a name begins.
fn number(name: &str) -> &str {
    name.get(..2).unwrap()
}

#[test]
fn there_are_thirty_five_questions() {
    let names: Vec<String> = gallery().into_keys().filter(|name| is_question(name)).collect();
    let numbers: Vec<_> = names.iter().map(|name| number(name).parse::<u8>().unwrap()).collect();
    assert_eq!(numbers, (1..=35).collect::<Vec<_>>());
    for name in gallery().into_keys().filter(|name| !is_question(name)) {
        let variant = name.strip_prefix(number(&name)).unwrap();
        assert!(
            names.iter().any(|question| number(question) == number(&name)) && variant.starts_with("b-"),
            "{name}"
        );
    }
}

#[test]
fn each_says_what_people_want_to_know() {
    let mut titles = BTreeSet::new();
    for (name, Loaded { scenario, .. }) in gallery() {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).expect(&name);
        assert!(titles.insert(text(&scenario.title)), "{name}: another one has the title");
        assert!(text(&scenario.question).ends_with('?'), "{name}");
        assert!(text(&scenario.answer).split_whitespace().count() <= 60, "{name}: the answer is long");
        text(&scenario.about);
        assert!(!scenario.sources.is_empty(), "{name}");
        assert!(scenario.sources.iter().all(|source| source.starts_with("https://")), "{name}");
        assert!(scenario.tags.iter().any(|tag| tag == "gallery"), "{name}");
        assert_eq!(scenario.fixes.is_empty(), has(&WITHOUT_FIXES, &name), "{name}");
        assert!(scenario.steps.iter().all(|step| step.expect.is_some()), "{name}: a step expects nothing");
    }
}

#[test]
fn each_holds() {
    for (name, loaded) in gallery() {
        let result = loaded.run();
        assert!(result.ok, "{name}: {}", serde_json::to_string_pretty(&result).unwrap());
    }
}

#[test]
fn each_was_performed_by_a_kernel() {
    let text = fs::read_to_string("native-verify/evidence/scenarios.json").unwrap();
    let stamps: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    for name in gallery().into_keys() {
        let stamped = stamps.get(&format!("scenarios/gallery/{name}.json")).is_some_and(|stamps| {
            let dated = |stamp: &Value| stamp["kernel"].is_string() && stamp["date"].is_string();
            stamps.as_array().is_some_and(|stamps| !stamps.is_empty() && stamps.iter().all(dated))
        });
        assert_ne!(stamped, has(&NOT_PERFORMED, &name), "{name}: `native-verify run --stamps` has not seen it");
    }
}

#[test]
fn a_search_finds_what_is_proposed() {
    let limits = Limits { edits: 2, ..Limits::default() };
    for (name, Loaded { scenario, .. }) in gallery() {
        let Some(goal) = Goal::first_refused(&scenario, &Options::default()) else { continue };
        if scenario.fixes.is_empty() || has(&OTHER_FIXES, &name) {
            continue;
        }
        let found = fixes(&scenario, &goal, &limits, &Options::default());
        let commands: Vec<_> = found.fixes.into_iter().flat_map(|fix| fix.commands).collect();
        let proposed = scenario.fixes.iter().any(|fix| commands.iter().any(|command| command.contains(fix)));
        assert!(proposed, "{name}: none of {:?} is found, but {commands:#?}", scenario.fixes);
    }
}

#[test]
fn each_is_there_as_people_paste_it() {
    let questions: BTreeSet<String> = gallery().into_keys().filter(|name| is_question(name)).collect();
    let expected: BTreeMap<String, toml::Table> =
        toml::from_str(&fs::read_to_string("tests/doctor/expected.toml").unwrap()).unwrap();
    assert_eq!(expected.keys().cloned().collect::<BTreeSet<_>>(), questions);
    for name in &questions {
        let text = fs::read_to_string(format!("tests/doctor/{name}.txt")).expect(name);
        assert!((3..=40).contains(&text.lines().count()), "{name}");
    }
}
