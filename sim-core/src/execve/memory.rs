//! Whose the process's files in `/proc` are after it. Source: `fs/exec.c`, `begin_new_exec` and `would_dump`.

use super::Bprm;
use crate::capability::Capability;
use crate::credentials::{Credentials, Memory, UserNs};
use crate::permission::{Permissions, is_mapped, mode_allows};

/// The memory of the new program.
pub(super) fn new_memory(bprm: &Bprm<'_>, new: &Credentials) -> Memory {
    let (old, namespaces) = (bprm.old, &bprm.system.user_namespaces);
    let mapped_in = |ns| is_mapped(bprm.system, ns, bprm.file);
    let readable = may_read(bprm, mapped_in(old.user_ns));
    // The memory of a program that may not be read belongs to a namespace that knows the file's owner.
    let user_ns = namespaces.ancestors(old.user_ns).find(|ns| readable || mapped_in(*ns)).unwrap_or(UserNs::INIT);
    let plain = old.uid.effective == old.uid.real && old.gid.effective == old.gid.real;
    Memory { dumpable: readable && plain, user_ns }.committed(old, new, namespaces)
}

fn may_read(bprm: &Bprm<'_>, mapped: bool) -> bool {
    let (old, file) = (bprm.old, bprm.file);
    let overrides = [Capability::DAC_OVERRIDE, Capability::DAC_READ_SEARCH].into_iter();
    mode_allows(old, file, Permissions::READ)
        || mapped && overrides.into_iter().any(|capability| old.capable(capability))
}

#[cfg(test)]
mod tests {
    use super::super::{Program, execve};
    use crate::capability::{CapSet, Capability};
    use crate::credentials::{Credentials, Groups, Ids, Kgid, Kuid, Memory, RawCredentials, Thread, UserNs};
    use crate::file::{File, Mode};
    use crate::rule::Silent;
    use crate::system::System;

    fn memory(system: &System, raw: RawCredentials, file: &File) -> Memory {
        let thread = Thread::from(Credentials::try_from(raw).unwrap());
        execve(system, &thread, &Program::from(file), &mut Silent).granted().unwrap().memory
    }

    fn file(owner: u16, group: u16, mode: u16) -> File {
        File::default().owned_by(owner.into(), group.into()).with_mode(Mode::new(mode).unwrap())
    }

    #[test]
    fn whoever_may_not_read_a_program_cannot_dump_it() {
        let dumpable = |raw, file: File| memory(&System::default(), raw, &file).dumpable;
        let user = || RawCredentials::user(1000);
        assert!(dumpable(user(), file(1000, 0, 0o511)));
        assert!(!dumpable(user(), file(1000, 0, 0o155)), "the owner's bit decides for the owner");
        assert!(dumpable(user(), file(0, 1000, 0o151)));
        assert!(!dumpable(user(), file(0, 1000, 0o515)), "the group's bit for the group");
        assert!(dumpable(user(), file(0, 0, 0o115)));
        assert!(!dumpable(user(), file(0, 0, 0o551)), "the others' bit for the others");
        let member = RawCredentials { groups: Groups::new([Kgid::from(7)].into()), ..user() };
        assert!(dumpable(member, file(0, 7, 0o151)));
        for capability in [Capability::DAC_OVERRIDE, Capability::DAC_READ_SEARCH] {
            let set = CapSet::from(capability);
            let able = RawCredentials { permitted: set, effective: set, ..user() };
            assert!(dumpable(able, file(0, 0, 0o711)), "{capability}");
        }
    }

    #[test]
    fn whoever_acts_as_another_cannot_dump_what_it_executes() {
        let dumpable = |raw| memory(&System::default(), raw, &File::default()).dumpable;
        let user = || RawCredentials::user(1000);
        let (uid, gid) = (Ids::all(Kuid::from(1000)), Ids::all(Kgid::from(1000)));
        assert!(dumpable(user()));
        assert!(dumpable(RawCredentials { uid: Ids { saved: 7.into(), ..uid }, ..user() }));
        assert!(!dumpable(RawCredentials { uid: Ids { real: 7.into(), ..uid }, ..user() }));
        assert!(!dumpable(RawCredentials { gid: Ids { real: 7.into(), ..gid }, ..user() }));
    }

    #[test]
    fn an_unreadable_program_belongs_to_a_namespace_that_knows_its_owner() {
        let mut system = System::default();
        let spaces = &mut system.user_namespaces;
        let outer = spaces.add(UserNs::INIT, 1000.into()).unwrap();
        spaces.set_uid_map(outer, &"0 1000 10".parse().unwrap()).unwrap();
        spaces.set_gid_map(outer, &"0 1000 10".parse().unwrap()).unwrap();
        let inner = spaces.add(outer, 1000.into()).unwrap();
        spaces.set_uid_map(inner, &"0 0 2".parse().unwrap()).unwrap();
        spaces.set_gid_map(inner, &"0 0 2".parse().unwrap()).unwrap();
        let set = CapSet::from(Capability::DAC_OVERRIDE);
        let by = |capable: bool, file: File| {
            let effective = if capable { set } else { CapSet::EMPTY };
            // User 1 of a namespace: nothing is granted for being root.
            let raw = RawCredentials { permitted: set, effective, user_ns: inner, ..RawCredentials::user(1001) };
            memory(&system, raw, &file)
        };
        let of = |dumpable, user_ns| Memory { dumpable, user_ns };
        assert_eq!(by(false, file(0, 0, 0o555)), of(true, inner), "readable: its owner does not matter");
        assert_eq!(by(false, file(1000, 1000, 0o511)), of(false, inner));
        assert_eq!(by(false, file(1005, 1000, 0o511)), of(false, outer));
        assert_eq!(by(false, file(1000, 1005, 0o511)), of(false, outer), "the group counts as well");
        assert_eq!(by(false, file(1005, 0, 0o511)), of(false, UserNs::INIT));
        assert_eq!(by(true, file(1000, 1000, 0o511)), of(true, inner), "the capability reads it");
        assert_eq!(by(true, file(1005, 1000, 0o511)), of(false, outer), "but not where the owner is unmapped");
    }
}
