use std::rc::Rc;

use gloo_events::EventListener;
use yew::prelude::*;

use crate::address;
use crate::played::Played;
use crate::state::{Action, State};
use crate::view::{
    Dispatch, Editor, Matrix, Paste, files, footer, header, notices, process, rules, sets, timeline, way,
};

/// The whole page.
#[component]
pub fn App() -> Html {
    let state = use_reducer(State::initial);
    let dispatch: Dispatch = {
        let dispatcher = state.dispatcher();
        Callback::from(move |action: Action| dispatcher.dispatch(action))
    };
    let opener = dispatch.clone();
    use_effect_with((), move |()| open_from_address(opener));
    use_effect_with(state.linked(), address::write);
    use_effect_with(state.elsewhere.clone(), |elsewhere| {
        if let Some(linked) = elsewhere {
            address::open_in_the_larger_program(linked);
        }
    });

    let state: &State = &state;
    let played = Rc::new(Played::of(state));
    let texts = [&state.scenario.about, &state.scenario.question].into_iter().flatten();
    html! {
        <>
            { header(state, &dispatch) }
            <main>
                <Paste pasted={state.pasted.clone()} dispatch={dispatch.clone()} />
                <div class="question">
                    <h2 id="scenario-title" tabindex="-1">{ state.scenario.title.as_deref().unwrap_or("A scenario without a title") }</h2>
                    { for texts.map(|text| html! { <p>{ text }</p> }) }
                    if let Some(answer) = &state.scenario.answer {
                        <details key={state.scenario.title.clone().unwrap_or_default()}>
                            <summary>{ "Answer" }</summary>
                            <p>{ answer }</p>
                        </details>
                    }
                    { notices::link_error(state) }
                </div>
                <div class="stage">
                    { timeline(state, &played, &dispatch) }
                    <Matrix state={state.clone()} played={played.clone()} dispatch={dispatch.clone()} />
                    <div class="cards">
                        { process(state, &played, &dispatch) }
                        { files(state, &played, &dispatch) }
                    </div>
                    { sets(state, &played, &dispatch) }
                </div>
                <div class="why">
                    { way(state, &played, &dispatch) }
                    { notices::releases(state) }
                    { rules(state, &played) }
                    { notices::not_modelled(state) }
                    <Editor scenario={state.scenario.clone()} {dispatch} />
                </div>
                // `boot.js` has the doctor's program fill it when it is opened first.
                <details class="panel wide" id="engines">
                    <summary><h2>{ "Engines side by side" }</h2></summary>
                    <div id="engines-view"></div>
                </details>
            </main>
            { footer() }
        </>
    }
}

/// Opens what is in the address, now and whenever the person changes it, until the listener is dropped.
fn open_from_address(dispatch: Dispatch) -> impl FnOnce() + 'static {
    let open = move || {
        if let Some(linked) = address::read() {
            dispatch.emit(Action::Open(Box::new(linked)));
        }
    };
    open();
    let listener = web_sys::window().map(|window| EventListener::new(&window, "hashchange", move |_| open()));
    move || drop(listener)
}
