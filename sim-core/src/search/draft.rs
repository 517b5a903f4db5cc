//! A scenario with edits.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::edit::{Edit, ProcessSet, Setting};
use super::profile;
use crate::capability::{CapSet, Capability};
use crate::credentials::Securebits;
use crate::file::{Mode, Revision, VfsCaps};
use crate::kernel::Release;
use crate::rule::SetName;
use crate::scenario::{
    Call, CapsEntry, FileEntry, FilterEntry, FourIds, Options, ReleaseText, Scenario, SecurebitsText, Sysctl, Traced,
    UNKNOWN_USER, UnitEntry, VersionText,
};

/// A scenario with edits: its steps may be moved, and calls stand between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    /// The world; of its steps, the calls.
    pub(super) scenario: Scenario,
    /// What is made, in order.
    pub(super) course: Vec<Planned>,
    /// What `"all"` means.
    pub(super) all: CapSet,
}

/// One call of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planned {
    /// A step of the scenario.
    Step(usize),
    /// capset(2) that adds to the effective set.
    Raise(CapSet),
    /// capset(2) that adds to the inheritable set.
    Inherit(CapSet),
    /// `PR_CAP_AMBIENT_RAISE` of one.
    RaiseAmbient(Capability),
    /// `PR_SET_KEEPCAPS`.
    KeepCaps,
    /// `PR_SET_NO_NEW_PRIVS`.
    NoNewPrivs,
}

impl Draft {
    pub(super) fn of(scenario: &Scenario, edits: &[Edit], options: &Options) -> Self {
        let written = scenario.kernel.map(|ReleaseText(release)| release);
        let release = options.release.or(written).unwrap_or(Release::NEWEST);
        let mut draft = Self {
            scenario: scenario.clone(),
            course: (0..scenario.steps.len()).map(Planned::Step).collect(),
            all: options.all.unwrap_or_else(|| release.capabilities()),
        };
        // First the order of the steps that are there, then what comes between them; owners before attributes, which a
        // change of owner takes away.
        let first = |edit: &&Edit| matches!(edit, Edit::MoveBefore { .. } | Edit::Chown { .. } | Edit::Chgrp { .. });
        edits.iter().filter(first).for_each(|edit| draft.apply(edit));
        edits.iter().filter(|edit| !first(edit)).for_each(|edit| draft.apply(edit));
        draft
    }

    fn apply(&mut self, edit: &Edit) {
        let all = self.all;
        match edit {
            Edit::CapAdd(_)
            | Edit::KeepCap(_)
            | Edit::WithoutAdd(_)
            | Edit::WithoutDrop(_)
            | Edit::Upgrade(_)
            | Edit::WithoutUnitAmbient
            | Edit::User(_)
            | Edit::AllowNewPrivileges
            | Edit::Privileged
            | Edit::EngineSetting(_)
            | Edit::OwnNetwork
            | Edit::WithoutKeepId
            | Edit::UnitAmbient(_)
            | Edit::UnitBounding(_)
            | Edit::SystemUnit => self.ask(edit, all),
            Edit::AllowCall(name) => self.profile(name, None),
            Edit::AnswerEnosys(name) => self.profile(name, Some(ENOSYS)),
            Edit::Unconfined => {
                self.scenario.process.seccomp.clear();
                if let Some(runtime) = &mut self.scenario.runtime {
                    runtime.seccomp = None;
                }
            }
            Edit::Setcap { path, .. }
            | Edit::DropFileCaps { path, .. }
            | Edit::ClearEffectiveFlag { path }
            | Edit::RemoveAttribute { path }
            | Edit::RootId { path, .. }
            | Edit::Chmod { path, .. }
            | Edit::Chown { path, .. }
            | Edit::Chgrp { path, .. }
            | Edit::SetUserIdRoot { path }
            | Edit::MountSuid { path }
            | Edit::MountExec { path }
            | Edit::Wrapper { path } => {
                if let Some(file) = self.scenario.files.get_mut(path) {
                    change_file(file, edit, all);
                }
            }
            Edit::StartAsRoot
            | Edit::StartAs(_)
            | Edit::StartInGroup(_)
            | Edit::StartWith { .. }
            | Edit::ClearSecurebits(_)
            | Edit::WithoutNoNewPrivs
            | Edit::Untraced
            | Edit::PowerfulTracer
            | Edit::OwnFilesystemContext
            | Edit::InitialUserNamespace => self.launch(edit, all),
            Edit::MoveBefore { step, before } => {
                self.course.retain(|planned| *planned != Planned::Step(*step));
                self.insert(*before, [Planned::Step(*step)]);
            }
            Edit::LeaveOut { step } => self.course.retain(|planned| *planned != Planned::Step(*step)),
            Edit::Raise { caps, before } => self.insert(*before, [Planned::Raise(*caps)]),
            Edit::Inherit { caps, before } => self.insert(*before, [Planned::Inherit(*caps)]),
            Edit::RaiseAmbient { caps, before } => self.insert(*before, caps.iter().map(Planned::RaiseAmbient)),
            Edit::KeepCaps { before } => self.insert(*before, [Planned::KeepCaps]),
            Edit::NoNewPrivsFirst { before } => self.insert(*before, [Planned::NoNewPrivs]),
            Edit::Setting(setting) => put(&mut self.scenario.sysctl, *setting),
        }
    }

