//! What can be performed without privilege: worlds of one user and one group.
//!
//! Every user may make a user namespace that maps the own ids and no others, and has every capability in it. There the
//! harness builds its mounts and files. So the model is asked about that very namespace: its owner is this user, and a
//! capability of a file counts because its root id is this user's.

use std::collections::BTreeSet;

use sim_core::credentials::{Kgid, Kuid, UserNs};
use sim_core::file::Revision;
use sim_core::scenario::{
    Call, CapsEntry, FileEntry, FourIds, Loaded, Scenario, Setgroups, UserNamespaceEntry, World,
};

use crate::report::Skip;

/// A user without privilege, in a user namespace that maps this user alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alone {
    /// The host's id of the user, 0 within.
    pub(crate) uid: u32,
    /// The host's id of the group, 0 within.
    pub(crate) gid: u32,
    /// How many supplementary groups the user is in. They can neither be dropped nor mean anything there: the only id
    /// that they could add is the group itself.
    pub(crate) groups: usize,
}

/// The names of the user namespace that the harness makes, and of one below it.
pub(crate) const OWN: &str = "own";
const BELOW: &str = "own-below";

impl Alone {
    /// The map that is written for this user or group.
    pub(crate) fn map(id: u32) -> String {
        format!("0 {id} 1")
    }

    /// The harness's own namespace, as a scenario describes it.
    fn own(&self) -> UserNamespaceEntry {
        UserNamespaceEntry {
            parent: None,
            owner: Some(self.uid),
            uid_map: Some(Self::map(self.uid)),
            gid_map: Some(Self::map(self.gid)),
            setgroups: Some(Setgroups::Deny),
        }
    }

    /// Whether a namespace below the host's is the one that the harness made.
    pub(crate) fn is_own(&self, entry: &UserNamespaceEntry) -> bool {
        UserNamespaceEntry { parent: None, ..entry.clone() } == self.own()
    }

    /// The scenario in which this user takes the place of user and group `stand_in` of the host.
    ///
    /// Where steps or files need more than one id, checking the result says so.
    #[must_use]
    pub(crate) fn in_place_of(&self, stand_in: u32, mut scenario: Scenario) -> Scenario {
        for entry in scenario.user_namespaces.values_mut() {
            let above = entry.parent.as_deref().unwrap_or("init");
            if above == "init" && entry.uid_map.as_deref() == Some(Self::map(stand_in).as_str()) {
                entry.uid_map = Some(Self::map(self.uid));
            }
            if above == "init" && entry.gid_map.as_deref() == Some(Self::map(stand_in).as_str()) {
                entry.gid_map = Some(Self::map(self.gid));
            }
            entry.owner = entry.owner.map(|owner| if owner == stand_in { self.uid } else { owner });
        }
        for file in scenario.files.values_mut() {
            if file.uid == stand_in {
                file.uid = self.uid;
            }
            if file.gid == stand_in {
                file.gid = self.gid;
            }
            if let Some(CapsEntry::Object(caps)) = &mut file.caps
                && caps.revision == (Revision::V3 { rootid: stand_in })
            {
                caps.revision = Revision::V3 { rootid: self.uid };
            }
        }
        scenario
    }

    /// A drawn scenario as this user can perform it: without supplementary groups, the files' capabilities with the
    /// user's own root id, and no step that concerns what the host owns.
    #[must_use]
    pub(crate) fn settle(&self, scenario: Scenario) -> Scenario {
        let mut scenario = self.in_place_of(STAND_IN, scenario);
        scenario.process.groups.clear();
        for entry in scenario.user_namespaces.values_mut() {
            if entry.parent.is_none() && !self.is_own(entry) {
                *entry = below(OWN, self.uid, "7 0 1");
            }
        }
        for file in scenario.files.values_mut() {
            if let Some(CapsEntry::Object(caps)) = &mut file.caps {
                caps.revision = Revision::V3 { rootid: self.uid };
            }
        }
        scenario.steps.retain(|step| possible(&step.call).is_ok());
        scenario
    }

