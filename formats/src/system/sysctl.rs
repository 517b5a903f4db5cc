//! Settings of the kernel as sysctl prints them, `net.ipv4.ip_unprivileged_port_start = 0`, and as its files have them.

use sim_core::scenario::{Sysctl, read_value};

use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found, column_of};

/// Takes a line with a setting.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line().map(str::trim) else { return false };
    let Some((name, value)) = line.split_once('=') else { return false };
    let (name, value) = (name.trim(), value.trim());
    if !is_setting(name) || value.is_empty() || value.len() > 100 {
        return false;
    }
    let number = cursor.number();
    match setting(name, value) {
        Ok((says, assumed)) => {
            let (form, recognised) = (TextForm::Sysctl, vec![format!("{name} = {value}")]);
            found.push(Finding { line: number, last_line: number, form, says, recognised, assumed });
        }
        Err(message) => found.misread_at(number, column_of(line, value), message),
    }
    cursor.advance();
    true
}

/// Whether it is the name of a setting, as `net.ipv4.ip_forward`.
pub(crate) fn is_setting(name: &str) -> bool {
    let areas = ["net.", "kernel.", "fs.", "vm.", "user.", "net/", "kernel/", "fs/", "vm/", "user/"];
    areas.iter().any(|area| name.starts_with(area))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
}

/// What the setting says, and what is taken for granted: settings that are not modelled say nothing.
pub(crate) fn setting(name: &str, value: &str) -> Result<(Says, Vec<String>), String> {
    const MODELLED: [&str; 6] = [
        "net.ipv4.ip_unprivileged_port_start",
        "fs.protected_hardlinks",
        "kernel.unprivileged_bpf_disabled",
        "kernel.perf_event_paranoid",
        "kernel.dmesg_restrict",
        "fs.nr_open",
    ];
    let name = name.replace('/', ".");
    if name == PING_GROUPS {
        let ping_group_range = Some(groups(value)?);
        return Ok((Says::Sysctl(Box::new(Sysctl { ping_group_range, ..Sysctl::default() })), Vec::new()));
    }
    if !MODELLED.contains(&name.as_str()) {
        let assumed = vec![format!("{name} is not modelled; it is left out.")];
        return Ok((Says::Sysctl(Box::default()), assumed));
    }
    value.parse::<i64>().map_err(|_| format!("{name} is a number"))?;
    let sysctl = read_value::<Sysctl>(&format!("{{\"{name}\": {value}}}")).map_err(|error| error.message)?;
    Ok((Says::Sysctl(Box::new(sysctl)), Vec::new()))
}

pub(crate) const PING_GROUPS: &str = "net.ipv4.ping_group_range";

/// The two groups of [`PING_GROUPS`], between which there is a blank.
pub(crate) fn groups(value: &str) -> Result<[u32; 2], String> {
    let groups: Vec<u32> = value.split_whitespace().map_while(|group| group.parse().ok()).collect();
    match groups[..] {
        [first, last] if value.split_whitespace().count() == 2 && first.max(last) <= 0x7fff_ffff => Ok([first, last]),
        _ => Err(format!("{PING_GROUPS} is the first and the last group, as \"0 2147483647\"")),
    }
}
