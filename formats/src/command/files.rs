//! Commands that change files: setcap, chmod, chown, and those that make a file of another.

use sim_core::calls::SetId;
use sim_core::file::{Mode, Revision, VfsCaps};
use sim_core::scenario::{
    AttributeArguments, Call, CapsEntry, ChmodArguments, ChownArguments, FileCapsObject, FileChange, ModeText,
    SetcapArguments,
};
use sim_core::text::parse_hex_bytes;

use super::calls::id;
use super::shell::{Arguments, is_path};
use super::{Done, Parsed};
use crate::finding::{FileCopy, Says};

/// `setcap [-q] [-v] [-n ROOTID] CAPS|-r|- FILE …`
pub(super) fn setcap(words: &[String]) -> Parsed {
    let (mut calls, mut recognised, mut rootid, mut checks) = (Vec::new(), Vec::new(), None, false);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-q" | "-f" => {}
            "-v" => checks = true,
            "-n" => rootid = Some(words.next()?.parse::<u32>().ok()?),
            "-" => return None,
            "-r" => {
                let path = words.next()?;
                recognised.push(format!("setcap -r {path}"));
                calls.push(Call::FileChange(FileChange::Removexattr(AttributeArguments { path: path.to_owned() })));
            }
            text => {
                let path = words.next()?;
                if !text.contains(['=', '+']) {
                    return None;
                }
                let caps: VfsCaps = match text.parse() {
                    Ok(caps) => caps,
                    Err(error) => return Some(Err(format!("setcap {text}: {error}"))),
                };
                recognised.push(format!("setcap {caps} {path}"));
                let caps = match rootid {
                    Some(rootid) => CapsEntry::Object(FileCapsObject {
                        revision: Revision::V3 { rootid },
                        permitted: caps.permitted.into(),
                        inheritable: caps.inheritable.into(),
                        effective: caps.effective(),
                    }),
                    None => CapsEntry::Text(caps),
                };
                let arguments = SetcapArguments { path: path.to_owned(), caps };
                calls.push(Call::FileChange(FileChange::Setcap(arguments)));
            }
        }
    }
    // With -v it only looks.
    (!calls.is_empty() && !checks)
        .then(|| Ok(Done { says: vec![Says::Calls(calls)], recognised, assumed: Vec::new() }))
}

/// `setfattr -x security.capability FILE`, or `-n security.capability -v 0x… FILE`.
pub(super) fn setfattr(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &["x", "n", "v", "remove", "name", "value"], false);
    let path = (*arguments.rest.first()?).to_owned();
    let is_capability = |name: Option<&str>| name == Some("security.capability");
    if is_capability(arguments.value(&["x", "remove"])) {
        let call = Call::FileChange(FileChange::Removexattr(AttributeArguments { path: path.clone() }));
        return Some(Ok(Done::calls(vec![call], format!("security.capability of {path} is removed"))));
    }
    if !is_capability(arguments.value(&["n", "name"])) {
        return None;
    }
    let value = arguments.value(&["v", "value"])?;
    let Some(Ok(bytes)) = value.strip_prefix("0x").map(parse_hex_bytes) else {
        return Some(Err(format!("setfattr: {value:?} is no attribute in hexadecimal digits, as 0x0100000200…")));
    };
    let caps = CapsEntry::Bytes(bytes);
    let call = Call::FileChange(FileChange::Setcap(SetcapArguments { path: path.clone(), caps }));
    Some(Ok(Done::calls(vec![call], format!("security.capability of {path} is set"))))
}

/// `chmod MODE FILE …`, the mode in digits or in letters.
pub(super) fn chmod(words: &[String]) -> Parsed {
    let known = ["R", "v", "f", "c", "recursive", "verbose"];
    // "-w" and "-x" are modes.
    let options =
        words.iter().take_while(|word| word.starts_with('-') && !word.contains(['w', 'x', 's', 't', 'r'])).count();
    let (options, rest) = words.split_at_checked(options)?;
    let arguments = Arguments::of(options, &[], false);
    let (text, paths) = rest.split_first()?;
    let (mode, is_assumed) = match text.parse::<Mode>() {
        Ok(mode) => (mode, false),
        Err(_) => (with_letters(text)?, true),
    };
    if !arguments.only(&known) || paths.is_empty() || !paths.iter().all(|path| is_path(path) || !is_assumed) {
        return None;
    }
    let call = |path: &String| {
        Call::FileChange(FileChange::Chmod(ChmodArguments { path: path.clone(), mode: ModeText(mode) }))
    };
    let mut done = Done::calls(paths.iter().map(call).collect(), format!("chmod {text} {}", paths.join(" ")));
    if is_assumed {
        done = done.assuming("The mode before chmod is assumed to be 0755.");
    }
    if arguments.has(&["R", "recursive"]) {
        done = done.assuming("chmod -R changes what is below too; only the path itself is followed.");
    }
    Some(Ok(done))
}

