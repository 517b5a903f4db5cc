//! The search against every set of edits of every kind.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::capability::{CapSet, Capability};
use crate::credentials::Securebits;
use crate::file::Mode;
use crate::scenario::{Call, FourIds, Loaded, Options, Scenario, Simulation, World};
use crate::search::attempt::{Attempt, Baseline, start};
use crate::search::draft::Draft;
use crate::search::minimal::is_at_least;
use crate::search::{Edit, Fix, Goal, Limits, ProcessSet, fixes};

/// Every edit of every kind for these capabilities, whether or not it has to do with what fails.
fn all_edits(scenario: &Scenario, caps: impl Iterator<Item = Capability>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let steps = scenario.steps.len();
    for capability in caps {
        let caps = CapSet::from(capability);
        for set in [ProcessSet::Permitted, ProcessSet::Inheritable, ProcessSet::Ambient, ProcessSet::Bounding] {
            edits.push(Edit::StartWith { set, caps });
        }
        for path in scenario.files.keys() {
            let path = || path.clone();
            for (inheritable, effective) in [(false, true), (false, false), (true, true)] {
                edits.push(Edit::Setcap { path: path(), inheritable, caps, effective });
            }
            // What would be left empty is removed.
            let held = scenario.files.get(&path()).and_then(|file| file.caps.as_ref()?.resolve(caps).ok());
            if held.is_some_and(|held| !((held.permitted | held.inheritable) - caps).is_empty()) {
                edits.push(Edit::DropFileCaps { path: path(), caps });
            }
        }
        for before in 1..steps {
            edits.push(Edit::Raise { caps, before });
            edits.push(Edit::Inherit { caps, before });
        }
    }
    for path in scenario.files.keys() {
        let path = || path.clone();
        edits.push(Edit::RemoveAttribute { path: path() });
        edits.push(Edit::ClearEffectiveFlag { path: path() });
        edits.push(Edit::SetUserIdRoot { path: path() });
        edits.push(Edit::MountSuid { path: path() });
        edits.push(Edit::MountExec { path: path() });
        edits.push(Edit::Wrapper { path: path() });
        // Of the class that counts for the process as it is: the files are root's.
        let root = scenario.process.uid == Some(FourIds([0; 4]));
        edits.push(Edit::Chmod { path: path(), add: Mode::new(if root { 0o100 } else { 0o1 }).unwrap() });
    }
    edits.push(Edit::StartAsRoot);
    edits.push(Edit::WithoutNoNewPrivs);
    edits.push(Edit::Untraced);
    edits.push(Edit::PowerfulTracer);
    edits.push(Edit::OwnFilesystemContext);
    for bit in [Securebits::NOROOT, Securebits::NO_CAP_AMBIENT_RAISE, Securebits::NO_SETUID_FIXUP] {
        edits.push(Edit::ClearSecurebits(bit));
    }
    let own = |step: &usize| !matches!(scenario.steps[*step].call, Call::Execve(_));
    edits.extend((0..steps).filter(own).map(|step| Edit::LeaveOut { step }));
    edits
}

/// The minimal sets of up to `bound` edits that reach the goal, by trying all.
fn by_force(scenario: &Scenario, goal: &Goal, edits: &[Edit], bound: usize) -> Vec<Vec<Edit>> {
    let options = Options::default();
    let baseline = Baseline::of(scenario, goal, &options);
    let reaches = |set: &[Edit]| {
        let draft = Draft::of(scenario, set, &options);
        Attempt::of(&draft, &start(&draft, &options), goal, &baseline).failure.is_none()
    };
    let changes = |edit: &Edit| {
        Draft::of(scenario, core::slice::from_ref(edit), &options) != Draft::of(scenario, &[], &options)
    };
    let edits: Vec<&Edit> = edits.iter().filter(|edit| changes(edit) && !leaves_out_goal(edit, goal)).collect();
    let mut found: Vec<Vec<Edit>> = Vec::new();
    let mut helping = BTreeSet::new();
    for (index, edit) in edits.iter().enumerate() {
        if reaches(&[(*edit).clone()]) {
            helping.insert(index);
            found.push(Vec::from([(*edit).clone()]));
        }
    }
    if bound > 1 {
        for (index, first) in edits.iter().enumerate().filter(|(index, _)| !helping.contains(index)) {
            for (other, second) in edits.iter().enumerate().skip(index + 1) {
                let set = [(*first).clone(), (*second).clone()];
                if !helping.contains(&other) && !first.excludes(second) && reaches(&set) {
                    found.push(set.to_vec());
                }
            }
        }
    }
    let replaced = |set: &[Edit]| {
        let less = set.iter().enumerate().flat_map(|(index, edit)| {
            let fewer = edits.iter().filter(|other| edit.is_more_than(other));
            fewer.map(move |other| (index, (*other).clone()))
        });
        less.map(|(index, other)| {
            let mut set = set.to_vec();
            set[index] = other;
            set
        })
        .collect::<Vec<_>>()
    };
    let holds = |set: &[Edit], fix: &[Edit]| fix.iter().all(|edit| set.contains(edit));
    let kept = found.iter().filter(|set| !replaced(set).iter().any(|less| found.iter().any(|fix| holds(less, fix))));
    kept.cloned().collect()
}

fn leaves_out_goal(edit: &Edit, goal: &Goal) -> bool {
    matches!(edit, Edit::LeaveOut { step } if *step >= goal.last())
}

