//! Performing a scenario as it was changed.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use super::draft::{Draft, Planned};
use super::edit::Edit;
use super::power::{Power, State};
use super::{Fix, Goal, commands};
use crate::calls::{AmbientOperation, PrctlOption};
use crate::capability::CapSet;
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::rule::{Condition, Effect, Event, Rule};
use crate::scenario::{
    Call, CapsetCall, Expect, NotPerformed, Options, PrctlArgument, PrctlCall, Scenario, Simulation, Step,
    StepOutcome, World, WorldError,
};

/// Why a goal is not reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// At which step, counted from 0 in the scenario as it was.
    pub step: usize,
    /// Why.
    pub reason: Reason,
    /// The capabilities that the rules are about that refused, or that would have helped with one more.
    pub about: CapSet,
    /// The names of the rules that were tried, in order.
    pub rules: Vec<&'static str>,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The kernel refuses the call.
    Refused {
        /// The rule.
        rule: &'static Rule,
        /// With this error.
        errno: Errno,
        /// What it lacks, where it is about capabilities.
        lacking: CapSet,
    },
    /// Filters stop a call of this name.
    Filtered(Option<&'static str>),
    /// These are not effective after it.
    NotEffective(CapSet),
    /// It is not performed.
    NotPerformed(NotPerformed),
    /// A call of the container's runtime fails: which of its own, counted from 0.
    NotStarted(usize),
    /// The scenario makes no sense.
    Senseless(WorldError),
}

/// Why, as a clause.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Refused { rule, errno, lacking } => {
                write!(f, "{errno} by {}", rule.id)?;
                if lacking.is_empty() { Ok(()) } else { write!(f, ", for want of {}", lacking.in_words()) }
            }
            Reason::Filtered(Some(name)) => write!(f, "filters stop {name}"),
            Reason::Filtered(None) => f.write_str("filters stop a call without a name"),
            Reason::NotEffective(lacking) => write!(f, "{} is not effective after it", lacking.in_words()),
            Reason::NotPerformed(reason) => write!(f, "not performed: {reason}"),
            Reason::NotStarted(call) => write!(f, "the runtime's call {} fails", call + 1),
            Reason::Senseless(error) => error.fmt(f),
        }
    }
}

/// How the scenario comes out without edits.
pub(super) struct Baseline {
    pub(super) failure: Option<Failure>,
    /// Which steps succeed.
    succeeded: Vec<bool>,
    /// What the process can do after the goal's last step, or where it failed.
    pub(super) state: Option<State>,
    /// The world in which the step failed.
    pub(super) world: Option<World>,
}

/// How it comes out with some.
pub(super) struct Attempt {
    pub(super) failure: Option<Failure>,
    /// The world in which it failed.
    pub(super) world: Option<World>,
    state: Option<State>,
    calls: Vec<Call>,
    goal_at: usize,
    rules: Vec<&'static str>,
}

/// Why a step did not succeed; nothing if it did. A call that is only asked for succeeds where filters let it run, or answer
/// ENOSYS if libraries fall back then.
pub(super) fn unwanted(outcome: &StepOutcome) -> Option<Reason> {
    let lacking = || {
        let refusals = outcome.trace.events().iter().rev().find_map(|event| match event {
            Event::Applied { effect: Effect::Refuses { lacking, .. }, .. } => Some(*lacking),
            _ => None,
        });
        refusals.unwrap_or(CapSet::EMPTY)
    };
    if let Some(reason) = &outcome.not_performed {
        return Some(Reason::NotPerformed(reason.clone()));
    }
    if let Some(judgement) = outcome.judgement.as_ref().filter(|judgement| judgement.stops()) {
        let enosys = judgement.action() == "SCMP_ACT_ERRNO" && judgement.data() == Errno::ENOSYS.number();
        if enosys && judgement.name.is_some_and(falls_back) {
            return None;
        }
        return Some(Reason::Filtered(judgement.name));
    }
    outcome.refusal.map(|refusal| Reason::Refused { rule: refusal.rule, errno: refusal.errno, lacking: lacking() })
}

/// Whether libraries try an older call where the kernel answers ENOSYS.
pub(super) fn falls_back(name: &str) -> bool {
    const CALLS: [&str; 12] = [
        "clone3",
        "close_range",
        "faccessat2",
        "fchmodat2",
        "futex_waitv",
        "landlock_create_ruleset",
        "openat2",
        "pidfd_open",
        "preadv2",
        "rseq",
        "set_robust_list",
        "statx",
    ];
    CALLS.contains(&name)
}

