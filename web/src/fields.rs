//! Text that people type into a field: read as the scenario format reads it.

use sim_core::capability::CapSet;
use sim_core::scenario::{CapsEntry, FourIds, ModeText, SetText, read_value};

/// What a field says when its text cannot be read.
pub(crate) type Complaint = String;

/// One id, or four separated by spaces.
pub(crate) fn four_ids(text: &str) -> Result<FourIds, Complaint> {
    let ids = ids(text)?;
    match *ids.as_slice() {
        [id] => Ok(FourIds([id; 4])),
        [real, effective, saved, filesystem] => Ok(FourIds([real, effective, saved, filesystem])),
        _ => Err("Write one id, or four: real, effective, saved, filesystem.".to_owned()),
    }
}

/// How a field shows four ids.
pub(crate) fn show_four_ids(FourIds(ids): FourIds) -> String {
    let [real, rest @ ..] = ids;
    if rest == [real; 3] { real.to_string() } else { show_ids(&ids) }
}

/// Any number of ids, separated by spaces or commas.
pub(crate) fn ids(text: &str) -> Result<Vec<u32>, Complaint> {
    let words = text.split([' ', ',', '\t']).filter(|word| !word.is_empty());
    words.map(id).collect()
}

/// How a field shows ids.
pub(crate) fn show_ids(ids: &[u32]) -> String {
    ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

/// One id.
pub(crate) fn id(text: &str) -> Result<u32, Complaint> {
    let text = text.trim();
    let id = text.parse().ok().filter(|id| *id != u32::MAX);
    id.ok_or_else(|| format!("“{text}” is no id; ids are numbers from 0 to 4294967294."))
}

/// A port.
pub(crate) fn port(text: &str) -> Result<u16, Complaint> {
    text.trim().parse().map_err(|_| "A port is a number from 0 to 65535.".to_owned())
}

/// A mode in octal digits.
pub(crate) fn mode(text: &str) -> Result<ModeText, Complaint> {
    text.trim().parse().map(ModeText).map_err(|error| format!("{error}."))
}

/// A set in any notation of the format; fewer than 16 hexadecimal digits are taken for their value.
pub(crate) fn set(text: &str, all: CapSet) -> Result<CapSet, Complaint> {
    let text = text.trim();
    if let Ok(set) = CapSet::from_hex(text) {
        return Ok(set);
    }
    let set: SetText = text.parse().map_err(|error| format!("{error}."))?;
    Ok(set.resolve(all))
}

/// What setcap takes, or the object of the format; empty for none.
pub(crate) fn caps(text: &str) -> Result<Option<CapsEntry>, Complaint> {
    let text = text.trim();
    if text.is_empty() || text == "none" {
        return Ok(None);
    }
    let read = if text.starts_with('{') {
        read_value(text).map_err(|error| format!("{error}."))
    } else {
        text.parse().map(CapsEntry::Text).map_err(|error| format!("{error}."))
    };
    read.map(Some)
}

/// How a field shows a file's capabilities.
pub(crate) fn show_caps(caps: Option<&CapsEntry>) -> String {
    match caps {
        None => String::new(),
        Some(CapsEntry::Text(caps)) => caps.to_string(),
        Some(other) => serde_json::to_string(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use sim_core::capability::CapSet;
    use sim_core::scenario::FourIds;

    #[test]
    fn ids_are_one_or_four() {
        assert_eq!(super::four_ids(" 1024 "), Ok(FourIds([1024; 4])));
        assert_eq!(super::four_ids("1, 2,3 4"), Ok(FourIds([1, 2, 3, 4])));
        for text in ["", "1 2", "-1", "4294967295", "1099511627776", "x"] {
            assert!(super::four_ids(text).is_err(), "{text}");
        }
        assert_eq!(super::show_four_ids(FourIds([7; 4])), "7");
        assert_eq!(super::show_four_ids(FourIds([7, 0, 0, 0])), "7 0 0 0");
        assert_eq!(super::ids(""), Ok(vec![]));
    }

    #[test]
    fn sets_are_read_in_every_notation() {
        let all = CapSet::from_bits(0xff);
        for (text, bits) in [
            ("00000000800405fb", 0x8004_05fb),
            ("400", 0x400),
            ("0x400", 0x400),
            ("none", 0),
            ("all", 0xff),
            ("cap_kill, NET_RAW", 0x2020),
        ] {
            assert_eq!(super::set(text, all), Ok(CapSet::from_bits(bits)), "{text}");
        }
        assert!(super::set("00000000800405fg", all).unwrap_err().contains("character 16"));
        assert!(super::set("cap_nett", all).is_err());
    }

    #[test]
    fn file_capabilities_are_shown_as_they_are_read() {
        for text in ["cap_net_raw=ep", "", r#"{"bytes":"0100"}"#] {
            let caps = super::caps(text).unwrap();
            assert_eq!(super::show_caps(caps.as_ref()), text);
        }
        assert_eq!(super::caps("none"), Ok(None));
        assert!(super::caps("cap_nett=ep").is_err());
        assert!(super::caps("{").is_err());
    }

    #[test]
    fn modes_and_ports_have_their_ranges() {
        assert!(super::mode("04755").is_ok() && super::mode("8").is_err());
        assert_eq!(super::port("80"), Ok(80));
        assert!(super::port("65536").is_err());
    }
}
