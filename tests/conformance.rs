//! The peers' cases: the model answers each as Linux does, and the score file says what of the peers' own expectations
//! Linux does not meet. `SNAPSHOTS=overwrite cargo test --test conformance` accepts the scores as they are now.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may say what it expects")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sim_core::kernel::{CHANGES, Release};
use sim_core::scenario::{Difference, Expect, Loaded, Options};
use snapbox::{Assert, file};
use walkdir::WalkDir;

/// What `suite.toml` says of a suite.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    name: String,
    project: String,
    licence: String,
    #[serde(default)]
    commit: Option<String>,
    paths: Vec<String>,
    #[serde(default)]
    wrong_on_linux: Vec<Wrong>,
    #[serde(default)]
    differs_in_kernel: Vec<Differs>,
}

/// An expectation of the suite that Linux does not meet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    /// The title of the case.
    case: String,
    /// What the suite expects of the last step.
    suite_expects: Expect,
    /// The kernel that answered otherwise.
    kernel: String,
    /// A release that still met the expectation.
    held_on: Option<String>,
    why: String,
}

/// A case that the peer's kernel answers otherwise, as its source says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differs {
    /// The title of the case.
    case: String,
    source: String,
    answers: String,
}

/// One line of a `.jsonl` file.
struct Case {
    place: String,
    text: String,
}

impl Case {
    fn load(&self, release: Option<Release>) -> Loaded {
        let options = Options { release, ..Options::default() };
        Loaded::read(&self.text, &options).unwrap_or_else(|error| panic!("{}: {error}", self.place))
    }
}

/// Every suite with its cases, in order of the folders' names.
fn suites() -> Vec<(Suite, Vec<Case>)> {
    let folders = WalkDir::new("tests/conformance").min_depth(1).max_depth(1).sort_by_file_name().into_iter();
    let folders = folders.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_dir());
    folders.map(|folder| (suite(&folder), cases(&folder))).collect()
}