    fn insert(&mut self, before: usize, planned: impl IntoIterator<Item = Planned>) {
        let at = self.course.iter().position(|known| *known == Planned::Step(before)).unwrap_or(self.course.len());
        self.course.splice(at..at, planned);
    }

    fn ask(&mut self, edit: &Edit, all: CapSet) {
        let Some(runtime) = &mut self.scenario.runtime else { return };
        match edit {
            Edit::CapAdd(caps) => runtime.cap_add.extend(caps.iter().map(bare_name)),
            Edit::KeepCap(caps) => {
                runtime.cap_drop.retain(|name| !named(name).is_some_and(|name| caps.contains(name)));
            }
            Edit::WithoutAdd(name) => runtime.cap_add.retain(|known| known != name),
            Edit::WithoutDrop(name) => runtime.cap_drop.retain(|known| known != name),
            Edit::Upgrade(version) => runtime.version = Some(VersionText(*version)),
            Edit::WithoutUnitAmbient => {
                if let Some(unit) = &mut runtime.unit {
                    unit.ambient = None;
                }
            }
            Edit::User(user) => runtime.user = Some(user.to_string()),
            Edit::AllowNewPrivileges => {
                runtime.no_new_privileges = false;
                if let Some(unit) = &mut runtime.unit {
                    unit.implies_no_new_privileges = false;
                }
            }
            Edit::Privileged => runtime.privileged = true,
            Edit::EngineSetting(setting) => put(&mut runtime.sysctl, *setting),
            Edit::OwnNetwork => runtime.host_network = false,
            Edit::WithoutKeepId => runtime.keep_id = false,
            Edit::UnitAmbient(caps) => {
                let unit = runtime.unit.get_or_insert_with(UnitEntry::default);
                let held = unit.ambient.map_or(CapSet::EMPTY, |set| set.resolve(all));
                unit.ambient = Some((held | *caps).into());
            }
            Edit::UnitBounding(caps) => {
                let unit = runtime.unit.get_or_insert_with(UnitEntry::default);
                unit.bounding = unit.bounding.map(|set| (set.resolve(all) | *caps).into());
            }
            Edit::SystemUnit => {
                let unit = runtime.unit.get_or_insert_with(UnitEntry::default);
                unit.user_manager = false;
                // What ran as the user is to run as the user.
                runtime.user.get_or_insert_with(|| runtime.uid.unwrap_or(UNKNOWN_USER).to_string());
            }
            _ => {}
        }
    }

    fn launch(&mut self, edit: &Edit, all: CapSet) {
        let process = &mut self.scenario.process;
        match edit {
            Edit::StartAsRoot => {
                process.uid = Some(FourIds([0; 4]));
                process.permitted = None;
                process.effective = None;
            }
            Edit::StartAs(uid) => {
                let sets = process.sets(all);
                process.uid = Some(FourIds([*uid; 4]));
                process.write_sets(sets);
            }
            Edit::StartInGroup(gid) => process.groups.push(*gid),
            Edit::StartWith { set, caps } => {
                for capability in *caps {
                    let mut put = |set| process.set_bit(set, capability, true, all);
                    match set {
                        ProcessSet::Permitted => put(SetName::Effective),
                        ProcessSet::Inheritable => put(SetName::Inheritable),
                        ProcessSet::Bounding => put(SetName::Bounding),
                        ProcessSet::Ambient => {
                            put(SetName::Ambient);
                            put(SetName::Effective);
                        }
                    }
                }
            }
            Edit::ClearSecurebits(bits) => {
                let kept = process.securebits.0.bits() & !bits.bits();
                process.securebits = SecurebitsText(Securebits::from_bits(kept));
            }
            Edit::WithoutNoNewPrivs => process.no_new_privs = false,
            Edit::Untraced => process.traced = None,
            Edit::PowerfulTracer => process.traced = Some(Traced { tracer_has_sys_ptrace: true }),
            Edit::OwnFilesystemContext => process.shares_fs = false,
            Edit::InitialUserNamespace => process.user_ns = None,
            _ => {}
        }
    }

