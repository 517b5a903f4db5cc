//! Calls about files. Owner and mode of a file are not in the log, unless a later reader of it knows them.

use std::fmt::Write as _;

use sim_core::least::Unknown;

use super::arguments::{Arguments, bytes};
use super::process::Process;
use super::told::{NOT_MODELLED, NOT_SHOWN, Told, call, quoted, shown};

/// What a call about files tells; nothing for another call.
pub(super) fn told(name: &str, arguments: Arguments<'_>, process: &Process) -> Option<Told> {
    let working = |index: usize| path(arguments, process, "AT_FDCWD", index);
    let at = |index: usize| path(arguments, process, arguments.text(index), index + 1);
    let descriptor = |index: usize| process.path_of(arguments.text(index)).map(|path| quoted(&path));
    let told = match name {
        "open" => opens(working(0), arguments, 1),
        "openat" | "openat2" => opens(at(0), arguments, 2),
        "creat" => written(working(0), "open", r#""flags":["O_WRONLY"]"#),
        "access" => accesses(working(0), arguments, 1),
        "faccessat" | "faccessat2" => accesses(at(0), arguments, 2),
        "inotify_add_watch" => written(working(1), "open", r#""flags":[]"#),
        "open_by_handle_at" => match descriptor(0) {
            Some(path) => written(Some(path), "open_by_handle_at", ""),
            None => call(r#"{"open_by_handle_at":{"path":"/(a file by its handle)"}}"#),
        },
        "execve" => shown(working(0).map(|path| format!(r#"{{"execve":{path}}}"#))),
        "execveat" if arguments.string(1).as_deref() == Some("") => {
            shown(descriptor(0).map(|path| format!(r#"{{"execve":{path}}}"#)))
        }
        "execveat" => shown(at(0).map(|path| format!(r#"{{"execve":{path}}}"#))),
        "chown" | "lchown" => owner(working(0), arguments, 1),
        "fchown" => owner(descriptor(0), arguments, 1),
        "fchownat" if arguments.has(4, "AT_EMPTY_PATH") => owner(descriptor(0), arguments, 2),
        "fchownat" => owner(at(0), arguments, 2),
        "chmod" => mode(working(0), arguments, 1),
        "fchmod" => mode(descriptor(0), arguments, 1),
        "fchmodat" | "fchmodat2" => mode(at(0), arguments, 2),
        "mkdir" => makes(working(0), "mkdir", arguments, 1),
        "mkdirat" => makes(at(0), "mkdir", arguments, 2),
        "mknod" => node(working(0), arguments, 1),
        "mknodat" => node(at(0), arguments, 2),
        "unlink" | "rename" => written(working(0), "unlink", ""),
        "rmdir" => written(removed(working(0)), "unlink", ""),
        "unlinkat" if arguments.has(2, "AT_REMOVEDIR") => written(removed(at(0)), "unlink", ""),
        "unlinkat" | "renameat" | "renameat2" => written(at(0), "unlink", ""),
        "symlink" => written(working(1), "mknod", r#""type":"S_IFREG","mode":"0777""#),
        "symlinkat" => written(at(1), "mknod", r#""type":"S_IFREG","mode":"0777""#),
        "link" => written(working(0), "link", ""),
        "linkat" if arguments.has(4, "AT_EMPTY_PATH") => Told::Untold(NOT_MODELLED),
        "linkat" => written(at(0), "link", ""),
        "truncate" | "truncate64" => written(working(0), "truncate", r#""size":0"#),
        "utime" | "utimes" | "lutimes" => times(working(0), arguments.text(1)),
        "utimensat" if arguments.text(1) == "NULL" => times(descriptor(0), arguments.text(2)),
        "futimesat" | "utimensat" => times(at(0), arguments.text(2)),
        "setxattr" | "lsetxattr" => attribute(working(0), arguments),
        "fsetxattr" => attribute(descriptor(0), arguments),
        "removexattr" | "lremovexattr" => attribute_removed(working(0), arguments),
        "fremovexattr" => attribute_removed(descriptor(0), arguments),
        "getxattr" | "lgetxattr" | "fgetxattr" if arguments.text(1).starts_with("\"trusted.") => {
            Told::Untold("reading an attribute whose name begins with trusted. is not modelled")
        }
        "getxattr" | "lgetxattr" | "fgetxattr" => Told::Never,
        _ => return None,
    };
    Some(told)
}

/// A path in JSON.
fn path(arguments: Arguments<'_>, process: &Process, directory: &str, index: usize) -> Option<String> {
    Some(quoted(&process.absolute(directory, &arguments.string(index)?)))
}

/// A directory that is removed, as something in the directory that it is in: the same is asked.
fn removed(path: Option<String>) -> Option<String> {
    Some(format!("{} (removed)\"", path?.strip_suffix('"')?))
}

/// A call with a path and other fields.
fn written(path: Option<String>, key: &str, fields: &str) -> Told {
    let comma = if fields.is_empty() { "" } else { "," };
    shown(path.map(|path| format!(r#"{{"{key}":{{"path":{path}{comma}{fields}}}}}"#))).partly(Unknown::Files)
}

fn opens(path: Option<String>, arguments: Arguments<'_>, flags: usize) -> Told {
    // openat2 has them in a structure.
    let flags = arguments.field(flags, "flags=").unwrap_or_else(|| arguments.text(flags));
    let has = |name: &str| flags.split('|').any(|flag| flag == name);
    if flags.is_empty() {
        return Told::Untold(NOT_SHOWN);
    }
    if has("O_PATH") {
        return Told::Never;
    }
    if has("O_TMPFILE") || has("O_CREAT") && has("O_EXCL") {
        return written(path, "mknod", r#""type":"S_IFREG","mode":"0600""#);
    }
    let known = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_NOATIME"];
    let named: Vec<String> = known.iter().filter(|name| has(name)).map(|name| format!("\"{name}\"")).collect();
    let fields = format!(r#""flags":[{}]"#, named.join(","));
    written(path, "open", &fields)
}

fn accesses(path: Option<String>, arguments: Arguments<'_>, mode: usize) -> Told {
    match (arguments.has(mode, "R_OK"), arguments.has(mode, "W_OK")) {
        (false, false) => Told::Never,
        (true, false) => written(path, "open", r#""flags":[]"#),
        (false, true) => written(path, "open", r#""flags":["O_WRONLY"]"#),
        (true, true) => written(path, "open", r#""flags":["O_RDWR"]"#),
    }
}

fn owner(path: Option<String>, arguments: Arguments<'_>, from: usize) -> Told {
    let (Some(uid), Some(gid)) = (arguments.id(from), arguments.id(from + 1)) else {
        return Told::Untold(NOT_SHOWN);
    };
    let (uid, gid) = (argument(uid), argument(gid));
    written(path, "chown", &format!(r#""uid":{uid},"gid":{gid}"#))
}

/// An id as the format has it.
pub(super) fn argument(id: u32) -> i64 {
    if id == u32::MAX { -1 } else { id.into() }
}

/// Permission bits: `S_IFCHR|0666` or `0755`.
fn bits(arguments: Arguments<'_>, index: usize) -> Option<String> {
    let digits = arguments.names(index).find(|part| part.starts_with('0'))?;
    let bits = u16::from_str_radix(digits, 8).ok()?;
    Some(format!("{:04o}", bits & 0o7777))
}

fn mode(path: Option<String>, arguments: Arguments<'_>, index: usize) -> Told {
    match bits(arguments, index) {
        Some(mode) => written(path, "chmod", &format!(r#""mode":"{mode}""#)),
        None => Told::Untold(NOT_SHOWN),
    }
}

fn makes(path: Option<String>, key: &str, arguments: Arguments<'_>, index: usize) -> Told {
    match bits(arguments, index) {
        Some(mode) => written(path, key, &format!(r#""mode":"{mode}""#)),
        None => Told::Untold(NOT_SHOWN),
    }
}

fn node(path: Option<String>, arguments: Arguments<'_>, index: usize) -> Told {
    let kind = arguments.names(index).find(|part| part.starts_with("S_IF")).unwrap_or("S_IFREG");
    let Some(mode) = bits(arguments, index) else { return Told::Untold(NOT_SHOWN) };
    let device = device(arguments.text(index + 1)).unwrap_or_default();
    let fields = if device == [0, 0] || !matches!(kind, "S_IFCHR" | "S_IFBLK") {
        format!(r#""type":"{kind}","mode":"{mode}""#)
    } else {
        format!(r#""type":"{kind}","mode":"{mode}","device":[{},{}]"#, device[0], device[1])
    };
    written(path, "mknod", &fields)
}

/// `makedev(0x1, 0x3)`; a number that the format does not have counts as 255.
fn device(text: &str) -> Option<[u8; 2]> {
    let (major, minor) = text.strip_prefix("makedev(")?.strip_suffix(')')?.split_once(',')?;
    let part = |text: &str| Some(u8::try_from(super::arguments::number(text.trim())?).unwrap_or(u8::MAX));
    Some([part(major)?, part(minor)?])
}

fn times(path: Option<String>, times: &str) -> Told {
    let now = times == "NULL" || times.matches("UTIME_NOW").count() == 2;
    written(path, "utimensat", if now { r#""times":"now""# } else { r#""times":"given""# })
}

fn attribute(path: Option<String>, arguments: Arguments<'_>) -> Told {
    let name = arguments.string(1).unwrap_or_default();
    if name == "security.capability" {
        let digits = |bytes: Vec<u8>| {
            bytes.iter().fold(String::new(), |mut digits, byte| {
                let _ = write!(digits, "{byte:02x}");
                digits
            })
        };
        return match bytes(arguments.text(2)).map(digits) {
            Some(digits) => written(path, "setcap", &format!(r#""caps":{{"bytes":"{digits}"}}"#)),
            None => Told::Untold(NOT_SHOWN),
        };
    }
    let stands = match name.split_once('.') {
        Some(("trusted", _)) => "trusted.eperm",
        Some(("user", _)) => "user.eperm",
        _ => return Told::Untold(NOT_MODELLED),
    };
    written(path, "setxattr", &format!(r#""name":"{stands}""#))
}

fn attribute_removed(path: Option<String>, arguments: Arguments<'_>) -> Told {
    match arguments.string(1).as_deref() {
        Some("security.capability") => written(path, "removexattr", ""),
        _ => Told::Untold(NOT_MODELLED),
    }
}
