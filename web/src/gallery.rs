//! The scenarios that the page carries.

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

include!(concat!(env!("OUT_DIR"), "/gallery.rs"));

impl Exhibit {
    /// The scenario of this name.
    pub(crate) fn find(slug: &str) -> Option<&'static Self> {
        GALLERY.iter().find(|exhibit| exhibit.slug == slug)
    }

    /// Its text, which stands in the page, so that the program stays small.
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

    use super::{Exhibit, GALLERY, GROUPS};

    #[test]
    fn every_exhibit_can_be_read_and_has_a_group() {
        assert!(GALLERY.len() >= 9);
        for exhibit in GALLERY {
            assert!(Loaded::read(exhibit.text(), &Options::default()).is_ok(), "{}", exhibit.slug);
            assert!(GROUPS.iter().any(|(group, _)| *group == exhibit.group), "{}", exhibit.slug);
            assert_eq!(Exhibit::find(exhibit.slug), Some(exhibit));
        }
    }

    #[test]
    fn every_exhibit_survives_a_link() {
        for exhibit in GALLERY {
            let scenario = Loaded::read(exhibit.text(), &Options::default()).unwrap().scenario;
            let linked = Linked { position: scenario.steps.len(), scenario };
            let fragment = linked.to_fragment();
            assert!(fragment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{fragment}");
            assert_eq!(Linked::from_fragment(&fragment), Ok(linked), "{}", exhibit.slug);
        }
    }
}
