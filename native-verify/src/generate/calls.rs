use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sim_core::calls::{AmbientOperation, IdChange, IdKind, PrctlOption, SetId};
use sim_core::capability::CapSet;
use sim_core::scenario::{Call, CapsetCall, PrctlArgument, PrctlCall, Scenario, Step};

use super::{Bounds, Home, file, in_homes, path, process, securebits, some_set};

/// Ids that have no mapping anywhere, or that have a meaning of their own.
const ODD_IDS: [u32; 4] = [SetId::KEEP, u32::MAX - 1, 77_777_777, 65_534];

/// Any sequence of calls that change a thread's own credentials.
pub(crate) fn calls_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    in_homes(bounds, move |home| {
        let process = process(home, home.capabilities(bounds), bounds);
        (process, file(home, bounds), vec(call(home, bounds), 1..=6)).prop_map(move |(process, file, calls)| {
            let steps = calls.into_iter().map(|call| Step { call, expect: None, note: None }).collect();
            home.scenario(process, [file], steps)
        })
    })
}

pub(super) fn call(home: Home, bounds: Bounds) -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => set_id(home).prop_map(Call::SetId),
        2 => setgroups(home).prop_map(Call::Setgroups),
        3 => capset(home.capabilities(bounds)).prop_map(Call::Capset),
        9 => prctl(bounds).prop_map(Call::Prctl),
        1 => Just(Call::Capget),
        1 => select(vec![0, 80, 1023, 1024, 8080]).prop_map(|port| Call::Bind { port }),
        2 => Just(Call::Execve(path(0))),
    ]
}

fn set_id(home: Home) -> impl Strategy<Value = SetId> {
    let id = move || prop_oneof![8 => select(home.ids), 1 => select(&ODD_IDS[..])];
    let or_keep = move || prop_oneof![2 => id(), 1 => Just(SetId::KEEP)];
    let change = prop_oneof![
        2 => id().prop_map(IdChange::Set),
        2 => [or_keep(), or_keep()].prop_map(IdChange::Re),
        3 => [or_keep(), or_keep(), or_keep()].prop_map(IdChange::Res),
        2 => id().prop_map(IdChange::Fs),
    ];
    let kind = prop_oneof![3 => Just(IdKind::User), 2 => Just(IdKind::Group)];
    (kind, change).prop_map(|(kind, change)| SetId { kind, change })
}

fn setgroups(home: Home) -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        4 => subsequence(home.ids, 0..=home.ids.len()),
        1 => vec(select(home.ids), 0..=5),
        1 => vec(prop_oneof![select(home.ids), select(&ODD_IDS[..])], 1..=3),
    ]
}

fn capset(all: CapSet) -> impl Strategy<Value = CapsetCall> {
    let unknown = prop_oneof![9 => Just(CapSet::EMPTY), 1 => Just(CapSet::from_bits(1 << 45 | 1 << 63))];
    // Half of them ask for no more effective than permitted, which is never granted.
    (some_set(all), some_set(all), some_set(all), unknown, any::<bool>()).prop_map(
        |(effective, permitted, inheritable, unknown, within)| CapsetCall {
            effective: (if within { effective & permitted } else { effective }).into(),
            permitted: (permitted | unknown).into(),
            inheritable: inheritable.into(),
        },
    )
}

fn prctl(bounds: Bounds) -> impl Strategy<Value = PrctlCall> {
    // Seldom granted, or seldom refused.
    const SELDOM: [PrctlOption; 4] =
        [PrctlOption::CapbsetDrop, PrctlOption::SetSecurebits, PrctlOption::CapbsetRead, PrctlOption::GetNoNewPrivs];
    let number = |number: u64| PrctlArgument::Number(number);
    let capability = prop_oneof![4 => 0..=40u64, 1 => select(vec![41, 63, 64, 1 << 32, u64::MAX])];
    let operation = prop_oneof![
        12 => select(AmbientOperation::ALL).prop_map(|operation| u64::from(operation.number())),
        1 => select(vec![0, 5, u64::MAX]),
    ];
    let bits = prop_oneof![
        9 => securebits(bounds.release).prop_map(|bits| u64::from(bits.bits())),
        1 => select(vec![0x1000, 0xfff, 1 << 32, u64::MAX]),
    ];
    let flag = select(vec![0, 1, 1, 2]);
    let option = prop_oneof![1 => select(PrctlOption::ALL), 1 => select(&SELDOM[..])];
    let arguments =
        (option, capability, operation, bits, flag).prop_map(move |(option, capability, operation, bits, flag)| {
            let first = match option {
                PrctlOption::CapbsetRead | PrctlOption::CapbsetDrop => vec![capability],
                PrctlOption::CapAmbient if operation == u64::from(AmbientOperation::ClearAll.number()) => {
                    vec![operation]
                }
                PrctlOption::CapAmbient => vec![operation, capability],
                PrctlOption::SetSecurebits => vec![bits],
                PrctlOption::SetKeepcaps | PrctlOption::SetNoNewPrivs => vec![flag],
                PrctlOption::GetKeepcaps | PrctlOption::GetSecurebits | PrctlOption::GetNoNewPrivs => vec![],
            };
            (option, first)
        });
    // Arguments that should be 0 and are not.
    let surplus = prop_oneof![5 => Just(vec![]), 1 => vec(select(vec![0, 1, u64::MAX]), 1..=2)];
    (arguments, surplus).prop_map(move |((option, first), surplus)| PrctlCall {
        option,
        arguments: first.into_iter().chain(surplus).take(4).map(number).collect(),
    })
}
