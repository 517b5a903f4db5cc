//! A scenario in an address: the state of the page in its fragment: `#1.` and the state as JSON, deflated, in base64.
//!
//! The number is the version of this form. A link of an old version must open for ever; a new form gets a new number.
//!
//! ```
//! use link::Linked;
//! use sim_core::scenario::Scenario;
//!
//! let linked = Linked { scenario: Scenario::default(), position: 0 };
//! let fragment = linked.to_fragment();
//! assert!(fragment.starts_with("1."));
//! assert_eq!(Linked::from_fragment(&fragment), Ok(linked));
//! # Ok::<(), link::LinkError>(())
//! ```

#![forbid(unsafe_code)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sim_core::scenario::{
    JUDGES_ENGINES, JUDGES_FILTERS, Loaded, MAX_SIZE, Options, ReadError, Scenario, read_value,
};

/// The only version so far.
const VERSION: &str = "1.";

/// How hard to compress: the most, for a link is made once and sent often.
const LEVEL: u8 = 10;

/// What a link holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The scenario.
    pub scenario: Scenario,
    /// How many of its steps were performed.
    pub position: usize,
}

/// Why a link cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not a link of a version that is known.
    #[error("this link is of a version that this page does not know")]
    Version,
    /// Cut short or changed on the way.
    #[error("this link is damaged: it was cut short or changed on the way")]
    Damaged,
    /// It holds something else than a scenario.
    #[error("this link holds no scenario: {0}")]
    Scenario(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<S> {
    s: S,
    #[serde(default)]
    p: usize,
}

impl Linked {
    /// The fragment of the address, without `#`.
    pub fn to_fragment(&self) -> String {
        let envelope = Envelope { s: &self.scenario, p: self.position };
        // A scenario has no value that JSON could not hold.
        let json = serde_json::to_vec(&envelope).unwrap_or_default();
        let mut fragment = VERSION.to_owned();
        URL_SAFE_NO_PAD.encode_string(compress_to_vec(&json, LEVEL), &mut fragment);
        fragment
    }

    /// Reads a fragment of the address, without `#`. Links come from strangers: the size is bounded, and the scenario is
    /// read as strictly as a file.
    pub fn from_fragment(fragment: &str) -> Result<Self, LinkError> {
        let body = fragment.strip_prefix(VERSION).ok_or(LinkError::Version)?;
        let packed = URL_SAFE_NO_PAD.decode(body).map_err(|_| LinkError::Damaged)?;
        let json = decompress_to_vec_with_limit(&packed, MAX_SIZE).map_err(|_| LinkError::Damaged)?;
        let json = String::from_utf8(json).map_err(|_| LinkError::Damaged)?;
        let envelope: Envelope<Box<RawValue>> = read_value(&json).map_err(|_| LinkError::Damaged)?;
        let scenario = read_scenario(envelope.s.get()).map_err(|error| LinkError::Scenario(error.to_string()))?;
        let position = envelope.p.min(scenario.steps.len());
        Ok(Self { scenario, position })
    }
}

/// Reads a scenario. Where filters or engines are not judged, one that has any is not checked further: the program that does reads it
/// again.
pub fn read_scenario(text: &str) -> Result<Scenario, ReadError> {
    Loaded::read(text, &Options::default()).map(|loaded| loaded.scenario).or_else(|error| {
        let all_judged = JUDGES_FILTERS && JUDGES_ENGINES;
        let elsewhere = if all_judged || text.len() > MAX_SIZE { None } else { read_value::<Scenario>(text).ok() };
        elsewhere.filter(Scenario::is_left_out).ok_or(error)
    })
}

#[cfg(test)]
mod tests {
    use super::{LinkError, Linked};

    #[test]
    fn links_that_cannot_be_opened_say_why() {
        let linked = Linked { scenario: sim_core::scenario::Scenario::default(), position: 0 };
        let fragment = linked.to_fragment();
        assert_eq!(Linked::from_fragment(""), Err(LinkError::Version));
        assert_eq!(Linked::from_fragment("2.abc"), Err(LinkError::Version));
        assert_eq!(Linked::from_fragment("1.!"), Err(LinkError::Damaged));
        let cut: String = fragment.chars().take(fragment.len() - 4).collect();
        assert_eq!(Linked::from_fragment(&cut), Err(LinkError::Damaged));
        let of = |json: &str| {
            use base64::Engine;
            let packed = miniz_oxide::deflate::compress_to_vec(json.as_bytes(), 6);
            Linked::from_fragment(&format!("1.{}", super::URL_SAFE_NO_PAD.encode(packed)))
        };
        assert!(matches!(of(r#"{"s": {"unknown": 1}}"#), Err(LinkError::Scenario(_))));
        assert_eq!(of(r#"{"s": {}, "p": 9}"#), Ok(linked));
        // A small link that unfolds to something huge is refused.
        assert_eq!(of(&format!("{{\"s\": {{\"title\": \"{}\"}}}}", "x".repeat(3_000_000))), Err(LinkError::Damaged));
    }

    #[test]
    fn a_link_of_version_1_opens_for_ever() {
        let fragment = include_str!("../links/v1.txt").trim();
        let linked = Linked::from_fragment(fragment).unwrap();
        assert_eq!(linked.scenario.title.as_deref(), Some("A dropped capability makes execve fail"));
        assert_eq!(linked.position, 1);
    }
}
