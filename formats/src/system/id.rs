//! What `id` prints, and the lines of `capsh --print` about ids.

use sim_core::scenario::{FourIds, Process};

use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// Takes a line of id: `uid=1000(app) gid=1000(app) groups=1000(app),27(sudo)`.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line() else { return false };
    let text = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if !text.starts_with("uid=") || !text.contains(" gid=") {
        return false;
    }
    let (mut process, number) = (Process::default(), cursor.number());
    let assumed = match ids(text, &mut process) {
        Ok(()) => {
            vec!["id shows no capabilities: a user has none, root has all that are in its bounding set.".to_owned()]
        }
        Err(word) => {
            found.misread_at(number, 1, format!("{word:?} is no id; ids are numbers from 0 to 4294967295"));
            cursor.advance();
            return true;
        }
    };
    found.push(Finding {
        line: number,
        last_line: number,
        form: TextForm::Id,
        says: Says::Process(Box::new(process)),
        recognised: vec![text.trim_end().chars().take(200).collect()],
        assumed,
    });
    cursor.advance();
    true
}

/// What words such as `uid=0(root) euid=0(root)` or `groups=1(a),2(b)` say.
pub(super) fn ids(text: &str, process: &mut Process) -> Result<(), String> {
    let number = |text: &str| text.split('(').next().unwrap_or_default().parse::<u32>().map_err(|_| text.to_owned());
    for word in text.split_ascii_whitespace() {
        let Some((key, value)) = word.split_once('=') else { continue };
        let of = |ids: Option<FourIds>| ids.unwrap_or(FourIds([0; 4])).0;
        match key {
            "uid" => process.uid = Some(FourIds([number(value)?; 4])),
            "gid" => process.gid = Some(FourIds([number(value)?; 4])),
            "euid" => {
                let ([real, ..], effective) = (of(process.uid), number(value)?);
                process.uid = Some(FourIds([real, effective, effective, effective]));
            }
            "egid" => {
                let ([real, ..], effective) = (of(process.gid), number(value)?);
                process.gid = Some(FourIds([real, effective, effective, effective]));
            }
            "groups" => {
                let groups = value.split(',').filter(|word| !word.is_empty()).take(MOST_GROUPS).map(number);
                process.groups = groups.collect::<Result<_, _>>()?;
                // id names the group itself among them, the kernel as a rule does not.
                let [_, effective, ..] = of(process.gid);
                if process.groups.first() == Some(&effective) {
                    process.groups.remove(0);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// NGROUPS_MAX.
const MOST_GROUPS: usize = 65536;
