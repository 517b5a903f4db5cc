//! A call of a log in the words of the scenario format.

use sim_core::scenario::{Call, NativeName, SyscallCall, WhichCall, read_value};
use sim_core::seccomp::check::Argument;
use sim_core::seccomp::syscalls::{self, Abi};

use crate::{audit, strace};

/// How many characters of a line are shown.
pub(super) const SHOWN: usize = 300;

/// The call that a line shows, and what is taken for granted in it.
pub(super) fn of_call(call: &strace::Call, text: &str) -> (Option<Call>, Vec<String>) {
    let arguments = call.arguments(Abi::X86_64);
    let known = |at: usize| match arguments.get(at) {
        Some(Argument::Known(value)) => i64::try_from(*value).ok(),
        Some(Argument::LowerHalf(value)) => Some(i64::from(value.cast_signed())),
        _ => None,
    };
    let path = path_of(text).map(|path| quoted(&path));
    let ids = |count: usize| (0..count).map(known).collect::<Option<Vec<_>>>();
    let with_path =
        |rest: &str| path.as_ref().map(|path| format!(r#"{{"{}": {{"path": {path}{rest}}}}}"#, kind(&call.name)));
    let json = match call.name.as_str() {
        "execve" | "execveat" => path.as_ref().map(|path| format!(r#"{{"execve": {path}}}"#)),
        "bind" => between(text, "htons(", ")").map(|port| format!(r#"{{"bind": {{"port": {port}}}}}"#)),
        "socket" => socket_of(text),
        "setuid" | "setgid" | "setfsuid" | "setfsgid" => known(0).map(|id| format!(r#"{{"{}": {id}}}"#, call.name)),
        "setreuid" | "setregid" => ids(2).map(|ids| format!(r#"{{"{}": {ids:?}}}"#, call.name)),
        "setresuid" | "setresgid" => ids(3).map(|ids| format!(r#"{{"{}": {ids:?}}}"#, call.name)),
        "setgroups" => between(text, "[", "]")
            .map(|groups| {
                let ids: Vec<&str> = groups.split([',', ' ']).filter(|word| !word.is_empty()).collect();
                format!(r#"{{"setgroups": [{}]}}"#, ids.join(","))
            })
            .or_else(|| Some(r#"{"setgroups": []}"#.to_owned())),
        "chown" | "lchown" => match (known(1), known(2)) {
            (Some(uid), Some(gid)) => with_path(&format!(r#", "uid": {uid}, "gid": {gid}"#)),
            _ => None,
        },
        "fchownat" => match (known(2), known(3)) {
            (Some(uid), Some(gid)) => with_path(&format!(r#", "uid": {uid}, "gid": {gid}"#)),
            _ => None,
        },
        "chmod" | "fchmodat" | "fchmodat2" => {
            let mode = known(if call.name == "chmod" { 1 } else { 2 });
            mode.and_then(|mode| with_path(&format!(r#", "mode": "{mode:04o}""#)))
        }
        "open" | "openat" => {
            let flag = ["O_RDWR", "O_WRONLY"].into_iter().find(|flag| text.contains(flag)).unwrap_or("O_RDONLY");
            with_path(&format!(r#", "flags": ["{flag}"]"#))
        }
        "unlink" | "unlinkat" | "chroot" => with_path(""),
        "mkdir" | "mkdirat" => with_path(r#", "mode": "0755""#),
        "sethostname" | "setdomainname" | "pivot_root" | "umount2" | "reboot" | "adjtimex" | "delete_module"
        | "acct" => Some(format!(r#"{{"{}": {{}}}}"#, call.name)),
        "init_module" | "finit_module" => Some(r#"{"init_module": {}}"#.to_owned()),
        "prctl" => prctl_of(text),
        _ => None,
    };
    match json.and_then(|json| read_value::<Call>(&json).ok()) {
        Some(call) => (Some(call), Vec::new()),
        None => of_name(&call.name),
    }
}

/// The call by its name: what filters say of it.
pub(super) fn of_name(name: &str) -> (Option<Call>, Vec<String>) {
    let Some(known) = syscalls::Call::by_name(name) else { return (None, Vec::new()) };
    let call = SyscallCall {
        arch: NativeName(Abi::X86_64),
        which: WhichCall::Name(known.name.to_owned()),
        args: Vec::new(),
        instruction_pointer: 0,
    };
    (Some(Call::Syscall(call)), vec!["The machine is assumed to be an x86_64; arguments are left out.".to_owned()])
}

/// The call of an audit record.
pub(super) fn of_record(record: &audit::Record) -> Option<Call> {
    let abi = Abi::ALL.iter().copied().find(|abi| abi.architecture() == record.architecture)?;
    let which = match syscalls::Call::by_number(abi, record.number) {
        Some(call) => WhichCall::Name(call.name.to_owned()),
        None => WhichCall::Number(record.number),
    };
    let instruction_pointer = record.instruction_pointer.unwrap_or_default();
    Some(Call::Syscall(SyscallCall { arch: NativeName(abi), which, args: Vec::new(), instruction_pointer }))
}

/// The first text in quotation marks among the arguments.
pub(super) fn path_of(text: &str) -> Option<String> {
    let (_, arguments) = text.split_once('(')?;
    let (_, rest) = arguments.split_once('"')?;
    let (path, _) = rest.split_once('"')?;
    (path.starts_with(['/', '.']) && !path.contains('\\')).then(|| path.to_owned())
}

/// The key of the format for calls that go by several names.
fn kind(name: &str) -> &str {
    match name {
        "lchown" | "fchownat" => "chown",
        "fchmodat" | "fchmodat2" => "chmod",
        "openat" => "open",
        "unlinkat" => "unlink",
        "mkdirat" => "mkdir",
        other => other,
    }
}

fn socket_of(text: &str) -> Option<String> {
    let domain = ["AF_INET6", "AF_INET", "AF_PACKET", "AF_UNIX"].into_iter().find(|name| text.contains(name))?;
    let kind = ["SOCK_RAW", "SOCK_STREAM", "SOCK_DGRAM"].into_iter().find(|name| text.contains(name))?;
    Some(format!(r#"{{"socket": {{"domain": "{domain}", "type": "{kind}"}}}}"#))
}

/// `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0)`, the arguments as they stand there.
fn prctl_of(text: &str) -> Option<String> {
    let arguments = between(text, "prctl(", ")")?;
    let words = arguments
        .split(", ")
        .take_while(|word| *word != "0")
        .map(|word| if word.starts_with(|c: char| c.is_ascii_digit()) { word.to_owned() } else { quoted(word) });
    Some(format!(r#"{{"prctl": [{}]}}"#, words.collect::<Vec<_>>().join(", ")))
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(behind).map(|(between, _)| between)
}

/// As a text of JSON.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
