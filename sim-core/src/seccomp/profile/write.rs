use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::{ArchMap, Comparison, Entry, Filter, Operator, Placed, Profile};
use crate::seccomp::Action;

/// So many characters a line of names has at most.
const WIDTH: usize = 100;

/// The profile as JSON, to be read by people: names several a line, everything else a key a line. What it means is what
/// was read; keys that no engine knows are left out.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use sim_core::seccomp::profile::Profile;
///
/// let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}"#;
/// let written = Profile::read(text).unwrap().to_string();
/// assert_eq!(Profile::read(&written).unwrap().to_string(), written);
/// assert_eq!(written.lines().nth(5), Some("      \"names\": [\"read\"],"));
/// # }
/// ```
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut members = Members::default();
        if let Some(action) = self.default_action {
            members.add("defaultAction", quoted(name(action)));
        }
        members.add_number("defaultErrnoRet", self.default_errno_ret);
        members.add_text("defaultErrno", self.default_errno.as_ref());
        if !self.architectures.is_empty() {
            members.add("architectures", texts(&self.architectures, 2));
        }
        if !self.arch_map.is_empty() {
            members.add("archMap", array(self.arch_map.iter().map(arch_map).collect(), 2));
        }
        if let Some(flags) = &self.flags {
            members.add("flags", texts(flags, 2));
        }
        if let Some(path) = &self.listener_path {
            members.add("listenerPath", quoted(path));
        }
        members.add_text("listenerMetadata", self.listener_metadata.as_ref());
        if !self.syscalls.is_empty() {
            members.add("syscalls", array(self.syscalls.iter().map(entry).collect(), 2));
        }
        writeln!(f, "{}", members.object(0))
    }
}

/// Members of an object, in order.
#[derive(Default)]
struct Members(Vec<(&'static str, String)>);

impl Members {
    fn add(&mut self, key: &'static str, value: String) {
        self.0.push((key, value));
    }

    fn add_number(&mut self, key: &'static str, value: Option<u32>) {
        if let Some(value) = value {
            self.add(key, value.to_string());
        }
    }

    fn add_text(&mut self, key: &'static str, value: Option<&Placed<String>>) {
        if let Some(value) = value {
            self.add(key, quoted(&value.value));
        }
    }

    fn object(self, indent: usize) -> String {
        let mut text = String::from("{");
        for (index, (key, value)) in self.0.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n{:1$}\"{key}\": {value}", "", indent + 2);
        }
        let _ = write!(text, "\n{:1$}}}", "", indent);
        text
    }
}

fn entry(entry: &Entry) -> String {
    let mut members = Members::default();
    // No names are written as null: what has none is about no call.
    match &entry.name {
        Some(name) if entry.names.is_empty() => members.add("name", quoted(&name.value)),
        _ if entry.names.is_empty() => members.add("names", "null".to_string()),
        other => {
            if let Some(name) = other {
                members.add("name", quoted(&name.value));
            }
            members.add("names", texts(&entry.names, 6));
        }
    }
    members.add("action", quoted(name(entry.action)));
    members.add_number("errnoRet", entry.errno_ret);
    members.add_text("errno", entry.errno.as_ref());
    if !entry.args.is_empty() {
        members.add("args", array(entry.args.iter().map(comparison).collect(), 6));
    }
    for (key, filter) in [("includes", &entry.includes), ("excludes", &entry.excludes)] {
        if *filter != Filter::default() {
            members.add(key, tests(filter));
        }
    }
    members.object(4)
}

fn comparison(comparison: &Comparison) -> String {
    let Comparison { index, operator, value, value_two } = comparison;
    let mut text = alloc::format!("{{\"index\": {index}, \"value\": {value}");
    if *operator == Operator::MaskedEqual || *value_two != 0 {
        let _ = write!(text, ", \"valueTwo\": {value_two}");
    }
    let _ = write!(text, ", \"op\": \"{}\"}}", operator.profile_name());
    text
}