fn failure(step: usize, reason: Reason, outcome: &StepOutcome) -> Failure {
    let rules: Vec<_> = outcome.trace.events().iter().map(Event::rule).collect();
    let missing = outcome.trace.events().iter().filter_map(|event| match event {
        Event::Applied { rule, effect: Effect::Refuses { .. } } => Some(rule),
        Event::NotApplied { rule, failed: Condition::CapabilityNotEffective | Condition::SetidNotCapable } => {
            Some(rule)
        }
        _ => None,
    });
    let about = missing.fold(CapSet::EMPTY, |about, rule| about | named_in(rule.statement));
    Failure { step, reason, about, rules: rules.into_iter().map(|rule| rule.id).collect() }
}

/// The capabilities that a text names.
fn named_in(text: &str) -> CapSet {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("CAP_"));
    words.filter_map(|word| CapSet::from_name(word).ok()).fold(CapSet::EMPTY, |all, named| all | named)
}

fn senseless(error: WorldError) -> Failure {
    Failure { step: 0, reason: Reason::Senseless(error), about: CapSet::EMPTY, rules: Vec::new() }
}

/// What a world comes to on the way to a goal.
struct Course {
    failure: Option<Failure>,
    outcomes: Vec<(Planned, StepOutcome)>,
    simulation: Simulation,
}

impl Course {
    /// Performs the calls until all that the goal is about were made, or one fails that must not.
    fn of(draft: &Draft, start: Simulation, goal: &Goal, must: &[bool]) -> Self {
        let mut simulation = start;
        let not_started = simulation.prologue().len();
        let last = draft.course.iter().rposition(|planned| match planned {
            Planned::Step(step) => *step <= goal.last(),
            _ => false,
        });
        let (mut failed, mut outcomes) = (None, Vec::new());
        for planned in draft.course.iter().take(last.map_or(0, |last| last + 1)) {
            let Some(call) = call_of(draft, *planned, &simulation) else { continue };
            let outcome = simulation.perform(&call);
            let step = match planned {
                Planned::Step(step) => *step,
                _ => goal.last(),
            };
            let needed = match planned {
                Planned::Step(step) => goal.steps.contains(step) || must.get(*step).copied().unwrap_or(false),
                _ => true,
            };
            let reason = unwanted(&outcome).filter(|_| needed);
            let reason = reason.map(|reason| match reason {
                Reason::NotPerformed(NotPerformed::NotStarted { .. }) => {
                    Reason::NotStarted(not_started.saturating_sub(1))
                }
                other => other,
            });
            failed = reason.map(|reason| match simulation.prologue().last() {
                Some(own) if matches!(reason, Reason::NotStarted(_)) => failure(step, reason, own),
                _ => failure(step, reason, &outcome),
            });
            outcomes.push((*planned, outcome));
            if failed.is_some() {
                break;
            }
        }
        let effective = simulation.world().thread.credentials.effective;
        let lacking = goal.effective - effective;
        if failed.is_none() && !lacking.is_empty() {
            let last = outcomes.last();
            failed = last.map(|(_, outcome)| failure(goal.last(), Reason::NotEffective(lacking), outcome));
        }
        Self { failure: failed, outcomes, simulation }
    }
}

impl Course {
    /// The process on the way to the goal, without the launcher of a first program.
    fn way(&self) -> impl Iterator<Item = &Thread> {
        let first = self.outcomes.first().filter(|(_, outcome)| !matches!(outcome.call, Call::Execve(_)));
        let first = first.map(|(_, outcome)| &outcome.before);
        let started = |outcome: &StepOutcome| !matches!(outcome.call, Call::Execve(_)) || outcome.refusal.is_none();
        let made = self.outcomes.iter().map(|(_, outcome)| outcome);
        first.into_iter().chain(made.filter(move |outcome| started(outcome)).map(|outcome| &outcome.after))
    }
}

/// The call that comes of a plan in the state that is reached; none where it would change nothing.
fn call_of(draft: &Draft, planned: Planned, simulation: &Simulation) -> Option<Call> {
    let held = &simulation.world().thread.credentials;
    let prctl =
        |option, arguments: &[PrctlArgument]| Some(Call::Prctl(PrctlCall { option, arguments: arguments.to_vec() }));
    let capset = |effective: CapSet, inheritable: CapSet| {
        let (effective, permitted, inheritable) = (effective.into(), held.permitted.into(), inheritable.into());
        Some(Call::Capset(CapsetCall { effective, permitted, inheritable }))
    };
    match planned {
        Planned::Step(step) => draft.scenario.steps.get(step).map(|step| step.call.clone()),
        Planned::Raise(caps) => capset(held.effective | caps, held.inheritable),
        Planned::Inherit(caps) => capset(held.effective, held.inheritable | caps),
        Planned::RaiseAmbient(capability) => prctl(
            PrctlOption::CapAmbient,
            &[PrctlArgument::Ambient(AmbientOperation::Raise), PrctlArgument::Capability(capability)],
        ),
        Planned::KeepCaps => prctl(PrctlOption::SetKeepcaps, &[PrctlArgument::Number(1)]),
        Planned::NoNewPrivs => prctl(PrctlOption::SetNoNewPrivs, &[PrctlArgument::Number(1)]),
    }
}

