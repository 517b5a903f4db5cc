//! What a profile costs: reading it, resolving it, compiling it, proving the filter, installing it, and one verdict.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sim_core::prelude::*;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Manager, Profile, Runtime, Target, resolve};
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::{Architecture, Install, Seccomp, SeccompData, install};

/// Docker's default profile, from its text, on x86_64 with x86 and x32.
fn seccomp(criterion: &mut Criterion) {
    let text = Preset::Docker.profile().to_string();
    let target = Target::new(Abi::X86_64, Engine::new(Manager::Moby, Runtime::Crun));
    let Ok(profile) = Profile::read(&text) else { return };
    let Ok(policy) = resolve(&profile, &target) else { return };
    let Ok(program) = compile(&policy) else { return };
    let Ok(podman) = resolve(&Preset::Podman.profile(), &target) else { return };
    let mut group = criterion.benchmark_group("seccomp");
    group.bench_function("reading the profile", |bencher| bencher.iter(|| Profile::read(black_box(&text))));
    group.bench_function("resolving it", |bencher| bencher.iter(|| resolve(black_box(&profile), &target)));
    group.bench_function("compiling it", |bencher| bencher.iter(|| compile(black_box(&policy))));
    group.bench_function("from the text to the filter", |bencher| {
        bencher.iter(|| {
            let profile = Profile::read(black_box(&text)).ok()?;
            compile(&resolve(&profile, &target).ok()?).ok()
        });
    });
    group.bench_function("proving the filter for every call", |bencher| {
        bencher.iter(|| difference(&Subject::Policy(black_box(&policy)), &Subject::Program(&program)));
    });
    group.bench_function("comparing it with that of Podman", |bencher| {
        bencher.iter(|| difference(&Subject::Policy(black_box(&policy)), &Subject::Policy(&podman)));
    });
    let (system, state) = (System::default(), Seccomp::default());
    let root = Thread::from(Credentials::root(system.capabilities()));
    group.bench_function("installing the filter", |bencher| {
        bencher.iter(|| {
            install(&system, &root, &state, &Install::filter(black_box(&program)), &mut Silent).granted().is_some()
        });
    });
    for (name, nr) in [("read", 0), ("personality", 135), ("no such call", 9999)] {
        let data = SeccompData::call(Architecture::X86_64, nr, [8; 6]);
        group.bench_function(format!("verdict of the policy, {name}"), |bencher| {
            bencher.iter(|| policy.verdict(black_box(&data)).action);
        });
        group.bench_function(format!("verdict of the filter, {name}"), |bencher| {
            bencher.iter(|| program.run(black_box(&data), &mut Silent).returned);
        });
    }
    group.finish();
}

criterion_group!(benches, seccomp);
criterion_main!(benches);
