use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::Dispatch;
use crate::paste::Report;
use crate::state::Action;

const PLACEHOLDER: &str = "Uid:\t1024\t1024\t1024\t1024\nCapBnd:\t00000000800405fb\n/usr/bin/ping cap_net_raw=ep";

/// A box for lines of `/proc/PID/status` or of getcap, and what was made of them.
#[component]
pub(crate) fn Paste(props: &PasteProps) -> Html {
    let area = use_node_ref();
    let onclick = {
        let (area, dispatch) = (area.clone(), props.dispatch.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                dispatch.emit(Action::Paste(area.value()));
            }
        })
    };
    html! {
        <details class="panel paste">
            <summary><h3>{ "Paste what you have" }</h3></summary>
            <label for="paste">{ "Lines of /proc/PID/status, or what getcap printed" }</label>
            <textarea id="paste" ref={area} rows="6" spellcheck="false" placeholder={PLACEHOLDER} />
            <button type="button" id="paste-read" {onclick}>{ "Take it over" }</button>
            <div role="status" id="paste-report">{ report(props.pasted.as_ref()) }</div>
        </details>
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
