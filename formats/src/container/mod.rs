//! Readers of the texts by which people start containers, or which engines print about them.
//!
//! Each gives what an engine is asked for in the words of the scenario format, what it recognised and what it took for
//! granted. What is not understood has a place; the rest is still read. A text has at most [`MAX_TEXT`] bytes, and the
//! work is in proportion to it.

mod command;
mod compose;
mod document;
mod draft;
mod fields;
mod flow;
mod inspect;
mod json;
mod lists;
mod notes;
mod oci;
mod options;
mod pod;
mod tree;
mod words;
mod yaml;

pub use command::read_commands;
pub use document::{read_compose, read_document, read_inspect, read_oci_config, read_pods};
pub use lists::read_lists;
pub use notes::MAX_FINDINGS;

use notes::{Notes, Place};

/// The longest text that is read, in bytes: 32 MiB.
pub const MAX_TEXT: usize = 32 << 20;

/// Whether the text is longer than is read; then nothing of it is.
fn is_too_long(text: &str, notes: &mut Notes) -> bool {
    let is_too_long = text.len() > MAX_TEXT;
    if is_too_long {
        let message = format!("the text has more than {MAX_TEXT} bytes; nothing of it is read");
        notes.misread(Place { line: 1, column: 1 }, message);
    }
    is_too_long
}
