//! What the filters in force say of a call, and why.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::in_force::{InForce, MadeOf, Source, rule_path};
use super::read::line_and_column;
use super::world::Problem;
use crate::json::{Node, Path};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal};
use crate::rule::{Rule, Silent, Trace, seccomp as rules};
use crate::seccomp::bpf::Steps;
use crate::seccomp::profile::{self, Reason};
use crate::seccomp::region::{StackAnswers, Undecided, Unknown};
use crate::seccomp::{Action, Fate, FilterReturn, Mode, SeccompData, judge};
use crate::system::System;

/// What the filters in force said of a call.
///
/// ```
/// use sim_core::scenario::{Loaded, Options, Simulation};
///
/// let text = r#"{
///     "process": { "seccomp": [ { "profile": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
///         { "names": ["setuid", "setgid"], "action": "SCMP_ACT_ERRNO" } ] } } ] },
///     "steps": [ { "setgid": 5 } ]
/// }"#;
/// let loaded = Loaded::read(text, &Options::default())?;
/// let judgement = Simulation::new(loaded.world).perform(&loaded.scenario.steps[0].call).judgement.unwrap();
/// assert_eq!((judgement.action(), judgement.data()), ("SCMP_ACT_ERRNO", 1));
/// let decided_by = judgement.decided_by.unwrap();
/// assert_eq!(decided_by.path(), "process.seccomp[0].profile.syscalls[0].names[1]");
/// assert_eq!(decided_by.line_and_column(text), Some((3, 31)));
/// # Ok::<(), sim_core::scenario::ReadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The name of the call, where it has one.
    pub name: Option<&'static str>,
    /// The call; what is not known of it is 0.
    pub data: SeccompData,
    /// The word that won; ALLOW if the call passes every filter.
    pub returned: FilterReturn,
    /// What becomes of the call.
    pub fate: Fate,
    /// What decided; none if no filter was asked.
    pub decided_by: Option<DecidedBy>,
    exempt: bool,
}

/// What decided about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBy {
    /// Which filter, the oldest being 0.
    pub filter: usize,
    /// Why, in words.
    pub reason: String,
    path: Path,
}

/// What ends a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Signal {
    /// A filter asked for it.
    #[serde(rename = "SIGSYS")]
    Sigsys,
    /// In strict mode.
    #[serde(rename = "SIGKILL")]
    Sigkill,
}

/// Why a step was not performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPerformed {
    /// An earlier step ended the process.
    Ended {
        /// The step, counted from 0.
        step: usize,
    },
    /// What became of an earlier step is not known.
    Unknown {
        /// The step, counted from 0.
        step: usize,
    },
    /// What the filters answer depends on something that is not known of the call: these are the answers.
    Depends(Vec<FilterReturn>),
    /// Whether it depends on something that is not known cannot be told.
    Undecided(Undecided),
    /// A listener is asked, and nobody answers for it.
    AsksListener,
    /// The engine makes no filter of the profile.
    NoFilter(Problem),
    /// The engine starts nothing: the rule.
    EngineRefuses(&'static str),
    /// A call of the runtime failed.
    NotStarted {
        /// Which of its own, counted from 0.
        step: usize,
    },
}

impl InForce {
    /// Judges a call of which something may be unknown.
    pub(super) fn judge(
        &self,
        system: &System,
        (name, data, unknown): (Option<&'static str>, SeccompData, Unknown),
        answers: &mut StackAnswers,
        trace: &mut Trace,
    ) -> Result<Judgement, NotPerformed> {
        if self.state.mode() == Mode::Filter && unknown != Unknown::default() {
            let answers = answers.of(&self.state, &data, unknown).map_err(NotPerformed::Undecided)?;
            if answers.len() > 1 {
                return Err(NotPerformed::Depends(answers));
            }
        }
        let verdict = self.state.run(&data, &mut Silent);
        let mut own = Trace::new();
        let fate = judge(system, &self.state, &data, false, &mut own);
        let filtered = own.applied_rules().contains(&&rules::STRICTEST_WINS);
        trace.append(own);
        let exempt = self.state.mode() == Mode::Filter && !filtered;
        let returned = if exempt { FilterReturn::ALLOW } else { verdict.returned };
        let newest = self.sources.len().checked_sub(1);
        let filter = if exempt { None } else { verdict.filter.or(newest) };
        let decided_by = filter.and_then(|filter| self.decided_by(filter, name, &data));
        Ok(Judgement { name, data, returned, fate, decided_by, exempt })
    }

    fn decided_by(&self, index: usize, name: Option<&'static str>, data: &SeccompData) -> Option<DecidedBy> {
        let Source { place, made_of } = self.sources.get(index)?;
        let (path, reason) = if let Some(made_of) = made_of {
            let (below, reason) = made_of.reason(name, data);
            (place.clone().key("profile").join(made_of.inside.clone()).join(below), reason)
        } else {
            let mut steps = Steps::default();
            let run = self.state.filters().get(index)?.program.run(data, &mut steps);
            let last = steps.0.last().map_or(0, |step| step.index);
            (place.clone().key("bpf"), format!("instruction {last} returns {}", run.returned))
        };
        Some(DecidedBy { filter: index, reason, path })
    }
}

impl MadeOf {
    /// What in the profile decides about a call, and why, in words.
    fn reason(&self, name: Option<&'static str>, data: &SeccompData) -> (Path, String) {
        let verdict = self.policy.verdict(data);
        let default = || {
            let action = verdict.action.action().profile_name().unwrap_or_default();
            format!("the default action is {action}")
        };
        let by_default = Path::default().key("defaultAction");
        match verdict.reason {
            Reason::Rule(rule) if rule.conditions.is_empty() => {
                (rule_path(rule.origin), "a rule of the profile names it".to_string())
            }
            Reason::Rule(profile::Rule { origin, conditions, .. }) => {
                let conditions: Vec<_> = conditions.iter().map(ToString::to_string).collect();
                let conditions = conditions.join(" and ");
                (rule_path(*origin), format!("a rule of the profile names it where {conditions}"))
            }
            Reason::NoConditions(_) => {
                let why = format!("rules of the profile name it, but not with these arguments; {}", default());
                (by_default, why)
            }
            Reason::NotNamed => {
                let dead = name.and_then(|name| self.policy.entries_about(&self.profile, name).next());
                let dead = dead.filter(|(_, state)| !state.is_live());
                let why = match dead {
                    Some((origin, state)) => {
                        format!("{origin} of the profile names it, but is {state}; {}", default())
                    }
                    None => format!("no rule of the profile names it; {}", default()),
                };
                (by_default, why)
            }
            Reason::BadArchitecture => {
                (Path::default().key("architectures"), "the profile does not have this architecture".to_string())
            }
            Reason::Stub(stub) => {
                let last = stub.last;
                let why = format!("runc answers ENOSYS to numbers above {last}, the highest that the profile names");
                (Path::default(), why)
            }
        }
    }
}

impl Judgement {
    /// The action by its name in profiles. One that the kernel does not know is what it does: it kills the process.
    pub fn action(&self) -> &'static str {
        let action = if self.fate == Fate::ProcessKilled { Action::KillProcess } else { self.returned.action() };
        action.profile_name().unwrap_or_default()
    }

