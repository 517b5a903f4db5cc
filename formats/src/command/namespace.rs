//! Commands about namespaces, tracing, mounts and settings of the kernel.

use sim_core::scenario::{Call, CloneCall, CloneFlag, MapFileName, Process, Traced};

use super::calls::{execve, write_map};
use super::shell::Arguments;
use super::{Done, Parsed};
use crate::finding::{Mount, Says};
use crate::system::sysctl as settings;

/// `sysctl [-w] NAME=VALUE …`
pub(super) fn sysctl(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &[], false);
    let mut done = Done { says: Vec::new(), recognised: Vec::new(), assumed: Vec::new() };
    for word in &arguments.rest {
        let (name, value) = word.split_once('=')?;
        if !settings::is_setting(name) {
            return None;
        }
        match settings::setting(name.trim(), value.trim().trim_matches('"')) {
            Ok((says, assumed)) => {
                done.says.push(says);
                done.recognised.push(format!("{name} = {value}"));
                done.assumed.extend(assumed);
            }
            Err(message) => return Some(Err(message)),
        }
    }
    (!done.says.is_empty()).then_some(Ok(done))
}

/// `echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start`
pub(super) fn echo(words: &[String]) -> Parsed {
    let [value, rest @ ..] = words else { return None };
    let path = match rest {
        [arrow, path] if matches!(arrow.as_str(), ">" | ">>") => path.as_str(),
        [path] => path.strip_prefix('>')?,
        _ => return None,
    };
    let name = path.strip_prefix("/proc/sys/")?.replace('/', ".");
    if !settings::is_setting(&name) {
        return None;
    }
    Some(settings::setting(&name, value).map(|(says, assumed)| Done {
        says: vec![says],
        recognised: vec![format!("{name} = {value}")],
        assumed,
    }))
}

/// `mount [-o OPTIONS] … PATH`: whether what is mounted there is nosuid or noexec.
pub(super) fn mount(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &["o", "t", "options", "types"], false);
    let options: Vec<&str> = arguments
        .options
        .iter()
        .filter(|(name, _)| ["o", "options"].contains(name))
        .filter_map(|(_, value)| *value)
        .flat_map(|value| value.split(','))
        .collect();
    let path = (*arguments.rest.last()?).to_owned();
    let of_privilege = ["nosuid", "noexec", "suid", "exec", "remount", "bind"];
    if !path.starts_with('/') || !options.iter().any(|option| of_privilege.contains(option)) {
        return None;
    }
    let has = |name: &str| options.contains(&name);
    let recognised = format!("mount {} on {path}", options.join(","));
    Some(Ok(Done::new(Says::Mount(Mount { nosuid: has("nosuid"), noexec: has("noexec"), path }), recognised)))
}

/// `unshare -Ur [COMMAND]`
pub(super) fn unshare(words: &[String]) -> Parsed {
    let values = [
        "S",
        "G",
        "setuid",
        "setgid",
        "R",
        "w",
        "root",
        "wd",
        "map-user",
        "map-group",
        "map-users",
        "map-groups",
        "propagation",
        "setgroups",
        "boottime",
        "monotonic",
    ];
    let arguments = Arguments::of(words, &values, true);
    let flags = [
        (["U", "user"], CloneFlag::NewUser),
        (["m", "mount"], CloneFlag::NewMount),
        (["u", "uts"], CloneFlag::NewUts),
        (["i", "ipc"], CloneFlag::NewIpc),
        (["p", "pid"], CloneFlag::NewPid),
        (["n", "net"], CloneFlag::NewNetwork),
        (["C", "cgroup"], CloneFlag::NewCgroup),
        (["T", "time"], CloneFlag::NewTime),
    ];
    let mut flags: Vec<CloneFlag> =
        flags.into_iter().filter(|(names, _)| arguments.has(names)).map(|(_, flag)| flag).collect();
    let maps_root = arguments.has(&["r", "map-root-user"]);
    let maps_self = arguments.has(&["c", "map-current-user"]);
    let maps_many = arguments.has(&["map-auto", "map-users", "map-user"]);
    if (maps_root || maps_self || maps_many) && !flags.contains(&CloneFlag::NewUser) {
        flags.insert(0, CloneFlag::NewUser);
    }
    if flags.is_empty() {
        return None;
    }
    let is_user = flags.contains(&CloneFlag::NewUser);
    let names: Vec<&str> = flags.iter().map(|flag| flag.name()).collect();
    let recognised = format!("unshare {}", names.join(" "));
    let user_ns = is_user.then(|| "child".to_owned());
    let mut calls = vec![Call::Unshare(CloneCall { flags, user_ns })];
    if maps_root || maps_self {
        let line = if maps_root { "0 1000 1" } else { "1000 1000 1" };
        calls.push(write_map(MapFileName::Setgroups, "deny"));
        calls.push(write_map(MapFileName::UidMap, line));
        calls.push(write_map(MapFileName::GidMap, line));
    }
    calls.extend(execve(&arguments.rest));
    let mut done = Done::calls(calls, recognised);
    if maps_root || maps_self {
        done = done.assuming("Who runs unshare is assumed to have the ids 1000.");
    }
    if maps_many {
        done = done.assuming("The map that newuidmap writes is left out.");
    }
    Some(Ok(done))
}

/// `strace [OPTION]… COMMAND`: the program is executed while it is traced.
pub(super) fn strace(words: &[String]) -> Parsed {
    let values =
        ["o", "e", "p", "u", "s", "a", "E", "I", "O", "P", "S", "X", "b", "A", "output", "attach", "user", "trace"];
    let arguments = Arguments::of(words, &values, true);
    let program = execve(&arguments.rest)?;
    let Call::Execve(path) = &program else { return None };
    if !path.starts_with(|c: char| c.is_ascii_lowercase() || "./~".contains(c)) || path.ends_with([':', ',']) {
        return None;
    }
    // "strace of it:", "strace output", as people head what they paste.
    if ["of", "output", "says", "shows", "gives", "log", "inside", "in", "is"].contains(&path.as_str()) {
        return None;
    }
    let recognised = format!("strace of {path}");
    let process = Process { traced: Some(Traced { tracer_has_sys_ptrace: false }), ..Process::default() };
    let mut done = Done::new(Says::Process(Box::new(process)), recognised);
    done.says.push(Says::Calls(vec![program]));
    Some(Ok(done.assuming("strace is assumed to run without CAP_SYS_PTRACE.")))
}
