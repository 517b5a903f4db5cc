//! The scenarios that the page carries. They stand in it as data, beside the program, so that this stays small.

#[cfg(target_arch = "wasm32")]
use std::sync::OnceLock;

#[cfg(target_arch = "wasm32")]
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::JsCast;
#[cfg(target_arch = "wasm32")]
use web_sys::Element;

/// One scenario of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhibit {
    /// Its path below `scenarios/`, without `.json`.
    pub(crate) slug: &'static str,
    /// Its folder; `article` for the top one.
    pub(crate) group: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// Its text, away from a browser.
    #[cfg(not(target_arch = "wasm32"))]
    text: &'static str,
}

/// All of them.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn gallery() -> &'static [Exhibit] {
    static LISTED: &[Exhibit] = include!(concat!(env!("OUT_DIR"), "/gallery.rs"));
    LISTED
}

/// All of them, as they stand in the page.
#[cfg(target_arch = "wasm32")]
pub(crate) fn gallery() -> &'static [Exhibit] {
    static LISTED: OnceLock<Vec<Exhibit>> = OnceLock::new();
    LISTED.get_or_init(|| {
        let document = web_sys::window().and_then(|window| window.document());
        let elements = document.and_then(|document| document.query_selector_all("[id^='scenario:']").ok());
        let elements = elements.iter().flat_map(|list| (0..list.length()).filter_map(|index| list.item(index)));
        elements.filter_map(|element| Exhibit::of(&element.dyn_into().ok()?)).collect()
    })
}

/// What the list needs of a scenario.
#[cfg(target_arch = "wasm32")]
#[derive(Deserialize)]
struct Titled {
    title: String,
}

impl Exhibit {
    /// The one that stands in this element. It is kept as long as the page.
    #[cfg(target_arch = "wasm32")]
    fn of(element: &Element) -> Option<Self> {
        let id = element.id();
        let slug: &'static str = id.strip_prefix("scenario:")?.to_owned().leak();
        let Titled { title } = serde_json::from_str(&element.text_content()?).ok()?;
        let group = slug.rsplit_once('/').map_or("article", |(group, _)| group);
        Some(Self { slug, group, title: title.leak() })
    }

    /// The scenario of this name.
    pub(crate) fn find(slug: &str) -> Option<&'static Self> {
        gallery().iter().find(|exhibit| exhibit.slug == slug)
    }

    /// Its text, which stands in the page.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn text(&self) -> String {
        let document = web_sys::window().and_then(|window| window.document());
        let element = document.and_then(|document| document.get_element_by_id(&format!("scenario:{}", self.slug)));
        element.and_then(|element| element.text_content()).unwrap_or_default()
    }

    /// Its text.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn text(&self) -> String {
        self.text.to_owned()
    }
}

/// Groups in the order of the gallery, each with what to call it.
pub(crate) const GROUPS: [(&str, &str); 7] = [
    ("article", "A container, its capabilities and port 80"),
    ("gallery", "Questions that people ask"),
    ("consequences", "What follows from the formulas"),
    ("files", "Files that are changed, and what they lose"),
    ("releases", "Before and since a release"),
    ("seccomp", "Filters of system calls"),
    ("rules", "Rule by rule"),
];

#[cfg(test)]
mod tests {
    use link::Linked;
    use sim_core::scenario::{Loaded, Options};

    use super::{Exhibit, GROUPS, gallery};

    #[test]
    fn every_exhibit_can_be_read_and_has_a_group() {
        assert!(gallery().len() >= 9);
        for exhibit in gallery() {
            assert!(Loaded::read(exhibit.text(), &Options::default()).is_ok(), "{}", exhibit.slug);
            assert!(GROUPS.iter().any(|(group, _)| *group == exhibit.group), "{}", exhibit.slug);
            assert_eq!(Exhibit::find(exhibit.slug), Some(exhibit));
        }
    }

    #[test]
    fn every_exhibit_survives_a_link() {
        for exhibit in gallery() {
            let scenario = Loaded::read(exhibit.text(), &Options::default()).unwrap().scenario;
            let linked = Linked { position: scenario.steps.len(), scenario };
            let fragment = linked.to_fragment();
            assert!(fragment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{fragment}");
            assert_eq!(Linked::from_fragment(&fragment), Ok(linked), "{}", exhibit.slug);
        }
    }
}
