use super::{Mode, Revision, VfsCaps, XattrError};
use crate::capability::{CapSet, Capability};
use crate::text::parse_hex_bytes;

#[test]
fn modes() {
    let mode = |text: &str| text.parse::<Mode>().map(Mode::bits).ok();
    assert_eq!(mode("0755"), Some(0o755));
    assert_eq!(mode("04755"), mode("4755"));
    assert_eq!(mode("7"), Some(7));
    for text in ["", "8", "0o755", "10000", "004755", "777777777", "-1", "75 5"] {
        assert_eq!(mode(text), None, "{text:?}");
    }
    assert_eq!("4755".parse::<Mode>().unwrap().execute_bits(), [true; 3]);
    assert_eq!("0610".parse::<Mode>().unwrap().execute_bits(), [false, true, false]);
}

#[test]
fn attributes_as_measured() {
    let net_raw = CapSet::from(Capability::NET_RAW);
    let check = |hex: &str, caps: VfsCaps| {
        let bytes = parse_hex_bytes(hex).unwrap();
        assert_eq!(VfsCaps::from_bytes(&bytes), Ok(caps));
        assert_eq!(caps.to_bytes(), bytes);
    };
    let caps = VfsCaps::new(net_raw, CapSet::EMPTY, true);
    check("0100000200200000000000000000000000000000", caps);
    check("0100000300200000000000000000000000000000e8030000", caps.for_root(1000));
    check("010000010020000000000000", VfsCaps { revision: Revision::V1, ..caps });
    let high = CapSet::from_bits(1 << 40 | 1 << 63);
    check("0000000200000000000000000000000000010080", VfsCaps::new(CapSet::EMPTY, high, false));
    assert_eq!(caps.for_root(1000).rootid(), 1000);
    assert_eq!(caps.rootid(), 0);
}

#[test]
fn attributes_that_cannot_be_read() {
    let check = |hex: &str, error| assert_eq!(VfsCaps::from_bytes(&parse_hex_bytes(hex).unwrap()), Err(error));
    check("", XattrError::NoHeader { size: 0 });
    check("010000", XattrError::NoHeader { size: 3 });
    check("01000004", XattrError::UnknownRevision { revision: 4 });
    check("01000002", XattrError::WrongSize { revision: 2, size: 4, expected: 20 });
    check(&"00".repeat(28), XattrError::TooLong { size: 28 });
    check("0100000300200000000000000000000000000000", XattrError::WrongSize { revision: 3, size: 20, expected: 24 });
}
