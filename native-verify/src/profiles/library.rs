//! libseccomp's own filters, made in a child: some rules it never finishes with.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use libseccomp::error::SeccompError;
use libseccomp::{ScmpAction, ScmpArch, ScmpFilterContext, ScmpSyscall};
use sim_core::seccomp::Action;
use sim_core::seccomp::bpf::{self, Program};
use sim_core::seccomp::profile::{Comparison, Entry, Profile};

use super::made::Made;
use crate::library::{action, comparison};
use crate::sys;

/// How long it may take, in seconds of computing, and how much memory.
const PATIENCE: u64 = 1;
const MEMORY: u64 = 2 << 30;

/// What a child writes first.
const FILTER: u8 = 0;
const REFUSED: u8 = 1;

/// Adds a profile's rules in their order, as runc does, and exports the filter.
pub(super) fn make(profile: &Profile, tree: bool) -> io::Result<Made> {
    let (mut reader, mut writer) = io::pipe()?;
    let child = sys::fork(|| {
        sys::die_with_parent();
        let limited = sys::limit_work(PATIENCE, MEMORY);
        let told = limited.and_then(|()| match filter(profile, tree) {
            Ok(context) => writer.write_all(&[FILTER]).map(|()| {
                // What it fails with here, the parent sees as a filter of no length.
                let _ = context.export_bpf(writer.as_fd());
            }),
            Err(error) => {
                let errno = error.sysrawrc().map_or(0, i32::abs);
                writer.write_all(&[REFUSED]).and_then(|()| writer.write_all(&errno.to_le_bytes()))
            }
        });
        i32::from(told.is_err())
    })?;
    drop(writer);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    let status = sys::wait(child)?;
    if libc::WIFSIGNALED(status) {
        let signal = libc::WTERMSIG(status);
        return Ok(if signal == libc::SIGXCPU { Made::Endless } else { Made::Died(signal) });
    }
    if libc::WEXITSTATUS(status) != 0 {
        return Err(io::Error::other("a child could not say what libseccomp made"));
    }
    Ok(match bytes.split_first() {
        Some((&FILTER, filter)) => read(filter),
        Some((&REFUSED, errno)) => match errno.try_into().map(i32::from_le_bytes) {
            // It takes all memory there is.
            Ok(libc::ENOMEM) => Made::Endless,
            errno => Made::Refused(errno.unwrap_or_default()),
        },
        _ => Made::Invalid("nothing".to_owned()),
    })
}

fn read(filter: &[u8]) -> Made {
    let read = bpf::from_bytes(filter, None).map_err(|error| error.to_string());
    match read.and_then(|(program, _)| Program::check(program).map_err(|error| error.to_string())) {
        Ok(program) => Made::Filter(program),
        Err(error) => Made::Invalid(error),
    }
}

fn filter(profile: &Profile, tree: bool) -> Result<ScmpFilterContext, SeccompError> {
    let default = action(profile.default_action.unwrap_or(Action::Errno), profile.default_errno_ret);
    let mut context = ScmpFilterContext::new(default)?;
    if tree {
        context.set_ctl_optimize(2)?;
    }
    for architecture in &profile.architectures {
        context.add_arch(architecture.value.parse::<ScmpArch>()?)?;
    }
    for entry in &profile.syscalls {
        let wanted = action(entry.action, entry.errno_ret);
        // A rule with the default action is refused; runc leaves it out.
        if wanted != default {
            add(&mut context, wanted, entry)?;
        }
    }
    Ok(context)
}

fn add(context: &mut ScmpFilterContext, action: ScmpAction, entry: &Entry) -> Result<(), SeccompError> {
    let twice = |one: &Comparison| entry.args.iter().filter(|other| other.index == one.index).count() > 1;
    let conditions: Vec<_> = entry.args.iter().map(comparison).collect();
    for name in &entry.names {
        // Names that it does not know are passed over.
        let Ok(call) = ScmpSyscall::from_name(&name.value) else { continue };
        if entry.args.iter().any(twice) {
            for condition in &conditions {
                context.add_rule_conditional(action, call, std::slice::from_ref(condition))?;
            }
        } else {
            context.add_rule_conditional(action, call, &conditions)?;
        }
    }
    Ok(())
}
