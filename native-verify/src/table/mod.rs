//! The complete table of execve: every combination of the conditions that concern the whole call, times every legal row
//! of bits.
//!
//! Given those conditions execve acts bit by bit, so one exec proves a row for each capability that the machine has. Rows
//! that make execve fail stand alone.

mod markdown;

pub(crate) use markdown::markdown;

use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::file::{Mode, Revision};
use sim_core::scenario::{
    Call, CapsEntry, FileCapsObject, FileEntry, FourIds, ModeText, Process, Scenario, SecurebitsText, Step, Traced,
};

/// One capability before the exec: which sets have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) permitted: bool,
    pub(crate) inheritable: bool,
    pub(crate) bounding: bool,
    pub(crate) ambient: bool,
    pub(crate) file_permitted: bool,
    pub(crate) file_inheritable: bool,
}

/// What concerns the whole call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Combination {
    pub(crate) file_caps: FileCaps,
    pub(crate) real_uid: u32,
    pub(crate) effective_uid: u32,
    pub(crate) noroot: bool,
    pub(crate) circumstance: Circumstance,
    pub(crate) set_id: SetIdBit,
}

/// The file's attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileCaps {
    Absent,
    WithoutFlag,
    WithFlag,
}

/// What may limit the exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circumstance {
    Safe,
    NoNewPrivs,
    SharedFs,
    SharedFsWithSetuid,
    Traced,
    TracedByThePowerful,
}

/// The file's set-id bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetIdBit {
    Absent,
    ToRoot,
    ToUser,
    ToGroup,
}

/// A user and a group that the thread is not.
const OTHER: u32 = 2000;

impl Row {
    /// Every legal row: what is ambient is permitted and inheritable; without an attribute the file's sets are empty.
    pub(crate) fn all(file_caps: FileCaps) -> Vec<Self> {
        let bit = |bits: u8, place: u8| bits >> place & 1 == 1;
        let rows = (0..64).map(|bits| Self {
            permitted: bit(bits, 5),
            inheritable: bit(bits, 4),
            bounding: bit(bits, 3),
            ambient: bit(bits, 2),
            file_permitted: bit(bits, 1),
            file_inheritable: bit(bits, 0),
        });
        rows.filter(|row| !row.ambient || row.permitted && row.inheritable)
            .filter(|row| file_caps != FileCaps::Absent || !row.file_permitted && !row.file_inheritable)
            .collect()
    }

    /// Whether a file with the effective flag that demands this capability cannot be executed.
    fn fails(self) -> bool {
        self.file_permitted && !self.bounding && !(self.inheritable && self.file_inheritable)
    }
}

