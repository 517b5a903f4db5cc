//! Changes of a seccomp profile's text.

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::scenario::Json;

/// Has the profile allow a call, or answer it with an error.
pub(super) fn answer(profile: &mut Json, name: &str, errno: Option<u64>) {
    let allows = |action: Option<&Json>| action == Some(&Json::String(ALLOW.to_string()));
    let by_default = allows(profile.get("defaultAction"));
    let Json::Object(members) = profile else { return };
    let at = members.iter().position(|(key, _)| key == "syscalls");
    let at = at.unwrap_or_else(|| {
        members.push(("syscalls".to_string(), Json::Array(Vec::new())));
        members.len() - 1
    });
    let Some((_, Json::Array(entries))) = members.get_mut(at) else { return };
    for entry in entries.iter_mut() {
        if let Json::Object(entry) = entry {
            for (key, value) in entry.iter_mut() {
                match value {
                    Json::Array(names) if key == "names" => {
                        names.retain(|known| *known != Json::String(name.to_string()));
                    }
                    _ => {}
                }
            }
        }
    }
    let named = |entry: &Json| {
        let legacy = entry.get("name") == Some(&Json::String(name.to_string()));
        let empty = entry.get("names") == Some(&Json::Array(Vec::new()));
        !legacy && !empty
    };
    entries.retain(named);
    if errno.is_none() && by_default {
        return;
    }
    let text = |text: &str| Json::String(text.to_string());
    let mut entry = Vec::from([
        ("names".to_string(), Json::Array(Vec::from([text(name)]))),
        ("action".to_string(), text(if errno.is_some() { "SCMP_ACT_ERRNO" } else { ALLOW })),
    ]);
    if let Some(errno) = errno {
        entry.push(("errnoRet".to_string(), Json::Number(errno.into())));
    }
    entries.push(Json::Object(entry));
}

const ALLOW: &str = "SCMP_ACT_ALLOW";
