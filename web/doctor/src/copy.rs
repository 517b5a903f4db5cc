//! Copying.

use yew::prelude::*;

/// A button that puts a text on the clipboard, and says so.
pub(crate) fn copy(label: &'static str, text: AttrValue) -> Html {
    html! { <Copy {label} {text} /> }
}

#[derive(PartialEq, Properties)]
struct CopyProps {
    label: &'static str,
    text: AttrValue,
}

#[component]
fn Copy(props: &CopyProps) -> Html {
    let copied = use_state(|| false);
    let forget = copied.setter();
    use_effect_with(props.text.clone(), move |_| forget.set(false));
    let onclick = {
        let (text, copied) = (props.text.clone(), copied.setter());
        Callback::from(move |_: MouseEvent| {
            if let Some(window) = web_sys::window() {
                // The promise is the browser's; where it refuses, the text can still be marked.
                let _ = window.navigator().clipboard().write_text(&text);
                copied.set(true);
            }
        })
    };
    html! { <button type="button" {onclick}>{ if *copied { "Copied" } else { props.label } }</button> }
}
