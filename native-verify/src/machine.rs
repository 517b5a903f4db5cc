use std::fs;

use anyhow::{Context, Result, bail};
use sim_core::capability::{CapSet, Capability};
use sim_core::kernel::{Change, Release, changes};

/// The machine that native-verify runs on.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// What `uname -r` prints.
    pub(crate) uname: String,
    /// The release that the model is asked for.
    pub(crate) release: Release,
    /// What its kernel has taken over from later releases.
    pub(crate) backports: &'static [&'static Change],
    /// What this process may do: the capabilities that it holds and may pass on.
    pub(crate) capabilities: CapSet,
    /// Every capability that the kernel knows.
    pub(crate) known: CapSet,
}

/// What the harness itself needs to build worlds.
const NEEDED: [Capability; 12] = [
    Capability::CHOWN,
    Capability::DAC_OVERRIDE,
    Capability::FOWNER,
    Capability::FSETID,
    Capability::KILL,
    Capability::SETGID,
    Capability::SETUID,
    Capability::SETPCAP,
    Capability::SETFCAP,
    Capability::SYS_ADMIN,
    Capability::SYS_PTRACE,
    Capability::NET_ADMIN,
];

impl Machine {
    /// Looks at the kernel and at this process.
    pub(crate) fn survey() -> Result<Self> {
        let uname = fs::read_to_string("/proc/sys/kernel/osrelease").context("cannot read the kernel's release")?;
        let uname = uname.trim().to_owned();
        let release = Release::from_uname(&uname).with_context(|| format!("Linux {uname} is not modelled"))?;
        let last = fs::read_to_string("/proc/sys/kernel/cap_last_cap").context("cannot read cap_last_cap")?;
        let last: u8 = last.trim().parse().context("cap_last_cap is no number")?;
        let Some(last) = Capability::from_number(last) else { bail!("cap_last_cap is {last}") };
        let bounding = read(caps::CapSet::Bounding)?;
        let permitted = read(caps::CapSet::Permitted)?;
        let (capabilities, known) = (bounding & permitted, CapSet::up_to(last));
        Ok(Self { uname, release, backports: backports(release), capabilities, known })
    }

    /// Why this process cannot build worlds, if it cannot.
    pub(crate) fn obstacle(&self) -> Option<String> {
        let missing: Vec<_> =
            NEEDED.into_iter().filter(|needed| !self.capabilities.contains(*needed)).map(|c| c.to_string()).collect();
        if missing.is_empty() {
            return None;
        }
        Some(format!("building the scenario's world needs root; this process lacks {}", missing.join(", ")))
    }

    /// The capabilities that the kernel knows and this process cannot pass on.
    pub(crate) fn missing(&self) -> CapSet {
        self.known - self.capabilities
    }
}

/// What a kernel of this release has taken over from later ones, by what it says about its own types.
fn backports(release: Release) -> &'static [&'static Change] {
    static FOUND: [&Change; 1] = [&changes::MAP_ROOT_SETFCAP];
    const TYPES: &str = "/sys/kernel/btf/vmlinux";
    // The member of struct user_namespace that the change brought.
    const MEMBER: &[u8] = b"\0parent_could_setfcap\0";
    if release.has(&changes::MAP_ROOT_SETFCAP) {
        return &[];
    }
    let types = fs::read(TYPES).unwrap_or_default();
    let found = types.windows(MEMBER.len()).any(|window| window == MEMBER);
    if found { &FOUND } else { &[] }
}

/// A set of this thread, by the `caps` crate.
fn read(which: caps::CapSet) -> Result<CapSet> {
    let set = caps::read(None, which).context("cannot read the capabilities of this process")?;
    Ok(set.into_iter().filter_map(|capability| Capability::from_number(capability.index())).collect())
}

#[cfg(test)]
mod tests {
    use sim_core::capability::Capability;

    #[test]
    fn the_caps_crate_numbers_and_names_capabilities_alike() {
        let all = caps::all();
        assert_eq!(all.len(), Capability::all_named().count());
        for theirs in all {
            let ours = Capability::from_number(theirs.index()).unwrap();
            assert_eq!(ours.to_string(), theirs.to_string());
        }
    }
}
