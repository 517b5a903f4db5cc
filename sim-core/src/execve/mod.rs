//! execve(2): what the credentials of a thread become, or why the kernel refuses.
//!
//! Read first: capabilities(7), "Transformation of capabilities during execve()";
//! `security/commoncap.c`, `cap_bprm_creds_from_file`. The files here are its steps, in its order.

mod ambient;
mod file_caps;
mod fill_uid;
mod memory;
mod open;
mod privileged_root;
mod results;
mod secure;
mod unsafe_exec;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trace_tests;

use crate::capability::CapSet;
use crate::credentials::{Credentials, Kuid, Memory, RawCredentials, Thread};
use crate::file::File;
use crate::outcome::{Outcome, Refusal};
use crate::rule::Witness;
use crate::system::System;

/// What is executed: a file, and the interpreters it leads to if it is a script.
///
/// ```
/// use sim_core::execve::Program;
/// use sim_core::file::File;
///
/// let (script, python) = (File::default(), File::default());
/// let binary = Program::from(&python);
/// let script = Program { executable: &script, interpreters: &[&python] };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The file named in the call.
    pub executable: &'a File,
    /// The interpreter that it names, the interpreter that this one names if it is a script too, and so on.
    pub interpreters: &'a [&'a File],
}

/// What a successful execve leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The new credentials.
    pub credentials: Credentials,
    /// The new memory.
    pub memory: Memory,
    /// `AT_SECURE`: whether the new program is told to distrust its environment.
    pub at_secure: bool,
}

impl<'a> From<&'a File> for Program<'a> {
    /// A binary, which has no interpreter.
    fn from(executable: &'a File) -> Self {
        Self { executable, interpreters: &[] }
    }
}

/// Decides one execve.
///
/// With [`Silent`](crate::rule::Silent) it allocates nothing.
///
/// ```
/// use sim_core::prelude::*;
///
/// let file = File::default().with_caps("cap_net_bind_service=ep".parse()?);
/// let thread = Thread::from(Credentials::user(1024));
/// let executed = execve(&System::default(), &thread, &Program::from(&file), &mut Silent).granted().unwrap();
/// assert!(executed.credentials.effective.contains(Capability::NET_BIND_SERVICE));
/// assert!(executed.at_secure);
/// # Ok::<(), ParseCapTextError>(())
/// ```
pub fn execve<W: Witness>(
    system: &System,
    thread: &Thread,
    program: &Program<'_>,
    witness: &mut W,
) -> Outcome<Executed> {
    execve_by_path(system, thread, program, |_, _| Ok(()), witness)
}

/// The same, with `look_up` asked before each file is opened: 0 is the executable, 1 its interpreter, and so on.
pub(crate) fn execve_by_path<W: Witness>(
    system: &System,
    thread: &Thread,
    program: &Program<'_>,
    look_up: impl FnMut(usize, &mut W) -> Result<(), Refusal>,
    witness: &mut W,
) -> Outcome<Executed> {
    decide(system, thread, program, look_up, witness).into()
}

fn decide<W: Witness>(
    system: &System,
    thread: &Thread,
    program: &Program<'_>,
    look_up: impl FnMut(usize, &mut W) -> Result<(), Refusal>,
    witness: &mut W,
) -> Result<Executed, Refusal> {
    let file = open::open_program(system, thread, program, look_up, witness)?;
    let mut bprm = Bprm::new(system, thread, file);
    let confers = fill_uid::mount_may_suid(&bprm, witness);
    fill_uid::bprm_fill_uid(&mut bprm, confers, witness);
    file_caps::get_file_caps(&mut bprm, confers, witness)?;
    privileged_root::handle_privileged_root(&mut bprm, witness);
    unsafe_exec::downgrade(&mut bprm, witness);
    results::set_saved_ids(&mut bprm, witness);
    ambient::set_ambient(&mut bprm, witness);
    results::set_permitted(&mut bprm, witness);
    results::set_effective(&mut bprm, witness);
    results::keep_the_rest(&mut bprm, witness);
    let at_secure = secure::is_secure(&bprm, witness);
    let credentials = Credentials::after_transition(bprm.new.clone());
    let memory = memory::new_memory(&bprm, &credentials);
    Ok(Executed { credentials, memory, at_secure })
}

/// The execution being prepared, as `struct linux_binprm` holds it.
struct Bprm<'a> {
    system: &'a System,
    thread: &'a Thread,
    /// The caller's credentials.
    old: &'a Credentials,
    /// The file whose owner, mode and capabilities count: the executable, or the last interpreter.
    file: &'a File,
    /// The proposed credentials. Its sets are the old ones until the results are set.
    new: RawCredentials,
    /// The permitted set being computed, before the ambient set is added.
    new_permitted: CapSet,
    /// Whether what is permitted becomes effective.
    effective: bool,
    /// Whether the file has capabilities that count.
    has_file_caps: bool,
    /// Whether this exec changes identity.
    id_changed: bool,
    /// User 0 of the caller's user namespace, if it is mapped.
    root: Option<Kuid>,
}

impl<'a> Bprm<'a> {
    fn new(system: &'a System, thread: &'a Thread, file: &'a File) -> Self {
        let old = &thread.credentials;
        Self {
            system,
            thread,
            old,
            file,
            new: RawCredentials::from(old.clone()),
            new_permitted: CapSet::EMPTY,
            effective: false,
            has_file_caps: false,
            id_changed: false,
            root: system.user_namespaces.kuid(old.user_ns, 0),
        }
    }

    fn real_uid_is_root(&self) -> bool {
        self.root == Some(self.new.uid.real)
    }

    fn effective_uid_is_root(&self) -> bool {
        self.root == Some(self.new.uid.effective)
    }
}
