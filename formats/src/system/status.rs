//! `/proc/PID/status`: whole files, and what grep leaves of them; of one process or of several.

use sim_core::capability::CapSet;
use sim_core::scenario::{FourIds, Process, SetText};
use sim_core::text::{ParseStatusError, Status};

use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found, column_of};

/// Fields that stand among those of privilege.
const OTHERS: [&str; 3] = ["Name", "Pid", "PPid"];

/// Fields that say something of privilege: without one of them it is no status.
const OF_PRIVILEGE: [&str; 11] = [
    "Uid",
    "Gid",
    "Groups",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "CapAmb",
    "NoNewPrivs",
    "Seccomp",
    "Seccomp_filters",
];

/// Takes the lines of one process; a field that comes again begins another.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(first) = cursor.line().and_then(field) else { return false };
    // "Name: …" and "Pid: …" are written everywhere; they count where the file goes on.
    if !OF_PRIVILEGE.contains(&first.name) && !is_status_ahead(cursor) {
        return false;
    }
    let mut of_process = OfProcess::new(cursor.number());
    let source = first.source.map(str::to_owned);
    while let Some(line) = cursor.line() {
        let Some(field) = field(line) else {
            if is_other_field(line) && of_process.is_whole_file {
                cursor.advance();
                continue;
            }
            break;
        };
        if of_process.seen.contains(&field.name) || field.source != source.as_deref() {
            break;
        }
        of_process.take(&field, cursor.number(), found);
        cursor.advance();
    }
    of_process.end(source, found);
    true
}

/// A line of the file.
struct Field<'a> {
    name: &'static str,
    value: &'a str,
    /// Where the value begins, in characters from 1.
    column: usize,
    /// What grep writes before it, of several files.
    source: Option<&'a str>,
}

fn field(line: &str) -> Option<Field<'_>> {
    let (source, rest) = match line.find("status:") {
        Some(at) => (line.get(..at + 6), line.get(at + 7..)?),
        None => (None, line),
    };
    let (name, value) = in_prose(rest).or_else(|| rest.split_once(':'))?;
    let name = name.trim().trim_start_matches(['>', '|', '-', '*']).trim_start();
    let name = OF_PRIVILEGE.into_iter().chain(OTHERS).find(|known| *known == name)?;
    let value = value.trim();
    if name.starts_with("Cap") && value.is_empty() {
        return None;
    }
    Some(Field { name, value, column: column_of(line, value), source })
}

/// A set that is quoted within a sentence: `it has CapEff: 0000000000000000 inside`.
fn in_prose(line: &str) -> Option<(&str, &str)> {
    let at = line
        .find("Cap")
        .filter(|at| *at > 0 && line.get(..*at).is_some_and(|before| before.ends_with([' ', '`', '"', '('])))?;
    let (name, value) = line.get(at..)?.split_once(':')?;
    let value = value.trim_start();
    let digits = value.get(..16)?;
    let ends = value.get(16..)?.chars().next().is_none_or(|c| !c.is_alphanumeric());
    (ends && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((name, digits))
}

/// A line of the file about something else, as `VmPeak:\t  8 kB`.
fn is_other_field(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, value)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_ ()".contains(c);
        !name.is_empty()
            && name.len() < 40
            && name.chars().all(is_name)
            && (value.is_empty() || value.starts_with(['\t', ' ']))
    })
}

/// Whether a file of status begins here: within its first lines there is one about privilege.
fn is_status_ahead(cursor: &Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    for _ in 0..14 {
        ahead.advance();
        match ahead.line() {
            Some(line) if field(line).is_some_and(|field| OF_PRIVILEGE.contains(&field.name)) => return true,
            Some(line) if is_other_field(line) => {}
            _ => return false,
        }
    }
    false
}

struct OfProcess {
    lines: (usize, usize),
    seen: Vec<&'static str>,
    is_whole_file: bool,
    name: Option<String>,
    pid: Option<String>,
    process: Process,
    recognised: Vec<String>,
    assumed: Vec<String>,
    seccomp: Option<u8>,
}

