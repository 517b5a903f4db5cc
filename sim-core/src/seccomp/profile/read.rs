use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::json::{Node, ProfileError, Text};
use super::{ArchMap, Comparison, Entry, Filter, Operator, Placed, Profile};
use crate::seccomp::Action;

/// The largest profile that is read, in bytes: 16 MiB.
pub const MAX_SIZE: usize = 16 << 20;

impl Profile {
    /// Reads a profile, or a whole OCI configuration for its `linux.seccomp`. Its size is bounded by [`MAX_SIZE`];
    /// nesting costs nothing, for no value is read deeper than a profile goes.
    pub fn read(text: impl AsRef<[u8]>) -> Result<Self, ProfileError> {
        let bytes = text.as_ref();
        if bytes.len() > MAX_SIZE {
            return Err(at_end("", &format!("a profile has at most {MAX_SIZE} bytes (16 MiB); this one has more")));
        }
        let utf8 = core::str::from_utf8(bytes);
        let valid = match utf8 {
            Ok(valid) => valid,
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let text = core::str::from_utf8(valid).unwrap_or_default();
                return Err(at_end(text, "this byte is not UTF-8"));
            }
        };
        let text = Text::new(valid);
        let root = text.root();
        let members = root.object()?;
        let linux = members.iter().find(|(key, _)| key == "linux");
        match linux {
            Some((key, raw)) if !members.iter().any(|(key, _)| key == "defaultAction") => {
                let linux = root.member(key, raw);
                let inside = linux.object()?;
                let Some((key, raw)) = inside.iter().find(|(key, _)| key == "seccomp") else {
                    return Err(linux.error("this configuration has no seccomp profile"));
                };
                let node = linux.member(key, raw);
                profile(&node, &node.object()?)
            }
            _ => profile(&root, &members),
        }
    }
}

fn at_end(text: &str, message: &str) -> ProfileError {
    let place = Text::new(text).place(text.len());
    ProfileError { line: place.line, column: place.column, path: String::new(), message: message.into() }
}

fn profile(node: &Node<'_, '_>, members: &[(String, &str)]) -> Result<Profile, ProfileError> {
    let mut read = Profile::default();
    for (key, raw) in members {
        let value = node.member(key, raw);
        if value.is_null() {
            continue;
        }
        match key.as_str() {
            "defaultAction" => read.default_action = Some(action(&value)?),
            "defaultErrnoRet" => read.default_errno_ret = Some(value.word()?),
            "defaultErrno" => read.default_errno = given(&value)?,
            "architectures" => read.architectures = value.strings()?,
            "archMap" => read.arch_map = value.array(arch_map)?,
            "flags" => read.flags = Some(value.strings()?),
            "listenerPath" => read.listener_path = Some(value.string()?).filter(|path| !path.is_empty()),
            "listenerMetadata" => read.listener_metadata = given(&value)?,
            "syscalls" => read.syscalls = value.array(|entry_node| entry(entry_node, &mut read.unknown_keys))?,
            _ => read.unknown_keys.push(Placed { value: key.clone(), place: value.place() }),
        }
    }
    if read.default_action.is_none() && !read.syscalls.is_empty() {
        return Err(node.error("defaultAction is missing: what becomes of a call that no rule names"));
    }
    Ok(read)
}

