//! The rules of what starts a program: container engines, runtimes, systemd, and a kubelet's before them.

pub mod containerd;
pub mod crio;
pub mod docker;
pub mod kubernetes;
pub mod oci;
pub mod podman;
pub mod systemd;
mod unconfirmed;

pub use unconfirmed::{UNCONFIRMED_BY_ENGINES, UnconfirmedByEngines};

use super::{Source, rules};
