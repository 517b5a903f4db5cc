//! Lists of capabilities in unit files.

use sim_core::capability::{CapSet, Capability};

/// A set after one more assignment, and the words that are no capabilities, which systemd passes over.
///
/// As `config_parse_capability_set` of systemd's load-fragment.c: what is empty, or still as it began, is replaced; else
/// names are added, or with `~` taken away.
pub(super) fn assigned(set: CapSet, initial: CapSet, value: &str) -> (CapSet, Vec<String>) {
    let (is_inverted, names) = value.strip_prefix('~').map_or((false, value), |rest| (true, rest));
    let (mut sum, mut unknown) = (CapSet::EMPTY, Vec::new());
    for word in names.split([' ', '\t', ',']).map(unquoted).filter(|word| !word.is_empty()) {
        let is_name = word.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("cap_"));
        match Capability::from_name(word).filter(|_| is_name) {
            Some(capability) => sum |= CapSet::from(capability),
            None => unknown.push(word.chars().take(60).collect()),
        }
    }
    let all = CapSet::up_to(Capability::LAST_NAMED);
    let set = match (sum.is_empty() || set == initial, is_inverted) {
        (true, true) => all - sum,
        (true, false) => sum,
        (false, true) => set - sum,
        (false, false) => set | sum,
    };
    (set, unknown)
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(initial: CapSet, values: &[&str]) -> CapSet {
        values.iter().fold(initial, |set, value| assigned(set, initial, value).0)
    }

    #[test]
    fn assignments_add_up_and_reset() {
        let all = CapSet::up_to(Capability::LAST_NAMED);
        let set = |names: &[&str]| names.iter().map(|name| Capability::from_name(name).unwrap()).collect::<CapSet>();
        let bounding = |values: &[&str]| after(all, values);
        assert_eq!(bounding(&["CAP_CHOWN CAP_KILL"]), set(&["chown", "kill"]));
        assert_eq!(bounding(&["CAP_CHOWN", "CAP_KILL"]), set(&["chown", "kill"]));
        assert_eq!(bounding(&["CAP_CHOWN CAP_KILL", "~CAP_KILL"]), set(&["chown"]));
        assert_eq!(bounding(&["~CAP_SYS_ADMIN"]), all - set(&["sys_admin"]));
        assert_eq!(bounding(&["~CAP_SYS_ADMIN", "~CAP_KILL"]), all - set(&["sys_admin", "kill"]));
        assert_eq!(bounding(&[""]), CapSet::EMPTY);
        assert_eq!(bounding(&["~"]), all);
        assert_eq!(bounding(&["CAP_CHOWN", "", "CAP_KILL"]), set(&["kill"]));
        let ambient = |values: &[&str]| after(CapSet::EMPTY, values);
        assert_eq!(ambient(&["CAP_NET_RAW", "CAP_KILL"]), set(&["net_raw", "kill"]));
        assert_eq!(ambient(&["CAP_NET_RAW CAP_KILL", "~CAP_KILL"]), set(&["net_raw"]));
        assert_eq!(assigned(CapSet::EMPTY, CapSet::EMPTY, "CAP_NET CAP_KILL net_raw").1, ["CAP_NET", "net_raw"]);
    }
}
