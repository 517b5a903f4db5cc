//! Versions of the kernel and of engines, as they print them and as people write them into reports.

use sim_core::engine::{Engine, Version};
use sim_core::kernel::Release;
use sim_core::scenario::{ReleaseText, VersionText};

use crate::finding::{Container, Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// Takes a line with a version, or the first lines of `docker version`.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line() else { return false };
    let number = cursor.number();
    let Some(named) = named(line) else { return false };
    let named = match named {
        Named::Ahead(engine) => match ahead(cursor) {
            Some(version) => Named::Engine(engine, version, false),
            None => return false,
        },
        named => {
            cursor.advance();
            named
        }
    };
    let (says, what, assumed) = match named {
        Named::Kernel(text) => match release(&text) {
            Ok(release) => (Says::Kernel(ReleaseText(release)), format!("kernel {text}"), Vec::new()),
            Err(message) => {
                found.misread_at(number, 1, message);
                return true;
            }
        },
        Named::Engine(engine, version, kubernetes) => {
            let mut entry = Container::of(engine).runtime;
            entry.version = Some(VersionText(version));
            entry.kubernetes = kubernetes;
            (Says::Engine(Box::new(entry)), format!("{engine} {version}"), Vec::new())
        }
        Named::Ahead(_) => return false,
    };
    let last_line = cursor.number().saturating_sub(1).max(number);
    found.push(Finding { line: number, last_line, form: TextForm::Version, says, recognised: vec![what], assumed });
    true
}

/// The release of a text such as `6.1.0-18-amd64` or `5.10.220`.
pub(crate) fn release(text: &str) -> Result<Release, String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).take(3).map(|digits| digits.parse::<u16>().ok());
    let stable = match (numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten()) {
        // A distribution's 0 there says nothing of what it took over.
        (Some(major), Some(minor), Some(patch)) if patch > 0 => Release::from_stable([major, minor, patch]),
        _ => Release::from_uname(text),
    };
    stable.map_err(|error| format!("{text}: {error}"))
}

enum Named {
    Kernel(String),
    Engine(Engine, Version, bool),
    /// The version stands in one of the next lines.
    Ahead(Engine),
}

/// Programs that print `NAME version VERSION`, and what people call them.
const PROGRAMS: [(&str, Engine); 14] = [
    ("docker engine", Engine::Docker),
    ("docker server", Engine::Docker),
    ("docker", Engine::Docker),
    ("moby", Engine::Docker),
    ("podman", Engine::Podman),
    ("containerd.io", Engine::Containerd),
    ("containerd", Engine::Containerd),
    ("cri-o", Engine::CriO),
    ("crio", Engine::CriO),
    ("runc", Engine::Runc),
    ("crun", Engine::Crun),
    ("youki", Engine::Youki),
    ("systemd", Engine::Systemd),
    ("buildah and podman", Engine::Podman),
];

