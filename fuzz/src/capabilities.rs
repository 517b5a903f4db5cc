use sim_core::capability::CapSet;
use sim_core::credentials::{IdMap, Securebits};
use sim_core::file::{Mode, VfsCaps};
use sim_core::kernel::Release;
use sim_core::text::{CapText, HexBytes, Status, capsh_decode, parse_getcap_line, parse_hex_bytes};

/// The kernel's and libcap's texts are refused, or read and written again to the same.
pub fn capabilities(bytes: &[u8]) {
    if let Ok(caps) = VfsCaps::from_bytes(bytes) {
        assert_eq!(caps.to_bytes(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(sets) = text.parse::<CapText>() {
        let written = sets.to_string();
        assert_eq!(written.parse(), Ok(sets), "{written}");
    }
    if let Ok(caps) = text.parse::<VfsCaps>() {
        // An effective flag without capabilities does not show.
        let shown = VfsCaps::new(
            caps.permitted,
            caps.inheritable,
            !(caps.permitted | caps.inheritable).is_empty() && caps.effective(),
        );
        assert_eq!(caps.to_string().parse(), Ok(shown));
    }
    for line in text.lines() {
        if let Ok(entry) = parse_getcap_line(line) {
            let written = format!("/file {}", entry.caps);
            let again = parse_getcap_line(&written).expect("what is written can be read").caps;
            assert_eq!(again.to_string(), entry.caps.to_string(), "{written}");
        }
    }
    if let Ok(read) = parse_hex_bytes(text) {
        assert_eq!(HexBytes(&read).to_string(), text.to_ascii_lowercase());
    }
    if let Ok(set) = CapSet::from_hex(text) {
        assert_eq!(CapSet::from_hex(&set.to_string()), Ok(set));
        assert!(capsh_decode(set).starts_with("0x"));
    }
    if let Ok(set) = CapSet::from_name(text) {
        assert_eq!(set.len(), 1);
    }
    if let Some(bit) = Securebits::from_name(text) {
        assert!(bit.names().eq([text]));
    }
    if let Ok(mode) = text.parse::<Mode>() {
        assert_eq!(mode.to_string().parse(), Ok(mode));
    }
    for release in [text.parse::<Release>().ok(), Release::from_uname(text).ok()].into_iter().flatten() {
        assert_eq!(release.to_string().parse(), Ok(release));
    }
    for release in [Release::OLDEST, Release::NEWEST] {
        let _ = IdMap::from_written(text, release);
    }
    let _ = text.parse::<IdMap>();
    match Status::parse(text) {
        Ok(status) => assert!(status.recognised <= text.lines().count()),
        Err(error) => assert!((1..=text.lines().count()).contains(&error.line)),
    }
}
