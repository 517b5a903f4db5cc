//! One container or process: what the model says, what decided, and what helps.

use serde::Serialize;
use sim_core::capability::{CapSet, Capability};
use sim_core::rule::{Effect, Event, Flow, NOT_MODELLED, Omission, Provenance, Rule, SetName, Trace};
use sim_core::scenario::{Call, Scenario, Simulation, StepOutcome, World, release_differences, verdict};
use sim_core::search::{Goal, Limits, fixes};

use crate::assemble::Draft;
use crate::facts::Facts;
use crate::reproduce::{Reproduction, reproductions};
use crate::{Options, explain_message};

/// The answer about one container or process.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// What it is about, as `container "web"`.
    pub title: String,
    /// The line of the text that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What happens, in a sentence or two.
    pub verdict: String,
    /// The name of the error, if something is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// The id of the rule that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// What it says.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub statement: &'static str,
    /// Where it is written: manual page, source, and what confirmed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub citation: String,
    /// Every rule that decided, step by step.
    pub rules: Vec<&'static str>,
    /// Every step with what becomes of it.
    pub steps: Vec<String>,
    /// The message in the text that the model explains, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explains: Option<String>,
    /// The message in the text that the model does not explain, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does_not_explain: Option<String>,
    /// What had to be assumed.
    pub assumed: Vec<String>,
    /// The smallest changes that help, the least powerful first.
    pub fixes: Vec<Remedy>,
    /// How far the search for them went.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub search: String,
    /// Kernels at which it comes out otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flips: Vec<String>,
    /// Ways to see it oneself.
    pub reproductions: Vec<Reproduction>,
    /// What is not modelled and could change the verdict.
    pub not_modelled: Vec<String>,
    /// The playground with this scenario.
    pub link: String,
    /// The scenario.
    pub scenario: Scenario,
}

/// A change that helps.
#[derive(Clone, Debug, Serialize)]
pub struct Remedy {
    /// What to write or to type.
    pub commands: Vec<String>,
    /// What it hands out.
    pub hands_out: String,
    /// The playground with the scenario so changed.
    pub link: String,
}

/// How many assumptions of the readers are told.
const MOST_ASSUMED: usize = 40;

/// How many fixes are told.
const MOST_FIXES: usize = 8;

/// Plays a draft and looks for what helps.
pub(crate) fn judge(mut draft: Draft, facts: &Facts, options: &Options) -> Case {
    let explained = explain_message::explain(&mut draft);
    let scenario = &draft.scenario;
    let mut case = Case::unread(&draft, options);
    let mine = facts.assumed.iter().filter(|(line, of_one, _)| !of_one || draft.line == Some(*line));
    case.assumed.extend(mine.take(MOST_ASSUMED).map(|(line, _, text)| format!("Line {line}: {text}")));
    let world = match World::new(scenario, &sim_core::scenario::Options::default()) {
        Ok(world) => world,
        Err(error) => {
            case.verdict = format!("The facts make no sense together: {error}.");
            return case;
        }
    };
    let played = Played::of(scenario, world);
    let Decided { step, verdict, rule, errno } = played.decided(scenario, &draft);
    (case.verdict, case.errno) = (verdict, errno);
    for (told, rules) in &draft.before {
        case.verdict = format!("{} Before that: {told}", case.verdict);
        case.rules.extend(rules);
    }
    case.rules.extend(played.rules());
    case.steps = played.outcomes.iter().map(self::verdict).collect();
    if let Some(rule) = rule {
        (case.rule, case.statement) = (Some(rule.id), rule.statement);
        case.citation = citation(rule);
    }
    if let Some((_, failure)) = &draft.failed {
        let message = Some(failure.message.clone());
        if explained { case.explains = message } else { case.does_not_explain = message }
    }
    case.not_modelled = not_modelled(scenario);
    case.search_fixes(scenario, played.goal(scenario, step), options);
    case.reproductions = reproductions(scenario);
    case.flips = flips(scenario);
    case.fixes.extend(cleared(scenario, &draft, options));
    case
}

