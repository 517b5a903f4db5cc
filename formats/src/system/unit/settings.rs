//! The settings of a unit that decide about privilege, systemd.exec(5).

use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;

use super::capabilities::assigned;
use super::exec::Command;
use crate::mixture::Found;

/// What the lines of a unit say, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) groups: Vec<u32>,
    pub(super) is_dynamic_user: bool,
    pub(super) ambient: CapSet,
    bounding: Option<CapSet>,
    /// What other settings take out of the bounding set.
    taken: CapSet,
    pub(super) securebits: Securebits,
    pub(super) no_new_privileges: bool,
    /// The settings that imply `NoNewPrivileges=yes` in a manager without CAP_SYS_ADMIN.
    pub(super) implied_by: Vec<&'static str>,
    pub(super) commands: Vec<Command>,
    pub(super) recognised: Vec<String>,
    pub(super) assumed: Vec<String>,
}

/// Settings of lists or values that imply `NoNewPrivileges=yes`.
const IMPLY_BY_VALUE: [&str; 6] = [
    "SystemCallFilter",
    "SystemCallArchitectures",
    "SystemCallLog",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "ProtectHostname",
];
/// Switches that imply it, and what each takes out of the bounding set.
const SWITCHES: [(&str, &[&str]); 9] = [
    ("PrivateDevices", &["mknod", "sys_rawio"]),
    ("ProtectKernelTunables", &[]),
    ("ProtectKernelModules", &["sys_module"]),
    ("ProtectKernelLogs", &["syslog"]),
    ("ProtectClock", &["sys_time", "wake_alarm"]),
    ("MemoryDenyWriteExecute", &[]),
    ("RestrictRealtime", &[]),
    ("RestrictSUIDSGID", &[]),
    ("LockPersonality", &[]),
];

/// Settings by which lines are taken for a unit without its section.
pub(super) fn is_about_privilege(key: &str) -> bool {
    const KEYS: [&str; 8] = [
        "AmbientCapabilities",
        "CapabilityBoundingSet",
        "NoNewPrivileges",
        "SecureBits",
        "DynamicUser",
        "SupplementaryGroups",
        "ExecStart",
        "SystemCallFilter",
    ];
    KEYS.contains(&key)
}

impl Settings {
    /// Whether anything was said.
    pub(super) fn is_any(&self) -> bool {
        !self.recognised.is_empty()
    }

    /// The bounding set, if anything says one.
    pub(super) fn bounding_set(&self) -> Option<CapSet> {
        let all = CapSet::up_to(Capability::LAST_NAMED);
        (self.bounding.is_some() || !self.taken.is_empty()).then(|| self.bounding.unwrap_or(all) - self.taken)
    }

    /// One more line.
    pub(super) fn assign(&mut self, key: &str, value: &str, line: usize, found: &mut Found) {
        let all = CapSet::up_to(Capability::LAST_NAMED);
        match key {
            "User" => self.user(value),
            "Group" => self.group(value),
            "SupplementaryGroups" => self.supplementary(value),
            "DynamicUser" => {
                self.is_dynamic_user = switch(key, value, line, found);
                if self.is_dynamic_user {
                    self.user.get_or_insert_with(|| "61184".into());
                    self.assume(
                        "DynamicUser= takes an id from 61184 on; the first is assumed. It sets NoNewPrivileges=yes.",
                    );
                }
            }
            "AmbientCapabilities" => {
                self.ambient = capabilities(self.ambient, CapSet::EMPTY, value, line, found);
            }
            "CapabilityBoundingSet" => {
                self.bounding = Some(capabilities(self.bounding.unwrap_or(all), all, value, line, found));
            }
            "NoNewPrivileges" => self.no_new_privileges = switch(key, value, line, found),
            "SecureBits" => self.secure_bits(value, line, found),
            "PrivateUsers" => {
                if truth(value) != Some(false) {
                    self.assume("PrivateUsers= makes a user namespace, in which capabilities count for nothing outside; it is left out.");
                }
            }
            "ExecStart" | "ExecStartPre" | "ExecStartPost" | "ExecReload" | "ExecStop" => {
                if key == "ExecStart" && value.is_empty() {
                    self.commands.clear();
                } else if key == "ExecStart" || value.starts_with('+') {
                    self.commands.extend((key == "ExecStart").then(|| Command::of(value)));
                }
            }
            _ => {
                let Some(name) = self.implying(key, value, line, found) else { return };
                if !self.implied_by.contains(&name) {
                    self.implied_by.push(name);
                }
            }
        }
        let value: String = value.chars().take(200).collect();
        self.recognised.push(format!("{key}={value}"));
    }

