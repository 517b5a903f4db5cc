//! What the page knows, and what each action makes of it. No browser here: all of it is tested on the host.

use std::rc::Rc;

use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::kernel::Release;
use sim_core::rule::SetName;
use sim_core::scenario::{
    CapsEntry, FourIds, ModeText, Options, ReleaseText, Scenario, SecurebitsText, Step, Traced, World,
};
use yew::Reducible;

use crate::gallery::{Exhibit, gallery};
use crate::paste::{self, Report};
use link::{LinkError, Linked, read_scenario};

/// Everything that the page shows follows from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The scenario, with the edits made to it.
    pub(crate) scenario: Scenario,
    /// How many steps were performed.
    pub(crate) position: usize,
    /// Whether all 41 rows are shown.
    pub(crate) every_row: bool,
    /// The bit whose way is shown.
    pub(crate) followed: Option<Bit>,
    /// The exhibit it began as.
    pub(crate) origin: Option<&'static str>,
    /// What came of the last paste.
    pub(crate) pasted: Option<Result<Report, String>>,
    /// Why the link in the address could not be opened.
    pub(crate) link_error: Option<LinkError>,
    /// What the program that judges filters and engines is to open, if this one does not.
    pub(crate) elsewhere: Option<Linked>,
    /// Where undo leads, latest last.
    past: Vec<Linked>,
    /// Where redo leads, nearest last.
    future: Vec<Linked>,
}

/// How far undo goes back.
const MEMORY: usize = 100;

/// One bit of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bit {
    /// Before or after the step.
    pub(crate) when: When,
    /// Which set.
    pub(crate) set: SetName,
    /// Which capability.
    pub(crate) capability: Capability,
}

/// Before or after the step that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the step.
    Before,
    /// After the step.
    After,
}

/// Something that the person in front of the page does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Choose an exhibit.
    Choose(&'static str),
    /// Open what is in the address.
    Open(Box<Result<Linked, LinkError>>),
    /// Put another scenario in place of this one.
    Replace(Box<Scenario>),
    /// Go back to the scenario as it was chosen.
    Reset,
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
    /// Perform steps, or take them back.
    Position(usize),
    /// Show all rows, or those of interest.
    EveryRow(bool),
    /// Show the way of a bit.
    Follow(Option<Bit>),
    /// Take over a pasted text.
    Paste(String),
    /// Another kernel; `None` for the newest that is modelled.
    Kernel(Option<Release>),
    /// Change the process.
    Process(ProcessEdit),
    /// Change a file.
    File(String, FileEdit),
    /// Change the lowest port that anyone may bind.
    PortStart(u16),
}

/// A change of the process.
#[derive(Clone, Debug)]
pub(crate) enum ProcessEdit {
    /// Real, effective, saved and filesystem user id.
    Uid(FourIds),
    /// Real, effective, saved and filesystem group id.
    Gid(FourIds),
    /// Supplementary groups.
    Groups(Vec<u32>),
    /// One bit of one of the five sets.
    Bit(SetName, Capability, bool),
    /// One of the five sets.
    Set(SetName, CapSet),
    /// A securebit.
    Securebit(Securebits, bool),
    /// `no_new_privs`.
    NoNewPrivs(bool),
    /// Whether the filesystem context is shared.
    SharesFs(bool),
    /// The tracer: none, or whether it had CAP_SYS_PTRACE.
    Traced(Option<bool>),
}

/// A change of a file.
#[derive(Clone, Debug)]
pub(crate) enum FileEdit {
    /// Owner.
    Uid(u32),
    /// Group.
    Gid(u32),
    /// Mode.
    Mode(ModeText),
    /// The mount option nosuid.
    Nosuid(bool),
    /// The mount option noexec.
    Noexec(bool),
    /// Its capabilities.
    Caps(Option<CapsEntry>),
    /// One bit of its permitted or inheritable set.
    Bit(SetName, Capability, bool),
    /// Its effective flag.
    Effective(bool),
}

impl State {
    /// The first exhibit.
    pub(crate) fn initial() -> Self {
        let mut state = Self {
            scenario: Scenario::default(),
            position: 0,
            every_row: false,
            followed: None,
            origin: None,
            pasted: None,
            link_error: None,
            elsewhere: None,
            past: Vec::new(),
            future: Vec::new(),
        };
        // The one with an answer that surprises, first.
        let first = Exhibit::find("article-6-file-capability").or(gallery().first());
        if let Some(exhibit) = first {
            state.choose(exhibit);
        }
        state
    }

    /// What the address should hold.
    pub(crate) fn linked(&self) -> Linked {
        Linked { scenario: self.scenario.clone(), position: self.position }
    }

    /// What `"all"` means in this scenario.
    pub(crate) fn all(&self) -> CapSet {
        self.scenario.kernel.map_or(Release::NEWEST, |kernel| kernel.0).capabilities()
    }

    /// The step that is shown: the last one performed, or the first.
    pub(crate) fn shown_step(&self) -> Option<&Step> {
        self.scenario.steps.get(self.position.saturating_sub(1))
    }

    /// Whether the sets shown before the step are those of the start, which can be edited; not if an engine hands them over.
    pub(crate) fn shows_start(&self) -> bool {
        self.position <= 1 && self.scenario.runtime.is_none()
    }

    /// Whether there is something to undo.
    pub(crate) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is something to redo.
    pub(crate) fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    fn choose(&mut self, exhibit: &'static Exhibit) {
        if let Ok(scenario) = read_scenario(&exhibit.text()) {
            self.scenario = scenario;
            self.origin = Some(exhibit.slug);
            self.rewind();
        }
    }

