//! The doctor's part of the playground: a program of its own, loaded when a person pastes something. It draws what
//! `doctor` answers, and decides nothing.

mod answer;

use std::cell::RefCell;

use doctor::{Options, diagnose};
use wasm_bindgen::prelude::wasm_bindgen;
use yew::AppHandle;

use answer::{Answer, AnswerProps};

thread_local! {
    /// What is drawn now.
    static DRAWN: RefCell<Option<AppHandle<Answer>>> = const { RefCell::new(None) };
}

/// Answers a text, and draws the answer into the element of this id.
#[wasm_bindgen]
pub fn answer(text: &str, id: &str) {
    let Some(window) = web_sys::window() else { return };
    let Some(place) = window.document().and_then(|document| document.get_element_by_id(id)) else { return };
    let location = window.location();
    let origin = location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default();
    let options = Options { playground: origin, ..Options::default() };
    let diagnosis = diagnose(text.as_bytes(), &options);
    DRAWN.with_borrow_mut(|drawn| {
        if let Some(old) = drawn.take() {
            old.destroy();
        }
        let props = AnswerProps { markdown: diagnosis.markdown().into(), diagnosis: diagnosis.into() };
        *drawn = Some(yew::Renderer::<Answer>::with_root_and_props(place, props).render());
    });
}
