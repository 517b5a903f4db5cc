//! The browser's address and clipboard.

use web_sys::window;

use link::{LinkError, Linked};

/// What the address holds; nothing if it has no fragment.
pub(crate) fn read() -> Option<Result<Linked, LinkError>> {
    let fragment = window()?.location().hash().ok()?;
    let fragment = fragment.strip_prefix('#')?;
    (!fragment.is_empty()).then(|| Linked::from_fragment(fragment))
}

/// Puts the state into the address without a new entry in the browser's history.
pub(crate) fn write(linked: &Linked) {
    let Some(window) = window() else { return };
    let url = format!("#{}", linked.to_fragment());
    if let Ok(history) = window.history() {
        // Browsers refuse when it is done too often; the next change writes it.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&url));
    }
}

/// Opens a state in the program that judges filters and engines too, which is larger; `boot.js` starts it by this address.
pub(crate) fn open_in_the_larger_program(linked: &Linked) {
    let Some(location) = window().map(|window| window.location()) else { return };
    let fragment = format!("#{}", linked.to_fragment());
    let url = format!("?filters{fragment}");
    // An address that leads here by itself would hold up who goes back.
    let leads_here = location.hash().is_ok_and(|hash| hash == fragment);
    // Only an address that is none is refused.
    let _ = if leads_here { location.replace(&url) } else { location.assign(&url) };
}

/// Copies the whole address to the clipboard.
pub(crate) fn copy() {
    let Some(window) = window() else { return };
    if let Ok(href) = window.location().href() {
        // The promise is the browser's; where it refuses, the address bar still has the link.
        let _ = window.navigator().clipboard().write_text(&href);
    }
}