fn named(line: &str) -> Option<Named> {
    if line.len() > 1000 {
        return None;
    }
    let text = line.trim().trim_start_matches(['-', '*', '+', '|', '>', '#', '=']).trim();
    let lower = text.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("linux version ") {
        return Some(Named::Kernel(first_word(rest).to_owned()));
    }
    if let Some(rest) = text.strip_prefix("Linux ") {
        // "Linux HOST 6.1.0-18-amd64 #1 SMP …", of `uname -a`; "Linux 6.1", as people write it.
        let mut words = rest.split_ascii_whitespace();
        let (first, second) = (words.next()?, words.next().unwrap_or_default());
        let of_uname = is_version(second) && rest.contains('#');
        return if of_uname {
            Some(Named::Kernel(second.to_owned()))
        } else {
            (is_version(first) && first.len() >= 4).then(|| Named::Kernel(first.to_owned()))
        };
    }
    for before in ["kernel version:", "kernel release:", "kernel:", "kernel version ", "linux kernel ", "kernel "] {
        if let Some(rest) = lower.strip_prefix(before) {
            let word = first_word(rest.trim_start().trim_start_matches("linux").trim_start());
            return is_version(word).then(|| Named::Kernel(word.to_owned()));
        }
    }
    if let Some(rest) = lower.strip_prefix("server version:") {
        // `docker info`; kubectl writes a `v` there, and of something else.
        return version(rest.trim())
            .filter(|_| !rest.trim().starts_with('v'))
            .map(|version| Named::Engine(Engine::Docker, version, false));
    }
    for (scheme, engine) in
        [("containerd://", Engine::Containerd), ("cri-o://", Engine::CriO), ("docker://", Engine::Docker)]
    {
        if let Some((_, rest)) = lower.split_once(scheme)
            && let Some(version) = version(first_word(rest))
            && rest.contains('.')
        {
            return Some(Named::Engine(engine, version, engine != Engine::Docker));
        }
    }
    match lower.split_ascii_whitespace().collect::<Vec<_>>().join(" ").as_str() {
        "server: docker engine - community" | "server: docker engine" | "server: docker desktop" => {
            return Some(Named::Ahead(Engine::Docker));
        }
        "client: podman engine" | "server: podman engine" => return Some(Named::Ahead(Engine::Podman)),
        _ if lower.starts_with("server: docker ") => return Some(Named::Ahead(Engine::Docker)),
        // Of one that prints no server's the client's is better than none.
        _ if lower.starts_with("client: docker ") => return Some(Named::Ahead(Engine::Docker)),
        asked if asked.contains("version --format ") || asked.contains("version -f ") => {
            let engine = if asked.contains("podman") { Engine::Podman } else { Engine::Docker };
            return asked.contains(engine.name()).then_some(Named::Ahead(engine));
        }
        _ => {}
    }
    let (name, engine) = PROGRAMS.into_iter().find(|(name, _)| lower.starts_with(name))?;
    let rest = lower.get(name.len()..)?;
    let rest = rest.strip_prefix([' ', ':', '/', '=', '@', '-'])?.trim_start_matches([' ', ':', '=', '`', '*']);
    let rest = rest.strip_prefix("version").map_or(rest, |rest| rest.trim_start_matches([':', ' ', '=', '`', '*']));
    // "containerd containerd.io 1.6.28 ae07…", "containerd github.com/containerd/containerd v1.7.2 …"
    let word = rest.split_ascii_whitespace().take(3).find(|word| is_version(word.trim_start_matches('v')))?;
    let is_alone = rest.starts_with(word) || engine == Engine::Containerd;
    // "systemd 252 (252.22-1~deb12u1)" has no point in it; other numbers without one are no versions.
    version(word).filter(|_| is_alone).map(|version| Named::Engine(engine, version, false))
}

/// `Version: 20.10.14` within the next lines, or a version that stands alone; the cursor is then behind it.
fn ahead(cursor: &mut Cursor<'_>) -> Option<Version> {
    let mut ahead = cursor.clone();
    for _ in 0..4 {
        ahead.advance();
        let line = ahead.line()?.trim().to_owned();
        let alone = Some(line.as_str()).filter(|line| is_version(line) && !line.contains(' '));
        if let Some(rest) = line.strip_prefix("Version:").or(alone) {
            let version = version(rest.trim())?;
            ahead.advance();
            *cursor = ahead;
            return Some(version);
        }
    }
    None
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| c.is_whitespace() || ",;)`".contains(c)).next().unwrap_or_default()
}

/// Digits with a point between them, whatever follows; or a number alone of three digits, as systemd has.
fn is_version(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let behind = word.get(digits..).unwrap_or_default();
    let point = behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    (1..=3).contains(&digits) && (point || digits == 3 && !behind.starts_with(char::is_alphanumeric))
}

fn version(text: &str) -> Option<Version> {
    let word = first_word(text).trim_start_matches('v').trim_end_matches('.');
    is_version(word).then(|| word.parse().ok()).flatten()
}