    /// The scenario in a namespace of the harness, if a single id is enough for it.
    ///
    /// A thread of `init` moves into the harness's own namespace, or into one below that calls its ids as the scenario
    /// does. Capabilities of files that counted for `init` count for the harness's namespace there.
    pub(crate) fn move_in(&self, loaded: &Loaded) -> Result<Scenario, Skip> {
        let scenario = loaded.scenario.clone();
        let namespaces = &scenario.user_namespaces;
        if loaded.world.thread.credentials.user_ns != UserNs::INIT {
            let mut tops = namespaces.values().filter(|entry| entry.parent.as_deref().is_none_or(|p| p == "init"));
            return Ok(
                match (tops.next().and_then(|top| Some((top.owner?, top.uid_map.as_deref()?))), tops.next()) {
                    (Some((owner, map)), None) if map == Self::map(owner) => self.in_place_of(owner, scenario),
                    _ => scenario,
                },
            );
        }
        if !namespaces.is_empty() {
            return Err(skip("the host's user namespace has others below it, whose ids this user does not have"));
        }
        let process = &scenario.process;
        let (uid, gid) = (single(process.uid, "user")?, single(process.gid, "group")?);
        for step in &scenario.steps {
            check_ids(&step.call, uid, gid)?;
        }
        let mut scenario = scenario;
        scenario.user_namespaces.insert(OWN.to_owned(), self.own());
        scenario.process.user_ns = Some(OWN.to_owned());
        if (uid, gid) != (0, 0) {
            let gid_map = Some(format!("{gid} 0 1"));
            let entry = UserNamespaceEntry { gid_map, ..below(OWN, self.uid, &format!("{uid} 0 1")) };
            scenario.user_namespaces.insert(BELOW.to_owned(), entry);
            scenario.process.user_ns = Some(BELOW.to_owned());
        }
        for (path, file) in &mut scenario.files {
            if !belongs_alike(file, uid, gid) {
                let (owner, group) = (file.uid, file.gid);
                return Err(skip(&format!("{path} belongs to user {owner} and group {group}: {ONE}")));
            }
            (file.uid, file.gid) = (self.uid, self.gid);
            if let Some(Ok(caps)) = file.caps.as_ref().map(|caps| caps.resolve(loaded.world.all)) {
                match caps.revision {
                    Revision::V1 => {}
                    Revision::V2 | Revision::V3 { rootid: 0 } => {
                        file.caps = Some(CapsEntry::from_caps(caps.for_root(self.uid)));
                    }
                    Revision::V3 { .. } => return Err(skip(&format!("{path} has a root id of its own: {ONE}"))),
                }
            }
        }
        Ok(scenario)
    }

    /// Whether this user can build the world, and what it says is what will be built.
    pub(crate) fn check(&self, loaded: &Loaded) -> Result<(), Skip> {
        let Loaded { scenario, world } = loaded;
        let credentials = &world.thread.credentials;
        if credentials.user_ns == UserNs::INIT {
            return Err(skip("the thread is in the host's user namespace, where this user has no privilege"));
        }
        let described = scenario.user_namespaces.values();
        let mut tops = described.filter(|entry| entry.parent.as_deref().is_none_or(|parent| parent == "init"));
        if !tops.all(|top| self.is_own(top)) {
            return Err(skip(
                "a user namespace maps other ids than the own one, for which an unprivileged user has none",
            ));
        }
        self.check_host_ids(world)?;
        if !credentials.groups.as_slice().is_empty() {
            return Err(skip("supplementary groups cannot be set in a user namespace that maps the own ids alone"));
        }
        for (path, (file, _)) in &world.files {
            match file.caps {
                Some(Ok(caps)) if caps.revision != (Revision::V3 { rootid: self.uid }) => {
                    return Err(skip(&format!(
                        "{path}: this user can only write capabilities whose root id is its own"
                    )));
                }
                _ => {}
            }
        }
        scenario.steps.iter().try_for_each(|step| possible(&step.call))
    }

