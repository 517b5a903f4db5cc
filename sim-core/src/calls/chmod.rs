use super::inode::{FileChanged, Inode, mode_effect};
use crate::credentials::Thread;
use crate::file::{File, Mode};
use crate::outcome::{Outcome, Refusal};
use crate::rule::{Witness, file_change as rules};
use crate::system::System;

/// Decides chmod(2) of a regular file. It leaves the file's capabilities alone.
///
/// ```
/// use sim_core::calls::chmod;
/// use sim_core::prelude::*;
///
/// let file = File::default().owned_by(1000.into(), 27.into());
/// let owner = Thread::from(Credentials::user(1000));
/// let mode: Mode = "2755".parse()?;
/// let changed = chmod(&System::default(), &owner, &file, mode, &mut Silent).granted().unwrap();
/// assert_eq!(changed.file.mode.to_string(), "0755", "the owner is not in the file's group");
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn chmod<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    mode: Mode,
    witness: &mut W,
) -> Outcome<FileChanged> {
    decide(&Inode::new(system, thread, file), mode, witness).into()
}

/// `chmod_common`, `setattr_prepare`, `setattr_copy`.
fn decide<W: Witness>(inode: &Inode<'_>, mode: Mode, witness: &mut W) -> Result<FileChanged, Refusal> {
    inode.demand_owner(&rules::CHMOD_OWNER, witness)?;
    witness.applied(&rules::CHMOD_SETS, mode_effect(inode.file.mode, mode));
    let mode = inode.write_mode(mode, witness);
    Ok(FileChanged { file: File { mode, ..inode.file.clone() }, value: 0 })
}
