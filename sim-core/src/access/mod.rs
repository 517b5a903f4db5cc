//! May this thread do that? Permission checks that change nothing.

mod bind;
pub(crate) mod inode;
mod named;
mod path;
mod process;
mod system;
#[cfg(test)]
mod tests;

pub use bind::bind;
pub use path::*;
pub use process::*;
pub use system::*;

use crate::capability::Capability;
use crate::credentials::{Thread, UserNs, ns_capable};
use crate::kernel::Errno;
use crate::outcome::{Refusal, refuse};
use crate::rule::{Effect, Rule, Witness};
use crate::system::System;

/// Refuses by `rule` unless the thread has the capability over what belongs to the user namespace `target`.
fn demand_capability<W: Witness>(
    system: &System,
    thread: &Thread,
    target: UserNs,
    needed: Capability,
    errno: Errno,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<(), Refusal> {
    if ns_capable(&system.user_namespaces, &thread.credentials, target, needed) {
        witness.applied(rule, Effect::Holds);
        return Ok(());
    }
    Err(refuse(errno, rule, needed.into(), witness))
}
