use alloc::string::ToString;
use alloc::vec::Vec;

use crate::capability::{CapSet, Capability, weight};
use crate::search::{Grant, Power};

fn process(caps: CapSet) -> Power {
    Power { process: caps, ..Power::default() }
}

#[test]
fn nothing_comes_first_and_privileged_last() {
    let bind = CapSet::from(Capability::NET_BIND_SERVICE);
    let all = CapSet::up_to(Capability::LAST_NAMED);
    let order = [
        Power::default(),
        Power { reach: bind, ..Power::default() },
        process(bind),
        Power { children: bind, ..process(bind) },
        Power { users: bind, ..process(bind) },
        process(Capability::NET_ADMIN.into()),
        process(Capability::SYS_ADMIN.into()),
        Power { grants: Vec::from([Grant::Root]), ..process(bind) },
        Power { children: all, ..process(all) },
        Power { grants: Vec::from([Grant::RootForUsers("/bin/x".to_string())]), children: all, ..process(all) },
        Power { grants: Vec::from([Grant::Privileged]), children: all, ..process(all) },
    ];
    for (index, pair) in order.windows(2).enumerate() {
        assert!(pair[0] < pair[1], "{index}: {} is not before {}", pair[0], pair[1]);
    }
}

#[test]
fn it_is_a_total_order() {
    let caps = [CapSet::EMPTY, Capability::KILL.into(), Capability::FSETID.into(), Capability::SETUID.into()];
    let mut powers = Vec::new();
    for process in caps {
        for children in caps {
            for grants in [Vec::new(), Vec::from([Grant::Root])] {
                powers.push(Power { process, children, grants, ..Power::default() });
            }
        }
    }
    for a in &powers {
        for b in &powers {
            assert_eq!(a.cmp(b), b.cmp(a).reverse());
            assert_eq!(a == b, a.cmp(b).is_eq(), "{a} and {b}");
            for c in &powers {
                assert!(!(a <= b && b <= c) || a <= c);
            }
        }
    }
}

#[test]
fn a_capability_counts_less_in_a_user_namespace_of_its_own() {
    let admin = process(Capability::SYS_ADMIN.into());
    assert!(Power { confined: true, ..admin.clone() } < admin);
}

#[test]
fn each_capability_has_a_weight_with_its_reason() {
    for capability in Capability::all_named() {
        let weight = weight(capability);
        assert!((1..=80).contains(&weight.points) && !weight.reason.is_empty(), "{capability}");
        assert!(weight.source.contains('('), "{capability}");
    }
    // As good as root, by what the manual says of each.
    let root = [Capability::SYS_ADMIN, Capability::SETUID, Capability::DAC_OVERRIDE, Capability::SYS_PTRACE];
    let small = [Capability::NET_BIND_SERVICE, Capability::NET_RAW, Capability::KILL, Capability::IPC_LOCK];
    for heavy in root {
        for light in small {
            assert!(weight(heavy).points > 4 * weight(light).points, "{heavy}, {light}");
        }
    }
}