fn entry(node: &Node<'_, '_>, unknown: &mut Vec<Placed<String>>) -> Result<Entry, ProfileError> {
    // Places are cheapest in the order of the text.
    let place = node.place();
    let members = node.object()?;
    let (mut names, mut name, mut found) = (Vec::new(), None, None);
    // Recorders write `null` where they have nothing to add; engines take it for no names.
    let named = members.iter().any(|(key, _)| key == "names");
    let (mut errno_ret, mut errno, mut args) = (None, None, Vec::new());
    let (mut includes, mut excludes) = (Filter::default(), Filter::default());
    for (key, raw) in &members {
        let value = node.member(key, raw);
        if value.is_null() {
            continue;
        }
        match key.as_str() {
            "names" => names = value.strings()?,
            "name" => name = given(&value)?,
            "action" => found = Some(action(&value)?),
            "errnoRet" => errno_ret = Some(value.word()?),
            "errno" => errno = given(&value)?,
            "args" => args = value.array(comparison)?,
            "includes" => includes = filter(&value, unknown)?,
            "excludes" => excludes = filter(&value, unknown)?,
            "comment" => drop(value.string()?),
            _ => unknown.push(Placed { value: key.clone(), place: value.place() }),
        }
    }
    if !named && name.is_none() {
        return Err(node.error("names is missing: the calls that the rule is about"));
    }
    let action = found.ok_or_else(|| node.error("action is missing: what becomes of these calls"))?;
    Ok(Entry { names, name, action, errno_ret, errno, args, includes, excludes, place })
}

fn comparison(node: &Node<'_, '_>) -> Result<Comparison, ProfileError> {
    let members = node.object()?;
    let (mut index, mut operator, mut value, mut value_two) = (None, None, None, 0);
    for (key, raw) in &members {
        let member = node.member(key, raw);
        match key.as_str() {
            "index" => {
                let number = member.word()?;
                let small = u8::try_from(number).ok().filter(|&small| small < 6);
                index = Some(small.ok_or_else(|| member.error("a call has the arguments 0 to 5"))?);
            }
            "op" => {
                let name = member.string()?;
                let wanted = "one of SCMP_CMP_NE, LT, LE, EQ, GE, GT and MASKED_EQ is wanted here";
                operator = Some(Operator::from_profile(&name).ok_or_else(|| member.error(wanted))?);
            }
            "value" => value = Some(member.long()?),
            "valueTwo" if !member.is_null() => value_two = member.long()?,
            "valueTwo" => {}
            _ => return Err(member.error("a condition has index, value, valueTwo and op only")),
        }
    }
    match (index, operator, value) {
        (Some(index), Some(operator), Some(value)) => Ok(Comparison { index, operator, value, value_two }),
        _ => Err(node.error("a condition needs index, value and op")),
    }
}

fn filter(node: &Node<'_, '_>, unknown: &mut Vec<Placed<String>>) -> Result<Filter, ProfileError> {
    let mut read = Filter::default();
    for (key, raw) in &node.object()? {
        let value = node.member(key, raw);
        match key.as_str() {
            _ if value.is_null() => {}
            "arches" => read.architectures = strings(&value)?,
            "caps" => read.capabilities = strings(&value)?,
            "minKernel" => read.min_kernel = Some(value.string()?).filter(|text| !text.is_empty()),
            _ => unknown.push(Placed { value: key.clone(), place: value.place() }),
        }
    }
    Ok(read)
}

fn arch_map(node: &Node<'_, '_>) -> Result<ArchMap, ProfileError> {
    let (mut architecture, mut sub_architectures) = (None, Vec::new());
    for (key, raw) in &node.object()? {
        let value = node.member(key, raw);
        match key.as_str() {
            "architecture" => architecture = Some(placed(&value)?),
            "subArchitectures" => sub_architectures = value.strings()?,
            _ => return Err(value.error("a member of archMap has architecture and subArchitectures only")),
        }
    }
    let architecture = architecture.ok_or_else(|| node.error("architecture is missing"))?;
    Ok(ArchMap { architecture, sub_architectures })
}

fn action(node: &Node<'_, '_>) -> Result<Action, ProfileError> {
    let name = node.string()?;
    let known = Action::from_name(&name).filter(|_| name.starts_with("SCMP_ACT_"));
    known.ok_or_else(|| {
        node.error(
            "an action is one of SCMP_ACT_KILL, KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, TRACE, ALLOW, LOG and NOTIFY",
        )
    })
}

fn placed(node: &Node<'_, '_>) -> Result<Placed<String>, ProfileError> {
    Ok(Placed { value: node.string()?, place: node.place() })
}

