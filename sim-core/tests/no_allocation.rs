//! Without a witness a decision allocates nothing.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use allocation_counter::measure;
use sim_core::access::{bind, kill, setpriority};
use sim_core::calls::{
    Capset, CloneFlags, Prctl, PrctlOption, SetId, capset, chmod, chown, getxattr, prctl, removexattr, setcap,
    truncate, unshare, write,
};
use sim_core::credentials::NamespaceKind;
use sim_core::prelude::*;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Profile, Target, resolve};
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::{Architecture, Fate, Install, Seccomp, SeccompData, install, judge, text::assemble};

/// A thread with supplementary groups, in a user namespace of its own.
fn world() -> (System, Thread) {
    let mut system = System::default();
    let spaces = &mut system.user_namespaces;
    let ns = spaces.add(UserNs::INIT, 1000.into()).unwrap();
    spaces.set_uid_map(ns, &"0 1000 1\n1 100000 65536".parse().unwrap()).unwrap();
    spaces.set_gid_map(ns, &"0 1000 1\n1 100000 65536".parse().unwrap()).unwrap();
    let uid = Ids::all(spaces.kuid(ns, 5).unwrap());
    let all = system.capabilities();
    let groups = Groups::new((0..20).map(Kgid::from).collect());
    let raw =
        RawCredentials { uid, groups, inheritable: all, ambient: all, user_ns: ns, ..RawCredentials::root(all) };
    (system, Thread::from(Credentials::try_from(raw).unwrap()))
}

#[test]
fn deciding_allocates_nothing() {
    let (system, thread) = world();
    let script = File::default().with_mode(Mode::new(0o6755).unwrap());
    let interpreter = script.clone().with_caps("cap_net_raw=eip".parse().unwrap());
    let program = Program { executable: &script, interpreters: &[&interpreter] };
    let wish = Capset { effective: CapSet::EMPTY, permitted: system.capabilities(), inheritable: CapSet::EMPTY };
    let call = Prctl { option: PrctlOption::SetNoNewPrivs, arguments: [1, 0, 0, 0] };
    let other = Credentials::user(1000);
    let flags = CloneFlags { kinds: [NamespaceKind::Uts].into_iter().collect(), ..CloneFlags::default() };
    let allocated = measure(|| {
        assert!(execve(&system, &thread, &program, &mut Silent).granted().is_some());
        assert!(execve(&system, &thread, &Program::from(&interpreter), &mut Silent).granted().is_some());
        assert!(capset(&system, &thread, &wish, &mut Silent).granted().is_some());
        assert!(prctl(&system, &thread, &call, &mut Silent).granted().is_some());
        assert!(bind(&system, &thread, 80, &mut Silent).refusal().is_some());
        assert!(kill(&system, &thread, &other, 9, &mut Silent).refusal().is_some());
        assert!(setpriority(&system, &thread, None, 5, &mut Silent).granted().is_some());
        assert!(unshare(&system, &thread, flags, &mut Silent).granted().is_some());
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn deciding_about_files_allocates_nothing() {
    let (system, thread) = world();
    let own = File::default().owned_by(1000.into(), 1000.into()).with_mode(Mode::new(0o6755).unwrap());
    let own = File { uid: thread.credentials.uid.filesystem, ..own.with_caps("cap_net_raw=eip".parse().unwrap()) };
    let value = own.caps.unwrap();
    let allocated = measure(|| {
        assert!(chown(&system, &thread, &own, SetId::KEEP, 3, &mut Silent).granted().is_some());
        assert!(chmod(&system, &thread, &own, Mode::EXECUTABLE, &mut Silent).granted().is_some());
        assert!(setcap(&system, &thread, &own, value, &mut Silent).granted().is_some());
        assert!(removexattr(&system, &thread, &own, &mut Silent).granted().is_some());
        assert!(getxattr(&system, &thread, &own, &mut Silent).granted().is_some());
        assert!(write(&system, &thread, &own, 1, &mut Silent).granted().is_some());
        assert!(truncate(&system, &thread, &own, -1, &mut Silent).refusal().is_some());
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn judging_a_call_allocates_nothing() {
    let (system, thread) = world();
    let text =
        "A = sys_number\n if (A != 59) goto ok\n A = args[0] >> 32\n mem[3] = A\n return ERRNO(1)\n ok: return ALLOW";
    let program = assemble(text).unwrap();
    let filtered = install(&system, &thread, &Seccomp::default(), &Install::filter(&program), &mut Silent);
    let state = filtered.granted().unwrap().state;
    let execve = SeccompData::call(Architecture::X86_64, 59, [1; 6]);
    let allocated = measure(|| {
        assert_eq!(judge(&system, &state, &execve, false, &mut Silent), Fate::Returns(-1));
        assert!(state.is_cached(Architecture::X86_64, 1, 470));
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn a_policys_verdict_allocates_nothing() {
    let rule = r#"{"names": ["clone", "clone3"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_MASKED_EQ"}]}"#;
    let profile = Profile::read(format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{rule}]}}"#)).unwrap();
    let policy = resolve(&profile, &Target::new(Abi::X86_64, Engine::DOCKER)).unwrap();
    let clone = |flags: u64| SeccompData::call(Architecture::X86_64, 56, [flags, 0, 0, 0, 0, 0]);
    let allocated = measure(|| {
        assert!(policy.verdict(&clone(8)).rule().is_some());
        assert!(policy.verdict(&clone(1)).rule().is_none());
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn verdicts_by_dockers_profile_and_its_filter_allocate_nothing() {
    let target = Target::new(Abi::X86_64, Engine::CRUN.with_moby());
    let policy = resolve(&Preset::Docker.profile(), &target).unwrap();
    let program = compile(&policy).unwrap();
    let allocated = measure(|| {
        for architecture in [Architecture::X86_64, Architecture::I386, Architecture::ARM] {
            for number in (0..=500).chain([9999, 0x4000_0000, u32::MAX]) {
                let data = SeccompData::call(architecture, number, [8; 6]);
                assert_eq!(policy.verdict(&data).action, program.run(&data, &mut Silent).returned);
            }
        }
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn a_trace_does_allocate_so_the_counter_counts() {
    let (system, thread) = world();
    let file = File::default();
    let allocated = measure(|| {
        let _ = execve(&system, &thread, &Program::from(&file), &mut Trace::new());
    });
    assert!(allocated.count_total > 0);
}