/// Small worlds in which something may fail.
fn scenarios() -> impl Strategy<Value = String> {
    let caps = prop::sample::select(Vec::from([
        "none",
        "cap_net_bind_service",
        "cap_sys_chroot",
        "cap_net_bind_service,cap_kill",
    ]));
    let bounding = prop::sample::select(Vec::from(["all", "none", "cap_net_bind_service", "cap_kill"]));
    let file = prop::sample::select(Vec::from([
        "null",
        "\"cap_net_bind_service=ep\"",
        "\"cap_net_bind_service=p\"",
        "\"cap_net_bind_service=ei\"",
        "\"cap_net_bind_service,cap_kill=ep\"",
        "\"cap_sys_chroot=ep\"",
    ]));
    let mode = prop::sample::select(Vec::from(["0755", "0700", "0644", "04755"]));
    let securebits = prop::sample::select(Vec::from(["", "\"noroot\"", "\"no_cap_ambient_raise\""]));
    let before = prop::sample::select(Vec::from([
        "",
        "{ \"prctl\": [\"PR_CAPBSET_DROP\", \"cap_net_bind_service\"] }, ",
        "{ \"prctl\": [\"PR_SET_NO_NEW_PRIVS\", 1] }, ",
        "{ \"capset\": { \"effective\": \"none\", \"permitted\": \"none\", \"inheritable\": \"none\" } }, ",
    ]));
    let after = prop::sample::select(Vec::from(["", ", { \"bind\": { \"port\": 80 } }", ", { \"chroot\": {} }"]));
    let flags = prop::array::uniform6(prop::bool::weighted(0.25));
    let process = (prop::sample::select(Vec::from([0, 1000])), caps.clone(), caps, bounding, securebits);
    (process, file, mode, before, after, flags).prop_map(|(process, file, mode, before, after, flags)| {
        let (uid, permitted, inheritable, bounding, securebits) = process;
        let [nnp, shares, traced, nosuid, noexec, exec] = flags;
        let traced = if traced { ", \"traced\": { \"tracer_has_sys_ptrace\": false }" } else { "" };
        let exec = if exec { "" } else { "{ \"execve\": \"/bin/x\" }" };
        let after = if exec.is_empty() { after.trim_start_matches(", ") } else { after };
        let before = if exec.is_empty() && after.is_empty() { before.trim_end_matches(", ") } else { before };
        format!(
            "{{ \"process\": {{ \"uid\": {uid}, \"gid\": {uid}, \"permitted\": \"{permitted}\", \"effective\": \"{permitted}\",
                \"inheritable\": \"{inheritable}\", \"bounding\": \"{bounding}\", \"securebits\": [{securebits}],
                \"no_new_privs\": {nnp}, \"shares_fs\": {shares} {traced} }},
              \"files\": {{ \"/bin/x\": {{ \"caps\": {file}, \"mode\": \"{mode}\", \"nosuid\": {nosuid}, \"noexec\": {noexec} }} }},
              \"steps\": [ {before}{exec}{after} ] }}"
        )
    })
}

fn compare(text: &str, caps: impl Iterator<Item = Capability>, bound: usize) -> Result<(), TestCaseError> {
    let Ok(Loaded { scenario, .. }) = Loaded::read(text, &Options::default()) else { return Ok(()) };
    let Some(goal) = Goal::first_refused(&scenario, &Options::default()) else { return Ok(()) };
    let search = fixes(&scenario, &goal, &Limits { edits: bound, ..Limits::default() }, &Options::default());
    prop_assert!(search.complete);
    let options = Options::default();
    let draft = |edits: &[Edit]| Draft::of(&scenario, edits, &options);
    let forced = by_force(&scenario, &goal, &all_edits(&scenario, caps), bound);
    let found = || search.fixes.iter().map(|fix| draft(&fix.edits));
    for set in &forced {
        prop_assert!(
            found().any(|known| is_at_least(&draft(set), &known, &scenario)),
            "{text}\nnot found: {set:?}\nfound: {:?}",
            search.fixes.iter().map(|fix| &fix.edits).collect::<Vec<_>>()
        );
    }
    // Each fix is one, and none of its edits can be left out.
    let baseline = Baseline::of(&scenario, &goal, &options);
    let reaches = |edits: &[Edit]| {
        let draft = draft(edits);
        Attempt::of(&draft, &start(&draft, &options), &goal, &baseline).failure.is_none()
    };
    for Fix { edits, scenario: fixed, step, .. } in &search.fixes {
        prop_assert!(reaches(edits), "{text}\n{edits:?}");
        for left_out in 0..edits.len() {
            let mut fewer = edits.clone();
            fewer.remove(left_out);
            prop_assert!(!reaches(&fewer), "{text}\n{fewer:?} is enough of {edits:?}");
        }
        let mut simulation = Simulation::new(World::new(fixed, &options).unwrap());
        let outcomes: Vec<_> = fixed.steps.iter().map(|step| simulation.perform(&step.call)).collect();
        prop_assert!(outcomes[*step].refusal.is_none(), "{text}\n{edits:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_edit_with_any_capability(text in scenarios()) {
        compare(&text, Capability::all_named(), 1)?;
    }

    #[test]
    fn two_edits_with_those_at_hand(text in scenarios()) {
        let caps = [Capability::NET_BIND_SERVICE, Capability::KILL, Capability::SYS_CHROOT, Capability::DAC_OVERRIDE];
        compare(&text, caps.into_iter(), 2)?;
    }
}
