//! What a script prints, read again.

use sim_core::capability::CapSet;
use sim_core::scenario::ProcessResult;
use sim_core::text::{CapText, Status};

/// What a script told, each with the step after which it told it.
pub(super) struct Observed {
    pub(super) told: Vec<(usize, Told)>,
}

/// What a script tells.
pub(super) enum Told {
    /// The state of the process.
    State(Status),
    /// A command went well.
    Permitted,
    /// A command did not, and said this.
    Refused(String),
}

impl Observed {
    pub(super) fn of(text: &str) -> Self {
        let mut told = Vec::new();
        let (mut step, mut block) = (0, String::new());
        for line in text.lines().chain([""]) {
            if is_status(line) {
                block.push_str(line);
                block.push('\n');
                continue;
            }
            if !block.is_empty()
                && let Ok(status) = Status::parse(&std::mem::take(&mut block))
            {
                told.push((step, Told::State(status)));
            }
            if let Some((number, _)) = line.split_once(". ")
                && let Ok(number) = number.parse()
            {
                step = number;
            } else if line == "permitted" {
                told.push((step, Told::Permitted));
            } else if let Some(said) = line.strip_prefix("refused: ") {
                told.push((step, Told::Refused(said.to_owned())));
            } else if let Some((_, Told::Refused(said))) = told.last_mut() {
                said.push_str(line);
            }
        }
        Self { told }
    }

    /// Whether it told how a command of this step went.
    pub(super) fn tells(&self, step: usize) -> bool {
        self.told.iter().any(|(told, what)| *told == step && !matches!(what, Told::State(_)))
    }
}

fn is_status(line: &str) -> bool {
    ["Uid:", "Gid:", "Groups:", "NoNewPrivs:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"]
        .iter()
        .any(|field| line.starts_with(field))
}

/// Where a status and the model's state differ; a field that is not shown differs too.
pub(super) fn differences(status: &Status, state: &ProcessResult) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |field: &str, kernel: String, model: String| {
        if kernel != model {
            found.push(format!("{field}: kernel {kernel}, model {model}"));
        }
    };
    let set = |set: CapSet| set.to_string();
    let shown = |shown: Option<CapSet>| shown.map_or_else(|| "not shown".to_owned(), set);
    compare("Uid", format!("{:?}", status.uid), format!("{:?}", Some(state.uid)));
    compare("Gid", format!("{:?}", status.gid), format!("{:?}", Some(state.gid)));
    let sorted = |mut groups: Vec<u32>| {
        groups.sort_unstable();
        format!("{groups:?}")
    };
    compare(
        "Groups",
        status.groups.clone().map_or_else(|| "not shown".to_owned(), sorted),
        sorted(state.groups.clone()),
    );
    compare("CapPrm", shown(status.permitted), set(state.permitted));
    compare("CapEff", shown(status.effective), set(state.effective));
    compare("CapInh", shown(status.inheritable), set(state.inheritable));
    compare("CapBnd", shown(status.bounding), set(state.bounding));
    compare("CapAmb", shown(status.ambient), set(state.ambient));
    compare("NoNewPrivs", format!("{:?}", status.no_new_privs), format!("{:?}", Some(state.no_new_privs)));
    found
}

/// What `capsh --print` shows.
pub(super) struct Printed {
    current: CapText,
    bounding: CapSet,
    ambient: CapSet,
    securebits: u32,
    no_new_privs: bool,
    uid: [u32; 2],
    gid: u32,
    groups: Vec<u32>,
}

/// Reads what `capsh --print` printed, if it did.
pub(super) fn printed_by_capsh(text: &str) -> Option<Printed> {
    let after = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let set = |names: &str| {
        let names = names.split(',').filter(|name| !name.is_empty());
        names.map(|name| CapSet::from_name(name).ok()).try_fold(CapSet::EMPTY, |all, set| Some(all | set?))
    };
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    let ids = after("uid=")?;
    let securebits = after("Securebits: ")?;
    let (_, hexadecimal) = securebits.split_once("0x")?;
    let digits = hexadecimal.split('/').next()?;
    let groups = after("groups=")?.split(',').filter(|group| !group.is_empty());
    Some(Printed {
        current: after("Current: ")?.parse().ok()?,
        bounding: set(after("Bounding set =")?)?,
        ambient: set(after("Ambient set =")?)?,
        securebits: u32::from_str_radix(digits, 16).ok()?,
        no_new_privs: securebits.contains("no-new-privs=1"),
        uid: [number(ids)?, number(ids.split_once("euid=")?.1)?],
        gid: number(after("gid=")?)?,
        groups: groups.map(number).collect::<Option<_>>()?,
    })
}

/// Where that and the model's state differ.
pub(super) fn printed_differences(printed: &Printed, state: &ProcessResult) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |field: &str, kernel: String, model: String| {
        if kernel != model {
            found.push(format!("at the end: {field}: kernel {kernel}, model {model}"));
        }
    };
    let set = |set: CapSet| set.to_string();
    compare("permitted", set(printed.current.permitted), set(state.permitted));
    compare("effective", set(printed.current.effective), set(state.effective));
    compare("inheritable", set(printed.current.inheritable), set(state.inheritable));
    compare("bounding", set(printed.bounding), set(state.bounding));
    compare("ambient", set(printed.ambient), set(state.ambient));
    compare("securebits", printed.securebits.to_string(), state.securebits.to_string());
    compare("no_new_privs", printed.no_new_privs.to_string(), state.no_new_privs.to_string());
    compare("user ids", format!("{:?}", printed.uid), format!("{:?}", [state.uid[0], state.uid[1]]));
    compare("group id", printed.gid.to_string(), state.gid[0].to_string());
    compare("groups", format!("{:?}", printed.groups), format!("{:?}", state.groups));
    found
}
