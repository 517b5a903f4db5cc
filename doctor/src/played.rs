//! A scenario played, and what of it decides.

use sim_core::capability::{CapSet, Capability};
use sim_core::kernel::Release;
use sim_core::rule::{Effect, Event, Flow, Provenance, Rule, SetName, Trace};
use sim_core::scenario::{Call, Options, Scenario, Simulation, StepOutcome, World, WorldError, verdict};
use sim_core::search::Goal;

use crate::assemble::Draft;

/// A scenario with what became of each step.
pub(crate) struct Played {
    pub(crate) prologue: Vec<StepOutcome>,
    pub(crate) outcomes: Vec<StepOutcome>,
    /// The rule by which an engine refuses, and what it is about.
    pub(crate) refused: Option<(&'static Rule, String)>,
    pub(crate) engine_rules: Vec<&'static str>,
}

/// What decided.
pub(crate) struct Decided {
    pub(crate) step: Option<usize>,
    pub(crate) verdict: String,
    pub(crate) rule: Option<&'static Rule>,
    pub(crate) errno: Option<String>,
}

impl Played {
    /// Plays a scenario; the error says why its facts make no sense together.
    pub(crate) fn of(scenario: &Scenario) -> Result<Self, WorldError> {
        let world = World::new(scenario, &Options::default())?;
        let started = world.started().cloned();
        let mut simulation = Simulation::new(world);
        let engine_rules = simulation.runtime_result(None).map(|result| result.rules).unwrap_or_default();
        let prologue = simulation.prologue().to_vec();
        let outcomes = scenario.steps.iter().map(|step| simulation.perform(&step.call)).collect();
        let refused = started.and_then(|started| started.answer.err()).map(|refused| (refused.rule, refused.about));
        Ok(Self { prologue, outcomes, refused, engine_rules })
    }

    pub(crate) fn rules(&self) -> Vec<&'static str> {
        let mut rules = self.engine_rules.clone();
        for outcome in &self.outcomes {
            rules.extend(outcome.result().rules.into_iter().filter(|rule| !rules.contains(rule)).collect::<Vec<_>>());
        }
        rules
    }

    /// The first step that is refused with this error.
    pub(crate) fn refused_with(&self, errno: Option<&str>) -> Option<usize> {
        let same = |outcome: &StepOutcome| {
            outcome.refusal.is_some_and(|refusal| errno.is_none_or(|errno| refusal.errno.to_string() == errno))
        };
        self.outcomes.iter().position(same)
    }

    /// The first thing that goes wrong; without any, what the last execve withheld.
    pub(crate) fn decided(&self, scenario: &Scenario, draft: &Draft) -> Decided {
        if let Some((rule, about)) = &self.refused {
            let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
            let verdict = format!("The engine refuses to start it{about}. {}", rule.statement);
            // What the engine itself refuses has no errno; what it was refused has.
            let told = draft.failed.as_ref().and_then(|(_, failure)| failure.errno);
            let errno = told.filter(|errno| ["EPERM", "EACCES"].contains(errno)).map(str::to_owned);
            return Decided { step: Some(0), verdict, rule: Some(rule), errno };
        }
        if let Some(failed) =
            self.prologue.iter().find(|outcome| outcome.refusal.is_some() || outcome.killed.is_some())
            && self.outcomes.iter().all(|outcome| outcome.not_performed.is_some())
        {
            let verdict = format!("The runtime itself does not get as far as the program: {}", verdict(failed));
            return Decided { step: Some(0), verdict, rule: deciding(failed), errno: refused(failed) };
        }
        let asked = draft.failed.as_ref().map(|(step, _)| *step).filter(|step| self.is_wrong(*step));
        if let Some(step) = asked.or_else(|| (0..self.outcomes.len()).find(|step| self.is_wrong(*step)))
            && let Some(outcome) = self.outcomes.get(step)
        {
            let (verdict, rule) = match self.loss(scenario, step) {
                Some((lost, rule)) => (format!("{} Before that, {}", verdict(outcome), verdict(lost)), Some(rule)),
                None => (verdict(outcome), deciding(outcome)),
            };
            return Decided { step: Some(step), verdict, rule, errno: refused(outcome) };
        }
        if let Some((step, rule)) = self.lost_ambient() {
            let told = self.outcomes.get(step).map(verdict).unwrap_or_default();
            return Decided { step: Some(step), verdict: told, rule: Some(rule), errno: None };
        }
        let step = self.outcomes.iter().rposition(|outcome| matches!(outcome.call, Call::Execve(_)));
        let step = step.or_else(|| self.outcomes.len().checked_sub(1));
        match step.and_then(|step| Some((step, self.outcomes.get(step)?))) {
            Some((step, outcome)) => {
                let asked = self.outcomes.last().filter(|_| step + 1 < self.outcomes.len());
                let (step, outcome) = match asked {
                    Some(last) => (self.outcomes.len() - 1, last),
                    None => (step, outcome),
                };
                let library = draft.failed.as_ref().is_some_and(|(_, failure)| failure.id == "library");
                let secure = outcome.trace.applied_rules().into_iter().find(|rule| rule.id.starts_with(SECURE));
                let voided = || self.voided(step).or_else(|| self.withholding(scenario, step));
                let rule = secure.filter(|_| library).or_else(voided).or_else(|| self.granting(step));
                let rule = rule.or_else(|| deciding(outcome));
                Decided { step: Some(step), verdict: verdict(outcome), rule, errno: None }
            }
            None => Decided {
                step: None,
                verdict: "Nothing in the text is started or fails, so there is nothing to decide.".to_owned(),
                rule: None,
                errno: None,
            },
        }
    }