    /// The profiles in force answer otherwise to a call.
    fn profile(&mut self, name: &str, errno: Option<u64>) {
        let runtime = self.scenario.runtime.as_mut().and_then(|runtime| runtime.seccomp.as_mut());
        let installed = self.scenario.steps.iter_mut().filter_map(|step| match &mut step.call {
            Call::Seccomp(call) => Some(&mut call.filter),
            _ => None,
        });
        for filter in self.scenario.process.seccomp.iter_mut().chain(runtime).chain(installed) {
            if let FilterEntry::Profile(filter) = filter {
                profile::answer(&mut filter.profile, name, errno);
            }
        }
    }
}

const ENOSYS: u64 = 38;

fn change_file(file: &mut FileEntry, edit: &Edit, all: CapSet) {
    let read = |file: &FileEntry| file.caps.as_ref().and_then(|caps| caps.resolve(all).ok());
    match edit {
        Edit::Setcap { inheritable, caps, effective, .. } => {
            let mut held = read(file).unwrap_or(VfsCaps::new(CapSet::EMPTY, CapSet::EMPTY, false));
            let set = if *inheritable { &mut held.inheritable } else { &mut held.permitted };
            *set |= *caps;
            held.flags |= u32::from(*effective);
            // The first version can no longer be written.
            held.revision = if held.revision == Revision::V1 { Revision::V2 } else { held.revision };
            file.caps = Some(CapsEntry::from_caps(held));
        }
        Edit::DropFileCaps { caps, .. } => {
            if let Some(mut held) = read(file) {
                (held.permitted, held.inheritable) = (held.permitted - *caps, held.inheritable - *caps);
                file.caps = Some(CapsEntry::from_caps(held));
            }
        }
        Edit::ClearEffectiveFlag { .. } => {
            if let Some(mut held) = read(file) {
                held.flags = 0;
                file.caps = Some(CapsEntry::from_caps(held));
            }
        }
        Edit::RemoveAttribute { .. } => file.caps = None,
        Edit::RootId { rootid, .. } => {
            if let Some(held) = read(file) {
                file.caps = Some(CapsEntry::from_caps(held.for_root(*rootid)));
            }
        }
        Edit::Chmod { add, .. } => file.mode.0 = file.mode.0.with(*add),
        Edit::Chown { uid, .. } => {
            file.uid = *uid;
            file.mode.0 = file.mode.0.without(Mode::S_ISUID);
            file.caps = None;
        }
        Edit::Chgrp { gid, .. } => {
            file.gid = *gid;
            file.mode.0 = file.mode.0.without(Mode::S_ISUID);
            file.caps = None;
        }
        Edit::SetUserIdRoot { .. } => {
            (file.uid, file.mode.0) = (0, file.mode.0.with(Mode::S_ISUID));
        }
        Edit::MountSuid { .. } => file.nosuid = false,
        Edit::MountExec { .. } => file.noexec = false,
        Edit::Wrapper { .. } => file.interpreter = None,
        _ => {}
    }
}

fn put(sysctl: &mut Sysctl, setting: Setting) {
    match setting {
        Setting::UnprivilegedPortStart(value) => sysctl.ip_unprivileged_port_start = Some(value),
        Setting::PingGroup(group) => sysctl.ping_group_range = Some([group; 2]),
        Setting::ProtectedHardlinks(value) => sysctl.protected_hardlinks = Some(value),
        Setting::UnprivilegedBpfDisabled(value) => sysctl.unprivileged_bpf_disabled = Some(value),
        Setting::PerfEventParanoid(value) => sysctl.perf_event_paranoid = Some(value),
        Setting::DmesgRestrict(value) => sysctl.dmesg_restrict = Some(value),
        Setting::NrOpen(value) => sysctl.nr_open = Some(value),
    }
}

/// `NET_RAW`, as engines take it.
pub(super) fn bare_name(capability: Capability) -> String {
    let name = capability.name().unwrap_or_default();
    name.strip_prefix("cap_").unwrap_or(name).to_ascii_uppercase()
}

/// The capability that an engine's option names.
pub(super) fn named(name: &str) -> Option<Capability> {
    Capability::from_name(name)
}
