//! What a fix hands out, and to whom.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::edit::{Edit, ProcessSet, Setting};
use crate::capability::CapSet;
use crate::credentials::{Thread, UserNs};
use crate::execve::{Program, execve};
use crate::file::File;
use crate::rule::Silent;
use crate::scenario::{Scenario, World};
use crate::system::System;

/// What a fix hands out beyond the scenario as it was.
///
/// Powers are ordered by [`points`](Self::points), then by the sets themselves: a total order, in which nothing comes first.
/// A capability counts twice its [`Weight`](crate::capability::Weight) where the process has it, three times where whatever it executes has
/// it too, four times where every user of a file gets it, and once where only a limit is lifted, so that other programs with
/// file capabilities may get it; all but the users' a quarter of that in a user namespace of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Power {
    /// Permitted in the process after the goal's last step, and not before.
    pub process: CapSet,
    /// Permitted in any plain program that it executes next, and not before.
    pub children: CapSet,
    /// Granted by a file to whoever may execute it, and not before.
    pub users: CapSet,
    /// In its bounding or inheritable set, and not before: a program with file capabilities may get them.
    pub reach: CapSet,
    /// What is no capability.
    pub grants: Vec<Grant>,
    /// Whether the process is in a user namespace of its own, so that its capabilities count for what belongs to that alone.
    pub confined: bool,
}

/// Something that is handed out and is no capability.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// The process is user 0, who owns most files.
    Root,
    /// Whoever executes the file is user 0.
    RootForUsers(String),
    /// Privileged: every capability and device, and no seccomp profile.
    Privileged,
    /// No filter of system calls.
    Unfiltered,
    /// A call that the profile refused.
    Call(String),
    /// Set-id bits and file capabilities of all programs count.
    NewPrivileges,
    /// Everybody in the container's network binds ports from here on.
    ContainerPorts(u16),
    /// Members of this group may ping in the container's network.
    ContainerPing(u32),
    /// Everybody on the machine has what a setting withheld.
    Machine(String),
    /// More users may do something with a file.
    File(String),
    /// The process has another user's rights.
    AnotherUser,
    /// It is in the initial user namespace, where capabilities count for the whole machine.
    InitialUserNamespace,
}

/// What a process can do in a world.
#[derive(Clone, Debug)]
pub(super) struct State {
    process: CapSet,
    children: CapSet,
    reach: CapSet,
    root: bool,
    initial: bool,
    /// What files grant to their users.
    users: CapSet,
    thread: Thread,
    system: System,
}

impl State {
    pub(super) fn of(world: &World, scenario: &Scenario) -> Self {
        let (system, thread) = (&world.system, &world.thread);
        let credentials = &thread.credentials;
        let file_caps = |entry: &crate::scenario::FileEntry| {
            let caps = entry.caps.as_ref().and_then(|caps| caps.resolve(world.all).ok());
            caps.filter(|_| !entry.nosuid).map_or(CapSet::EMPTY, |caps| caps.permitted)
        };
        Self {
            process: credentials.permitted,
            children: after_plain(system, thread),
            reach: credentials.bounding | credentials.inheritable,
            root: is_root(system, thread),
            initial: credentials.user_ns == UserNs::INIT,
            users: scenario.files.values().fold(CapSet::EMPTY, |all, entry| all | file_caps(entry)),
            thread: thread.clone(),
            system: system.clone(),
        }
    }

    /// The same, with what the process could do on the way.
    pub(super) fn with_way<'a>(mut self, way: impl Iterator<Item = &'a Thread>) -> Self {
        for thread in way {
            self.process |= thread.credentials.permitted;
            self.root |= is_root(&self.system, thread);
        }
        self
    }

    /// The same once the process executed a plain program.
    pub(super) fn after_plain_program(mut self) -> Self {
        let file = File::default();
        let executed = execve(&self.system, &self.thread, &Program::from(&file), &mut Silent).granted();
        if let Some(executed) = executed {
            self.thread.credentials = executed.credentials;
            self.process = self.thread.credentials.permitted;
            self.children = after_plain(&self.system, &self.thread);
        }
        self
    }
}

/// Whether it is user 0 of the machine or of its own user namespace.
fn is_root(system: &System, thread: &Thread) -> bool {
    let credentials = &thread.credentials;
    let uid = |ns| system.user_namespaces.uid(ns, credentials.uid.effective);
    uid(UserNs::INIT) == Some(0) || uid(credentials.user_ns) == Some(0)
}

/// What a plain program has that the thread executes.
fn after_plain(system: &System, thread: &Thread) -> CapSet {
    let file = File::default();
    let executed = execve(system, thread, &Program::from(&file), &mut Silent).granted();
    executed.map_or(CapSet::EMPTY, |executed| executed.credentials.permitted)
}

