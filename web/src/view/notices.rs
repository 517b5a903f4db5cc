//! What a person must know beside the answer.

use sim_core::rule::Omission;
use sim_core::scenario::{Options, release_differences};
use yew::prelude::*;

use crate::state::State;

/// A link that could not be opened.
pub(crate) fn link_error(state: &State) -> Html {
    match &state.link_error {
        None => html! {},
        Some(error) => html! { <p class="complaint" role="alert">{ format!("Not opened: {error}.") }</p> },
    }
}

/// Releases that answer otherwise.
pub(crate) fn releases(state: &State) -> Html {
    let differences = release_differences(&state.scenario, &Options::default());
    if differences.is_empty() {
        return html! {};
    }
    html! {
        <section class="panel notice" id="releases" aria-labelledby="releases-title">
            <h3 id="releases-title">{ "Other kernels answer otherwise" }</h3>
            { for differences.iter().map(|difference| html! {
                <>
                    <p>{ format!("Before Linux {} step {} comes out otherwise:", difference.since, difference.step + 1) }</p>
                    <ul>{ for difference.facts().into_iter().map(|fact| html! { <li><code>{ fact }</code></li> }) }</ul>
                    <ul>{ for difference.changes.iter().map(|change| html! { <li>{ change.statement }</li> }) }</ul>
                </>
            }) }
        </section>
    }
}

/// What the model leaves out and could change the answer.
pub(crate) fn not_modelled(state: &State) -> Html {
    let Some(step) = state.shown_step() else { return html! {} };
    let omissions: Vec<_> = Omission::of(step.call.name()).collect();
    html! {
        <details class="panel" id="not-modelled">
            <summary><h3>{ format!("Not modelled, and able to change this ({})", omissions.len()) }</h3></summary>
            <ul>{ for omissions.iter().map(|omission| html! { <li>{ omission.to_string() }</li> }) }</ul>
        </details>
    }
}