impl Case {
    fn unread(draft: &Draft, options: &Options) -> Self {
        Self {
            title: draft.title.clone(),
            line: draft.line,
            verdict: String::new(),
            errno: None,
            rule: None,
            statement: "",
            citation: String::new(),
            rules: Vec::new(),
            steps: Vec::new(),
            explains: None,
            does_not_explain: None,
            assumed: draft.assumed.clone(),
            fixes: Vec::new(),
            search: String::new(),
            flips: Vec::new(),
            reproductions: Vec::new(),
            not_modelled: Vec::new(),
            link: link_to(&draft.scenario, options),
            scenario: draft.scenario.clone(),
        }
    }

    fn search_fixes(&mut self, scenario: &Scenario, goal: Option<Goal>, options: &Options) {
        let Some(goal) = goal else { return };
        let limits = Limits { edits: options.most_edits, ..Limits::default() };
        let found = fixes(scenario, &goal, &limits, &sim_core::scenario::Options::default());
        let count = found.fixes.len();
        let told = found.fixes.iter().take(MOST_FIXES).map(|fix| Remedy {
            commands: fix.commands.clone(),
            hands_out: fix.power.to_string(),
            link: link_to(&fix.scenario, options),
        });
        self.fixes = told.collect();
        let whole = if found.complete { "every set" } else { "not every set, for the search was stopped," };
        self.search = format!(
            "Tried {whole} of up to {} of {} changes: {} worlds, {count} smallest set{} of changes help{}.",
            found.bound,
            found.candidates.len(),
            found.worlds,
            if count == 1 { "" } else { "s" },
            if count == 1 { "s" } else { "" },
        );
    }
}

/// A scenario with what became of each step.
struct Played {
    prologue: Vec<StepOutcome>,
    outcomes: Vec<StepOutcome>,
    /// The rule by which an engine refuses, and what it is about.
    refused: Option<(&'static Rule, String)>,
    engine_rules: Vec<&'static str>,
}

/// What decided.
struct Decided {
    step: Option<usize>,
    verdict: String,
    rule: Option<&'static Rule>,
    errno: Option<String>,
}

impl Played {
    fn of(scenario: &Scenario, world: World) -> Self {
        let started = world.started().cloned();
        let mut simulation = Simulation::new(world);
        let engine_rules = simulation.runtime_result(None).map(|result| result.rules).unwrap_or_default();
        let prologue = simulation.prologue().to_vec();
        let outcomes = scenario.steps.iter().map(|step| simulation.perform(&step.call)).collect();
        let refused = started.and_then(|started| started.answer.err()).map(|refused| (refused.rule, refused.about));
        Self { prologue, outcomes, refused, engine_rules }
    }

    fn rules(&self) -> Vec<&'static str> {
        let mut rules = self.engine_rules.clone();
        for outcome in &self.outcomes {
            rules.extend(outcome.result().rules.into_iter().filter(|rule| !rules.contains(rule)).collect::<Vec<_>>());
        }
        rules
    }

    /// The first thing that goes wrong; without any, what the last execve withheld.
    fn decided(&self, scenario: &Scenario, draft: &Draft) -> Decided {
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
            let rule = self.lost(scenario, step).or_else(|| deciding(outcome));
            let lost = match self.loss(scenario, step) {
                Some((lost, _)) => format!(" Before that, {}", verdict(lost)),
                None => String::new(),
            };
            let verdict = format!("{}{lost}", verdict(outcome));
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
                let secure = draft.failed.as_ref().is_some_and(|(_, failure)| failure.id == "library");
                let voided = self.voided(step).or_else(|| self.withholding(scenario, step)).filter(|_| !secure);
                let rule = voided.or_else(|| self.granting(step).filter(|_| !secure)).or_else(|| deciding(outcome));
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
        let executed = scenario.steps.iter().take(step + 1).filter_map(|step| match &step.call {
            Call::Execve(path) => Some(path.as_str()),
            _ => None,
        });
        let path = executed.last()?;
        let lost = self.outcomes.iter().take(step).rev().find(|outcome| {
            let had = outcome.file_before.as_ref().is_some_and(|file| file.caps.is_some());
            let has = outcome.file.as_ref().is_some_and(|file| file.caps.is_some());
            matches!(&outcome.call, Call::FileChange(change) if change.path() == path) && had && !has
        })?;
        let removed = |event: &&Event| matches!(event, Event::Applied { effect: Effect::AttributeRemoved, .. });
        let rule = lost.trace.events().iter().rev().find(removed).map(Event::rule)?;
        Some((lost, rule))
    }

