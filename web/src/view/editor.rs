use sim_core::scenario::Scenario;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::Dispatch;
use crate::pretty::pretty;
use crate::state::Action;
use link::read_scenario;

/// The scenario as JSON, to read, copy and change.
#[component]
pub(crate) fn Editor(props: &EditorProps) -> Html {
    let area = use_node_ref();
    let complaint = use_state(|| None::<String>);
    let onclick = {
        let (area, dispatch, complaint) = (area.clone(), props.dispatch.clone(), complaint.setter());
        Callback::from(move |_: MouseEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            match read_scenario(&area.value()) {
                Ok(scenario) => {
                    complaint.set(None);
                    dispatch.emit(Action::Replace(Box::new(scenario)));
                }
                Err(error) => complaint.set(Some(error.to_string())),
            }
        })
    };
    let text = pretty(&serde_json::to_string(&props.scenario).unwrap_or_default());
    html! {
        <details class="panel">
            <summary><h3>{ "The scenario as JSON" }</h3></summary>
            <p>{ "The command reads the same text: " }<code>{ "eperm run scenario.json" }</code>{ ". Steps are added here." }</p>
            <label for="json" class="visually-hidden">{ "The scenario as JSON" }</label>
            <textarea id="json" ref={area} rows="18" spellcheck="false" value={text}
                aria-invalid={complaint.is_some().then_some("true")} aria-describedby="json-error" />
            <button type="button" id="json-apply" {onclick}>{ "Apply" }</button>
            <p class="complaint" role="status" id="json-error">{ complaint.as_deref().unwrap_or_default() }</p>
        </details>
    }
}

/// What [`Editor`] needs.
#[derive(Properties, PartialEq)]
pub(crate) struct EditorProps {
    pub(crate) scenario: Scenario,
    pub(crate) dispatch: Dispatch,
}