impl Combination {
    /// Every one.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for file_caps in [FileCaps::Absent, FileCaps::WithoutFlag, FileCaps::WithFlag] {
            for (real_uid, effective_uid) in [(0, 0), (0, 1000), (1000, 0), (1000, 1000)] {
                for noroot in [false, true] {
                    for circumstance in Circumstance::ALL {
                        for set_id in SetIdBit::ALL {
                            all.push(Self { file_caps, real_uid, effective_uid, noroot, circumstance, set_id });
                        }
                    }
                }
            }
        }
        all
    }

    /// The scenarios that prove its rows on a machine with these capabilities, each with the rows it proves.
    pub(crate) fn scenarios(self, capabilities: CapSet) -> Vec<(Scenario, Vec<(Capability, Row)>)> {
        let demands = self.file_caps == FileCaps::WithFlag;
        let (failing, passing): (Vec<_>, Vec<_>) =
            Row::all(self.file_caps).into_iter().partition(|row| demands && row.fails());
        let mut placed = self.place(&passing, capabilities);
        placed.extend(failing.into_iter().filter_map(|row| {
            let first = capabilities.iter().find(|capability| *capability != Capability::SETUID)?;
            Some(vec![(first, row)])
        }));
        placed.into_iter().map(|rows| (self.scenario(&rows), rows)).collect()
    }

    /// Gives each row a capability; more rows than capabilities need several execs.
    fn place(self, rows: &[Row], capabilities: CapSet) -> Vec<Vec<(Capability, Row)>> {
        // CAP_SETUID must be effective in one circumstance, so its row has to be a permitted one.
        let wants_setuid = self.circumstance == Circumstance::SharedFsWithSetuid;
        let others: Vec<_> = capabilities.iter().filter(|capability| *capability != Capability::SETUID).collect();
        let permitted = rows.iter().position(|row| row.permitted && (row.bounding || !row.file_permitted));
        let mut rest = rows.to_vec();
        let setuid_row = permitted.map(|index| rest.remove(index));
        let mut placed: Vec<Vec<(Capability, Row)>> = rest
            .chunks(others.len().max(1))
            .map(|chunk| others.iter().copied().zip(chunk.iter().copied()).collect())
            .collect();
        if placed.is_empty() {
            placed.push(Vec::new());
        }
        for (index, exec) in placed.iter_mut().enumerate() {
            if index == 0 || wants_setuid {
                exec.extend(setuid_row.map(|row| (Capability::SETUID, row)));
            }
        }
        placed
    }

    fn scenario(self, rows: &[(Capability, Row)]) -> Scenario {
        let set = |has: fn(&Row) -> bool| -> CapSet {
            rows.iter().filter(|(_, row)| has(row)).map(|(capability, _)| *capability).collect()
        };
        let permitted = set(|row| row.permitted);
        let wanted = match self.circumstance {
            Circumstance::SharedFsWithSetuid => CapSet::from(Capability::SETUID),
            _ => CapSet::EMPTY,
        };
        let (real, effective) = (self.real_uid, self.effective_uid);
        let process = Process {
            uid: Some(FourIds([real, effective, effective, effective])),
            gid: Some(FourIds([1000; 4])),
            permitted: Some(permitted.into()),
            effective: Some((wanted & permitted).into()),
            inheritable: Some(set(|row| row.inheritable).into()),
            bounding: Some(set(|row| row.bounding).into()),
            ambient: Some(set(|row| row.ambient).into()),
            securebits: SecurebitsText(if self.noroot { Securebits::NOROOT } else { Securebits::EMPTY }),
            no_new_privs: self.circumstance == Circumstance::NoNewPrivs,
            shares_fs: matches!(self.circumstance, Circumstance::SharedFs | Circumstance::SharedFsWithSetuid),
            traced: match self.circumstance {
                Circumstance::Traced => Some(Traced { tracer_has_sys_ptrace: false }),
                Circumstance::TracedByThePowerful => Some(Traced { tracer_has_sys_ptrace: true }),
                _ => None,
            },
            ..Process::default()
        };
        let (mode, uid, gid) = match self.set_id {
            SetIdBit::Absent => (0o755, 0, 0),
            SetIdBit::ToRoot => (0o4755, 0, 0),
            SetIdBit::ToUser => (0o4755, OTHER, 0),
            SetIdBit::ToGroup => (0o2755, 0, OTHER),
        };
        let caps = (self.file_caps != FileCaps::Absent).then(|| {
            CapsEntry::Object(FileCapsObject {
                revision: Revision::V2,
                permitted: set(|row| row.file_permitted).into(),
                inheritable: set(|row| row.file_inheritable).into(),
                effective: self.file_caps == FileCaps::WithFlag,
            })
        });
        let mode = ModeText(Mode::new(mode).unwrap_or(Mode::EXECUTABLE));
        Scenario {
            process,
            files: [(PROGRAM.to_owned(), FileEntry { uid, gid, mode, caps, ..FileEntry::default() })].into(),
            steps: vec![Step { call: Call::Execve(PROGRAM.to_owned()), expect: None, note: None }],
            ..Scenario::default()
        }
    }
}

const PROGRAM: &str = "/bin/program";

impl Circumstance {
    const ALL: [Self; 6] = [
        Self::Safe,
        Self::NoNewPrivs,
        Self::SharedFs,
        Self::SharedFsWithSetuid,
        Self::Traced,
        Self::TracedByThePowerful,
    ];
}

impl SetIdBit {
    const ALL: [Self; 4] = [Self::Absent, Self::ToRoot, Self::ToUser, Self::ToGroup];
}

#[cfg(test)]
mod tests {
    use sim_core::capability::{CapSet, Capability};

    use super::{Circumstance, Combination, FileCaps, Row};

    #[test]
    fn the_rows_are_those_of_the_formulas() {
        assert_eq!(Row::all(FileCaps::WithFlag).len(), 40);
        assert_eq!(Row::all(FileCaps::Absent).len(), 10);
        assert_eq!(Row::all(FileCaps::WithFlag).into_iter().filter(|row| row.fails()).count(), 7);
    }

    #[test]
    fn every_row_of_every_combination_is_in_some_exec() {
        let all = CapSet::up_to(Capability::LAST_NAMED);
        for capabilities in [all, all - Capability::SYS_RESOURCE.into(), CapSet::from_bits(0xff)] {
            for combination in Combination::all() {
                let scenarios = combination.scenarios(capabilities);
                for row in Row::all(combination.file_caps) {
                    let proven = scenarios.iter().any(|(_, rows)| rows.iter().any(|(_, known)| *known == row));
                    assert!(proven, "{combination:?} {row:?}");
                }
                if combination.circumstance == Circumstance::SharedFsWithSetuid {
                    let setuid = CapSet::from(Capability::SETUID);
                    let passing = scenarios.iter().filter(|(_, rows)| rows.len() > 1);
                    for (scenario, _) in passing {
                        assert_eq!(scenario.process.sets(all).effective, setuid);
                    }
                }
            }
        }
    }
}
