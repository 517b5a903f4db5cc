use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;

use anyhow::{Context, Result};
use sim_core::credentials::UserNs;
use sim_core::scenario::{Loaded, Setgroups};

use crate::alone::Alone;
use crate::machine::Machine;
use crate::report::Skip;
use crate::sys;

/// A user namespace as it must be made: who makes it, and what is written to its maps.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Recipe {
    /// Two of the same kind are still two.
    name: String,
    owner: u32,
    /// The maker's group.
    group: u32,
    uid_map: Option<String>,
    gid_map: Option<String>,
    deny_setgroups: bool,
    /// How many of the same scenario come before it that are described alike: each is a namespace of its own.
    twins: usize,
}

/// User namespaces made so far, by the recipes of themselves and those above. Held open, they stay.
pub(crate) struct Pool {
    /// The host's own.
    host: File,
    /// The one that the harness made, if it has no privilege in the host's.
    own: Option<(Alone, File)>,
    made: BTreeMap<Vec<Recipe>, File>,
    /// Whether whoever made a namespace stays in it.
    keeps_makers: bool,
    makers: BTreeMap<Vec<Recipe>, libc::pid_t>,
    /// What `/proc/self/ns/user` says in each, by descriptor.
    links: BTreeMap<RawFd, String>,
}

/// A user namespace that can be joined and recognised.
pub(crate) struct Namespace {
    /// Its descriptor; none for the one that the harness is in.
    pub(crate) fd: Option<RawFd>,
    /// What `/proc/self/ns/user` of a thread in it says.
    pub(crate) link: String,
    /// Its descriptor, that of the harness's own included.
    pub(crate) open: RawFd,
    /// A process in it: its maker, if the pool keeps makers, or the harness itself.
    pub(crate) process: Option<libc::pid_t>,
}

impl Pool {
    pub(crate) fn new(host: &File, machine: &Machine) -> Result<Self> {
        let own = match &machine.alone {
            Some(alone) => {
                let file = File::open("proc/self/ns/user").context("cannot open the user namespace")?;
                Some((alone.clone(), sys::move_up(&file)?))
            }
            None => None,
        };
        Ok(Self {
            host: sys::move_up(host)?,
            own,
            made: BTreeMap::new(),
            keeps_makers: false,
            makers: BTreeMap::new(),
            links: BTreeMap::new(),
        })
    }

    /// A pool for one scenario, whose namespaces may change. Their makers stay in them as long as it lives.
    pub(crate) fn with_makers(&self) -> Result<Self> {
        let own = match &self.own {
            Some((alone, file)) => Some((alone.clone(), sys::move_up(file)?)),
            None => None,
        };
        Ok(Self {
            host: sys::move_up(&self.host)?,
            own,
            made: BTreeMap::new(),
            keeps_makers: true,
            makers: BTreeMap::new(),
            links: BTreeMap::new(),
        })
    }

    /// The namespace of the scenario's process, made if it is new.
    pub(crate) fn of_process(&mut self, loaded: &Loaded) -> Result<Namespace, Skip> {
        self.of(loaded, loaded.world.thread.credentials.user_ns)
    }

    /// A namespace that the scenario describes, made if it is new.
    pub(crate) fn of(&mut self, loaded: &Loaded, wanted: UserNs) -> Result<Namespace, Skip> {
        let world = &loaded.world;
        let namespaces = &world.system.user_namespaces;
        let mut chain: Vec<UserNs> = namespaces.ancestors(wanted).collect();
        chain.pop();
        chain.reverse();
        let mut recipes: Vec<Recipe> = Vec::new();
        let mut current: Option<RawFd> = None;
        let mut here = &self.host;
        if let (Some((alone, file)), Some(top)) = (&self.own, chain.first()) {
            // The first below the host's is the harness's own; nothing else can be made there.
            let entry = loaded.scenario.user_namespaces.get(world.namespace_name(*top));
            if !entry.is_some_and(|entry| alone.is_own(entry)) {
                return Err(Skip("an unprivileged user can make no such user namespace".to_owned()));
            }
            here = file;
            chain.remove(0);
        }
        for ns in chain {
            recipes.push(recipe(loaded, ns)?);
            if !self.made.contains_key(&recipes) {
                let Some(last) = recipes.last() else { continue };
                let (made, maker) = make(last, current, self.own.is_some())
                    .map_err(|error| Skip(format!("a user namespace cannot be made: {error:#}")))?;
                if self.keeps_makers {
                    self.makers.insert(recipes.clone(), maker);
                } else {
                    sys::end(maker);
                }
                let made = sys::move_up(&made)
                    .map_err(|error| Skip(format!("no more user namespaces can be kept open: {error}")))?;
                self.made.insert(recipes.clone(), made);
            }
            current = self.made.get(&recipes).map(AsRawFd::as_raw_fd);
        }
        let file = self.made.get(&recipes).unwrap_or(here);
        let open = file.as_raw_fd();
        let process = match current {
            None => libc::pid_t::try_from(std::process::id()).ok(),
            Some(_) => self.makers.get(&recipes).copied(),
        };
        if let Some(link) = self.links.get(&open) {
            return Ok(Namespace { fd: current, link: link.clone(), open, process });
        }
        let inode = file.metadata().map_err(|error| Skip(format!("a user namespace cannot be read: {error}")))?.ino();
        let link = format!("user:[{inode}]");
        // They are never closed, so a descriptor stands for one namespace.
        self.links.insert(open, link.clone());
        Ok(Namespace { fd: current, link, open, process })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for maker in self.makers.values() {
            sys::end(*maker);
        }
    }
}