impl OfProcess {
    fn new(line: usize) -> Self {
        Self {
            lines: (line, line),
            seen: Vec::new(),
            is_whole_file: false,
            name: None,
            pid: None,
            process: Process::default(),
            recognised: Vec::new(),
            assumed: Vec::new(),
            seccomp: None,
        }
    }

    fn take(&mut self, field: &Field<'_>, line: usize, found: &mut Found) {
        self.seen.push(field.name);
        self.lines.1 = line;
        self.is_whole_file |= matches!(field.name, "Name" | "Pid" | "Uid" | "Groups");
        match field.name {
            "Name" => self.name = Some(field.value.to_owned()),
            "Pid" => self.pid = Some(field.value.to_owned()),
            "Seccomp" => match field.value {
                "0" => self.seccomp = Some(0),
                "1" => self.seccomp = Some(1),
                "2" => self.seccomp = Some(2),
                _ => found.misread_at(line, field.column, "Seccomp: 0, 1 or 2 was expected"),
            },
            "PPid" | "Seccomp_filters" => {}
            _ => match Status::parse(&format!("{}: {}", field.name, field.value)) {
                Ok(status) => self.add(status, field),
                Err(ParseStatusError { reason, .. }) => {
                    found.misread_at(line, field.column, format!("{}: {reason}", field.name));
                }
            },
        }
    }

    fn add(&mut self, status: Status, field: &Field<'_>) {
        let process = &mut self.process;
        process.uid = status.uid.map(FourIds).or(process.uid);
        process.gid = status.gid.map(FourIds).or(process.gid);
        process.groups.extend(status.groups.into_iter().flatten());
        let set = |set: Option<CapSet>| set.map(Into::into);
        process.permitted = set(status.permitted).or(process.permitted);
        process.effective = set(status.effective).or(process.effective);
        process.inheritable = set(status.inheritable).or(process.inheritable);
        process.bounding = set(status.bounding).or(process.bounding);
        process.ambient = set(status.ambient).or(process.ambient);
        process.no_new_privs |= status.no_new_privs.unwrap_or_default();
        let value: Vec<_> = field.value.split_ascii_whitespace().take(64).collect();
        self.recognised.push(format!("{} {}", field.name, value.join(" ")));
    }

    fn end(mut self, source: Option<String>, found: &mut Found) {
        if let Some(name) = &self.name {
            self.recognised.insert(0, format!("process {name}"));
        }
        if let Some(pid) = &self.pid {
            self.recognised.insert(0, format!("pid {pid}"));
        }
        if let Some(source) = source {
            self.recognised.insert(0, source);
        }
        match self.seccomp {
            Some(2) => {
                self.recognised.push("seccomp filters in force".into());
                self.assumed.push(
                    "Filters of system calls are in force, and the text does not show them; they are left out."
                        .into(),
                );
            }
            Some(1) => self.assumed.push("Seccomp is in strict mode, which is not modelled; it is left out.".into()),
            _ => {}
        }
        if self.recognised.is_empty() {
            return;
        }
        if self.process.uid.is_none() {
            let some = |set: Option<SetText>| set.is_some_and(|set| !set.resolve(FULL).is_empty());
            if some(self.process.permitted) {
                self.assumed.push("The ids of the process are not shown; they are assumed to be 0.".into());
            } else if self.process.permitted.is_some() {
                let id = 1000;
                self.process.uid = Some(FourIds([id; 4]));
                self.process.gid = Some(FourIds([id; 4]));
                self.assumed.push(
                    "The ids of the process are not shown; without a capability they are assumed to be 1000.".into(),
                );
            }
        }
        found.push(Finding {
            line: self.lines.0,
            last_line: self.lines.1,
            form: TextForm::Status,
            says: Says::Process(Box::new(self.process)),
            recognised: self.recognised,
            assumed: self.assumed,
        });
    }
}

/// Every number of a capability.
const FULL: CapSet = CapSet::from_bits(u64::MAX);