    /// The data that go with it.
    pub fn data(&self) -> u16 {
        self.returned.data()
    }

    /// The signal that ends the process, which has no handler.
    pub fn signal(&self) -> Option<Signal> {
        match self.fate {
            Fate::ThreadKilled | Fate::ProcessKilled | Fate::Trapped(_) => Some(Signal::Sigsys),
            Fate::StrictlyKilled => Some(Signal::Sigkill),
            _ => None,
        }
    }

    /// What the call comes to without being made, if it is not.
    pub(super) fn outcome(&self) -> Option<Outcome<()>> {
        let Fate::Returns(value) = self.fate else { return None };
        let rule: &'static Rule = match self.returned.action() {
            Action::UserNotif => &rules::NOTIFY_NOBODY,
            Action::Trace => &rules::TRACE_NOBODY,
            _ => &rules::ERRNO,
        };
        let errno = u16::try_from(value.unsigned_abs()).ok().and_then(Errno::returned);
        Some(errno.map_or(Outcome::Granted(()), |errno| Outcome::Refused(Refusal { errno, rule })))
    }

    /// Whether a filter decided otherwise than that the call runs.
    pub fn stops(&self) -> bool {
        self.fate != Fate::Runs
    }

    /// Whether it is a call that no filter is asked about, though some are in force.
    pub fn passes_every_filter(&self) -> bool {
        self.exempt
    }

    /// Why, in words.
    pub fn reason(&self) -> &str {
        self.decided_by.as_ref().map_or("no filter is asked", |decided_by| &decided_by.reason)
    }
}

impl DecidedBy {
    /// The place in the scenario, as `process.seccomp[0].profile.syscalls[3].names[7]`.
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// Line and column, in characters, of that place in the scenario's text; both are counted from 1.
    pub fn line_and_column(&self, text: &str) -> Option<(usize, usize)> {
        Node::root(text).ok().map(|root| line_and_column(text, root.offset_of(&self.path)))
    }
}

impl Signal {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sigsys => "SIGSYS",
            Self::Sigkill => "SIGKILL",
        }
    }
}

/// So many answers are told.
const MOST_TOLD: usize = 4;

impl fmt::Display for NotPerformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { step } => write!(f, "the process ended in step {}", step + 1),
            Self::Unknown { step } => write!(f, "what became of step {} is not known", step + 1),
            Self::Depends(answers) => {
                f.write_str("what the filters answer depends on an argument that is not known: ")?;
                for (index, answer) in answers.iter().take(MOST_TOLD).enumerate() {
                    write!(f, "{}{answer}", if index == 0 { "" } else { " or " })?;
                }
                match answers.len().checked_sub(MOST_TOLD) {
                    None | Some(0) => Ok(()),
                    Some(more) => write!(f, " or one of {more} more"),
                }
            }
            Self::Undecided(undecided) => {
                write!(f, "whether the filters' answer depends on what is not known cannot be told: {undecided}")
            }
            Self::AsksListener => f.write_str("a listener is asked, and nobody answers for it"),
            Self::NoFilter(problem) => problem.fmt(f),
            Self::EngineRefuses(rule) => write!(f, "the engine starts nothing: {rule}"),
            Self::NotStarted { step } => write!(f, "the runtime's call {} failed, and it gave up", step + 1),
        }
    }
}