impl Baseline {
    pub(super) fn of(scenario: &Scenario, goal: &Goal, options: &Options) -> Self {
        let draft = Draft::of(scenario, &[], options);
        let mut baseline = Self { failure: None, succeeded: Vec::new(), state: None, world: None };
        let world = match World::new(scenario, options) {
            Ok(world) => world,
            Err(error) => {
                baseline.failure = Some(senseless(error));
                return baseline;
            }
        };
        let start = Simulation::new(world);
        let mut simulation = start.clone();
        for step in &scenario.steps {
            baseline.succeeded.push(unwanted(&simulation.perform(&step.call)).is_none());
        }
        let course = Course::of(&draft, start, goal, &baseline.succeeded);
        let outcome = course.outcomes.last().map(|(_, outcome)| outcome);
        let refused_exec =
            outcome.is_some_and(|outcome| matches!(outcome.call, Call::Execve(_)) && outcome.refusal.is_some());
        let state = State::of(course.simulation.world(), scenario);
        // The program that did not start would have had what any plain one has.
        let state = if refused_exec { state.after_plain_program() } else { state };
        baseline.state = Some(state.with_way(course.way()));
        baseline.world = Some(course.simulation.world().clone());
        baseline.failure = course.failure;
        baseline
    }
}

/// Where the process of a draft begins.
pub(super) fn start(draft: &Draft, options: &Options) -> Result<Simulation, WorldError> {
    World::new(&draft.scenario, options).map(Simulation::new)
}

impl Attempt {
    /// Performs a draft from where its process begins, with the draft's files.
    pub(super) fn of(
        draft: &Draft,
        start: &Result<Simulation, WorldError>,
        goal: &Goal,
        baseline: &Baseline,
    ) -> Self {
        let start = start.as_ref().map_err(Clone::clone).and_then(|start| start.with_files_of(&draft.scenario));
        let mut attempt =
            Self { failure: None, world: None, state: None, calls: Vec::new(), goal_at: 0, rules: Vec::new() };
        match start.map(|start| Course::of(draft, start, goal, &baseline.succeeded)) {
            Err(error) => attempt.failure = Some(senseless(error)),
            Ok(course) if course.failure.is_some() => {
                attempt.failure = course.failure;
                attempt.world = Some(course.simulation.world().clone());
            }
            Ok(course) => {
                attempt.state = Some(State::of(course.simulation.world(), &draft.scenario).with_way(course.way()));
                let goal_at = course.outcomes.iter().position(|(planned, _)| *planned == Planned::Step(goal.last()));
                attempt.goal_at = goal_at.unwrap_or(0);
                if let Some((_, outcome)) = course.outcomes.get(attempt.goal_at) {
                    attempt.rules = outcome.result().rules;
                }
                attempt.calls = course
                    .outcomes
                    .iter()
                    .map(|(planned, outcome)| match planned {
                        Planned::Step(step) => {
                            draft.scenario.steps.get(*step).map_or(outcome.call.clone(), |step| step.call.clone())
                        }
                        _ => outcome.call.clone(),
                    })
                    .collect();
                // What comes after the goal is kept as it is written.
                for planned in draft.course.iter().skip(course.outcomes.len()) {
                    if let Planned::Step(step) = planned
                        && let Some(step) = draft.scenario.steps.get(*step)
                    {
                        attempt.calls.push(step.call.clone());
                    }
                }
            }
        }
        attempt
    }

    /// The fix that these edits are, which lead to a scenario.
    pub(super) fn fix(
        self,
        edits: Vec<Edit>,
        mut scenario: Scenario,
        before: &Scenario,
        goal: &Goal,
        baseline: &Baseline,
    ) -> Fix {
        let succeeds = Expect { errno: Some(None), ..Expect::default() };
        let asked = |call: &Call| matches!(call, Call::Syscall(_));
        let steps = self.calls.into_iter().enumerate().map(|(index, call)| {
            let expect = (index == self.goal_at && !asked(&call)).then(|| succeeds.clone());
            Step { call, expect, note: None }
        });
        scenario.steps = steps.collect();
        (scenario.eras, scenario.fixes) = (Vec::new(), Vec::new());
        (scenario.question, scenario.answer, scenario.about) = (None, None, None);
        scenario.title = Some(alloc::format!(
            "Step {}: {}",
            goal.last() + 1,
            edits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        ));
        if let Some(runtime) = &mut scenario.runtime {
            runtime.expect = None;
        }
        let power = Power::of(&edits, baseline.state.as_ref(), self.state.as_ref());
        let commands = commands::commands(before, &scenario, &edits);
        Fix { edits, power, scenario, step: self.goal_at, rules: self.rules, commands }
    }
}
