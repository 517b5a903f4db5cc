//! Calls about who a thread is, what it may, and which namespaces it is in.

use sim_core::least::Unknown;

use super::arguments::{Arguments, field, number, set};
use super::files::argument;
use super::told::{Caller, NOT_MODELLED, NOT_SHOWN, Told, call, shown};

/// What a call about the thread tells; nothing for another call.
pub(super) fn told(name: &str, arguments: Arguments<'_>, caller: Caller<'_>) -> Option<Told> {
    let told = match name {
        "setuid" | "setgid" | "setfsuid" | "setfsgid" => {
            shown(arguments.id(0).map(|id| format!(r#"{{"{name}":{}}}"#, argument(id))))
        }
        "setreuid" | "setregid" => ids(name, arguments, 2),
        "setresuid" | "setresgid" => ids(name, arguments, 3),
        "setgroups" => groups(arguments),
        "capset" if caller.knows_held => capset(arguments).partly(Unknown::Held),
        "capset" => capset(arguments),
        "prctl" => prctl(arguments),
        "seccomp" if arguments.text(0) == "SECCOMP_SET_MODE_FILTER" => call(FILTER),
        "unshare" => clone("unshare", arguments.text(0)),
        "seccomp" | "fork" | "vfork" => Told::Never,
        "clone" | "clone3" => clone("clone", flags_of_clone(arguments).unwrap_or_default()),
        "setns" => Told::Untold("which namespaces a descriptor leads to is not in the log"),
        _ => return None,
    };
    Some(told)
}

/// A filter that allows everything: what the kernel asks of the thread is the same for any.
const FILTER: &str = r#"{"seccomp":{"filter":{"bpf":"060000000000ff7f"}}}"#;

fn ids(name: &str, arguments: Arguments<'_>, count: usize) -> Told {
    let ids: Option<Vec<String>> =
        (0..count).map(|index| arguments.id(index).map(|id| argument(id).to_string())).collect();
    shown(ids.map(|ids| format!(r#"{{"{name}":[{}]}}"#, ids.join(","))))
}

fn groups(arguments: Arguments<'_>) -> Told {
    let text = match arguments.text(1) {
        "NULL" => "[]",
        text => text,
    };
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let Some(inside) = inside else { return Told::Untold(NOT_SHOWN) };
    let parts = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
    let groups: Option<Vec<String>> = parts.map(|part| number(part).map(|group| group.to_string())).collect();
    shown(groups.map(|groups| format!(r#"{{"setgroups":[{}]}}"#, groups.join(","))))
}

/// The three sets of capset and capget: effective, permitted, inheritable.
pub(super) fn three_sets(text: &str) -> Option<[sim_core::capability::CapSet; 3]> {
    let set = |name: &str| set(field(text, name)?);
    Some([set("effective=")?, set("permitted=")?, set("inheritable=")?])
}

fn capset(arguments: Arguments<'_>) -> Told {
    let wish = three_sets(arguments.text(1));
    shown(wish.map(|[effective, permitted, inheritable]| {
        format!(
            r#"{{"capset":{{"effective":"{effective}","permitted":"{permitted}","inheritable":"{inheritable}"}}}}"#
        )
    }))
}

fn prctl(arguments: Arguments<'_>) -> Told {
    let option = arguments.text(0);
    let value = |index: usize| match arguments.text(index) {
        "" => "0".to_owned(),
        text if text.starts_with("CAP_") || text.starts_with("PR_CAP_") => format!("\"{text}\""),
        text => number(text).map_or_else(|| format!("\"{text}\""), |number| number.to_string()),
    };
    match option {
        "PR_CAPBSET_DROP" | "PR_SET_KEEPCAPS" => call(&format!(r#"{{"prctl":["{option}",{}]}}"#, value(1))),
        "PR_SET_NO_NEW_PRIVS" => call(r#"{"prctl":["PR_SET_NO_NEW_PRIVS",1,0,0,0]}"#),
        "PR_CAP_AMBIENT" => call(&format!(r#"{{"prctl":["{option}",{},{},0,0]}}"#, value(1), value(2))),
        "PR_SET_SECUREBITS" => securebits(arguments),
        "PR_SET_SECCOMP" if arguments.text(1) == "SECCOMP_MODE_FILTER" => call(FILTER),
        "PR_SET_MM" | "PR_SET_TIMING" | "PR_MCE_KILL" => Told::Untold(NOT_MODELLED),
        // What is left changes or reads what is the thread's own.
        _ if option.starts_with("PR_") => Told::Never,
        _ => Told::Untold(NOT_MODELLED),
    }
}

/// `SECBIT_NOROOT|SECBIT_NOROOT_LOCKED`, or a number.
fn securebits(arguments: Arguments<'_>) -> Told {
    let names = [
        "SECBIT_NOROOT",
        "SECBIT_NOROOT_LOCKED",
        "SECBIT_NO_SETUID_FIXUP",
        "SECBIT_NO_SETUID_FIXUP_LOCKED",
        "SECBIT_KEEP_CAPS",
        "SECBIT_KEEP_CAPS_LOCKED",
        "SECBIT_NO_CAP_AMBIENT_RAISE",
        "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED",
    ];
    let bit = |part: &str| match names.iter().position(|name| *name == part) {
        Some(bit) => Some(1_i64 << bit),
        None => number(part),
    };
    let bits: Option<i64> = arguments.names(1).map(bit).sum();
    shown(bits.map(|bits| format!(r#"{{"prctl":["PR_SET_SECUREBITS",{bits}]}}"#)))
}

/// The flags of clone and clone3, wherever strace prints them.
pub(super) fn flags_of_clone(arguments: Arguments<'_>) -> Option<&str> {
    arguments.0.iter().find_map(|text| text.strip_prefix("flags=").or_else(|| field(text, "{flags=")))
}

fn clone(key: &str, flags: &str) -> Told {
    let spaces: Vec<&str> = flags.split('|').map(str::trim).filter(|flag| flag.starts_with("CLONE_NEW")).collect();
    if flags.is_empty() || spaces.contains(&"CLONE_NEWUSER") || spaces.is_empty() {
        // Anybody may make a user namespace, and may the rest in it.
        return Told::Never;
    }
    let named: Vec<String> = spaces.iter().map(|flag| format!("\"{flag}\"")).collect();
    call(&format!(r#"{{"{key}":{{"flags":[{}]}}}}"#, named.join(",")))
}