/// A mode in letters, as `u+s,go-w`, applied to 0755.
fn with_letters(text: &str) -> Option<Mode> {
    let mut mode: u16 = 0o755;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, change) = clause.split_at_checked(at)?;
        if !who.chars().all(|c| "ugoa".contains(c)) {
            return None;
        }
        let has = |class: char| who.is_empty() || who.contains([class, 'a']);
        let classes = [('u', 0o700, 0o4000), ('g', 0o070, 0o2000), ('o', 0o007, 0)];
        let operator = change.chars().next()?;
        let (mut bits, mut special, mut mask) = (0, 0, 0);
        for letter in change.chars().skip(1) {
            match letter {
                'r' => bits |= 0o444,
                'w' => bits |= 0o222,
                'x' | 'X' => bits |= 0o111,
                's' => special |= 0o6000,
                't' => special |= 0o1000,
                _ => return None,
            }
        }
        let mut chosen = special & 0o1000;
        for (class, permissions, set_id) in classes {
            if has(class) {
                mask |= permissions | set_id;
                chosen |= bits & permissions | special & set_id;
            }
        }
        match operator {
            '+' => mode |= chosen,
            '-' => mode &= !chosen,
            _ => mode = mode & !mask | chosen,
        }
    }
    Mode::new(mode)
}

/// `chown USER[:GROUP] FILE …`, `chgrp GROUP FILE …`.
pub(super) fn chown(words: &[String], is_group: bool) -> Parsed {
    let arguments = Arguments::of(words, &["from"], false);
    let (owner, paths) = arguments.rest.split_first()?;
    let known = ["R", "h", "v", "f", "c", "from", "recursive", "no-dereference", "L", "H", "P"];
    let is_owner = !owner.is_empty() && owner.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:$\\{}".contains(c));
    // "chown fails when …": a path tells it from prose.
    if !arguments.only(&known) || paths.is_empty() || !is_owner || !paths.iter().all(|path| is_path(path)) {
        return None;
    }
    let mut assumed = Vec::new();
    let (uid, gid) = owner_of(owner, is_group, &mut assumed);
    let call =
        |path: &&str| Call::FileChange(FileChange::Chown(ChownArguments { path: (*path).to_owned(), uid, gid }));
    if arguments.has(&["R", "recursive"]) {
        assumed.push("chown -R changes what is below too; only the path itself is followed.".into());
    }
    let mut done = Done::calls(paths.iter().map(call).collect(), format!("chown {owner} {}", paths.join(" ")));
    done.assumed = assumed;
    Some(Ok(done))
}

/// `USER`, `USER:GROUP`, `:GROUP`; `USER:` has the user's group.
pub(super) fn owner_of(owner: &str, is_group: bool, assumed: &mut Vec<String>) -> (u32, u32) {
    if is_group {
        return (SetId::KEEP, id(owner, "group", assumed));
    }
    let (user, group) = owner.split_once([':', '.']).map_or((owner, None), |(user, group)| (user, Some(group)));
    let uid = if user.is_empty() { SetId::KEEP } else { id(user, "user", assumed) };
    let gid = match group {
        None => SetId::KEEP,
        Some("") => uid,
        Some(group) => id(group, "group", assumed),
    };
    (uid, gid)
}

/// `cp [OPTION]… SOURCE… TARGET`
pub(super) fn cp(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &["t", "target-directory"], false);
    let known = [
        "a",
        "archive",
        "r",
        "R",
        "recursive",
        "p",
        "preserve",
        "f",
        "v",
        "d",
        "L",
        "P",
        "u",
        "n",
        "i",
        "x",
        "t",
        "T",
        "l",
        "s",
        "target-directory",
        "no-preserve",
        "force",
        "verbose",
        "reflink",
    ];
    if !arguments.only(&known) {
        return None;
    }
    let preserved = arguments.value(&["preserve"]).unwrap_or_default();
    let keeps =
        arguments.has(&["a", "archive", "l"]) || preserved.split(',').any(|what| matches!(what, "xattr" | "all"));
    let done = copied(&arguments, keeps, None)?;
    Some(Ok(if keeps {
        done.assuming("cp is that of coreutils; that of busybox never keeps capabilities.")
    } else {
        done.assuming("cp without --preserve=xattr or -a leaves the capabilities behind.")
    }))
}

