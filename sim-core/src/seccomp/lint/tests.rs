use super::{Finding, Lint, Severity, hidden_from_recording, lint};
use crate::seccomp::SeccompData;
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{Engine, Profile, Target, resolve};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::{Abi, Version};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

fn on(text: &str, engine: Engine) -> Vec<Finding> {
    let native = if text.contains("SCMP_ARCH_SH") { Abi::SH } else { Abi::X86_64 };
    lint(&Profile::read(text).unwrap(), &Target::new(native, engine))
}

fn of(text: &str, wanted: Lint) -> Vec<Finding> {
    on(text, Engine::DOCKER).into_iter().filter(|finding| finding.lint == wanted).collect()
}

fn entries(entries: &str) -> alloc::string::String {
    format!("{{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [\n{entries}]}}")
}

#[test]
fn every_example_shows_its_lint() {
    for &wanted in Lint::ALL {
        let text = wanted.example();
        let engine = match wanted {
            Lint::OnlyForManagers => Engine::RUNC,
            Lint::NewerThanLibseccomp => Engine { libseccomp: Version::new(2, 5, 4), ..Engine::DOCKER },
            _ => Engine::DOCKER,
        };
        let found = match wanted {
            Lint::HiddenFromRecording => hidden_from_recording(&Profile::read(text).unwrap(), |_| true),
            _ => on(text, engine),
        };
        assert!(found.iter().any(|finding| finding.lint == wanted), "{wanted}: {found:?}");
        assert_eq!(Lint::from_name(wanted.name()), Some(wanted));
        assert!(!wanted.statement().contains('\n') && wanted.statement().ends_with('.'));
    }
}

#[test]
fn a_profile_without_fault_has_no_finding() {
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": ["execve", "exit_group", "read", "write"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 0}]}]}"#;
    assert_eq!(on(text, Engine::DOCKER), []);
}

#[test]
fn presets_have_no_errors() {
    for (preset, engine) in
        [(Preset::Docker, Engine::DOCKER), (Preset::Podman, Engine::PODMAN), (Preset::Crio, Engine::PODMAN)]
    {
        for native in [Abi::X86_64, Abi::AARCH64, Abi::S390X] {
            let found = lint(&preset.profile(), &Target::new(native, engine));
            let errors: Vec<_> = found.iter().filter(|finding| finding.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{preset:?} on {native}: {errors:?}");
        }
    }
}

#[test]
fn an_upper_half_passes_dockers_condition_on_socket() {
    let (profile, target) = (Preset::Docker.profile(), Target::new(Abi::X86_64, Engine::DOCKER));
    let found = lint(&profile, &target);
    let found: Vec<_> = found.iter().filter(|finding| finding.lint == Lint::UpperHalf).collect();
    let policy = resolve(&profile, &target).unwrap();
    for finding in &found {
        let call = finding.call.unwrap();
        let permission = |call: &SeccompData| Permission::of(policy.verdict(call).action.action());
        assert_eq!(permission(&call), Permission::Granted, "{finding}");
        let family = call.args[0];
        assert!([38, 40].contains(&(family & 0xffff_ffff)) && family >> 32 != 0, "AF_ALG or AF_VSOCK: {finding}");
        let mut plain = call;
        plain.args[0] &= 0xffff_ffff;
        assert_eq!(permission(&plain), Permission::Refused, "{finding}");
    }
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn what_is_refused_by_the_engine_is_said_once() {
    let found = on(Lint::ErrnoOutOfRange.example(), Engine::DOCKER);
    assert_eq!(found.iter().filter(|finding| finding.severity == Severity::Error).count(), 1, "{found:?}");
    let cut = entries("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 65573}");
    assert!(of(&cut, Lint::ErrnoOutOfRange)[0].message.ends_with("engines cut it to 37"));
}

#[test]
fn contradictions_show_a_call() {
    let found = &of(Lint::AmbiguousRules.example(), Lint::AmbiguousRules)[0];
    let call = found.call.unwrap();
    assert!((6..10).contains(&call.args[0]), "{found}");
    assert!(found.message.contains("today KILL is the answer"), "{found}");
}

#[test]
fn shadows_are_told_apart() {
    let two = |second: &str| entries(&format!("{{\"names\": [\"dup\"], \"action\": \"SCMP_ACT_ALLOW\"}},\n{second}"));
    let kill = two("{\"names\": [\"dup\"], \"action\": \"SCMP_ACT_KILL\"}");
    let found = &of(&kill, Lint::ShadowedRule)[0];
    assert_eq!(
        found.to_string(),
        "error: line 3, column 12: syscalls[1].names[0]: syscalls[0].names[0], line 2, decides about dup in its place: ALLOW, not KILL [shadowed-rule]"
    );
    let managed =
        two("{\"names\": [\"dup\"], \"action\": \"SCMP_ACT_KILL\", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}}");
    assert_eq!(of(&managed, Lint::ShadowedRule)[0].severity, Severity::Note);
    let same = two("{\"names\": [\"dup\"], \"action\": \"SCMP_ACT_ALLOW\"}");
    assert_eq!((of(&same, Lint::DuplicateName).len(), of(&same, Lint::ShadowedRule).len()), (1, 0));
}

#[test]
fn conditions_on_one_argument_that_leave_nothing_out_are_an_error() {
    let any = |args: &str| {
        of(
            &entries(&format!("{{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{args}]}}")),
            Lint::SameArgument,
        )
    };
    let all = any(r#"{"index": 0, "op": "SCMP_CMP_NE", "value": 1}, {"index": 0, "op": "SCMP_CMP_NE", "value": 2}"#);
    assert_eq!(all[0].severity, Severity::Error);
    let some = any(r#"{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}, {"index": 0, "op": "SCMP_CMP_EQ", "value": 2}"#);
    assert_eq!(some[0].severity, Severity::Warning);
    let both = entries(
        r#"{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}, {"index": 0, "op": "SCMP_CMP_EQ", "value": 2}]}"#,
    );
    let found = on(&both, Engine::NONE);
    assert!(found.iter().any(|finding| finding.lint == Lint::NeverHolds), "{found:?}");
}

#[test]
fn many_rules_for_one_call_cost_little() {
    let one = |value: usize| {
        let args = format!(r#"[{{"index": 1, "op": "SCMP_CMP_EQ", "value": {value}}}]"#);
        format!(r#"{{"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": {args}}}"#)
    };
    let all = (0..20_000).map(one).collect::<Vec<_>>().join(",");
    assert_eq!(
        on(&entries(&all), Engine::DOCKER).iter().filter(|finding| finding.severity == Severity::Error).count(),
        0
    );
}

#[test]
fn many_unknown_names_cost_little() {
    let names = (0..100_000).map(|n| format!("\"no_such_{n}\"")).collect::<Vec<_>>().join(",");
    let text = entries(&format!("{{\"names\": [{names}], \"action\": \"SCMP_ACT_ALLOW\"}}"));
    assert_eq!(of(&text, Lint::UnknownName).len(), 100_000);
}