fn recipe(loaded: &Loaded, ns: UserNs) -> Result<Recipe, Skip> {
    let world = &loaded.world;
    let parent = |ns| world.system.user_namespaces.parent(ns);
    let recipe = described(loaded, ns)?;
    let before =
        loaded.scenario.user_namespaces.keys().map_while(|name| world.namespace(name).filter(|one| *one != ns));
    let alike = before.filter(|one| parent(*one) == parent(ns) && described(loaded, *one) == Ok(recipe.clone()));
    Ok(Recipe { twins: alike.count(), ..recipe })
}

/// What the scenario says of it.
fn described(loaded: &Loaded, ns: UserNs) -> Result<Recipe, Skip> {
    let world = &loaded.world;
    let namespaces = &world.system.user_namespaces;
    let entry = loaded.scenario.user_namespaces.get(world.namespace_name(ns));
    let parent = namespaces.parent(ns);
    if !namespaces.has_gid_map(parent) {
        return Err(Skip("a user namespace can only be made from one that maps groups".to_owned()));
    }
    Ok(Recipe {
        name: world.namespace_name(ns).to_owned(),
        owner: namespaces.owner(ns).number(),
        group: namespaces.group(ns).number(),
        uid_map: entry.and_then(|entry| entry.uid_map.clone()),
        gid_map: entry.and_then(|entry| entry.gid_map.clone()),
        deny_setgroups: entry.is_some_and(|entry| entry.setgroups == Some(Setgroups::Deny)),
        twins: 0,
    })
}

/// Makes a user namespace below `parent`, or below the harness's own. Gives it and its maker, who stays in it.
fn make(recipe: &Recipe, parent: Option<RawFd>, alone: bool) -> Result<(File, libc::pid_t)> {
    let (mut ready, tell) = io::pipe()?;
    let maker = sys::fork(|| {
        // The one user of an own namespace is 0 there.
        let (owner, group) = if alone { (0, 0) } else { (recipe.owner, recipe.group) };
        let made = sys::become_with_capabilities(owner, group)
            .and_then(|()| parent.map_or(Ok(()), |parent| sys::setns(parent, libc::CLONE_NEWUSER)))
            .and_then(|()| sys::unshare(libc::CLONE_NEWUSER))
            .and_then(|()| sys::become_dumpable());
        match made {
            Ok(()) => {
                // The harness kills this process once it has what it needs.
                let _ = (&tell).write_all(b"!");
                sys::sleep_for_ever()
            }
            Err(error) => error.raw_os_error().unwrap_or(1),
        }
    })?;
    drop(tell);
    let outcome = match ready.read_exact(&mut [0]) {
        Ok(()) => write_maps(recipe, parent, maker)
            .and_then(|()| File::open(format!("proc/{maker}/ns/user")).context("cannot open the new namespace")),
        Err(_) => Err(anyhow::anyhow!("unshare was refused")),
    };
    match outcome {
        Ok(made) => Ok((made, maker)),
        Err(error) => {
            sys::end(maker);
            Err(error)
        }
    }
}

/// Maps may be written from the namespace above only.
fn write_maps(recipe: &Recipe, parent: Option<RawFd>, maker: libc::pid_t) -> Result<()> {
    let files = [
        ("setgroups", recipe.deny_setgroups.then_some("deny")),
        ("uid_map", recipe.uid_map.as_deref()),
        ("gid_map", recipe.gid_map.as_deref()),
    ];
    let writer = sys::fork(|| {
        let joined = parent.map_or(Ok(()), |parent| sys::setns(parent, libc::CLONE_NEWUSER));
        let written = joined.and_then(|()| {
            files.into_iter().try_for_each(|(file, text)| match text {
                Some(text) => fs::write(format!("proc/{maker}/{file}"), text),
                None => Ok(()),
            })
        });
        written.err().map_or(0, |error| error.raw_os_error().unwrap_or(1))
    })?;
    match libc::WEXITSTATUS(sys::wait(writer)?) {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)).context("its maps cannot be written"),
    }
}
