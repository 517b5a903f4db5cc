//! Settings of the whole machine that decide operations. They are changed only on a virtual machine of this program's own.

use std::collections::BTreeMap;
use std::fs;

use sim_core::access::Resource;
use sim_core::scenario::{Call, PathOperation, Step, Sysctl, SystemOperation};
use sim_core::system::System;

use crate::machine::Machine;
use crate::report::Skip;

/// One of them.
struct Setting {
    /// Its name as sysctl(8) has it.
    name: &'static str,
    /// Whether an operation depends on it.
    decides: fn(&Call) -> bool,
    /// Its value in a scenario.
    wanted: fn(&System) -> i64,
    /// Its value on the machine, unless the model has no such value.
    present: fn(&Sysctl) -> Option<i64>,
}

const UNPRIVILEGED_BPF: &str = "kernel.unprivileged_bpf_disabled";
const PERF_EVENT: &str = "kernel.perf_event_paranoid";
const DMESG: &str = "kernel.dmesg_restrict";
const NR_OPEN: &str = "fs.nr_open";
const HARDLINKS: &str = "fs.protected_hardlinks";

const SETTINGS: [Setting; 5] = [
    Setting {
        name: UNPRIVILEGED_BPF,
        decides: |call| matches!(call, Call::System(SystemOperation::Bpf(_))),
        wanted: |system| system.unprivileged_bpf_disabled.into(),
        present: |sysctl| sysctl.unprivileged_bpf_disabled.map(i64::from),
    },
    Setting {
        name: PERF_EVENT,
        decides: |call| matches!(call, Call::System(SystemOperation::PerfEventOpen(_))),
        wanted: |system| system.perf_event_paranoid.into(),
        present: |sysctl| sysctl.perf_event_paranoid.map(i64::from),
    },
    Setting {
        name: DMESG,
        decides: |call| matches!(call, Call::System(SystemOperation::Syslog(_))),
        wanted: |system| system.dmesg_restrict.into(),
        present: |sysctl| sysctl.dmesg_restrict.map(i64::from),
    },
    Setting {
        name: NR_OPEN,
        decides: |call| matches!(call, Call::System(SystemOperation::Setrlimit(limit)) if limit.resource == Resource::OpenFiles),
        wanted: |system| system.nr_open.into(),
        present: |sysctl| sysctl.nr_open.map(i64::from),
    },
    Setting {
        name: HARDLINKS,
        decides: |call| matches!(call, Call::Path(PathOperation::Link(_))),
        wanted: |system| system.protected_hardlinks.into(),
        present: |sysctl| sysctl.protected_hardlinks.map(i64::from),
    },
];

/// The machine's settings, without those whose values the model does not have.
pub(crate) fn survey() -> Sysctl {
    Sysctl {
        ip_unprivileged_port_start: None,
        ping_group_range: None,
        unprivileged_bpf_disabled: read(UNPRIVILEGED_BPF).and_then(|value| u8::try_from(value).ok()),
        perf_event_paranoid: read(PERF_EVENT).and_then(|value| i8::try_from(value).ok()).filter(|value| *value <= 2),
        dmesg_restrict: read(DMESG).and_then(|value| u8::try_from(value).ok()),
        nr_open: read(NR_OPEN).and_then(|value| u32::try_from(value).ok()),
        protected_hardlinks: read(HARDLINKS).and_then(|value| u8::try_from(value).ok()),
    }
}

fn read(name: &str) -> Option<i64> {
    fs::read_to_string(place("/proc/sys", name)).ok()?.trim().parse().ok()
}

fn place(folder: &str, name: &str) -> String {
    format!("{folder}/{}", name.replace('.', "/"))
}

/// What this program has set.
#[derive(Default)]
pub(crate) struct Settings {
    set: BTreeMap<&'static str, i64>,
}

impl Settings {
    /// Brings about the settings that the steps of a scenario depend on.
    pub(crate) fn bring_about(&mut self, system: &System, steps: &[Step], machine: &Machine) -> Result<(), Skip> {
        for setting in SETTINGS.iter().filter(|setting| steps.iter().any(|step| (setting.decides)(&step.call))) {
            let wanted = (setting.wanted)(system);
            let present = self.set.get(setting.name).copied().or((setting.present)(&machine.sysctl));
            if present == Some(wanted) {
                continue;
            }
            let name = setting.name;
            if !machine.own {
                let present = present.map_or("another value".to_owned(), |present| present.to_string());
                return Err(Skip(format!(
                    "{name} is {present} here, not {wanted}, and is changed only on a machine of its own"
                )));
            }
            if name == UNPRIVILEGED_BPF && wanted == 1 {
                return Err(Skip(format!("{name} cannot be changed back once it is 1")));
            }
            fs::write(place("proc/sys", name), wanted.to_string())
                .map_err(|error| Skip(format!("{name} cannot be set to {wanted}: {error}")))?;
            self.set.insert(name, wanted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sim_core::scenario::{BpfArguments, Call, Step, Sysctl, SystemOperation};
    use sim_core::system::System;

    use super::{SETTINGS, Settings, place};
    use crate::machine::Machine;

    fn machine(own: bool, unprivileged_bpf_disabled: Option<u8>) -> Machine {
        let mut machine = Machine::survey().unwrap();
        machine.sysctl = Sysctl { unprivileged_bpf_disabled, ..Sysctl::default() };
        machine.own = own;
        machine
    }

    fn bring_about(system: &System, machine: &Machine) -> Option<String> {
        let bpf = SystemOperation::Bpf(BpfArguments { command: sim_core::access::BpfCommand::MapCreate });
        let step = Step { call: Call::System(bpf), expect: None, note: None };
        Settings::default().bring_about(system, &[step], machine).err().map(|skip| skip.0)
    }

    #[test]
    fn settings_are_files() {
        for setting in SETTINGS {
            let path = place("/proc/sys", setting.name);
            assert!(std::path::Path::new(&path).exists(), "{path}");
        }
    }

    #[test]
    fn nothing_is_changed_on_a_machine_of_others() {
        let system = |unprivileged_bpf_disabled| System { unprivileged_bpf_disabled, ..System::default() };
        assert_eq!(bring_about(&system(2), &machine(false, Some(2))), None);
        let reason = bring_about(&system(0), &machine(false, Some(2))).unwrap();
        assert!(reason.starts_with("kernel.unprivileged_bpf_disabled is 2 here, not 0"), "{reason}");
        let reason = bring_about(&system(2), &machine(false, None)).unwrap();
        assert!(reason.contains("is another value here, not 2"), "{reason}");
        // Whoever does not ask for bpf does not mind.
        assert!(Settings::default().bring_about(&system(0), &[], &machine(false, Some(2))).is_ok());
    }

    #[test]
    fn what_cannot_be_undone_is_not_done() {
        let disabled = System { unprivileged_bpf_disabled: 1, ..System::default() };
        let reason = bring_about(&disabled, &machine(true, Some(2))).unwrap();
        assert!(reason.contains("cannot be changed back"), "{reason}");
    }

    #[test]
    fn this_machine_is_not_its_own() {
        assert!(!Machine::survey().unwrap().own);
    }
}