    fn is_wrong(&self, step: usize) -> bool {
        let wrong = |outcome: &StepOutcome| {
            let stopped = outcome.judgement.as_ref().is_some_and(sim_core::scenario::Judgement::stops);
            outcome.refusal.is_some() || outcome.killed.is_some() || outcome.not_performed.is_some() || stopped
        };
        self.outcomes.get(step).is_some_and(wrong)
    }

    /// An earlier change by which the file of a later execve lost its attribute.
    fn loss(&self, scenario: &Scenario, step: usize) -> Option<(&StepOutcome, &'static Rule)> {
        let mut executed = scenario.steps.iter().take(step + 1).filter_map(|step| match &step.call {
            Call::Execve(path) => Some(path.as_str()),
            _ => None,
        });
        let path = executed.next_back()?;
        let lost = self.outcomes.iter().take(step).rev().find(|outcome| {
            let had = outcome.file_before.as_ref().is_some_and(|file| file.caps.is_some());
            let has = outcome.file.as_ref().is_some_and(|file| file.caps.is_some());
            matches!(&outcome.call, Call::FileChange(change) if change.path() == path) && had && !has
        })?;
        let removed = |event: &&Event| matches!(event, Event::Applied { effect: Effect::AttributeRemoved, .. });
        let rule = lost.trace.events().iter().rev().find(removed).map(Event::rule)?;
        Some((lost, rule))
    }

    /// The rule that keeps a capability that was asked for out of the effective set.
    fn withholding(&self, scenario: &Scenario, step: usize) -> Option<&'static Rule> {
        let outcome = self.outcomes.get(step)?;
        let wanted = wanted(scenario, outcome) - outcome.process().effective;
        let capability: Capability = wanted.iter().next()?;
        self.rules_behind(step, capability, false).next()
    }

    /// The last step by which capabilities left the ambient set without being asked to, and the rule.
    fn lost_ambient(&self) -> Option<(usize, &'static Rule)> {
        let removing = |event: &&Event| matches!(event, Event::Applied { effect: Effect::Bits(Flow { into: SetName::Ambient, removed, .. }), .. } if !removed.is_empty());
        self.outcomes.iter().enumerate().rev().find_map(|(step, outcome)| {
            let asked = matches!(outcome.call, Call::Prctl(_) | Call::Capset(_));
            let event = outcome.trace.events().iter().find(removing).filter(|_| !asked)?;
            Some((step, event.rule()))
        })
    }

    /// The rule by which set-id bits or the capabilities of the file do nothing.
    fn voided(&self, step: usize) -> Option<&'static Rule> {
        let outcome = self.outcomes.get(step)?;
        outcome.trace.applied_rules().into_iter().find(|rule| VOIDING.contains(&rule.id))
    }

    /// The rule by which a capability came that the new program has.
    fn granting(&self, step: usize) -> Option<&'static Rule> {
        let outcome = self.outcomes.get(step).filter(|outcome| matches!(outcome.call, Call::Execve(_)))?;
        let capability: Capability = outcome.process().effective.iter().next()?;
        self.rules_behind(step, capability, true).last()
    }

    /// The rules of a step by which a capability is permitted after it, or is not, the latest first.
    fn rules_behind(&self, step: usize, capability: Capability, held: bool) -> impl Iterator<Item = &'static Rule> {
        let traces: Vec<&Trace> = self.prologue.iter().chain(&self.outcomes).map(|outcome| &outcome.trace).collect();
        let at = self.prologue.len() + step;
        let links = Provenance::new(&traces).origins(at, SetName::Permitted, capability, held);
        links.into_iter().filter(move |link| link.step == at).filter_map(|link| link.rule)
    }

    /// What to bring about: that what goes wrong does not, or that what was asked for is effective.
    pub(crate) fn goal(&self, scenario: &Scenario, step: Option<usize>) -> Option<Goal> {
        let step = step?;
        if self.refused.is_some() || self.is_wrong(step) {
            return Some(Goal::step(step));
        }
        let outcome = self.outcomes.get(step)?;
        let lost = outcome.before.credentials.ambient - outcome.after.credentials.ambient;
        let wanted = (wanted(scenario, outcome) | lost) - outcome.process().effective;
        let last = self.outcomes.iter().rposition(|outcome| matches!(outcome.call, Call::Execve(_))).unwrap_or(step);
        (!wanted.is_empty()).then(|| Goal::effective(last.max(step), wanted))
    }
}

