//! What real profiles mean, by the rows that other projects' filters were measured with.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may say what it expects")]

mod conformance;

use std::collections::BTreeMap;

use sim_core::capability::{CapSet, Capability};
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::{Program, from_bytes};
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Manager, Policy, Profile, Runtime, Target, resolve};
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::{FilterReturn, SeccompData};

use conformance::{Table, archive, hexadecimal};

/// A resolved case of the archive's manifest.
struct Case {
    name: String,
    profile: Profile,
    target: Target,
}

/// As the filters of the archive were made: by a runtime without a stub.
fn cases(files: &BTreeMap<String, Vec<u8>>) -> Vec<Case> {
    let manifest: serde_json::Value = serde_json::from_slice(&files["profiles/manifest.json"]).unwrap();
    let cases = manifest.as_array().unwrap().iter().map(|case| {
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let profile = text("profile");
        let read = Profile::read(&files[&format!("profiles/{profile}.json")]);
        let mut read = read.unwrap_or_else(|error| panic!("{profile}: {error}"));
        // One entry has errno 12345, which libseccomp refuses; the rows were made without it.
        read.syscalls.retain(|entry| entry.errno_ret != Some(12_345));
        let podman = profile == "containers-common-default";
        let manager = if podman { Manager::ContainersCommon } else { Manager::Moby };
        let bounding: CapSet = case["caps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| Capability::from_name(name.as_str().unwrap()).unwrap())
            .collect();
        let target = Target {
            kernel: text("kernel").parse().unwrap(),
            ..Target::new(Abi::from_name(&text("native")).unwrap(), Engine::new(manager, Runtime::Crun))
        };
        Case { name: text("case"), profile: read, target: target.with_bounding(bounding) }
    });
    cases.collect()
}

fn policies(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Policy> {
    let resolved = |case: Case| {
        let policy = resolve(&case.profile, &case.target).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        (case.name, policy)
    };
    cases(files).into_iter().map(resolved).collect()
}

/// Calls `check` with each row's case, call and answer; says how many rows there are.
fn rows(files: &BTreeMap<String, Vec<u8>>, mut check: impl FnMut(&str, &SeccompData, FilterReturn)) -> usize {
    let table = Table::read(std::str::from_utf8(&files["profiles/rows.csv"]).unwrap());
    for row in &table.rows {
        let (data, _) = table.call(row);
        check(table.get(row, "case"), &data, FilterReturn(hexadecimal(table.get(row, "ret"))));
    }
    table.rows.len()
}

#[test]
fn every_row_at_the_policy_level() {
    let Some(files) = archive("profiles.tar.xz") else { return };
    let policies = policies(&files);
    let mut by_rule = 0;
    let count = rows(&files, |case, data, expected| {
        let verdict = policies[case].verdict(data);
        by_rule += usize::from(verdict.rule().is_some());
        assert_eq!(verdict.action, expected, "{case}: {data:?}: {verdict:?}");
    });
    let ambiguities: usize = policies.values().map(|policy| policy.ambiguities.len()).sum();
    println!(
        "{count} rows, {} cases, {by_rule} decided by a rule, {ambiguities} ambiguities: all agree",
        policies.len()
    );
    assert_eq!((count, policies.len(), ambiguities), (35_467, 40, 0));
}

/// A call's table and number, and its rules as conditions and action.
type Fact = (String, u32, Vec<(String, FilterReturn)>);

/// A policy without where its rules come from.
fn facts(policy: &Policy) -> Vec<Fact> {
    let mut facts = Vec::new();
    for table in &policy.tables {
        for call in &table.calls {
            let rules = call.rules.iter().map(|rule| {
                let conditions: Vec<_> = rule.conditions.iter().map(ToString::to_string).collect();
                (conditions.join(" && "), rule.action)
            });
            facts.push((table.abi.to_string(), call.number, rules.collect()));
        }
    }
    facts
}

#[test]
fn presets_are_what_their_originals_are() {
    let Some(files) = archive("profiles.tar.xz") else { return };
    let originals = [
        (Preset::Docker, "moby-default", Manager::Moby),
        (Preset::Podman, "containers-common-default", Manager::ContainersCommon),
        (Preset::Crio, "crio-vendored-common", Manager::ContainersCommon),
    ];
    let natives = [
        Abi::X86_64,
        Abi::AARCH64,
        Abi::ARM,
        Abi::RISCV64,
        Abi::S390X,
        Abi::PPC64LE,
        Abi::MIPSEL64,
        Abi::LOONGARCH64,
    ];
    let some = Target::new(Abi::X86_64, Engine::NONE).bounding.unwrap();
    let singles = Capability::all_named().map(|capability| [capability].into_iter().collect());
    let sets: Vec<CapSet> =
        [CapSet::EMPTY, some, CapSet::up_to(Capability::LAST_NAMED)].into_iter().chain(singles).collect();
    let (mut cases, mut rules) = (0, 0);
    for (preset, name, manager) in originals {
        let original = Profile::read(&files[&format!("profiles/{name}.json")]).unwrap();
        for (native, bounding) in natives.iter().flat_map(|native| sets.iter().map(move |set| (*native, *set))) {
            let target = Target::new(native, Engine::new(manager, Runtime::Runc)).with_bounding(bounding);
            let [ours, theirs] = [&preset.profile(), &original].map(|profile| resolve(profile, &target).unwrap());
            assert_eq!(facts(&ours), facts(&theirs), "{name}, {native}");
            let whole =
                |policy: &Policy| (policy.default_action, policy.tables.iter().map(|t| t.stub).collect::<Vec<_>>());
            assert_eq!((whole(&ours), ours.flags, &ours.entries), (whole(&theirs), theirs.flags, &theirs.entries));
            cases += 1;
            rules += ours.tables.iter().map(|table| table.calls.len()).sum::<usize>();
        }
    }
    println!("{cases} cases of architecture and capabilities, {rules} calls with rules: presets and originals agree");
    assert_eq!(cases, 3 * 8 * (41 + 3));
}

#[test]
fn every_row_with_filters_of_our_own() {
    let Some(files) = archive("profiles.tar.xz") else { return };
    let policies = policies(&files);
    let programs: BTreeMap<_, _> = policies.iter().map(|(case, policy)| (case, compile(policy).unwrap())).collect();
    let mut executed = 0;
    let count = rows(&files, |case, data, expected| {
        let run = programs[&case.to_owned()].run_in(data, data.arch.byte_order(), &mut Silent);
        executed += run.executed;
        assert_eq!(run.returned, expected, "{case}: {data:?}");
    });
    let lengths: Vec<_> = programs.values().map(|program| program.instructions().len()).collect();
    println!(
        "{count} rows, {} filters of {} to {} instructions, {executed} executed: all agree",
        lengths.len(),
        lengths.iter().min().unwrap(),
        lengths.iter().max().unwrap(),
    );
    assert_eq!(count, 35_467);
}

#[test]
fn filters_are_proven_for_every_call() {
    let Some(files) = archive("profiles.tar.xz") else { return };
    let mut proven = 0;
    for (case, policy) in policies(&files) {
        let ours = compile(&policy).unwrap();
        let theirs = ["opt1", "opt2"].map(|optimised| {
            let (instructions, _) =
                from_bytes(&files[&format!("profiles/bpf/{case}.{optimised}.bpf")], None).unwrap();
            Program::check(instructions).unwrap()
        });
        for program in theirs.iter().chain([&ours]) {
            let found = difference(&Subject::Policy(&policy), &Subject::Program(program)).unwrap();
            assert_eq!(found, None, "{case}");
            proven += 1;
        }
    }
    println!("{proven} filters, libseccomp's and ours, are their policies for every call");
    assert_eq!(proven, 120);
}