fn strings(node: &Node<'_, '_>) -> Result<Vec<String>, ProfileError> {
    Ok(node.strings()?.into_iter().map(|placed| placed.value).collect())
}

/// A string that counts as absent when it is empty, as in Go.
fn given(node: &Node<'_, '_>) -> Result<Option<Placed<String>>, ProfileError> {
    Ok(Some(placed(node)?).filter(|given| !given.value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{MAX_SIZE, Profile};
    use alloc::format;
    use alloc::string::{String, ToString};

    fn refused(text: &str) -> String {
        Profile::read(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_their_place() {
        let errors = [
            ("", "line 1, column 1: EOF while parsing a value"),
            ("[]", "line 1, column 1: an object is wanted here"),
            ("{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n}", "line 2, column 1: trailing comma"),
            (
                "{\n \"defaultAction\": \"ALLOW\"}",
                "line 2, column 19: defaultAction: an action is one of SCMP_ACT_KILL",
            ),
            (
                "{\"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\"}]}",
                "line 1, column 1: defaultAction is missing",
            ),
        ];
        for (text, error) in errors {
            assert!(refused(text).starts_with(error), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn errors_in_entries_name_their_path() {
        let entry =
            |entry: &str| refused(&format!("{{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [\n{entry}]}}"));
        let args = |args: &str| {
            entry(&format!("{{\"names\": [\"r\u{e9}ad\"], \"action\": \"SCMP_ACT_KILL\", \"args\": [{args}]}}"))
        };
        let errors = [
            (entry("{}"), "line 2, column 1: syscalls[0]: names is missing"),
            (entry("{\"names\": [\"read\"]}"), "line 2, column 1: syscalls[0]: action is missing"),
            (entry("{\"names\": [7]}"), "line 2, column 12: syscalls[0].names[0]: a string is wanted"),
            (
                entry("{\"names\": [], \"names\": []}"),
                "line 2, column 1: syscalls[0]: the key \"names\" stands here twice",
            ),
            (entry("{\"errnoRet\": -1}"), "line 2, column 14: syscalls[0].errnoRet: a whole number from 0"),
            (args("{\"index\": 6}"), "line 2, column 67: syscalls[0].args[0].index: a call has the arguments 0 to 5"),
            (args("{\"op\": \"EQ\"}"), "line 2, column 64: syscalls[0].args[0].op: one of SCMP_CMP_NE"),
            (
                args("{\"value\": 18446744073709551616}"),
                "line 2, column 67: syscalls[0].args[0].value: a whole number",
            ),
            (args("{\"value\": 1}"), "line 2, column 57: syscalls[0].args[0]: a condition needs index"),
        ];
        for (found, error) in errors {
            assert!(found.starts_with(error), "{found}\n{error}");
        }
    }

    #[test]
    fn a_whole_configuration_is_read_for_its_profile() {
        let text = "{\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_KILL\", \"color\": {}}}}";
        let profile = Profile::read(text).unwrap();
        assert_eq!(profile.unknown_keys[0].value, "color");
        assert!(refused("{\"linux\": {}}").contains("linux: this configuration has no seccomp profile"));
    }

    #[test]
    fn strangers_texts_cost_little() {
        let deep = |open: &str, close: &str| format!("{{\"x\": {}{}}}", open.repeat(1 << 20), close.repeat(1 << 20));
        assert_eq!(Profile::read(deep("[", "]")).unwrap().unknown_keys.len(), 1);
        assert!(Profile::read(deep("[", "")).is_err());
        assert!(refused(&deep("{\"a\":", "")).contains("line 1"));
        assert!(refused(&" ".repeat(MAX_SIZE + 1)).contains("16 MiB"));
        assert!(
            Profile::read(b"{\"defaultAction\": \"\xff\"}")
                .unwrap_err()
                .to_string()
                .starts_with("line 1, column 20: this byte")
        );
        let many = "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_KILL\"},".repeat(100_000);
        let text = format!("{{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{many}7]}}");
        assert!(refused(&text).contains("syscalls[100000]: an object is wanted here"));
    }
}
