//! One container or process: what the model says, what decided, and what helps.

use serde::Serialize;
use sim_core::rule::{Omission, Rule};
use sim_core::scenario::{Scenario, release_differences, verdict};
use sim_core::search::{Goal, Limits, fixes};

use crate::assemble::Draft;
use crate::facts::Facts;
use crate::played::{Decided, Played};
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
    for (line, _, text) in mine.take(MOST_ASSUMED) {
        let told = format!("Line {line}: {text}");
        // A reader knows its own lines only: the profile may stand elsewhere in the text.
        let found =
            !facts.profiles.is_empty() && text.contains("seccomp profile") && text.contains("not in the text");
        if !found && !case.assumed.contains(&told) {
            case.assumed.push(told);
        }
    }
    let played = match Played::of(scenario) {
        Ok(played) => played,
        Err(error) => {
            case.verdict = format!("The facts make no sense together: {error}.");
            return case;
        }
    };
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
    let played = Played::of(&cleared).ok()?;
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
    let calls = scenario.steps.iter().map(|step| step.call.name());
    Omission::of_any(calls).into_iter().map(ToString::to_string).collect()
}

/// The playground with a scenario, after its last step.
fn link_to(scenario: &Scenario, options: &Options) -> String {
    let linked = link::Linked { position: scenario.steps.len(), scenario: scenario.clone() };
    format!("{}#{}", options.playground, linked.to_fragment())
}
