//! The doctor's part of the playground: a program of its own, loaded when a person pastes something or compares engines.
//! It draws what `doctor` and `sim-core` answer, and decides nothing.

mod answer;
mod copy;
mod engines;

use std::cell::RefCell;

use doctor::{Options, diagnose};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;
use yew::prelude::*;
use yew::{AppHandle, Renderer};

use answer::{Answer, AnswerProps};
use engines::Engines;

thread_local! {
    /// The answer that is drawn.
    static DRAWN: RefCell<Option<AppHandle<Answer>>> = const { RefCell::new(None) };
}

/// Answers a text, and draws the answer into the element of this id, which is the same every time.
#[wasm_bindgen]
pub fn answer(text: &str, id: &str) {
    let Some(place) = element(id) else { return };
    let options = Options { playground: address(), ..Options::default() };
    let diagnosis = diagnose(text.as_bytes(), &options);
    let props = AnswerProps { markdown: diagnosis.markdown().into(), diagnosis: diagnosis.into() };
    DRAWN.with_borrow_mut(|drawn| match drawn {
        Some(drawn) => drawn.update(props),
        None => *drawn = Some(Renderer::<Answer>::with_root_and_props(place, props).render()),
    });
}

/// Draws the comparison of engines into the element of this id.
#[wasm_bindgen]
pub fn compare(id: &str) {
    if let Some(place) = element(id) {
        Renderer::<Engines>::with_root(place).render();
    }
}

/// Yew numbers the roots of a program and finds by the number whose an event is. The page itself is another program, with
/// root 1: nothing of this one may have that number.
#[wasm_bindgen(start)]
pub fn leave_the_first_number_to_the_page() {
    let place = document().and_then(|document| document.create_element("div").ok());
    if let Some(place) = place {
        Renderer::<Nothing>::with_root(place).render();
    }
}

#[component]
fn Nothing() -> Html {
    html! {}
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

fn element(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

/// Where the page is, for links.
fn address() -> String {
    let location = web_sys::window().map(|window| window.location());
    let parts = location.map(|location| [location.origin(), location.pathname()]);
    parts.into_iter().flatten().map(Result::unwrap_or_default).collect()
}
