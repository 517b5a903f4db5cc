use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::engine::{UNCONFIRMED_BY_ENGINES, UnconfirmedByEngines};
use super::{
    Condition, Event, Kernels, Motion, Project, Provenance, Rule, SetName, Trace, UNCONFIRMED, Unconfirmed, evidence,
};
use crate::calls::{Prctl, PrctlOption, prctl};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, RawCredentials, Thread};
use crate::execve::{Program, execve};
use crate::file::File;
use crate::kernel::Release;
use crate::system::System;

#[test]
fn every_row_is_complete() {
    let mut ids = BTreeSet::new();
    for rule in Rule::all() {
        assert!(ids.insert(rule.id), "{} stands twice", rule.id);
        let (call, point) = rule.id.split_once('.').unwrap();
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(!call.is_empty() && !point.is_empty() && plain(call) && plain(point), "{}", rule.id);
        assert!(rule.statement.ends_with('.') && !rule.statement.contains("  "), "{}: {}", rule.id, rule.statement);
        assert!(!rule.source.file.is_empty() && !rule.source.function.is_empty(), "{}", rule.id);
        match rule.source.project {
            Project::Linux => {
                assert!(rule.source.file.strip_suffix(".c").is_some(), "{}", rule.id);
                assert!(rule.source.release.parse::<Release>().is_ok(), "{}", rule.id);
                assert!(rule.since_engine.is_none() && rule.until_engine.is_none(), "{}", rule.id);
            }
            Project::GitHub(name) => {
                assert!(name.split('/').count() == 2 && !rule.source.release.is_empty(), "{}", rule.id);
                assert!(rule.since.is_none() && rule.until.is_none(), "{}", rule.id);
            }
        }
        assert!(rule.manual.is_empty() || rule.manual.contains("), "), "{}: page and section", rule.id);
        assert_eq!(Rule::find(rule.id), Some(rule));
        assert!(rule.applies_to(Release::NEWEST) || rule.until.is_some());
    }
    assert_eq!(Rule::find("execve.no-such-rule"), None);
}

#[test]
fn rules_have_their_time() {
    let (old, new) = ("6.16".parse().unwrap(), "6.17".parse().unwrap());
    let applies = |rule: &Rule| (rule.applies_to(old), rule.applies_to(new));
    assert_eq!(applies(&super::execve::ID_CHANGE), (false, true));
    assert_eq!(applies(&super::execve::ID_DIFFERS_FROM_REAL), (true, false));
    assert_eq!(applies(&super::execve::FILE_PERMITTED), (true, true));
}

#[test]
fn rules_are_reported_in_the_order_they_were_tried() {
    let thread = Thread::from(Credentials::user(1000));
    let file = File::default().with_caps("cap_kill=ep".parse().unwrap());
    let mut trace = Trace::new();
    let _ = execve(&System::default(), &thread, &Program::from(&file), &mut trace);
    let order: Vec<_> = Rule::all().map(|rule| rule.id).collect();
    let places: Vec<_> =
        trace.events().iter().map(|event| order.iter().position(|id| *id == event.rule().id).unwrap()).collect();
    // The table lists alternatives one after the other; the kernel tries the manual's order otherwise.
    let early = places.iter().take_while(|place| order[**place] != "execve.permitted");
    assert!(early.is_sorted(), "{places:?}");
    let failed = |id: &str| {
        trace.events().iter().find_map(|event| match event {
            Event::NotApplied { rule, failed } if rule.id == id => Some(*failed),
            _ => None,
        })
    };
    assert_eq!(failed("execve.file-inheritable"), Some(Condition::FileInheritableEmpty));
    assert_eq!(failed("execve.root-permitted"), Some(Condition::NeitherUidIsRoot));
    assert_eq!(failed("execve.unsafe-traced"), Some(Condition::NotTraced));
}

/// Two steps: the bounding set loses CAP_KILL, then a file with it is executed.
fn dropped_then_executed(flags: &str) -> [Trace; 2] {
    let setpcap = CapSet::from(Capability::SETPCAP);
    let raw = RawCredentials { permitted: setpcap, effective: setpcap, ..RawCredentials::user(1000) };
    let mut thread = Thread::from(Credentials::try_from(raw).unwrap());
    let system = System::default();
    let mut traces = [Trace::new(), Trace::new()];
    let kill = u64::from(Capability::KILL.number());
    let drop = Prctl { option: PrctlOption::CapbsetDrop, arguments: [kill, 0, 0, 0] };
    thread.credentials = prctl(&system, &thread, &drop, &mut traces[0]).granted().unwrap().credentials;
    let file = File::default().with_caps(flags.parse().unwrap());
    let _ = execve(&system, &thread, &Program::from(&file), &mut traces[1]);
    traces
}

