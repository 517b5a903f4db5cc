use alloc::string::ToString;
use alloc::vec::Vec;

use super::{CapSet, Capability, ParseCapSetError};

#[test]
fn every_number_and_name_agree() {
    let named: Vec<_> = Capability::all_named().collect();
    assert_eq!(named.len(), 41);
    for (number, capability) in (0..).zip(named) {
        assert_eq!(capability.number(), number);
        let name = capability.name().unwrap();
        assert_eq!(Capability::from_name(name), Some(capability));
        assert_eq!(Capability::from_name(&capability.to_string()), Some(capability));
        assert_eq!(Capability::from_name(name.strip_prefix("cap_").unwrap()), Some(capability));
    }
}

#[test]
fn bits_without_a_name_are_kept() {
    let set = CapSet::from_bits(1 << 45 | 1 << 63 | 1);
    let numbers: Vec<_> = set.iter().map(Capability::number).collect();
    assert_eq!(numbers, [0, 45, 63]);
    assert_eq!(Capability::from_number(45).unwrap().to_string(), "capability 45");
    assert_eq!(Capability::from_number(64), None);
}

#[test]
fn up_to_the_last_capability_of_a_kernel() {
    assert_eq!(CapSet::up_to(Capability::CHECKPOINT_RESTORE).bits(), 0x1ff_ffff_ffff);
    assert_eq!(CapSet::up_to(Capability::AUDIT_READ).bits(), 0x3f_ffff_ffff);
    assert_eq!(CapSet::up_to(Capability::from_number(63).unwrap()).bits(), u64::MAX);
    assert_eq!(CapSet::up_to(Capability::CHOWN).bits(), 1);
}

#[test]
fn hexadecimal_text() {
    let check = |text: &str, expected| assert_eq!(CapSet::from_hex(text), expected, "{text}");
    check("00000000800405fb", Ok(CapSet::from_bits(0x8004_05fb)));
    check("0x400", Ok(CapSet::from_bits(0x400)));
    check("FFFFFFFFFFFFFFFF", Ok(CapSet::from_bits(u64::MAX)));
    check("", Err(ParseCapSetError::Length { digits: 0 }));
    check("00000000000000000", Err(ParseCapSetError::Length { digits: 17 }));
    check("0x4g0", Err(ParseCapSetError::NotHex { character: 'g', at: 4 }));
    check("80é", Err(ParseCapSetError::NotHex { character: 'é', at: 3 }));
}

#[test]
fn names_and_numbers() {
    assert_eq!(CapSet::from_name("Net_Raw"), Ok(Capability::NET_RAW.into()));
    assert_eq!(CapSet::from_name("63"), Ok(CapSet::from_bits(1 << 63)));
    assert!(CapSet::from_name("64").is_err());
    assert!(CapSet::from_name("cap_").is_err());
    assert!(CapSet::from_name("cap_cap_chown").is_err());
}
