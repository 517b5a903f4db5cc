//! What `capsh --print` and `getpcaps` print, in the forms of libcap's versions.

use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::scenario::{Process, SecurebitsText};
use sim_core::text::CapText;

use super::iab::Iab;
use super::id::ids;
use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found, column_of};

/// Takes the lines of `capsh --print`.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line().map(str::trim) else { return false };
    if !["Current: ", "Bounding set =", "Ambient set =", "Current IAB: ", "Securebits: "]
        .iter()
        .any(|sign| line.starts_with(sign))
    {
        return false;
    }
    if line.strip_prefix("Current: ").is_some_and(|text| !is_cap_text(text.trim())) {
        return false;
    }
    let first = cursor.number();
    let (mut last, mut process, mut recognised, mut seen) = (first, Process::default(), Vec::new(), Vec::new());
    while let Some(line) = cursor.line() {
        let Some((kind, value)) = kind_of(line.trim()) else { break };
        if seen.contains(&kind) {
            break;
        }
        match kind.read(value, &mut process) {
            Ok(()) => recognised.extend((kind != Kind::Other).then(|| line.trim().chars().take(300).collect())),
            Err(message) => found.misread_at(cursor.number(), column_of(line, value), message),
        }
        seen.extend((kind != Kind::Other).then_some(kind));
        last = cursor.number();
        cursor.advance();
    }
    if !recognised.is_empty() {
        let says = Says::Process(Box::new(process));
        found.push(Finding {
            line: first,
            last_line: last,
            form: TextForm::Capsh,
            says,
            recognised,
            assumed: Vec::new(),
        });
    }
    true
}

/// The lines of `capsh --print`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Current,
    Bounding,
    Ambient,
    Iab,
    Securebits,
    Uid,
    Gid,
    Groups,
    Other,
}

fn kind_of(line: &str) -> Option<(Kind, &str)> {
    let kinds = [
        ("Current: ", Kind::Current),
        ("Bounding set =", Kind::Bounding),
        ("Ambient set =", Kind::Ambient),
        ("Current IAB: ", Kind::Iab),
        ("Securebits: ", Kind::Securebits),
        ("secure-", Kind::Other),
        ("Guessed mode: ", Kind::Other),
    ];
    if let Some((sign, kind)) = kinds.into_iter().find(|(sign, _)| line.starts_with(sign)) {
        return line.strip_prefix(sign).map(|value| (kind, value));
    }
    match line {
        "Current:" => Some((Kind::Current, "")),
        "Current IAB:" => Some((Kind::Iab, "")),
        _ if line.starts_with("uid=") && !line.contains(" gid=") => Some((Kind::Uid, line)),
        _ if line.starts_with("gid=") => Some((Kind::Gid, line)),
        _ if line.starts_with("groups=") => Some((Kind::Groups, line)),
        _ => None,
    }
}

impl Kind {
    fn read(self, value: &str, process: &mut Process) -> Result<(), String> {
        match self {
            Self::Current => sets(value, process)?,
            Self::Bounding => process.bounding = Some(list(value)?.into()),
            Self::Ambient => process.ambient = Some(list(value)?.into()),
            Self::Iab => {
                let iab = Iab::of(value).map_err(|word| format!("{word:?} is no capability"))?;
                process.inheritable = Some(iab.inheritable.into());
                process.ambient = Some(iab.ambient.into());
            }
            Self::Securebits => {
                // 00/0x0/1'b0 (no-new-privs=0): octal, hexadecimal, binary.
                let octal = value.split(['/', ' ']).next().unwrap_or_default();
                let bits = u32::from_str_radix(octal, 8)
                    .map_err(|_| "securebits were expected, as 00/0x0/1'b0".to_owned())?;
                process.securebits = SecurebitsText(Securebits::from_bits(bits));
                process.no_new_privs = value.contains("no-new-privs=1");
            }
            Self::Uid | Self::Gid | Self::Groups => {
                ids(value, process).map_err(|word| format!("{word:?} is no id"))?;
            }
            Self::Other => {}
        }
        Ok(())
    }
}

/// Whether it looks like sets of capabilities: `=`, `=ep`, `= cap_kill+i`, `cap_kill=i`.
fn is_cap_text(text: &str) -> bool {
    let flags = text.strip_prefix('=').map(|rest| rest.trim_start_matches(['e', 'i', 'p']));
    flags.is_some_and(|rest| rest.is_empty() || rest.trim_start().starts_with("cap_")) || text.starts_with("cap_")
}

/// `=ep cap_chown-ep`, or older `= cap_chown,cap_kill+ep`.
fn sets(text: &str, process: &mut Process) -> Result<(), String> {
    let sets: CapText = text.trim().parse().map_err(|error| format!("{error}"))?;
    process.permitted = Some(sets.permitted.into());
    process.effective = Some(sets.effective.into());
    process.inheritable = Some(sets.inheritable.into());
    Ok(())
}

/// A comma list; a capability that libcap has no name for is a number.
fn list(text: &str) -> Result<CapSet, String> {
    let one = |word: &str| {
        let number = || word.parse().ok().and_then(Capability::from_number);
        Capability::from_name(word)
            .or_else(number)
            .map(CapSet::from)
            .ok_or_else(|| format!("{word:?} is no capability"))
    };
    let mut set = CapSet::EMPTY;
    for word in text.trim().split(',').filter(|word| !word.is_empty()) {
        set |= one(word.trim())?;
    }
    Ok(set)
}

/// Takes a line of getpcaps: `17169: =ep cap_sys_resource-ep`, or older ``Capabilities for `1': = cap_chown+ep``.
pub(crate) fn read_getpcaps(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line().map(str::trim) else { return false };
    let older = line.strip_prefix("Capabilities for `").or_else(|| line.strip_prefix("Capabilities for '"));
    let parts = match older {
        Some(rest) => rest.split_once("': "),
        None => line.split_once(": "),
    };
    let Some((pid, text)) = parts else { return false };
    let text = text.trim();
    if pid.is_empty() || !pid.bytes().all(|byte| byte.is_ascii_digit()) || !is_cap_text(text) || text.len() > 4096 {
        return false;
    }
    let (number, mut process) = (cursor.number(), Process::default());
    match sets(text, &mut process) {
        Ok(()) => found.push(Finding {
            line: number,
            last_line: number,
            form: TextForm::Getpcaps,
            says: Says::Process(Box::new(process)),
            recognised: vec![format!("pid {pid}"), text.chars().take(300).collect()],
            assumed: Vec::new(),
        }),
        Err(message) => found.misread_at(number, column_of(line, text), message),
    }
    cursor.advance();
    true
}
