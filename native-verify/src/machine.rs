use std::collections::BTreeMap;
use std::{fs, io};

use anyhow::{Context, Result, bail};
use sim_core::capability::{CapSet, Capability};
use sim_core::kernel::{Change, ParseReleaseError, Release};
use sim_core::scenario::Sysctl;

use crate::alone::Alone;
use crate::{sandbox, settings, sys};

/// The machine that native-verify runs on.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// What `uname -r` prints.
    pub(crate) uname: String,
    /// The release that the model is asked for.
    pub(crate) release: Release,
    /// What this process may do: the capabilities that it holds and may pass on.
    pub(crate) capabilities: CapSet,
    /// Every capability that the kernel knows.
    pub(crate) known: CapSet,
    /// Who builds worlds of one id, for want of privilege.
    pub(crate) alone: Option<Alone>,
    /// Why no world can be built, if none can.
    obstacle: Option<String>,
    /// The settings of the whole machine, where the model has their values.
    pub(crate) sysctl: Sysctl,
    /// What only some kernels have.
    pub(crate) facilities: Facilities,
    /// Whether it is a virtual machine that this program started as the first process of: it may be changed.
    pub(crate) own: bool,
    /// Whether anyone may remove attributes of files.
    pub(crate) removes_attributes_freely: bool,
}

/// Calls that a kernel may be built without.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facilities {
    /// `init_module` and `delete_module`.
    pub(crate) modules: bool,
    /// `iopl` and `ioperm`.
    pub(crate) ports: bool,
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
        let version = fs::read_to_string("/proc/version").unwrap_or_default();
        let release = release(&uname, &version).with_context(|| format!("Linux {uname} is not modelled"))?;
        let last = fs::read_to_string("/proc/sys/kernel/cap_last_cap").context("cannot read cap_last_cap")?;
        let last: u8 = last.trim().parse().context("cap_last_cap is no number")?;
        let Some(last) = Capability::from_number(last) else { bail!("cap_last_cap is {last}") };
        let bounding = read(caps::CapSet::Bounding)?;
        let permitted = read(caps::CapSet::Permitted)?;
        let known = CapSet::up_to(last);
        let machine = Self {
            uname,
            release,
            capabilities: bounding & permitted,
            known,
            alone: None,
            obstacle: None,
            sysctl: settings::survey(),
            facilities: Facilities { modules: sys::has_modules(), ports: sys::has_port_access() },
            own: is_own(),
            removes_attributes_freely: removes_attributes_freely(release),
        };
        let mut obstacle = None;
        if sys::no_new_privs() {
            obstacle = Some("this process has no_new_privs, and so would every thread that it starts".to_owned());
        }
        let lacking: CapSet = NEEDED.into_iter().filter(|needed| !machine.capabilities.contains(*needed)).collect();
        if lacking.is_empty() {
            return Ok(Self { obstacle, ..machine });
        }
        let (uid, gid) = sys::effective_ids();
        let alone = Alone { uid, gid, groups: sys::count_groups()? };
        let tried = sys::fork(|| {
            sandbox::become_alone(&alone).map_or_else(|error| error.raw_os_error().unwrap_or(1), |()| 0)
        });
        let errno = libc::WEXITSTATUS(sys::wait(tried.context("cannot start a process")?)?);
        if errno != 0 {
            let (lacking, error) = (names(lacking), io::Error::from_raw_os_error(errno));
            let reason = format!("this process lacks {lacking}, and may not make a user namespace: {error}");
            obstacle = obstacle.or(Some(reason));
        }
        // In a user namespace of its own a thread can have every capability.
        Ok(Self { capabilities: known, alone: Some(alone), obstacle, ..machine })
    }

    /// This machine with one change point the other way round in the model.
    pub(crate) fn with_flipped(&self, change: &Change) -> Self {
        Self { release: self.release.with_flipped(change), ..self.clone() }
    }

    /// Why this process cannot build any world, if it cannot.
    pub(crate) fn obstacle(&self) -> Option<String> {
        self.obstacle.clone()
    }

    /// The release that the model is asked for, and what it took over, for people.
    pub(crate) fn modelled(&self) -> String {
        let taken_over = self.release.backports().map(|change| format!(" with {}", change.id));
        [self.release.to_string()].into_iter().chain(taken_over).collect()
    }

    /// The calls that are never granted here, each with the reason: they would change a machine of others.
    pub(crate) fn never_granted(&self) -> BTreeMap<&'static str, &'static str> {
        let calls = [("clock_settime", "it would change a machine that is not its own")];
        if self.own { BTreeMap::new() } else { calls.into() }
    }

    /// What the harness calls an id of the host, in its own user namespace. Of one id, it is 0.
    pub(crate) fn seen(&self, host: u32) -> u32 {
        if self.alone.is_some() { 0 } else { host }
    }

    /// The capabilities that the kernel knows and this process cannot pass on.
    pub(crate) fn missing(&self) -> CapSet {
        self.known - self.capabilities
    }
}

