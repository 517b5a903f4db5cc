use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Context;
use crate::capability::CapSet;
use crate::credentials::UserNs;
use crate::file::{FileKind, Mode};
use crate::kernel::Errno;
use crate::scenario::{Call, FileEntry, OpenFlag, PathOperation, World};
use crate::search::attempt::Reason;
use crate::search::edit::Edit;

/// What can be done about files.
pub(super) fn edits(context: &Context<'_>, edits: &mut Vec<Edit>) {
    let Some(world) = context.world else { return };
    let mut programs: Vec<&str> = Vec::new();
    for (_, path) in context.programs() {
        for path in world.paths_of_program(path) {
            if !programs.contains(&path) {
                programs.push(path);
            }
        }
    }
    for path in &programs {
        if let Some(entry) = context.scenario.files.get(*path) {
            program(context, world, path, entry, edits);
        }
    }
    // A program's own attribute is refused with EPERM, which has nothing to do with modes and owners.
    let execve = matches!(context.call(), Some(Call::Execve(_)));
    if let Reason::Refused { errno, .. } = context.failure.reason
        && (!execve || errno == Errno::EACCES)
    {
        modes(context, world, edits);
    }
}

/// The file of a program.
fn program(context: &Context<'_>, world: &World, path: &str, entry: &FileEntry, edits: &mut Vec<Edit>) {
    let own = || path.to_string();
    if entry.interpreter.is_some() {
        edits.push(Edit::Wrapper { path: own() });
    }
    if entry.noexec {
        edits.push(Edit::MountExec { path: own() });
    }
    if entry.nosuid {
        edits.push(Edit::MountSuid { path: own() });
    }
    let held = entry.caps.as_ref().and_then(|caps| caps.resolve(world.all).ok());
    let set_of = |inheritable: bool| {
        held.map_or(CapSet::EMPTY, |held| if inheritable { held.inheritable } else { held.permitted })
    };
    for &caps in &context.groups {
        for (inheritable, effective) in [(false, true), (false, false), (true, true)] {
            let flagged = held.is_some_and(|held| held.effective());
            if !caps.is_subset(set_of(inheritable)) || effective && !flagged {
                edits.push(Edit::Setcap { path: own(), inheritable, caps, effective });
            }
        }
    }
    if entry.caps.is_some() {
        edits.push(Edit::RemoveAttribute { path: own() });
    }
    if let Some(held) = held {
        if held.effective() {
            edits.push(Edit::ClearEffectiveFlag { path: own() });
        }
        for &caps in &context.groups {
            let named = caps & (held.permitted | held.inheritable);
            if !named.is_empty() && named != held.permitted | held.inheritable {
                edits.push(Edit::DropFileCaps { path: own(), caps: named });
            }
        }
        let namespaces = &world.system.user_namespaces;
        let root =
            namespaces.kuid(world.thread.credentials.user_ns, 0).map(|root| namespaces.uid(UserNs::INIT, root));
        if let Some(Some(rootid)) = root
            && rootid != held.rootid()
        {
            edits.push(Edit::RootId { path: own(), rootid });
        }
    }
    if entry.uid != 0 || !entry.mode.0.contains(Mode::S_ISUID) {
        edits.push(Edit::SetUserIdRoot { path: own() });
    }
}

/// The modes and owners that stand in the way of the call that failed.
fn modes(context: &Context<'_>, world: &World, edits: &mut Vec<Edit>) {
    for (path, bits) in asked(context, world) {
        let Some(entry) = context.scenario.files.get(&path) else { continue };
        let Some((file, _)) = world.files.get(&path) else { continue };
        let credentials = &world.thread.credentials;
        let shift = if credentials.uid.filesystem == file.uid {
            6
        } else if credentials.in_group(file.gid) {
            3
        } else {
            0
        };
        let lacking = (bits << shift) & !entry.mode.0.bits();
        if let Some(add) = Mode::new(lacking).filter(|_| lacking != 0) {
            edits.push(Edit::Chmod { path: path.clone(), add });
        }
        let spaces = &world.system.user_namespaces;
        let uid = spaces.uid(UserNs::INIT, credentials.uid.filesystem);
        if let Some(uid) = uid.filter(|uid| *uid != entry.uid) {
            edits.push(Edit::Chown { path: path.clone(), uid });
        }
        let gid = spaces.gid(UserNs::INIT, credentials.gid.filesystem);
        if let Some(gid) = gid.filter(|gid| *gid != entry.gid) {
            edits.push(Edit::Chgrp { path: path.clone(), gid });
        }
    }
}

/// The files that the failing call is about, those above them first, with the bits of a class that it asks for.
fn asked(context: &Context<'_>, world: &World) -> Vec<(String, u16)> {
    const READ: u16 = 4;
    const WRITE: u16 = 2;
    const EXECUTE: u16 = 1;
    let (paths, bits): (Vec<&str>, u16) = match context.call() {
        Some(Call::Execve(path)) => (world.paths_of_program(path), EXECUTE),
        Some(Call::FileChange(change)) => (Vec::from([change.path()]), WRITE),
        Some(Call::Path(PathOperation::Open(open))) => {
            let has = |flag| open.flags.contains(&flag);
            let write = if has(OpenFlag::WriteOnly) || has(OpenFlag::ReadWrite) { WRITE } else { 0 };
            (Vec::from([open.path.as_str()]), if has(OpenFlag::WriteOnly) { write } else { READ | write })
        }
        Some(Call::Path(operation)) => (operation.paths(), WRITE),
        _ => (Vec::new(), 0),
    };
    let mut asked: Vec<(String, u16)> = Vec::new();
    for path in paths {
        let creates = matches!(
            context.call(),
            Some(Call::Path(
                PathOperation::Unlink(_) | PathOperation::Link(_) | PathOperation::Mknod(_) | PathOperation::Mkdir(_)
            ))
        );
        asked.extend(world.directories_above(path).map(|(above, _)| (above.to_string(), EXECUTE)));
        let directory = world.files.get(path).is_some_and(|(file, _)| file.kind == FileKind::Directory);
        asked.push((path.to_string(), if directory && creates { WRITE | EXECUTE } else { bits }));
    }
    asked.dedup();
    asked
}

/// The owner of the file that the failing call is about, as the thread sees it.
pub(super) fn owner(context: &Context<'_>) -> Option<u32> {
    let world = context.world.filter(|_| matches!(context.failure.reason, Reason::Refused { .. }))?;
    let (path, _) = asked(context, world).pop()?;
    let (file, _) = world.files.get(&path)?;
    world.system.user_namespaces.uid(world.thread.credentials.user_ns, file.uid)
}

/// Its group, if the thread is not in it.
pub(super) fn group(context: &Context<'_>) -> Option<u32> {
    let world = context.world.filter(|_| matches!(context.failure.reason, Reason::Refused { .. }))?;
    let (path, _) = asked(context, world).pop()?;
    let (file, _) = world.files.get(&path)?;
    let credentials = &world.thread.credentials;
    let gid = world.system.user_namespaces.gid(credentials.user_ns, file.gid);
    gid.filter(|_| !credentials.in_group(file.gid))
}
