use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::Dispatch;
use crate::fields::Complaint;
use crate::state::Action;

/// A labelled line of text. It is read when the person leaves it or presses Enter; one that cannot be read stays, with
/// what is wrong with it.
#[component]
pub(super) fn TextField(props: &TextFieldProps) -> Html {
    let rejected = use_state(|| None::<(AttrValue, Complaint)>);
    // A text that was refused is forgotten when the value changes otherwise.
    let forget = rejected.setter();
    use_effect_with(props.value.clone(), move |_| forget.set(None));

    let onchange = {
        let (commit, rejected) = (props.commit.clone(), rejected.setter());
        Callback::from(move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let text = input.value();
            rejected.set(commit.emit(text.clone()).err().map(|complaint| (text.into(), complaint)));
        })
    };
    let (value, complaint) = match &*rejected {
        Some((text, complaint)) => (text.clone(), Some(complaint.clone())),
        None => (props.value.clone(), None),
    };
    let error_id = format!("{}-error", props.id);
    html! {
        <div class={classes!("field", props.class.clone())}>
            <label for={props.id.clone()} class={props.hidden_label.then_some("visually-hidden")}>{ &props.label }</label>
            <input id={props.id.clone()} type="text" autocomplete="off" autocapitalize="off" spellcheck="false"
                placeholder={props.placeholder.clone()} {value} {onchange}
                aria-invalid={complaint.is_some().then_some("true")}
                aria-describedby={complaint.is_some().then_some(error_id.clone())} />
            if let Some(complaint) = complaint {
                <p class="complaint" id={error_id} role="alert">{ complaint }</p>
            }
        </div>
    }
}

/// What a [`TextField`] needs.
#[derive(Properties, PartialEq)]
pub(super) struct TextFieldProps {
    pub(super) id: AttrValue,
    pub(super) label: AttrValue,
    pub(super) value: AttrValue,
    /// Reads the text and does what it says, or complains.
    pub(super) commit: Callback<String, Result<(), Complaint>>,
    #[prop_or_default]
    pub(super) placeholder: Option<AttrValue>,
    #[prop_or_default]
    pub(super) class: Classes,
    /// The label is for screen readers only; something else names the field for the eye.
    #[prop_or_default]
    pub(super) hidden_label: bool,
}

/// Reads a text and, if that succeeds, acts.
pub(super) fn commits<T: 'static>(
    dispatch: &Dispatch,
    read: impl Fn(&str) -> Result<T, Complaint> + 'static,
    action: impl Fn(T) -> Action + 'static,
) -> Callback<String, Result<(), Complaint>> {
    let dispatch = dispatch.clone();
    Callback::from(move |text: String| read(&text).map(|value| dispatch.emit(action(value))))
}

/// A labelled box to tick.
pub(super) fn checkbox(
    id: impl Into<AttrValue>,
    label: &str,
    checked: bool,
    dispatch: &Dispatch,
    action: impl Fn(bool) -> Action + 'static,
) -> Html {
    let id = id.into();
    let onchange = dispatch.reform(move |_: Event| action(!checked));
    html! {
        <div class="tick">
            <input type="checkbox" id={id.clone()} {checked} {onchange} />
            <label for={id}>{ label }</label>
        </div>
    }
}

/// What a person chose in a `<select>`.
pub(super) fn chosen(event: &Event) -> Option<String> {
    event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value())
}