/// `mv SOURCE… TARGET`
pub(super) fn mv(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &["t", "target-directory"], false);
    if !arguments.only(&["f", "v", "n", "i", "u", "t", "T", "target-directory"]) {
        return None;
    }
    copied(&arguments, true, None).map(|done| {
        Ok(done.assuming("mv keeps the file's capabilities within a filesystem, and as far as it can between two."))
    })
}

/// `install [-o USER] [-g GROUP] [-m MODE] SOURCE… TARGET`
pub(super) fn install(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &["o", "g", "m", "owner", "group", "mode", "t", "S"], false);
    if !arguments.only(&["o", "g", "m", "owner", "group", "mode", "t", "S", "D", "v", "s", "c", "C", "p"]) {
        return None;
    }
    let mut assumed = Vec::new();
    let mut id = |names: [&str; 2], what: &str| arguments.value(&names).map(|name| id(name, what, &mut assumed));
    let owner = (id(["o", "owner"], "user"), id(["g", "group"], "group"));
    let owner = (owner != (None, None)).then(|| (owner.0.unwrap_or(0), owner.1.unwrap_or(0)));
    let mut done = copied(&arguments, false, owner)?.assuming("install leaves the capabilities behind.");
    done.assumed.extend(assumed);
    let mode = arguments.value(&["m", "mode"]).and_then(|mode| mode.parse().ok());
    let change =
        |to: String, mode| Call::FileChange(FileChange::Chmod(ChmodArguments { path: to, mode: ModeText(mode) }));
    let paths: Vec<String> = done
        .says
        .iter()
        .filter_map(|says| match says {
            Says::Copy(copy) => Some(copy.to.clone()),
            _ => None,
        })
        .collect();
    if let Some(mode) = mode {
        done.says.push(Says::Calls(paths.into_iter().map(|path| change(path, mode)).collect()));
    }
    Some(Ok(done))
}

/// `tar x…`: what comes out of an archive.
pub(super) fn tar(words: &[String]) -> Parsed {
    // Its options may stand without a dash.
    let first = words.first()?;
    let extracts = first.trim_start_matches('-').contains('x') && !first.contains(['c', 't', '/', '.'])
        || words.iter().any(|word| word == "--extract" || word == "-x");
    if !extracts || first.len() > 12 && !first.starts_with("--") {
        return None;
    }
    let value = |name: &str| {
        let joined = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        joined.or_else(|| words.iter().skip_while(|word| *word != name).nth(1).map(String::as_str))
    };
    let keeps = words.iter().any(|word| word.starts_with("--xattrs-include"));
    let to = value("-C").or_else(|| value("--directory")).unwrap_or(".").to_owned();
    let copy = FileCopy { from: None, to, keeps_capabilities: keeps, owner: None };
    Some(Ok(Done::new(Says::Copy(copy), "files out of an archive").assuming(if keeps {
        "The archive is assumed to have been made with --xattrs."
    } else {
        "tar without --xattrs-include='*' leaves the capabilities behind."
    })))
}

/// The files that a command makes of others.
fn copied(arguments: &Arguments<'_>, keeps_capabilities: bool, owner: Option<(u32, u32)>) -> Option<Done> {
    let (target, sources) = match arguments.value(&["t", "target-directory"]) {
        Some(target) => (target, arguments.rest.as_slice()),
        None => arguments.rest.split_last().map(|(target, sources)| (*target, sources))?,
    };
    if sources.is_empty() || !sources.iter().chain([&target]).all(|path| is_path(path)) {
        return None;
    }
    let is_folder =
        sources.len() > 1 || target.ends_with('/') || arguments.has(&["t", "target-directory"]) || target == ".";
    let one = |source: &&str| {
        let name = source.rsplit('/').next().unwrap_or(source);
        let to = if is_folder { format!("{}/{name}", target.trim_end_matches('/')) } else { target.to_owned() };
        Says::Copy(FileCopy { from: Some((*source).to_owned()), to, keeps_capabilities, owner })
    };
    let recognised = vec![format!("a copy of {} as {target}", sources.join(" "))];
    Some(Done { says: sources.iter().map(one).collect(), recognised, assumed: Vec::new() })
}
