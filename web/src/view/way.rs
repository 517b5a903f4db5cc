use yew::prelude::*;

use super::{Dispatch, Shown, does};
use crate::state::{Action, Bit, State, When};

/// Where the bit that was clicked came from.
pub(crate) fn way(state: &State, played: &Shown, dispatch: &Dispatch) -> Html {
    html! {
        <section class="panel way" id="way" aria-labelledby="way-title" aria-live="polite">
            <h3 id="way-title">{ "Where a bit came from" }</h3>
            {
                match (state.followed, played) {
                    (Some(bit), Ok(played)) => {
                        let held = played.holds(bit);
                        let links = played.way_in_words(bit);
                        html! {
                            <>
                                <p><strong>{ bit.capability.to_string() }</strong>{ question(state, bit, held) }</p>
                                <ol>{ for links.iter().map(|link| html! { <li>{ link }</li> }) }</ol>
                                <button type="button" id="way-close" onclick={does(dispatch, Action::Follow(None))}>
                                    { "Close" }
                                </button>
                            </>
                        }
                    }
                    _ => html! { <p class="hint">{ "Click a bit of the table after a step." }</p> },
                }
            }
        </section>
    }
}

fn question(state: &State, bit: Bit, held: bool) -> String {
    let step = state.position.max(1);
    let is = if held { "is" } else { "is not" };
    let when = match bit.when {
        When::Before => "before",
        When::After => "after",
    };
    format!(" {is} in the {} set {when} step {step}:", bit.set)
}