    fn user(&mut self, value: &str) {
        self.user = Some(value.to_owned()).filter(|user| !user.is_empty());
        if value.parse::<u32>().is_err() && !matches!(value, "" | "root") {
            self.uid.get_or_insert(1000);
            self.gid.get_or_insert(1000);
            self.assume(format!("The user {value} is assumed to have the ids 1000."));
        }
    }

    fn group(&mut self, value: &str) {
        self.group = Some(value.to_owned()).filter(|group| !group.is_empty());
        self.gid = match (value, value.parse()) {
            (_, Ok(gid)) => Some(gid),
            ("root", _) => Some(0),
            ("", _) => None,
            _ => {
                self.assume(format!("The group {value} is assumed to have the id 1000."));
                Some(1000)
            }
        };
    }

    fn supplementary(&mut self, value: &str) {
        if value.is_empty() {
            self.groups.clear();
        }
        for (word, assumed) in value.split_ascii_whitespace().zip(1001..) {
            self.groups.push(word.parse().unwrap_or(assumed));
            if word.parse::<u32>().is_err() {
                self.assume(format!("The group {word} is assumed to have the id {assumed}."));
            }
        }
    }

    fn secure_bits(&mut self, value: &str, line: usize, found: &mut Found) {
        if value.is_empty() {
            self.securebits = Securebits::default();
        }
        let mut bits = self.securebits.bits();
        for word in value.split_ascii_whitespace() {
            match Securebits::from_name(&word.replace('-', "_")) {
                Some(bit) => bits |= bit.bits(),
                None => found.misread_at(
                    line,
                    1,
                    format!("{word:?} is no securebit; write keep-caps, noroot and the like"),
                ),
            }
        }
        self.securebits = Securebits::from_bits(bits);
    }

    /// The name of a setting that implies no_new_privs, if it is on.
    fn implying(&mut self, key: &str, value: &str, line: usize, found: &mut Found) -> Option<&'static str> {
        if let Some(name) = IMPLY_BY_VALUE.into_iter().find(|name| *name == key) {
            let is_off = value.is_empty() || truth(value) == Some(false);
            return (!is_off).then_some(name);
        }
        let (name, taken) = SWITCHES.into_iter().find(|(name, _)| *name == key)?;
        if !switch(key, value, line, found) {
            return None;
        }
        let taken: CapSet = taken.iter().filter_map(|name| Capability::from_name(name)).collect();
        if !taken.is_empty() {
            self.taken |= taken;
            self.assume(format!("{name}= takes {taken} out of the bounding set."));
        }
        Some(name)
    }

    fn assume(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.assumed.contains(&sentence) {
            self.assumed.push(sentence);
        }
    }
}

/// A set after one more assignment; what is no capability is misread.
fn capabilities(set: CapSet, initial: CapSet, value: &str, line: usize, found: &mut Found) -> CapSet {
    let (set, unknown) = assigned(set, initial, value);
    for word in unknown {
        found.misread_at(line, 1, format!("{word:?} is no capability; systemd passes it over"));
    }
    set
}

/// A switch that is on; what is none is misread.
fn switch(key: &str, value: &str, line: usize, found: &mut Found) -> bool {
    truth(value).unwrap_or_else(|| {
        if !value.is_empty() {
            found.misread_at(line, 1, format!("{key}={value}: yes or no was expected"));
        }
        false
    })
}

/// A switch, as `parse_boolean` of systemd reads it.
fn truth(value: &str) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(["1", "yes", "y", "true", "t"]) || value.eq_ignore_ascii_case("on") {
        Some(true)
    } else if is(["0", "no", "n", "false", "f"]) || value.eq_ignore_ascii_case("off") {
        Some(false)
    } else {
        None
    }
}