/// Whether the first process of this machine is this program as `guest`, and started this process.
fn is_own() -> bool {
    let program = |process: &str| fs::read_link(format!("/proc/{process}/exe")).ok();
    let arguments = fs::read("/proc/1/cmdline").unwrap_or_default();
    let is_guest = arguments.split(|byte| *byte == 0).nth(1) == Some(b"guest");
    std::os::unix::process::parent_id() == 1 && is_guest && program("1").is_some() && program("1") == program("self")
}

/// Whether anyone may remove attributes: before Linux 6.11, wherever the BPF LSM is on, nobody asks for a capability.
fn removes_attributes_freely(release: Release) -> bool {
    const MENDED: (u16, u16) = (6, 11);
    let modules = fs::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    release.numbers() < MENDED && modules.trim().split(',').any(|module| module == "bpf")
}

/// The release of the kernel, with what it took over: by its own numbers, or by those of the stable release that a
/// distribution says it is built from.
fn release(uname: &str, version: &str) -> Result<Release, ParseReleaseError> {
    let debian = version.split_once(" Debian ").map(|(_, rest)| rest);
    match debian.and_then(stable_numbers).or_else(|| stable_numbers(uname)) {
        Some(numbers) => Release::from_stable(numbers),
        None => Release::from_uname(uname),
    }
}

/// The three numbers that a text begins with: `5.10.262-1` is 5, 10 and 262.
fn stable_numbers(text: &str) -> Option<[u16; 3]> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// The names of capabilities, for people.
pub(crate) fn names(set: CapSet) -> String {
    set.iter().map(|capability| capability.to_string()).collect::<Vec<_>>().join(", ")
}

/// A set of this thread, by the `caps` crate.
fn read(which: caps::CapSet) -> Result<CapSet> {
    let set = caps::read(None, which).context("cannot read the capabilities of this process")?;
    Ok(set.into_iter().filter_map(|capability| Capability::from_number(capability.index())).collect())
}

#[cfg(test)]
mod tests {
    use sim_core::capability::Capability;
    use sim_core::kernel::changes;

    #[test]
    fn a_distribution_says_which_stable_release_it_is_built_from() {
        let debian = "Linux version 5.10.0-46-cloud-amd64 (gcc) #1 SMP Debian 5.10.262-1 (2026-06-01)";
        let release = |uname, version| super::release(uname, version).unwrap();
        assert!(release("5.10.0-46-cloud-amd64", debian).has(&changes::UNPRIVILEGED_FANOTIFY));
        assert!(!release("5.10.0-46-cloud-amd64", "Linux version 5.10.0").has(&changes::MAP_ROOT_SETFCAP));
        assert!(release("6.1.20", "").has(&changes::CONSISTENT_SGID));
        assert_eq!(release("7.2-rc1", "").numbers(), (7, 2));
    }

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