#[test]
fn a_missing_bit_leads_back_to_the_rule_that_withheld_it() {
    let [first, second] = dropped_then_executed("cap_kill=p");
    let traces = [&first, &second];
    let links = Provenance::new(&traces).origins(1, SetName::Permitted, Capability::KILL, false);
    let moves: Vec<_> =
        links.iter().filter_map(|link| Some((link.step, link.rule?.id, link.motion, link.into))).collect();
    assert!(moves.contains(&(1, "execve.permitted", Motion::Lacked, SetName::Permitted)));
    assert!(moves.contains(&(1, "execve.file-permitted", Motion::Withheld, SetName::NewPermitted)));
    assert!(moves.contains(&(0, "prctl.capbset-drop", Motion::Removed, SetName::Bounding)));
}

#[test]
fn what_a_refused_execve_lacked_leads_to_the_set_without_it() {
    let [first, second] = dropped_then_executed("cap_kill=ep");
    let traces = [&first, &second];
    let links = Provenance::new(&traces).origins(1, SetName::Permitted, Capability::KILL, false);
    let moves: Vec<_> =
        links.iter().filter_map(|link| Some((link.step, link.rule?.id, link.motion, link.from))).collect();
    assert_eq!(moves[0], (1, "execve.file-permitted", Motion::Withheld, Some(SetName::Bounding)));
    assert!(moves.contains(&(0, "prctl.capbset-drop", Motion::Removed, None)));
}

#[test]
fn a_bit_leads_forward_to_what_became_of_it() {
    let thread = Thread::from(Credentials::user(1000));
    let file = File::default().with_caps("cap_kill=ep".parse().unwrap());
    let mut trace = Trace::new();
    let _ = execve(&System::default(), &thread, &Program::from(&file), &mut trace);
    let traces = [&trace];
    let uses = Provenance::new(&traces).uses(0, SetName::Bounding, Capability::KILL);
    let path: Vec<_> = uses.iter().map(|link| (link.motion, link.into)).collect();
    let expected = [
        (Motion::Given, SetName::NewPermitted),
        (Motion::Given, SetName::Permitted),
        (Motion::Given, SetName::Effective),
        (Motion::Given, SetName::Bounding),
    ];
    assert_eq!(path, expected);
    let lost = Provenance::new(&traces).uses(0, SetName::Bounding, Capability::CHOWN);
    assert_eq!(lost.iter().map(|link| link.into).collect::<Vec<_>>(), [SetName::Bounding]);
}

#[test]
fn a_bit_that_is_lost_says_so_going_forward() {
    let kill = CapSet::from(Capability::KILL);
    let raw = RawCredentials { permitted: kill, ..RawCredentials::user(1000) };
    let thread = Thread::from(Credentials::try_from(raw).unwrap());
    let mut trace = Trace::new();
    let _ = execve(&System::default(), &thread, &Program::from(&File::default()), &mut trace);
    let traces = [&trace];
    let uses = Provenance::new(&traces).uses(0, SetName::Permitted, Capability::KILL);
    assert_eq!(uses.iter().map(|link| link.motion).collect::<Vec<_>>(), [Motion::Removed]);
}

#[test]
fn what_one_execve_computed_means_nothing_in_the_next() {
    // The first exec is refused for want of CAP_KILL; the second, of a plain file, has nothing to do with that.
    let kill = CapSet::from(Capability::KILL);
    let raw =
        RawCredentials { permitted: kill, effective: kill, bounding: CapSet::EMPTY, ..RawCredentials::user(1000) };
    let thread = Thread::from(Credentials::try_from(raw).unwrap());
    let system = System::default();
    let mut traces = [Trace::new(), Trace::new()];
    let capped = File::default().with_caps("cap_kill=ep".parse().unwrap());
    let _ = execve(&system, &thread, &Program::from(&capped), &mut traces[0]);
    let _ = execve(&system, &thread, &Program::from(&File::default()), &mut traces[1]);
    let traces = [&traces[0], &traces[1]];
    let links = Provenance::new(&traces).origins(1, SetName::Permitted, Capability::KILL, false);
    assert!(links.iter().all(|link| link.step == 1), "{links:?}");
    let lost = Provenance::new(&traces[..1]).origins(0, SetName::Permitted, Capability::KILL, false);
    assert!(lost.iter().any(|link| link.motion == Motion::Withheld), "{lost:?}");
}