    fn rewind(&mut self) {
        self.position = 0;
        self.followed = None;
        self.pasted = None;
        self.link_error = None;
    }

    fn restore(&mut self, linked: Linked) {
        self.scenario = linked.scenario;
        self.position = linked.position;
        self.followed = None;
    }

    fn edit_process(&mut self, edit: ProcessEdit) {
        let all = self.all();
        let process = &mut self.scenario.process;
        match edit {
            ProcessEdit::Uid(ids) => {
                // Sets that were left out follow from the user id; what is shown must stay.
                process.write_sets(process.sets(all));
                process.uid = Some(ids);
            }
            ProcessEdit::Gid(ids) => process.gid = Some(ids),
            ProcessEdit::Groups(groups) => process.groups = groups,
            ProcessEdit::Bit(set, capability, on) => process.set_bit(set, capability, on, all),
            ProcessEdit::Set(set, value) => {
                let slot = match set {
                    SetName::Permitted => &mut process.permitted,
                    SetName::Effective => &mut process.effective,
                    SetName::Inheritable => &mut process.inheritable,
                    SetName::Bounding => &mut process.bounding,
                    SetName::Ambient => &mut process.ambient,
                    _ => return,
                };
                *slot = Some(value.into());
            }
            ProcessEdit::Securebit(bit, on) => {
                let bits = process.securebits.0;
                process.securebits = SecurebitsText(if on { bits | bit } else { bits & !bit });
            }
            ProcessEdit::NoNewPrivs(on) => process.no_new_privs = on,
            ProcessEdit::SharesFs(on) => process.shares_fs = on,
            ProcessEdit::Traced(tracer) => {
                process.traced = tracer.map(|tracer_has_sys_ptrace| Traced { tracer_has_sys_ptrace });
            }
        }
    }

    fn edit_file(&mut self, path: &str, edit: FileEdit) {
        let all = self.all();
        let Some(file) = self.scenario.files.get_mut(path) else { return };
        match edit {
            FileEdit::Uid(uid) => file.uid = uid,
            FileEdit::Gid(gid) => file.gid = gid,
            FileEdit::Mode(mode) => file.mode = mode,
            FileEdit::Nosuid(on) => file.nosuid = on,
            FileEdit::Noexec(on) => file.noexec = on,
            FileEdit::Caps(caps) => file.caps = caps,
            FileEdit::Bit(set, capability, on) => file.set_bit(set, capability, on, all),
            FileEdit::Effective(on) => file.set_effective(on, all),
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Choose(slug) => {
                if let Some(exhibit) = Exhibit::find(slug) {
                    self.choose(exhibit);
                }
            }
            Action::Open(link) => match *link {
                Ok(linked) => {
                    self.origin =
                        gallery().iter().find(|e| is_titled(e, &linked.scenario)).map(|exhibit| exhibit.slug);
                    self.scenario = linked.scenario;
                    self.rewind();
                    self.position = linked.position;
                }
                Err(error) => self.link_error = Some(error),
            },
            Action::Replace(scenario) => {
                self.scenario = *scenario;
                self.rewind();
            }
            Action::Reset => {
                if let Some(exhibit) = self.origin.and_then(Exhibit::find) {
                    self.choose(exhibit);
                }
            }
            Action::Position(position) => {
                self.position = position.min(self.scenario.steps.len());
                self.followed = None;
            }
            Action::EveryRow(every_row) => self.every_row = every_row,
            Action::Follow(bit) => self.followed = bit,
            Action::Paste(text) => {
                let mut scenario = self.scenario.clone();
                let report = paste::apply(&text, &mut scenario);
                if report.is_ok() {
                    self.scenario = scenario;
                    self.rewind();
                    // Who pastes has a question: the first answer comes at once.
                    self.position = self.scenario.steps.len().min(1);
                }
                self.pasted = Some(report);
            }
            Action::Undo => {
                if let Some(linked) = self.past.pop() {
                    self.future.push(self.linked());
                    self.restore(linked);
                }
            }
            Action::Redo => {
                if let Some(linked) = self.future.pop() {
                    self.past.push(self.linked());
                    self.restore(linked);
                }
            }
            Action::Kernel(release) => self.scenario.kernel = release.map(ReleaseText),
            Action::Process(edit) => self.edit_process(edit),
            Action::File(path, edit) => self.edit_file(&path, edit),
            Action::PortStart(port) => self.scenario.sysctl.ip_unprivileged_port_start = Some(port),
        }
        // A bit that led somewhere may not any more.
        if self.followed.is_some() && World::new(&self.scenario, &Options::default()).is_err() {
            self.followed = None;
        }
    }
}

fn is_titled(exhibit: &Exhibit, scenario: &Scenario) -> bool {
    scenario.title.as_deref() == Some(exhibit.title)
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let before = self.linked();
        let mut state = Rc::unwrap_or_clone(self);
        let travels = matches!(action, Action::Undo | Action::Redo);
        state.perform(action);
        if state.scenario.is_left_out() {
            let elsewhere = Some(state.linked());
            state.restore(before);
            return Rc::new(Self { elsewhere, ..state });
        }
        if !travels && state.scenario != before.scenario {
            state.future.clear();
            state.past.push(before);
            if state.past.len() > MEMORY {
                state.past.remove(0);
            }
        }
        Rc::new(state)
    }
}

#[cfg(test)]
mod tests;
