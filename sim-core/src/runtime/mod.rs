//! What a container engine or systemd hands to the first execve, and the steps by which it gets there.
//!
//! A pure function for each engine: a [`Request`] becomes a [`Handed`] state or a refusal, and every decision names
//! its rule. [`Handed::prologue`] are the runtime's own calls; the scenario performs them on the same step function as
//! all others.

mod containerd;
mod crio;
mod docker;
mod kubernetes;
mod list;
mod network;
mod oci;
mod podman;
mod prologue;
mod systemd;

pub use prologue::{Action, PrologueStep};

use alloc::string::String;
use alloc::vec::Vec;

use crate::capability::{CapSet, Capability};
use crate::credentials::Securebits;
use crate::engine::{Engine, EngineChange, Version};
use crate::kernel::Release;
use crate::rule::{Rule, Witness};

/// What an engine is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which engine.
    pub engine: Engine,
    /// Which version of it.
    pub version: Version,
    /// Whether a kubelet asks, on behalf of a pod.
    pub kubernetes: bool,
    /// The kernel it runs on.
    pub kernel: Release,
    /// The bounding set of the engine itself.
    pub host_bounding: CapSet,
    /// The user as it is written, as `1000`, `root` or nothing: some engines look at the text.
    pub user: String,
    /// The user id that this means.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// `--cap-add`, names as they are written.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--privileged`.
    pub privileged: bool,
    /// `--security-opt no-new-privileges`, `allowPrivilegeEscalation: false`.
    pub no_new_privileges: bool,
    /// The default capabilities that a configuration file gives in place of the engine's own; names as they are written.
    pub default_capabilities: Option<Vec<String>>,
    /// CRI-O's option `add_inheritable_capabilities`.
    pub add_inheritable_capabilities: bool,
    /// Whether the container has a user namespace of its own.
    pub own_user_namespace: bool,
    /// Podman's `--userns=keep-id`.
    pub keep_id: bool,
    /// Whether it shares the host's network namespace.
    pub host_network: bool,
    /// The image's label `io.containers.capabilities`.
    pub image_label: Option<String>,
    /// `net.ipv4.ip_unprivileged_port_start` as asked for.
    pub ip_unprivileged_port_start: Option<u16>,
    /// What a unit file says; for systemd only.
    pub unit: Unit,
}

/// The settings of a systemd unit that decide about privilege.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Whether the user's own manager starts it (`systemctl --user`), which has no capabilities to give.
    pub of_user_manager: bool,
    /// Whether `User=` is written.
    pub user_given: bool,
    /// `CapabilityBoundingSet=`.
    pub bounding: Option<CapSet>,
    /// `AmbientCapabilities=`.
    pub ambient: CapSet,
    /// `SecureBits=`.
    pub securebits: Securebits,
    /// Whether a setting implies `NoNewPrivileges=` for a manager without CAP_SYS_ADMIN.
    pub implies_no_new_privileges: bool,
}

/// The state that the runtime is told to reach before execve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the sets and ids are a thread's")]
pub struct Handed {
    pub permitted: CapSet,
    pub effective: CapSet,
    pub inheritable: CapSet,
    pub bounding: CapSet,
    pub ambient: CapSet,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub securebits: Securebits,
    pub no_new_privs: bool,
    /// `net.ipv4.ip_unprivileged_port_start` in the container's network namespace, where the engine sets it.
    pub ip_unprivileged_port_start: Option<u16>,
    /// `net.ipv4.ping_group_range`, where the engine sets it.
    pub ping_group_range: Option<[u32; 2]>,
    /// The capabilities by which the seccomp profile's entries are chosen; none if no profile is applied.
    pub seccomp: Option<CapSet>,
}

/// The engine does not start it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The rule that decided.
    pub rule: &'static Rule,
    /// What it is about, as the name of a capability; may be empty.
    pub about: String,
}

/// What the engine hands to the runtime, or why it refuses.
///
/// ```
/// use sim_core::scenario::{Loaded, Options};
///
/// // The same capability is added and dropped: for Docker it is there, Podman refuses.
/// let ask = |engine: &str| {
///     let request = r#""cap_add": ["NET_ADMIN"], "cap_drop": ["NET_ADMIN"]"#;
///     let text = format!(r#"{{ "runtime": {{ "engine": "{engine}", {request} }}, "steps": [] }}"#);
///     Loaded::read(&text, &Options::default()).map(|loaded| loaded.run().runtime.unwrap())
/// };
/// assert!(ask("docker")?.rules.contains(&"docker.add"));
/// assert_eq!(ask("podman")?.refused.unwrap().rule, "podman.add-and-drop");
/// # Ok::<(), sim_core::scenario::ReadError>(())
/// ```
pub fn hand<W: Witness>(request: &Request, witness: &mut W) -> Result<Handed, Refused> {
    if request.kubernetes {
        kubernetes::admit(request, witness)?;
    }
    match request.engine {
        Engine::Docker => docker::hand(request, witness),
        Engine::Containerd => Ok(containerd::hand(request, witness)),
        Engine::Podman => podman::hand(request, witness),
        Engine::CriO => crio::hand(request, witness),
        Engine::Runc | Engine::Crun | Engine::Youki => oci::hand(request, witness),
        Engine::Systemd => systemd::hand(request, witness),
    }
}

impl Request {
    /// Whether its engine's version has this change.
    fn has(&self, change: &EngineChange) -> bool {
        self.engine.has(self.version, change)
    }

    /// The user without the group, as it is written.
    fn user_name(&self) -> &str {
        self.user.split_once(':').map_or(self.user.as_str(), |(name, _)| name)
    }
}

impl Handed {
    /// No capabilities at all, the ids that are asked for.
    fn empty(request: &Request) -> Self {
        Self {
            permitted: CapSet::EMPTY,
            effective: CapSet::EMPTY,
            inheritable: CapSet::EMPTY,
            bounding: CapSet::EMPTY,
            ambient: CapSet::EMPTY,
            uid: request.uid,
            gid: request.gid,
            groups: request.groups.clone(),
            securebits: Securebits::default(),
            no_new_privs: request.no_new_privileges,
            ip_unprivileged_port_start: None,
            ping_group_range: None,
            seccomp: None,
        }
    }
}

impl Refused {
    /// A refusal over something that was written.
    fn over(rule: &'static Rule, about: &str) -> Self {
        Self { rule, about: about.into() }
    }

    /// A refusal about a capability.
    fn about(rule: &'static Rule, capability: Capability) -> Self {
        Self { rule, about: alloc::format!("{capability}") }
    }
}
