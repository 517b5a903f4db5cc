use sim_core::rule::{Effect, Event, Rule};
use sim_core::scenario::{StepOutcome, explain_event};
use yew::prelude::*;

use super::Shown;
use crate::state::State;

/// The rules that were tried in the step that is shown, in order. Those that did not apply and follow one another are
/// folded.
pub(crate) fn rules(state: &State, played: &Shown) -> Html {
    let outcome = played.as_ref().ok().and_then(|played| played.shown());
    html! {
        <section class="panel" aria-labelledby="rules-title">
            <h3 id="rules-title">{ "Rules, in the order they were tried" }</h3>
            {
                match outcome {
                    None => html! { <p class="hint">{ "They appear with the first step." }</p> },
                    Some(outcome) => {
                        let cards = cards(outcome);
                        let runs = cards.chunk_by(|(_, a), (_, b)| !applied(a) && !applied(b));
                        html! {
                            <ol class="rules" key={state.position}>{ for runs.map(|run| folded(run, outcome)) }</ol>
                        }
                    }
                }
            }
        </section>
    }
}

/// A rule, and what it reported.
type Card<'a> = (&'static Rule, Vec<&'a Event>);

fn folded(run: &[Card<'_>], outcome: &StepOutcome) -> Html {
    let cards = run.iter().map(|(rule, events)| card(rule, events, outcome));
    if run.len() == 1 {
        return cards.collect();
    }
    html! {
        <li class="untaken">
            <details>
                <summary>
                    <span class="sign" aria-hidden="true">{ "–" }</span>
                    <span>{ format!("{} that did not apply", run.len()) }</span>
                </summary>
                <ol class="rules">{ for cards }</ol>
            </details>
        </li>
    }
}

fn applied(events: &[&Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Applied { .. }))
}

/// What each rule did; reports that follow one another are one card.
fn cards(outcome: &StepOutcome) -> Vec<Card<'_>> {
    let mut cards: Vec<Card<'_>> = Vec::new();
    for event in outcome.trace.events() {
        match cards.last_mut() {
            Some((rule, events)) if *rule == event.rule() => events.push(event),
            _ => cards.push((event.rule(), vec![event])),
        }
    }
    cards
}

fn card(rule: &'static Rule, events: &[&Event], outcome: &StepOutcome) -> Html {
    let refuses = events.iter().any(|event| matches!(event, Event::Applied { effect: Effect::Refuses { .. }, .. }));
    let (class, sign, word) = match (refuses, applied(events)) {
        (true, _) => ("refused", "✗", "refuses"),
        (false, true) => ("applied", "✓", "applied"),
        (false, false) => ("untaken", "–", "did not apply"),
    };
    let decided = outcome.refusal.is_some_and(|refusal| refusal.rule == rule);
    html! {
        <li class={class} data-rule={rule.id}>
            <details open={decided}>
                <summary>
                    <span class="sign" aria-hidden="true">{ sign }</span>
                    <span class="visually-hidden">{ word }</span>
                    <code>{ rule.id }</code>
                    <ul class="effects">{ for events.iter().map(|event| html! { <li>{ explain_event(event) }</li> }) }</ul>
                </summary>
                { citation(rule) }
            </details>
        </li>
    }
}

/// What it says, where it is written, and what confirmed it.
pub(super) fn citation(rule: &'static Rule) -> Html {
    let link = |url: String, text: String| html! { <a href={url} rel="noreferrer" target="_blank">{ text }</a> };
    html! {
        <div class="citation">
            <p>{ rule.statement }</p>
            if !rule.formula.is_empty() {
                <p><code>{ rule.formula }</code></p>
            }
            <p>
                { match rule.manual_url() {
                    Some(url) => html! { <>{ link(url, rule.manual.to_owned()) }{ "; " }</> },
                    None if rule.is_kernels() => html! { "Not in the manual; " },
                    None => html! {},
                } }
                { link(rule.source.url(), rule.source.to_string()) }
            </p>
            if let Some(change) = rule.since {
                <p>{ format!("Since Linux {}: {}", change.since, change.statement) }</p>
            }
            if let Some(change) = rule.until {
                <p>{ format!("Until Linux {}: {}", change.since, change.statement) }</p>
            }
            <p class="evidence">{ "Evidence: " }{ rule.evidence_in_words() }{ "." }</p>
        </div>
    }
}