fn tests(filter: &Filter) -> String {
    let list = |values: &[String]| {
        let quoted: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        alloc::format!("[{}]", quoted.join(", "))
    };
    let mut parts = Vec::new();
    if !filter.architectures.is_empty() {
        parts.push(alloc::format!("\"arches\": {}", list(&filter.architectures)));
    }
    if !filter.capabilities.is_empty() {
        parts.push(alloc::format!("\"caps\": {}", list(&filter.capabilities)));
    }
    if let Some(kernel) = &filter.min_kernel {
        parts.push(alloc::format!("\"minKernel\": {}", quoted(kernel)));
    }
    alloc::format!("{{{}}}", parts.join(", "))
}

fn arch_map(map: &ArchMap) -> String {
    let sub: Vec<String> = map.sub_architectures.iter().map(|sub| quoted(&sub.value)).collect();
    let architecture = quoted(&map.architecture.value);
    alloc::format!("{{\"architecture\": {architecture}, \"subArchitectures\": [{}]}}", sub.join(", "))
}

/// An array with a member a line.
fn array(members: Vec<String>, indent: usize) -> String {
    let mut text = String::from("[");
    for (index, member) in members.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n{:1$}{member}", "", indent + 2);
    }
    let _ = write!(text, "\n{:1$}]", "", indent);
    text
}

/// Strings, as many a line as have room.
fn texts(values: &[Placed<String>], indent: usize) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(&value.value)).collect();
    let together = values.join(", ");
    if together.len() + indent < WIDTH - 14 {
        return alloc::format!("[{together}]");
    }
    let mut text = String::from("[");
    let mut line = 0;
    for (index, value) in values.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        if index == 0 || line + value.len() + 2 > WIDTH {
            let _ = write!(text, "{comma}\n{:1$}{value}", "", indent + 2);
            line = indent + 2 + value.len();
        } else {
            let _ = write!(text, "{comma} {value}");
            line += value.len() + 2;
        }
    }
    let _ = write!(text, "\n{:1$}]", "", indent);
    text
}

fn name(action: Action) -> &'static str {
    action.profile_name().unwrap_or("SCMP_ACT_KILL_PROCESS")
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::super::{Place, Profile};
    use crate::seccomp::preset::Preset;
    use alloc::string::ToString;

    /// A profile without where its parts stand.
    fn bare(mut profile: Profile) -> Profile {
        let clear = |placed: &mut super::Placed<_>| placed.place = Place::default();
        profile.architectures.iter_mut().for_each(clear);
        profile.flags.iter_mut().flatten().for_each(clear);
        for map in &mut profile.arch_map {
            clear(&mut map.architecture);
            map.sub_architectures.iter_mut().for_each(clear);
        }
        for entry in &mut profile.syscalls {
            entry.place = Place::default();
            entry.names.iter_mut().chain(&mut entry.name).chain(&mut entry.errno).for_each(clear);
        }
        profile.default_errno.iter_mut().chain(&mut profile.listener_metadata).for_each(clear);
        profile
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for preset in Preset::ALL {
            let profile = preset.profile();
            let read = Profile::read(profile.to_string()).unwrap();
            assert_eq!(bare(read), bare(profile));
        }
        let text = r#"{"defaultAction": "SCMP_ACT_NOTIFY", "defaultErrno": "ENOSYS", "listenerPath": "/a\"b\\\u0007",
            "listenerMetadata": "é", "flags": [], "architectures": ["SCMP_ARCH_X86"], "syscalls": [
            {"name": "read", "action": "SCMP_ACT_ERRNO", "errno": "5", "errnoRet": 0,
             "args": [{"index": 5, "op": "SCMP_CMP_MASKED_EQ", "value": 18446744073709551615, "valueTwo": 0},
                      {"index": 1, "op": "SCMP_CMP_NE", "value": 1, "valueTwo": 2}],
             "includes": {"arches": ["amd64"], "caps": ["CAP_KILL"], "minKernel": "4.8"}},
            {"names": null, "action": "SCMP_ACT_LOG"}]}"#;
        let profile = Profile::read(text).unwrap();
        assert_eq!(bare(Profile::read(profile.to_string()).unwrap()), bare(profile));
    }

    #[test]
    fn lines_have_a_bound() {
        let docker = Preset::Docker.profile().to_string();
        assert!(docker.lines().all(|line| line.len() <= 110), "{docker}");
    }
}