    fn lost(&self, scenario: &Scenario, step: usize) -> Option<&'static Rule> {
        self.loss(scenario, step).map(|(_, rule)| rule)
    }

    /// The rule that keeps a capability that was asked for out of the effective set.
    fn withholding(&self, scenario: &Scenario, step: usize) -> Option<&'static Rule> {
        let outcome = self.outcomes.get(step)?;
        let wanted = wanted(scenario, outcome) - outcome.process().effective;
        let capability: Capability = wanted.iter().next()?;
        let traces: Vec<&Trace> = self.prologue.iter().chain(&self.outcomes).map(|outcome| &outcome.trace).collect();
        let at = self.prologue.len() + step;
        let links = Provenance::new(&traces).origins(at, SetName::Permitted, capability, false);
        links.iter().filter(|link| link.step == at).find_map(|link| link.rule)
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
        let traces: Vec<&Trace> = self.prologue.iter().chain(&self.outcomes).map(|outcome| &outcome.trace).collect();
        let at = self.prologue.len() + step;
        let links = Provenance::new(&traces).origins(at, SetName::Permitted, capability, true);
        links.iter().filter(|link| link.step == at).filter_map(|link| link.rule).last()
    }

    /// What to bring about: that what goes wrong does not, or that what was asked for is effective.
    fn goal(&self, scenario: &Scenario, step: Option<usize>) -> Option<Goal> {
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
    let all = CapSet::from_bits(u64::MAX >> 23);
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

fn citation(rule: &Rule) -> String {
    let manual = if rule.manual.is_empty() { String::new() } else { format!("{}; ", rule.manual) };
    let engines: Vec<_> =
        rule.engine_evidence().map(|(engine, _)| format!("{} {}", engine.name, engine.version)).collect();
    let kernels = rule.evidence().count();
    let steps: u64 = rule.evidence().map(|(_, steps)| u64::from(steps)).sum();
    let confirmed = match kernels {
        _ if !engines.is_empty() => format!("confirmed by {}", engines.join(", ")),
        0 => "cited only".to_owned(),
        1 => format!("confirmed by {steps} steps on one kernel"),
        kernels => format!("confirmed by {steps} steps on {kernels} kernels"),
    };
    format!("{manual}{}; {confirmed}", rule.source)
}

/// Where a program wants no capabilities at all: whoever starts it clears the ambient set first.
fn cleared(scenario: &Scenario, draft: &Draft, options: &Options) -> Option<Remedy> {
    draft.failed.as_ref().filter(|(_, failure)| failure.id == "bwrap-unexpected")?;
    let clear = r#"{"prctl": ["PR_CAP_AMBIENT", "PR_CAP_AMBIENT_CLEAR_ALL"]}"#;
    let mut cleared = scenario.clone();
    cleared.steps.insert(0, sim_core::scenario::read_value(clear).ok()?);
    let world = World::new(&cleared, &sim_core::scenario::Options::default()).ok()?;
    let played = Played::of(&cleared, world);
    let empty = played.outcomes.last().is_some_and(|outcome| outcome.process().effective.is_empty());
    empty.then(|| Remedy {
        commands: vec!["whoever starts it: prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), or setpriv --ambient-caps=-all PROGRAM".to_owned()],
        hands_out: "nothing".to_owned(),
        link: link_to(&cleared, options),
    })
}

/// Where other kernels answer otherwise.
fn flips(scenario: &Scenario) -> Vec<String> {
    let differences = release_differences(scenario, &sim_core::scenario::Options::default());
    let told = differences.iter().map(|difference| {
        let changes: Vec<_> = difference.changes.iter().map(|change| change.statement).collect();
        let step = difference.step + 1;
        format!("Before Linux {} step {step} comes out otherwise. {}", difference.since, changes.join(" "))
    });
    told.collect()
}

fn not_modelled(scenario: &Scenario) -> Vec<String> {
    let calls: Vec<_> = scenario.steps.iter().map(|step| step.call.name()).collect();
    let concerns =
        |omission: &&Omission| omission.calls.is_empty() || omission.calls.iter().any(|call| calls.contains(call));
    NOT_MODELLED.iter().filter(concerns).map(ToString::to_string).collect()
}

/// The playground with a scenario, after its last step.
fn link_to(scenario: &Scenario, options: &Options) -> String {
    let linked = link::Linked { position: scenario.steps.len(), scenario: scenario.clone() };
    format!("{}#{}", options.playground, linked.to_fragment())
}
