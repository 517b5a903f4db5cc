use sim_core::rule::{Effect, Event, Rule};
use sim_core::scenario::{StepOutcome, explain_event};
use yew::prelude::*;

use super::Shown;
use crate::state::State;

/// The rules that were tried in the step that is shown, in order.
pub(crate) fn rules(state: &State, played: &Shown) -> Html {
    let outcome = played.as_ref().ok().and_then(|played| played.shown());
    html! {
        <section class="panel" aria-labelledby="rules-title">
            <h3 id="rules-title">{ "Rules, in the order they were tried" }</h3>
            {
                match outcome {
                    None => html! { <p class="hint">{ "They appear with the first step." }</p> },
                    Some(outcome) => html! {
                        <ol class="rules" key={state.position}>
                            { for cards(outcome).into_iter().map(|(rule, events)| card(rule, &events, outcome)) }
                        </ol>
                    },
                }
            }
        </section>
    }
}

/// What each rule did; reports that follow one another are one card.
fn cards(outcome: &StepOutcome) -> Vec<(&'static Rule, Vec<&Event>)> {
    let mut cards: Vec<(&'static Rule, Vec<&Event>)> = Vec::new();
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
    let applied = events.iter().any(|event| matches!(event, Event::Applied { .. }));
    let (class, sign, word) = match (refuses, applied) {
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

fn citation(rule: &'static Rule) -> Html {
    let link = |url: String, text: String| html! { <a href={url} rel="noreferrer" target="_blank">{ text }</a> };
    html! {
        <div class="citation">
            <p>{ rule.statement }</p>
            if !rule.formula.is_empty() {
                <p><code>{ rule.formula }</code></p>
            }
            <p>
                { match rule.manual_url() {
                    Some(url) => link(url, rule.manual.to_owned()),
                    None => html! { "Not in the manual" },
                } }
                { "; " }
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
