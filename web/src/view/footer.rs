use yew::prelude::*;

/// What becomes of what people type here.
pub(crate) fn footer() -> Html {
    html! {
        <footer>
            <p>
                { "Everything is computed in your browser; nothing you type or paste leaves it. The link holds the whole \
                   scenario: whoever has the link can read it." }
            </p>
        </footer>
    }
}
