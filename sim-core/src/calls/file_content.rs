use super::inode::{FileChanged, Inode};
use crate::capability::CapSet;
use crate::credentials::Thread;
use crate::file::File;
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Witness, file_change as rules};
use crate::system::System;

/// The most bytes that one write(2) writes (`MAX_RW_COUNT` with pages of 4096 bytes).
const MOST_AT_ONCE: u64 = 0x7fff_f000;

/// Decides open(2) of a regular file with `O_WRONLY`, and write(2) of so many bytes to it.
///
/// ```
/// use sim_core::calls::write;
/// use sim_core::prelude::*;
///
/// let system = System::default();
/// let mode: Mode = "4755".parse()?;
/// let file = File::default().with_mode(mode).with_caps("cap_net_raw=ep".parse()?);
/// let root = Thread::from(Credentials::root(system.capabilities()));
/// let changed = write(&system, &root, &file, 1, &mut Silent).granted().unwrap();
/// assert_eq!((changed.file.mode, changed.file.caps), (mode, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    bytes: u64,
    witness: &mut W,
) -> Outcome<FileChanged> {
    let inode = Inode::new(system, thread, file);
    let decide = |witness: &mut W| {
        inode.demand_writable(witness)?;
        if bytes == 0 {
            witness.applied(&rules::WRITE_NOTHING, Effect::Returns(0));
            return Ok(inode.unchanged());
        }
        witness.not_applied(&rules::WRITE_NOTHING, Condition::SomethingWritten);
        let file = inode.remove_privileges(witness);
        let value = bytes.min(MOST_AT_ONCE);
        witness.applied(&rules::WRITE_RETURNS, Effect::Returns(value));
        Ok(FileChanged { file, value })
    };
    decide(witness).into()
}

/// Decides truncate(2) of a regular file to so many bytes.
///
/// ```
/// use sim_core::calls::truncate;
/// use sim_core::prelude::*;
///
/// let owner = Thread::from(Credentials::user(1000));
/// let file = File::default().owned_by(1000.into(), 1000.into()).with_mode("4755".parse()?);
/// let changed = truncate(&System::default(), &owner, &file, 0, &mut Silent).granted().unwrap();
/// assert_eq!(changed.file.mode.to_string(), "0755");
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn truncate<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    size: i64,
    witness: &mut W,
) -> Outcome<FileChanged> {
    let inode = Inode::new(system, thread, file);
    let decide = |witness: &mut W| -> Result<FileChanged, Refusal> {
        let (rule, none) = (&rules::TRUNCATE_NEGATIVE, CapSet::EMPTY);
        demand(size >= 0, Errno::EINVAL, rule, none, Condition::SizeNotNegative, witness)?;
        inode.demand_writable(witness)?;
        witness.applied(&rules::TRUNCATE_SIZE, Effect::Holds);
        Ok(FileChanged { file: inode.remove_privileges(witness), value: 0 })
    };
    decide(witness).into()
}