#[test]
fn what_a_downgrade_took_has_its_rule() {
    let raw = RawCredentials { no_new_privs: true, ..RawCredentials::user(1000) };
    let thread = Thread::from(Credentials::try_from(raw).unwrap());
    let file = File::default().with_caps("cap_kill=ep".parse().unwrap());
    let mut trace = Trace::new();
    let _ = execve(&System::default(), &thread, &Program::from(&file), &mut trace);
    let traces = [&trace];
    let links = Provenance::new(&traces).origins(0, SetName::Permitted, Capability::KILL, false);
    let removed = links.iter().find(|link| link.motion == Motion::Removed).and_then(|link| link.rule);
    assert_eq!(removed.map(|rule| rule.id), Some("execve.unsafe-permitted"));
}

/// Whether a kernel has the rule and did not confirm it.
fn lacks(kernel: &evidence::Kernel, rule: &Rule) -> bool {
    let release = Release::from_uname(kernel.name).unwrap();
    rule.applies_to(release) && rule.evidence().all(|(confirming, _)| confirming.name != kernel.name)
}

#[test]
fn every_kernel_confirms_every_rule_it_has_or_there_is_a_reason() {
    assert!(evidence::KERNELS.len() >= 5, "five kernels are asked");
    let missing: Vec<_> = Rule::all()
        .filter(|rule| rule.is_kernels())
        .flat_map(|rule| evidence::KERNELS.iter().map(move |kernel| (rule, kernel)))
        .filter(|(rule, kernel)| lacks(kernel, rule))
        .filter(|(rule, kernel)| !Unconfirmed::of(rule).any(|unconfirmed| unconfirmed.covers(kernel)))
        .map(|(rule, kernel)| (rule.id, kernel.name))
        .collect();
    assert!(missing.is_empty(), "without evidence and without a reason: {missing:#?}");
}

#[test]
fn a_reason_for_missing_evidence_is_not_stale() {
    for unconfirmed in UNCONFIRMED {
        let rule = Rule::find(unconfirmed.rule).expect(unconfirmed.rule);
        assert!(unconfirmed.reason.ends_with('.'), "{}", rule.id);
        let covered = evidence::KERNELS.iter().filter(|kernel| unconfirmed.covers(kernel));
        for kernel in covered {
            let confirmed = rule.evidence().any(|(confirming, _)| confirming.name == kernel.name);
            assert!(!confirmed, "{} confirms {}, which is said to be unconfirmed", kernel.name, rule.id);
        }
    }
}

#[test]
fn at_most_one_rule_in_ten_is_cited_only() {
    let kernels = || Rule::all().filter(|rule| rule.is_kernels());
    let (all, cited) = (kernels().count(), kernels().filter(|rule| rule.evidence().next().is_none()).count());
    assert!(cited * 10 <= all, "{cited} of {all} rules are cited only");
    let said = UNCONFIRMED.iter().filter(|unconfirmed| unconfirmed.kernels == Kernels::All).count();
    assert_eq!(cited, said, "each rule that is cited only has its reason");
}

#[test]
fn every_rule_of_an_engine_is_confirmed_by_one_or_there_is_a_reason() {
    for rule in Rule::all().filter(|rule| !rule.is_kernels()) {
        let confirmed = rule.engine_evidence().next().is_some();
        let said = UnconfirmedByEngines::of(rule).is_some();
        assert!(confirmed != said, "{}: confirmed {confirmed}, said to be unconfirmed {said}", rule.id);
    }
    let mut ids = BTreeSet::new();
    for unconfirmed in UNCONFIRMED_BY_ENGINES {
        assert!(unconfirmed.reason.ends_with('.'), "{}", unconfirmed.reason);
        for id in unconfirmed.rules {
            assert!(Rule::find(id).is_some_and(|rule| !rule.is_kernels()) && ids.insert(id), "{id}");
        }
    }
}