    fn check_host_ids(&self, world: &World) -> Result<(), Skip> {
        let credentials = &world.thread.credentials;
        let files = || world.files.values().map(|(file, _)| file);
        let uids = credentials.uid.to_array().into_iter().chain(files().map(|file| file.uid)).map(Kuid::number);
        let gids = credentials.gid.to_array().into_iter().chain(files().map(|file| file.gid)).map(Kgid::number);
        for (kind, ids, own) in
            [("user", uids.collect::<BTreeSet<_>>(), self.uid), ("group", gids.collect(), self.gid)]
        {
            if ids.iter().any(|id| *id != own) {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                return Err(skip(&format!("needs the host's {kind} ids {}: {ONE}", ids.join(", "))));
            }
        }
        Ok(())
    }
}

const ONE: &str = "an unprivileged user namespace maps one";

fn skip(reason: &str) -> Skip {
    Skip(reason.to_owned())
}

/// The one id that all four are.
fn single(ids: Option<FourIds>, kind: &str) -> Result<u32, Skip> {
    let [first, rest @ ..] = ids.map_or([0; 4], |FourIds(ids)| ids);
    if rest == [first; 3] { Ok(first) } else { Err(skip(&format!("the thread has several {kind} ids: {ONE}"))) }
}

/// Whether it makes no difference to execve that a file belongs to the thread's own user and group instead.
fn belongs_alike(file: &FileEntry, uid: u32, gid: u32) -> bool {
    let mode = file.mode.0.bits();
    let executable_alike = [mode >> 6, mode >> 3].iter().all(|class| class & 1 == mode & 1);
    let user = file.uid == uid || mode & 0o4000 == 0 && executable_alike;
    let group = file.gid == gid || mode & 0o2000 == 0 && (executable_alike || file.uid == uid);
    user && group
}

/// Whether a call means the same where the thread's own ids are the only ones.
fn check_ids(call: &Call, uid: u32, gid: u32) -> Result<(), Skip> {
    use sim_core::calls::{IdKind, SetId};
    match call {
        Call::SetId(set) => {
            let own = if set.kind == IdKind::User { uid } else { gid };
            match set.ids().iter().find(|id| **id != own && **id != SetId::KEEP) {
                Some(id) => Err(skip(&format!("{} names {id}: {ONE}", set.name()))),
                None => Ok(()),
            }
        }
        Call::Setgroups(_) => Err(skip("setgroups is denied in a user namespace that an unprivileged user made")),
        Call::Setns(name) if name == "init" => Err(skip("the thread is moved out of the host's user namespace")),
        _ => Ok(()),
    }
}

/// Whether what a call asks for belongs to the thread, and not to the host's other namespaces.
fn possible(call: &Call) -> Result<(), Skip> {
    if concerns_the_thread_alone(call) {
        return Ok(());
    }
    Err(Skip(format!(
        "{} concerns what the host's user namespace owns; an unprivileged user has none of it",
        call.name()
    )))
}

/// Whether a call changes nothing but the thread that makes it: no file, and nothing that a namespace has.
pub(crate) fn concerns_the_thread_alone(call: &Call) -> bool {
    matches!(
        call,
        Call::Execve(_)
            | Call::Capset(_)
            | Call::Prctl(_)
            | Call::SetId(_)
            | Call::Setgroups(_)
            | Call::Capget
            | Call::Unshare(_)
            | Call::Clone(_)
            | Call::Setns(_)
            | Call::Seccomp(_)
            | Call::Syscall(_)
    )
}

/// Takes the groups that the thread brought along out of what was observed.
pub(crate) fn without_inherited(groups: &mut Vec<u32>, alone: Option<&Alone>) {
    if alone.is_some_and(|alone| alone.groups == groups.len()) {
        groups.clear();
    }
}

/// A user namespace of drawn scenarios; [`STAND_IN`] stands for this user.
pub(crate) fn namespace(name: &str) -> Option<UserNamespaceEntry> {
    let (parent, map) = match name {
        OWN => return Some(Alone { uid: STAND_IN, gid: STAND_IN, groups: 0 }.own()),
        "user" => (OWN, "5 0 1"),
        "root" => (OWN, "0 0 1"),
        "deep" => ("user", "0 5 1"),
        _ => return None,
    };
    Some(below(parent, STAND_IN, map))
}

