use sim_core::kernel::Release;
use yew::prelude::*;

use super::field::chosen;
use super::{Dispatch, does};
use crate::address;
use crate::gallery::{Exhibit, GROUPS, gallery};
use crate::state::{Action, State};

/// Releases to choose from: those with long support, and the one before the newest change point.
const RELEASES: [&str; 9] = ["6.16", "6.12", "6.6", "6.1", "5.15", "5.10", "5.4", "4.19", "4.14"];

/// The name of the page, what is looked at, and undo, redo, reset and the link.
pub(crate) fn header(state: &State, dispatch: &Dispatch) -> Html {
    html! {
        <header>
            <h1>
                <span class="wordmark">{ "eperm" }</span>
                <span class="tagline">{ "What will the Linux kernel decide, and why?" }</span>
            </h1>
            <div class="tools">
                { scenarios(state, dispatch) }
                { releases(state, dispatch) }
                <div class="buttons">
                    { button("undo", "Undo", state.can_undo(), does(dispatch, Action::Undo)) }
                    { button("redo", "Redo", state.can_redo(), does(dispatch, Action::Redo)) }
                    { button("reset", "Reset", state.origin.is_some(), does(dispatch, Action::Reset)) }
                    { button("copy-link", "Copy link", true, Callback::from(|_| address::copy())) }
                </div>
            </div>
        </header>
    }
}

fn button(id: &'static str, text: &str, possible: bool, onclick: Callback<MouseEvent>) -> Html {
    html! { <button type="button" {id} aria-disabled={(!possible).then_some("true")} {onclick}>{ text }</button> }
}

fn scenarios(state: &State, dispatch: &Dispatch) -> Html {
    let dispatch = dispatch.clone();
    let onchange = Callback::from(move |event: Event| {
        if let Some(exhibit) = chosen(&event).as_deref().and_then(Exhibit::find) {
            dispatch.emit(Action::Choose(exhibit.slug));
        }
    });
    let option = |exhibit: &&'static Exhibit| {
        let selected = state.origin == Some(exhibit.slug);
        html! { <option value={exhibit.slug} {selected}>{ exhibit.title }</option> }
    };
    html! {
        <div class="field wide">
            <label for="scenario">{ "Scenario" }</label>
            <select id="scenario" {onchange}>
                if state.origin.is_none() {
                    <option value="" selected=true>{ "your own" }</option>
                }
                { for GROUPS.iter().map(|(group, name)| html! {
                    <optgroup label={*name}>
                        { for gallery().iter().filter(|exhibit| exhibit.group == *group).map(|exhibit| option(&exhibit)) }
                    </optgroup>
                }) }
            </select>
        </div>
    }
}

fn releases(state: &State, dispatch: &Dispatch) -> Html {
    let onchange = {
        let dispatch = dispatch.clone();
        Callback::from(move |event: Event| {
            let release = chosen(&event).and_then(|text| text.parse().ok());
            dispatch.emit(Action::Kernel(release));
        })
    };
    let current = state.scenario.kernel.map(|kernel| kernel.0);
    let mut offered: Vec<Release> = RELEASES.iter().filter_map(|text| text.parse().ok()).collect();
    if let Some(release) = current
        && !offered.contains(&release)
    {
        offered.insert(0, release);
    }
    html! {
        <div class="field">
            <label for="kernel">{ "Kernel" }</label>
            <select id="kernel" {onchange}>
                <option value="" selected={current.is_none()}>{ format!("Linux {}, newest", Release::NEWEST) }</option>
                { for offered.into_iter().map(|release| html! {
                    <option value={release.to_string()} selected={current == Some(release)}>
                        { format!("Linux {release}") }
                    </option>
                }) }
            </select>
        </div>
    }
}
