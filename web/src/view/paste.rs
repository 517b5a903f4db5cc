use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::Dispatch;
use crate::paste::Report;
use crate::state::Action;

const PLACEHOLDER: &str = "docker run --user 1000 --cap-drop ALL web\nexec /usr/bin/web: operation not permitted\n/usr/bin/web cap_net_bind_service=ep";

#[wasm_bindgen]
extern "C" {
    /// Loads the doctor and has it answer into the element of this id; `boot.js` has it.
    #[wasm_bindgen(js_name = askDoctor)]
    fn ask_doctor(text: &str, place: &str);
}

/// The first box of the page: what is pasted goes to the doctor, or into the scenario that is shown.
#[component]
pub(crate) fn Paste(props: &PasteProps) -> Html {
    let area = use_node_ref();
    let ask = {
        let area = area.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                ask_doctor(&area.value(), "doctor");
            }
        })
    };
    let onclick = {
        let (area, dispatch) = (area.clone(), props.dispatch.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                dispatch.emit(Action::Paste(area.value()));
            }
        })
    };
    html! {
        <section class="panel paste" aria-labelledby="paste-title">
            <h2 id="paste-title">{ "Operation not permitted? Paste what you have" }</h2>
            <label for="paste">
                { "The docker or podman command, pod or unit; the message; what getcap, strace or /proc/PID/status show; several together" }
            </label>
            <textarea id="paste" ref={area} rows="4" spellcheck="false" placeholder={PLACEHOLDER} />
            <p class="buttons">
                <button type="button" id="paste-ask" class="primary" onclick={ask}>{ "Why?" }</button>
                <button type="button" id="paste-read" {onclick}>{ "Take it over into the scenario" }</button>
            </p>
            <div role="status" id="paste-report">{ report(props.pasted.as_ref()) }</div>
            <div role="status" id="doctor"></div>
        </section>
    }
}

/// What [`Paste`] needs.
#[derive(Properties, PartialEq)]
pub(crate) struct PasteProps {
    pub(crate) pasted: Option<Result<Report, String>>,
    pub(crate) dispatch: Dispatch,
}

fn report(pasted: Option<&Result<Report, String>>) -> Html {
    match pasted {
        None => html! {},
        Some(Err(complaint)) => html! { <p class="complaint">{ complaint }</p> },
        Some(Ok(Report { recognised, assumed })) => html! {
            <>
                <p>{ "Recognised: " }{ recognised.join("; ") }{ "." }</p>
                if !assumed.is_empty() {
                    <p>{ "Assumed: " }{ assumed.join("; ") }{ "." }</p>
                }
            </>
        },
    }
}