impl Power {
    pub(super) fn of(edits: &[Edit], before: Option<&State>, after: Option<&State>) -> Self {
        let mut power = Self::default();
        if let Some(after) = after {
            let less = |set: fn(&State) -> CapSet| set(after) - before.map_or(CapSet::EMPTY, set);
            power.process = less(|state| state.process);
            power.children = less(|state| state.children);
            power.users = less(|state| state.users);
            power.reach = less(|state| state.reach);
            power.confined = !after.initial;
            if after.root && before.is_none_or(|before| !before.root) {
                power.grants.push(Grant::Root);
            }
            if after.initial && before.is_some_and(|before| !before.initial) {
                power.grants.push(Grant::InitialUserNamespace);
            }
        }
        // What a program starts with and nobody gives it comes from its own file.
        let by_file = edits.iter().fold(CapSet::EMPTY, |all, edit| match edit {
            Edit::StartWith { set: ProcessSet::Permitted, caps } => all | *caps,
            _ => all,
        });
        power.users |= by_file & power.process;
        power.grants.extend(edits.iter().filter_map(grant));
        power.grants.sort();
        power.grants.dedup();
        power
    }

    /// Whether nothing is handed out.
    pub fn is_nothing(&self) -> bool {
        self.points() == 0
    }

    /// What it weighs: 0 for nothing.
    pub fn points(&self) -> u32 {
        let own = 2 * self.process.weight() + 3 * self.children.weight() + self.reach.weight();
        let own = if self.confined { own.div_ceil(4) } else { own };
        own + 4 * self.users.weight() + self.grants.iter().map(Grant::points).sum::<u32>()
    }
}

fn grant(edit: &Edit) -> Option<Grant> {
    Some(match edit {
        Edit::Privileged => Grant::Privileged,
        Edit::Unconfined => Grant::Unfiltered,
        Edit::AllowCall(name) => Grant::Call(name.clone()),
        Edit::AllowNewPrivileges | Edit::WithoutNoNewPrivs => Grant::NewPrivileges,
        Edit::EngineSetting(Setting::UnprivilegedPortStart(port)) => Grant::ContainerPorts(*port),
        Edit::EngineSetting(Setting::PingGroup(group)) => Grant::ContainerPing(*group),
        Edit::EngineSetting(setting) | Edit::Setting(setting) => Grant::Machine(setting.to_string()),
        Edit::SetUserIdRoot { path } => Grant::RootForUsers(path.clone()),
        Edit::Chmod { path, .. }
        | Edit::Chown { path, .. }
        | Edit::Chgrp { path, .. }
        | Edit::MountExec { path }
        | Edit::MountSuid { path } => Grant::File(path.clone()),
        Edit::StartAs(uid) | Edit::StartInGroup(uid) | Edit::User(uid) if *uid != 0 => Grant::AnotherUser,
        _ => return None,
    })
}

impl Grant {
    /// What it weighs, on the scale of [`Power::points`].
    pub fn points(&self) -> u32 {
        match self {
            Self::ContainerPorts(_) | Self::ContainerPing(_) => 2,
            Self::File(_) => 5,
            Self::Call(_) | Self::AnotherUser => 8,
            Self::NewPrivileges => 10,
            Self::Machine(_) => 20,
            Self::Root | Self::InitialUserNamespace | Self::Unfiltered => 400,
            Self::RootForUsers(_) => 5_000,
            Self::Privileged => 50_000,
        }
    }
}

impl PartialOrd for Power {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Power {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |power: &Self| {
            let sets = [power.users, power.children, power.process, power.reach].map(CapSet::bits);
            (power.points(), sets)
        };
        key(self).cmp(&key(other)).then_with(|| self.grants.cmp(&other.grants))
    }
}

/// What is handed out, as a sentence without its end: `CAP_NET_RAW to the process, and to every user of the file`.
impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let mut say = |caps: CapSet, to: &str| {
            if !caps.is_empty() {
                parts.push(alloc::format!("{} {to}", caps.in_words()));
            }
        };
        say(self.process, "to the process");
        say(self.children, "to everything that it executes");
        say(self.users, "to every user of the file");
        say(self.reach, "within reach of programs with file capabilities");
        parts.extend(self.grants.iter().map(ToString::to_string));
        if parts.is_empty() { f.write_str("nothing") } else { f.write_str(&parts.join("; ")) }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("user 0, who owns most files"),
            Self::RootForUsers(path) => write!(f, "user 0 to whoever executes {path}"),
            Self::Privileged => f.write_str("every capability and every device, without a seccomp profile"),
            Self::Unfiltered => f.write_str("every system call"),
            Self::Call(name) => write!(f, "the call {name}"),
            Self::NewPrivileges => f.write_str("set-id bits and file capabilities of every program"),
            Self::ContainerPing(group) => write!(f, "ping to group {group} in the container's network"),
            Self::ContainerPorts(from) => write!(f, "ports from {from} on to everything in the container's network"),
            Self::Machine(setting) => write!(f, "{setting} to everybody on the machine"),
            Self::File(path) => write!(f, "more to do with {path}"),
            Self::AnotherUser => f.write_str("another user's or group's files and processes"),
            Self::InitialUserNamespace => f.write_str("capabilities that count for the whole machine"),
        }
    }
}
