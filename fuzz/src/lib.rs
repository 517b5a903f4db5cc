//! What must hold of any input: a body for each target, which takes bytes and panics if something is wrong.
//!
//! The fuzzer calls them with what it draws, `tests/corpora.rs` with what is kept in `fuzz/corpus`.

#![forbid(unsafe_code)]

mod answers;
mod capabilities;
mod containers;
mod logs;
mod mixtures;
mod profile;
mod program;
mod scenario;
mod texts;

pub use answers::doctor;
pub use capabilities::capabilities;
pub use containers::{compose, container_commands, container_document, container_lists, inspect, oci_config, pods};
pub use logs::{audit, operations, strace};
pub use mixtures::{commands, dockerfile, messages, mixture, system_texts, unit};
pub use profile::profile;
pub use program::program;
pub use scenario::scenario;
pub use texts::{c_array, filter, hex, libseccomp, seccomp_tools, statements};

/// A body.
pub type Body = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Body); 27] = [
    ("scenario", scenario),
    ("profile", profile),
    ("filter", filter),
    ("statements", statements),
    ("c_array", c_array),
    ("hex", hex),
    ("seccomp_tools", seccomp_tools),
    ("libseccomp", libseccomp),
    ("strace", strace),
    ("audit", audit),
    ("operations", operations),
    ("capabilities", capabilities),
    ("program", program),
    ("container_commands", container_commands),
    ("container_lists", container_lists),
    ("compose", compose),
    ("inspect", inspect),
    ("pods", pods),
    ("oci_config", oci_config),
    ("container_document", container_document),
    ("doctor", doctor),
    ("mixture", mixture),
    ("system_texts", system_texts),
    ("unit", unit),
    ("commands", commands),
    ("dockerfile", dockerfile),
    ("messages", messages),
];

/// A place that an error names is one in the text: at most one behind the end of a line.
pub(crate) fn check_place(text: &[u8], line: usize, column: usize) {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    assert!((1..=lines.len()).contains(&line), "line {line} of {}", lines.len());
    let width = String::from_utf8_lossy(lines[line - 1]).chars().count();
    assert!((1..=width + 1).contains(&column), "column {column} of {width} in line {line}");
}
