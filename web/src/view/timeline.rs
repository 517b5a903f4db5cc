use sim_core::rule::Rule;
use sim_core::scenario::{JUDGES_ENGINES, RuntimeResult, Step, StepOutcome, verdict};
use yew::prelude::*;

use super::{Dispatch, Shown, does};
use crate::played::Played;
use crate::state::{Action, State};

/// The steps, the way through them, and the verdict on the one that is shown.
pub(crate) fn timeline(state: &State, played: &Shown, dispatch: &Dispatch) -> Html {
    let steps = &state.scenario.steps;
    let outcomes = played.as_ref().map(|played| played.outcomes.as_slice()).unwrap_or_default();
    html! {
        <section class="panel timeline" aria-labelledby="timeline-title">
            <h3 id="timeline-title">{ "Steps" }</h3>
            { played.as_ref().map(prologue).unwrap_or_default() }
            <ol>
                { for steps.iter().enumerate().map(|(index, step)| entry(index, step, outcomes.get(index), state, dispatch)) }
            </ol>
            <div class="buttons">
                { go("back", "Back", state.position > 0, state.position.saturating_sub(1), dispatch) }
                { go("step", "Step", state.position < steps.len(), state.position + 1, dispatch) }
            </div>
            { verdict_on_step(state, played) }
        </section>
    }
}

/// What the engine's runtime did before the first step.
fn prologue(played: &Played) -> Html {
    let Some(runtime) = played.runtime.as_ref().filter(|_| JUDGES_ENGINES) else { return html! {} };
    let calls = &played.prologue;
    if calls.is_empty() {
        return html! {};
    }
    let told = |outcome: &StepOutcome| (outcome.call.in_words(), in_brief(outcome));
    let alike = calls.chunk_by(|a, b| told(a) == told(b));
    html! {
        <details id="prologue">
            <summary>{ format!("Before the first: {} calls of {}'s runtime", calls.len(), runtime.engine) }</summary>
            <ol class="plain">
                { for alike.map(|calls| html! {
                    if let Some(first) = calls.first() {
                        <li>
                            <span class="call">{ first.call.in_words() }</span>
                            if calls.len() > 1 {
                                { format!(", {} times", calls.len()) }
                            }
                            { " " }<span class={in_brief(first).0}>{ in_brief(first).1 }</span>
                        </li>
                    }
                }) }
            </ol>
        </details>
    }
}

fn go(id: &'static str, text: &str, possible: bool, position: usize, dispatch: &Dispatch) -> Html {
    let class = (id == "step").then_some("primary");
    let onclick = does(dispatch, Action::Position(position));
    html! {
        <button type="button" {id} {class} aria-disabled={(!possible).then_some("true")} {onclick}>{ text }</button>
    }
}

fn entry(index: usize, step: &Step, outcome: Option<&StepOutcome>, state: &State, dispatch: &Dispatch) -> Html {
    let shown = index + 1 == state.position;
    let result = outcome.map(in_brief);
    html! {
        <li>
            <button type="button" class={classes!(outcome.is_some().then_some("done"))}
                aria-current={shown.then_some("step")} onclick={does(dispatch, Action::Position(index + 1))}>
                <span class="call">{ step.call.in_words() }</span>
                if let Some((class, text)) = result {
                    <span class={class}>{ text }</span>
                }
            </button>
            if let Some(note) = &step.note {
                <span class="note">{ note }</span>
            }
        </li>
    }
}

/// What came of a step: its class, and a word or two.
fn in_brief(outcome: &StepOutcome) -> (&'static str, String) {
    match (&outcome.not_performed, outcome.killed, outcome.refusal, &outcome.judgement) {
        (Some(_), ..) => ("refused", "✗ not performed".to_owned()),
        (_, Some(signal), ..) => ("refused", format!("✗ {}", signal.name())),
        (_, _, Some(refusal), _) => ("refused", format!("✗ {}", refusal.errno)),
        (_, _, _, Some(judgement)) if judgement.stops() => ("refused", format!("✗ {}", judgement.action())),
        _ => ("granted", "✓ granted".to_owned()),
    }
}

fn verdict_on_step(state: &State, played: &Shown) -> Html {
    let (errno, class, text) = match played {
        Err(error) => ("invalid".to_owned(), "refused", format!("This start makes no sense. {error}.")),
        Ok(Played { runtime: Some(RuntimeResult { engine, refused: Some(refused), .. }), .. }) if JUDGES_ENGINES => {
            let statement = Rule::find(refused.rule).map_or("", |rule| rule.statement);
            ("refused".to_owned(), "refused", format!("{engine} does not start it, by {}: {statement}", refused.rule))
        }
        Ok(played) => match played.shown() {
            None if state.scenario.steps.is_empty() => {
                (String::new(), "pending", "There are no steps; add one to the scenario's JSON.".to_owned())
            }
            None => (String::new(), "pending", "Press Step to see what the kernel decides.".to_owned()),
            Some(outcome) => {
                let errno = outcome.refusal.map_or("none".to_owned(), |refusal| refusal.errno.to_string());
                (errno, in_brief(outcome).0, verdict(outcome))
            }
        },
    };
    let sign = match class {
        "refused" => "✗",
        "granted" => "✓",
        _ => "…",
    };
    html! {
        <div id="verdict" role="status" class={class} data-errno={errno} data-position={state.position.to_string()}>
            <span class="sign" aria-hidden="true">{ sign }</span>
            <div>
                <p>{ text }</p>
                { decided_by(played.as_ref().ok().and_then(Played::shown)) }
            </div>
        </div>
    }
}

/// The rules that decided, as in the command's answer.
fn decided_by(outcome: Option<&StepOutcome>) -> Html {
    let Some(outcome) = outcome else { return html! {} };
    let rules = outcome.result().rules;
    html! {
        <p class="hint" id="deciding-rules" data-rules={rules.join(" ")}>
            { if rules.len() == 1 { "Rule: " } else { "Rules: " } }
            { for rules.iter().enumerate().map(|(index, id)| html! {
                <>{ if index > 0 { ", " } else { "" } }<code>{ *id }</code></>
            }) }
        </p>
    }
}
