use super::{Program, file_caps};
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::file::{File, FileKind};
use crate::kernel::{Errno, changes};
use crate::outcome::{Refusal, demand, refuse};
use crate::permission::{Permissions, is_mapped, lacking, mode_allows};
use crate::rule::{Condition, Effect, Witness, execve as rules};
use crate::system::System;

/// How many interpreters may follow one another.
const MAX_INTERPRETERS: usize = 5;

/// Looks up and opens the executable and each interpreter in turn, and gives the file whose credentials count.
pub(super) fn open_program<'a, W: Witness>(
    system: &System,
    thread: &Thread,
    program: &Program<'a>,
    mut look_up: impl FnMut(usize, &mut W) -> Result<(), Refusal>,
    witness: &mut W,
) -> Result<&'a File, Refusal> {
    let mut file = program.executable;
    look_up(0, witness)?;
    open_for_exec(system, thread, file, witness)?;
    for (index, &interpreter) in program.interpreters.iter().enumerate() {
        if !system.release.has(&changes::EXEC_CREDENTIALS_ONCE) {
            file_caps::check_script(system, thread, file, witness)?;
        }
        look_up(index + 1, witness)?;
        open_for_exec(system, thread, interpreter, witness)?;
        witness.applied(&rules::INTERPRETER, Effect::Holds);
        if index == MAX_INTERPRETERS {
            return Err(refuse(Errno::ELOOP, &rules::TOO_MANY_INTERPRETERS, CapSet::EMPTY, witness));
        }
        file = interpreter;
    }
    if program.interpreters.is_empty() {
        witness.not_applied(&rules::INTERPRETER, Condition::NotAScript);
    } else {
        witness.not_applied(&rules::TOO_MANY_INTERPRETERS, Condition::FewInterpreters);
    }
    Ok(file)
}

/// `do_open_execat`: the kind of file, the mount and the mode must allow it.
fn open_for_exec<W: Witness>(system: &System, thread: &Thread, file: &File, witness: &mut W) -> Result<(), Refusal> {
    let (errno, regular) = (Errno::EACCES, file.kind == FileKind::Regular);
    demand(regular, errno, &rules::REGULAR_FILE, CapSet::EMPTY, Condition::IsRegular, witness)?;
    let may_execute = !file.mount.noexec;
    demand(may_execute, errno, &rules::NOEXEC_MOUNT, CapSet::EMPTY, Condition::MountMayExecute, witness)?;
    if mode_allows(&thread.credentials, file, Permissions::EXECUTE) {
        witness.not_applied(&rules::EXECUTE_PERMISSION, Condition::ModeAllowsExecution);
        return Ok(());
    }
    match dac_override(system, thread, file) {
        Ok(()) => {
            witness.applied(&rules::DAC_OVERRIDE, Effect::Holds);
            witness.not_applied(&rules::EXECUTE_PERMISSION, Condition::DacOverrideAllows);
            Ok(())
        }
        Err(failed) => {
            witness.not_applied(&rules::DAC_OVERRIDE, failed);
            Err(refuse(errno, &rules::EXECUTE_PERMISSION, lacking(failed, Capability::DAC_OVERRIDE), witness))
        }
    }
}

/// `capable_wrt_inode_uidgid(CAP_DAC_OVERRIDE)`, which for a file needs some x bit besides.
fn dac_override(system: &System, thread: &Thread, file: &File) -> Result<(), Condition> {
    if !file.mode.execute_bits().contains(&true) {
        Err(Condition::NoExecuteBitAnywhere)
    } else if !thread.credentials.capable(Capability::DAC_OVERRIDE) {
        Err(Condition::CapabilityNotEffective)
    } else if !is_mapped(system, thread.credentials.user_ns, file) {
        Err(Condition::OwnerOrGroupUnmapped)
    } else {
        Ok(())
    }
}