fn suite(folder: &Path) -> Suite {
    let path = folder.join("suite.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn cases(folder: &Path) -> Vec<Case> {
    let is_table = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
    let files = WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let mut cases = Vec::new();
    for path in files.filter(is_table) {
        for (index, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            cases.push(Case { place: format!("{}:{}", path.display(), index + 1), text: line.to_owned() });
        }
    }
    cases
}

/// The title, which the suite's notes name a case by.
fn title(loaded: &Loaded) -> &str {
    loaded.scenario.title.as_deref().unwrap_or_default()
}

/// What does not hold of what a case expects, on the release that it names.
fn unmet(loaded: &Loaded) -> Vec<Difference> {
    loaded.run().steps.into_iter().flat_map(|step| step.differences).collect()
}

/// What of an expectation of the last step does not hold.
fn unmet_at_the_end(loaded: &Loaded, expect: &Expect) -> Vec<Difference> {
    let result = loaded.run();
    expect.differences(result.steps.last().unwrap(), loaded.world.all)
}

#[test]
fn the_model_answers_every_case_as_linux_does() {
    let mut failed = String::new();
    for case in suites().iter().flat_map(|(_, cases)| cases) {
        let unmet = unmet(&case.load(None));
        if !unmet.is_empty() {
            writeln!(failed, "{}: {unmet:#?}", case.place).unwrap();
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// Kernels from 5.10 on perform the cases too; there, one without `kernel` is held to what it expects.
#[test]
fn a_case_without_a_release_holds_on_every_one() {
    let oldest: Release = "5.10".parse().unwrap();
    let releases = CHANGES.iter().map(|change| change.since).filter(|since| *since > oldest);
    let releases: Vec<_> = [oldest, Release::NEWEST].into_iter().chain(releases).collect();
    let suites = suites();
    for case in suites.iter().flat_map(|(_, cases)| cases) {
        if case.load(None).scenario.kernel.is_some() {
            continue;
        }
        for release in &releases {
            let unmet = unmet(&case.load(Some(*release)));
            assert!(
                unmet.is_empty(),
                "{}: it must name the releases it is for, on {release}: {unmet:#?}",
                case.place
            );
        }
    }
}

#[test]
fn every_case_has_a_title_of_its_own_a_source_and_an_expectation() {
    let mut titles = BTreeSet::new();
    for case in suites().iter().flat_map(|(_, cases)| cases) {
        let loaded = case.load(None);
        let scenario = &loaded.scenario;
        assert!(!title(&loaded).is_empty() && titles.insert(title(&loaded).to_owned()), "{}: no title", case.place);
        assert!(!scenario.sources.is_empty() && !scenario.tags.is_empty(), "{}: no source or no tag", case.place);
        assert!(scenario.steps.iter().any(|step| step.expect.is_some()), "{}: nothing is expected", case.place);
    }
}

#[test]
fn what_is_called_wrong_is_wrong_now_and_held_where_it_says() {
    for (suite, cases) in suites() {
        for wrong in &suite.wrong_on_linux {
            let loaded = |release| find(&cases, &wrong.case, release);
            let release = Release::from_uname(&wrong.kernel).unwrap();
            let differences = unmet_at_the_end(&loaded(Some(release)), &wrong.suite_expects);
            assert!(!differences.is_empty(), "{}: Linux meets it", wrong.case);
            if let Some(held_on) = &wrong.held_on {
                let release = held_on.parse().unwrap();
                let differences = unmet_at_the_end(&loaded(Some(release)), &wrong.suite_expects);
                assert!(differences.is_empty(), "{}: {held_on} did not meet it: {differences:#?}", wrong.case);
            }
        }
        for differs in &suite.differs_in_kernel {
            find(&cases, &differs.case, None);
        }
    }
}

/// The case of this title.
fn find(cases: &[Case], wanted: &str, release: Option<Release>) -> Loaded {
    let mut found = cases.iter().map(|case| case.load(release)).filter(|loaded| title(loaded) == wanted);
    found.next().unwrap_or_else(|| panic!("no case is called {wanted:?}"))
}

#[test]
fn the_scores_are_up_to_date() {
    Assert::new().action_env("SNAPSHOTS").eq(scores(), file!["conformance/SCORES.md"].raw());
}

fn scores() -> String {
    let suites = suites();
    let mut text = String::from(HEAD);
    let mut sum = [0; 4];
    for (suite, cases) in &suites {
        let held = cases.iter().filter(|case| unmet(&case.load(None)).is_empty()).count();
        let (wrong, ours) = (suite.wrong_on_linux.len(), suite.differs_in_kernel.len());
        let row = [cases.len(), cases.len() - ours - wrong, wrong, held];
        let [count, met, wrong, held] = row;
        writeln!(text, "| {} | {} | {count} | {met} | {wrong} | {held} |", suite.name, suite.licence).unwrap();
        sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
    }
    let [count, met, wrong, held] = sum;
    writeln!(text, "| all | | {count} | {met} | {wrong} | {held} |").unwrap();
    text.push_str(WRONG);
    for (suite, cases) in &suites {
        for wrong in &suite.wrong_on_linux {
            tell_wrong(&mut text, suite, cases, wrong);
        }
    }
    text.push_str(DIFFERS);
    for (suite, _) in &suites {
        for Differs { case, source, answers } in &suite.differs_in_kernel {
            writeln!(text, "- **{}**: {case}.\n  {answers} ({source})", suite.name).unwrap();
        }
    }
    text.push_str(SOURCES);
    for (suite, _) in &suites {
        let commit = suite.commit.as_deref().map_or(String::new(), |commit| format!(" at {commit}"));
        let paths: Vec<_> = suite.paths.iter().map(|path| format!("`{path}`")).collect();
        let paths = if paths.is_empty() { String::new() } else { format!(": {}", paths.join(", ")) };
        writeln!(text, "- **{}**, {}{commit}, {}{paths}", suite.name, suite.project, suite.licence).unwrap();
    }
    text
}

fn tell_wrong(text: &mut String, suite: &Suite, cases: &[Case], wrong: &Wrong) {
    let release = Release::from_uname(&wrong.kernel).unwrap();
    let loaded = find(cases, &wrong.case, Some(release));
    let differences = unmet_at_the_end(&loaded, &wrong.suite_expects);
    let fields: Vec<_> = differences
        .iter()
        .map(|Difference { field, expected, actual }| format!("`{field}` expected {expected}, is {actual}"))
        .collect();
    let held = wrong.held_on.as_ref().map_or(String::new(), |held_on| format!("; Linux {held_on} still met it"));
    writeln!(
        text,
        "- **{}**: {}.\n  Linux {}: {}{held}.\n  {}",
        suite.name,
        wrong.case,
        wrong.kernel,
        fields.join(", "),
        wrong.why
    )
    .unwrap();
}

const HEAD: &str = "# Scores

Written by `SNAPSHOTS=overwrite cargo test --test conformance`; do not edit. README.md says what the suites are.

- **cases**: scenarios of the suite, and scenarios for what its kernel answers otherwise;
- **met**: expectations of the suite that Linux meets, on the release that the case names;
- **wrong**: expectations of the suite that Linux does not meet;
- **model**: cases that the model answers as Linux does.

| suite | licence | cases | met | wrong | model |
|---|---|--:|--:|--:|--:|
";

const WRONG: &str = "
## Expectations that Linux does not meet

";

const DIFFERS: &str = "
## What the peers' kernels answer otherwise

As their source says; they were not run.

";

const SOURCES: &str = "
## Sources

";