/// How the rules about AT_SECURE begin, for which the dynamic loader passes over LD_LIBRARY_PATH.
const SECURE: &str = "execve.at-secure";

/// The rules by which an execve passes over set-id bits or file capabilities.
const VOIDING: [&str; 6] = [
    "execve.set-id-no-new-privs",
    "execve.nosuid-mount",
    "execve.set-id-unmapped",
    "execve.file-caps-foreign-root",
    "execve.unsafe-traced",
    "execve.unsafe-no-new-privs",
];

/// The capabilities that somebody asked for: by an engine's option, or on the file.
fn wanted(scenario: &Scenario, outcome: &StepOutcome) -> CapSet {
    let Call::Execve(path) = &outcome.call else { return CapSet::EMPTY };
    let all = Release::NEWEST.capabilities();
    let names = scenario.runtime.iter().flat_map(|runtime| &runtime.cap_add);
    let added = names.filter_map(|name| Capability::from_name(name)).fold(CapSet::EMPTY, |set, one| set | one.into());
    let ambient = scenario.runtime.as_ref().and_then(|runtime| runtime.unit.as_ref()?.ambient);
    let of_file = scenario.files.get(path).and_then(|file| file.caps.as_ref()?.resolve(all).ok());
    let privileged = scenario.runtime.as_ref().is_some_and(|runtime| runtime.privileged);
    let before = if privileged { outcome.before.credentials.bounding } else { CapSet::EMPTY };
    let held = outcome.before.credentials.ambient;
    let of_file = of_file.map_or(CapSet::EMPTY, |caps| if caps.effective() { caps.permitted } else { CapSet::EMPTY });
    added | ambient.map_or(CapSet::EMPTY, |set| set.resolve(all)) | of_file | before | held
}

/// The rule that decided a step: the refusing one, or the last that did something.
fn deciding(outcome: &StepOutcome) -> Option<&'static Rule> {
    let rules = outcome.result().rules;
    match outcome.refusal {
        Some(refusal) if !outcome.stopped_by_filters() => Some(refusal.rule),
        _ if matches!(outcome.call, Call::Execve(_)) && rules.contains(&"execve.permitted") => {
            Rule::find("execve.permitted")
        }
        _ => rules.last().and_then(|id| Rule::find(id)),
    }
}

/// The name of the error that the program sees.
fn refused(outcome: &StepOutcome) -> Option<String> {
    let judged = || {
        let judgement = outcome.judgement.as_ref().filter(|judgement| judgement.action() == "SCMP_ACT_ERRNO")?;
        Some(match judgement.data() {
            1 => "EPERM".to_owned(),
            13 => "EACCES".to_owned(),
            22 => "EINVAL".to_owned(),
            38 => "ENOSYS".to_owned(),
            number => format!("errno {number}"),
        })
    };
    outcome.refusal.map(|refusal| refusal.errno.to_string()).or_else(judged)
}
