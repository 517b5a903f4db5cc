//! Text that people paste: lines of `/proc/PID/status`, and what getcap prints.

use sim_core::scenario::{Call, Scenario};
use sim_core::text::{GetcapEntry, Status, parse_getcap_line};

/// The longest text that is looked at, in bytes.
const MAX_PASTE: usize = 1 << 16;

/// What was made of a pasted text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// What was recognised and taken over.
    pub(crate) recognised: Vec<String>,
    /// What had to be assumed.
    pub(crate) assumed: Vec<String>,
}

/// Takes over what the text says; nothing changes if it cannot be read.
pub(crate) fn apply(text: &str, scenario: &mut Scenario) -> Result<Report, String> {
    if text.len() > MAX_PASTE {
        return Err(format!("The text is longer than {MAX_PASTE} bytes."));
    }
    let status = Status::parse(text).map_err(|error| error.to_string())?;
    let getcap = getcap_lines(text)?;
    if status.recognised == 0 && getcap.is_empty() {
        return Err(
            "Neither a line of /proc/PID/status (CapEff: …, Uid: …) nor one of getcap (/bin/ping cap_net_raw=ep) \
                    was recognised."
                .to_owned(),
        );
    }
    let mut report = Report::default();
    if status.recognised > 0 {
        apply_status(&status, scenario, &mut report);
    }
    for entry in &getcap {
        scenario.files.entry(entry.path.clone()).or_default().apply_getcap(entry);
        report.recognised.push(format!("{} has {}", entry.path, entry.caps));
    }
    if let Some(first) = getcap.first() {
        run_first(&first.path, scenario, &mut report);
    }
    Ok(report)
}

fn apply_status(status: &Status, scenario: &mut Scenario, report: &mut Report) {
    if let Some(runtime) = scenario.runtime.take() {
        report.assumed.push(format!("the process is as pasted, and not as {} starts it", runtime.engine.0));
    }
    scenario.process.apply_status(status);
    let lines = status.recognised;
    report.recognised.push(format!("{lines} line{} of /proc/PID/status", if lines == 1 { "" } else { "s" }));
    let mut absent = Vec::new();
    let mut note = |missing: bool, what| {
        if missing {
            absent.push(what);
        }
    };
    note(status.uid.is_none(), "user ids");
    note(status.gid.is_none(), "group ids");
    note(status.permitted.is_none(), "the permitted set");
    note(status.effective.is_none(), "the effective set");
    note(status.inheritable.is_none(), "the inheritable set");
    note(status.bounding.is_none(), "the bounding set");
    note(status.ambient.is_none(), "the ambient set");
    if !absent.is_empty() {
        report.assumed.push(format!("{} as before, for the lines are missing", absent.join(", ")));
    }
    report.assumed.push("ids are those of the process's own user namespace".to_owned());
}

/// Makes the first execve run the pasted file.
fn run_first(path: &str, scenario: &mut Scenario, report: &mut Report) {
    let already = scenario.steps.iter().any(|step| matches!(&step.call, Call::Execve(run) if run == path));
    if already {
        return;
    }
    if let Some(step) = scenario.steps.iter_mut().find(|step| matches!(step.call, Call::Execve(_))) {
        step.call = Call::Execve(path.to_owned());
        step.expect = None;
        report.assumed.push(format!("the first execve runs {path}; owner root, mode 0755, an ordinary mount"));
    }
}

/// The lines that look like getcap's: a path, then capabilities.
fn getcap_lines(text: &str) -> Result<Vec<GetcapEntry>, String> {
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        // "$ getcap /bin/ping" is the prompt, "CapEff:\t…" is /proc/PID/status.
        let is_path = line.starts_with('/') || line.starts_with("./");
        if !is_path || !line.contains(['=', '+']) || line.contains("status:") {
            continue;
        }
        entries.push(parse_getcap_line(line).map_err(|error| format!("Line {}: {error}.", index + 1))?);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::apply;
    use sim_core::capability::CapSet;
    use sim_core::scenario::{Call, Loaded, Options, Scenario};

    fn scenario() -> Scenario {
        let text = r#"{"process": {"uid": 0}, "files": {"/bin/sh": {}}, "steps": [{"execve": "/bin/sh", "expect": {"errno": null}}]}"#;
        Loaded::read(text, &Options::default()).unwrap().scenario
    }

    #[test]
    fn lines_of_status_change_the_process() {
        let mut scenario = scenario();
        let text = "$ grep -E 'Cap|Uid' /proc/1/status\nUid:\t1024\t1024\t1024\t1024\nCapInh:\t00000000800405fb\n\
                    CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t00000000800405fb\nCapAmb:\t0000000000000000\n";
        let report = apply(text, &mut scenario).unwrap();
        assert_eq!(report.recognised, ["6 lines of /proc/PID/status"]);
        assert!(report.assumed[0].contains("group ids"), "{report:?}");
        let sets = scenario.process.sets(CapSet::EMPTY);
        assert_eq!((sets.bounding.bits(), sets.permitted.bits()), (0x8004_05fb, 0));
    }

    #[test]
    fn a_line_of_getcap_gives_the_file_that_runs() {
        let mut scenario = scenario();
        let report = apply("/usr/bin/reverse-words = cap_net_bind_service+ep", &mut scenario).unwrap();
        assert_eq!(report.recognised, ["/usr/bin/reverse-words has cap_net_bind_service=ep"]);
        assert_eq!(scenario.steps[0].call, Call::Execve("/usr/bin/reverse-words".to_owned()));
        assert!(scenario.steps[0].expect.is_none());
        assert!(Loaded::read(serde_json::to_string(&scenario).unwrap(), &Options::default()).is_ok());
    }

    #[test]
    fn a_pasted_process_stands_in_place_of_an_engine() {
        let mut scenario = scenario();
        scenario.process = sim_core::scenario::Process::default();
        scenario.runtime = Some(sim_core::scenario::RuntimeEntry::of(sim_core::engine::Engine::Docker));
        let report = apply("CapBnd:\t0000000000000400\n", &mut scenario).unwrap();
        assert!(report.assumed[0].contains("not as Docker starts it"), "{report:?}");
        assert!(Loaded::read(serde_json::to_string(&scenario).unwrap(), &Options::default()).is_ok());
    }

    #[test]
    fn text_that_cannot_be_read_changes_nothing() {
        let before = scenario();
        for text in ["", "hello", "CapEff: 00g0", "Uid: 1 2", "/bin/x cap_nett_raw=ep", &"x".repeat(70_000)] {
            let mut scenario = before.clone();
            assert!(apply(text, &mut scenario).is_err(), "{text:.40}");
            assert_eq!(scenario, before);
        }
    }
}
