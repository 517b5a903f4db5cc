use super::model::Expected;
use super::rows::{Head, Row};

/// A difference that is an engine's own mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Short name.
    pub(crate) id: &'static str,
    /// What the engine does, and why it is its mistake.
    pub(crate) explanation: &'static str,
    /// Where it is told.
    pub(crate) link: &'static str,
}

/// All that are known.
pub(super) static KNOWN: &[Known] = &[];

/// The explanation of a difference, if there is one.
pub(super) fn known(_: &Head, _: &Row, _: &Expected) -> Option<&'static Known> {
    None
}
