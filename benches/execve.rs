//! What one execve costs: with and without a witness, beside copying the same credentials.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sim_core::prelude::*;

/// A container's user with supplementary groups, and a file with capabilities.
fn world() -> Option<(System, Thread, File)> {
    let bounding = CapSet::from_hex("00000000800405fb").ok()?;
    let groups = Groups::new((100..110).map(Kgid::from).collect());
    let raw = RawCredentials { bounding, inheritable: bounding, groups, ..RawCredentials::user(1024) };
    let thread = Thread::from(Credentials::try_from(raw).ok()?);
    let file = File::default().with_caps("cap_net_bind_service=ep".parse().ok()?);
    Some((System::default(), thread, file))
}

fn execve_and_copy(criterion: &mut Criterion) {
    let Some((system, thread, file)) = world() else { return };
    let program = Program::from(&file);
    let mut group = criterion.benchmark_group("execve");
    group.bench_function("copying the credentials", |bencher| {
        bencher.iter(|| black_box(&thread.credentials).clone());
    });
    group.bench_function("without a witness", |bencher| {
        bencher.iter(|| execve(black_box(&system), black_box(&thread), black_box(&program), &mut Silent));
    });
    group.bench_function("with a trace", |bencher| {
        bencher.iter(|| {
            let mut trace = Trace::new();
            let outcome = execve(black_box(&system), black_box(&thread), black_box(&program), &mut trace);
            (outcome, trace)
        });
    });
    group.finish();
}

criterion_group!(benches, execve_and_copy);
criterion_main!(benches);
