//! What a profile costs: reading it, resolving it, compiling it, proving the filter, and one verdict.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Manager, Profile, Runtime, Target, resolve};
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::{Architecture, SeccompData};

/// A profile's text as long as Docker's: one rule for the names that Docker permits always.
fn text(profile: &Profile) -> String {
    let names: Vec<_> = profile.syscalls.iter().flat_map(|entry| &entry.names).map(|name| &name.value).collect();
    format!(
        r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{{"names": {names:?}, "action": "SCMP_ACT_ALLOW"}}]}}"#
    )
}

fn seccomp(criterion: &mut Criterion) {
    let profile = Preset::Docker.profile();
    let text = text(&profile);
    let target = Target::new(Abi::X86_64, Engine::new(Manager::Moby, Runtime::Crun));
    let Ok(policy) = resolve(&profile, &target) else { return };
    let Ok(program) = compile(&policy) else { return };
    let mut group = criterion.benchmark_group("seccomp");
    group.bench_function("reading a profile of 442 names", |bencher| {
        bencher.iter(|| Profile::read(black_box(&text)));
    });
    group.bench_function("resolving Docker's profile for three architectures", |bencher| {
        bencher.iter(|| resolve(black_box(&profile), &target));
    });
    group.bench_function("compiling it", |bencher| bencher.iter(|| compile(black_box(&policy))));
    group.bench_function("proving the filter for every call", |bencher| {
        bencher.iter(|| difference(&Subject::Policy(black_box(&policy)), &Subject::Program(&program)));
    });
    let call =
        |name: &str, nr: u32| (format!("verdict of {name}"), SeccompData::call(Architecture::X86_64, nr, [8; 6]));
    for (name, data) in [call("read", 0), call("personality", 135), call("no such call", 9999)] {
        group.bench_function(name, |bencher| bencher.iter(|| policy.verdict(black_box(&data)).action));
    }
    group.finish();
}

criterion_group!(benches, seccomp);
criterion_main!(benches);