fn below(parent: &str, owner: u32, map: &str) -> UserNamespaceEntry {
    UserNamespaceEntry {
        parent: Some(parent.to_owned()),
        owner: Some(owner),
        uid_map: Some(map.to_owned()),
        gid_map: Some(map.to_owned()),
        setgroups: None,
    }
}

/// The host id that stands for the user where scenarios are drawn.
pub(crate) const STAND_IN: u32 = 1000;

#[cfg(test)]
mod tests {
    use sim_core::scenario::{Loaded, Options, World};

    use super::Alone;
    use crate::report::Skip;

    const ALONE: Alone = Alone { uid: 65534, gid: 100, groups: 0 };

    fn moved(text: &str) -> Result<String, Skip> {
        let loaded = Loaded::read(text.as_bytes(), &Options::default()).unwrap();
        let scenario = ALONE.move_in(&loaded)?;
        let world = World::new(&scenario, &Options::default()).unwrap();
        ALONE.check(&Loaded { scenario: scenario.clone(), world })?;
        Ok(serde_json::to_string(&scenario).unwrap())
    }

    fn reason(text: &str) -> String {
        moved(text).unwrap_err().0
    }

    #[test]
    fn root_moves_into_the_own_namespace_and_a_user_below_it() {
        let steps = r#""files": {"/p": {"caps": "cap_kill=ep"}}, "steps": [{"execve": "/p"}]"#;
        let root = moved(&format!("{{{steps}}}")).unwrap();
        assert!(
            root.contains(r#""own":{"owner":65534,"uid_map":"0 65534 1","gid_map":"0 100 1","setgroups":"deny"}"#)
        );
        assert!(root.contains(r#""user_ns":"own""#) && root.contains(r#""rootid":65534"#), "{root}");
        let user = moved(&format!(r#"{{"process": {{"uid": 7, "gid": 8}}, {steps}}}"#)).unwrap();
        assert!(user.contains(r#""uid_map":"7 0 1","gid_map":"8 0 1""#), "{user}");
    }

    #[test]
    fn a_namespace_of_one_user_is_made_by_another_one() {
        let own = r#"{"user_namespaces": {"n": {"owner": 1000, "uid_map": "0 1000 1", "gid_map": "0 1000 1",
            "setgroups": "deny"}}, "process": {"user_ns": "n"}, "steps": [{"setgroups": []}]}"#;
        assert!(moved(own).unwrap().contains(r#""owner":65534"#));
        let wide = own.replace("0 1000 1\"", "0 1000 2\"");
        assert!(reason(&wide).contains("maps other ids than the own one"), "{}", reason(&wide));
    }

    #[test]
    fn what_one_id_cannot_show_is_skipped_with_the_reason() {
        let file = |file: &str| {
            format!(
                r#"{{"process": {{"uid": 7, "gid": 7}}, "files": {{"/p": {file}}}, "steps": [{{"execve": "/p"}}]}}"#
            )
        };
        assert!(moved(&file(r#"{"mode": "0755"}"#)).is_ok());
        assert!(moved(&file(r#"{"uid": 7, "mode": "4755"}"#)).is_ok());
        assert!(reason(&file(r#"{"mode": "4755"}"#)).contains("/p belongs to user 0 and group 0"));
        assert!(reason(&file(r#"{"uid": 7, "mode": "2755"}"#)).contains("/p belongs to user 7 and group 0"));
        assert!(reason(&file(r#"{"mode": "0754"}"#)).contains("/p belongs to user 0 and group 0"));
        for (text, expected) in [
            (r#"{"process": {"uid": [0, 7, 7, 7]}, "steps": []}"#, "several user ids"),
            (r#"{"process": {"groups": [0]}, "steps": []}"#, "supplementary groups cannot be set"),
            (r#"{"steps": [{"setuid": 1000}]}"#, "setuid names 1000"),
            (r#"{"steps": [{"setgroups": []}]}"#, "setgroups is denied"),
            (r#"{"steps": [{"bind": {"port": 80}}]}"#, "bind concerns what the host's user namespace owns"),
        ] {
            assert!(reason(text).contains(expected), "{text}: {}", reason(text));
        }
    }
}
