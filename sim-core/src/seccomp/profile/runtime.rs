use alloc::vec::Vec;

use super::manager::{Configuration, Live};
use super::resolve::{Problem, ResolveError};
use super::{Comparison, EntryState, Note, Place, Profile, Runtime};
use crate::kernel::Errno;
use crate::seccomp::{Action, FilterReturn, Flags};

/// The word for an action of the profile.
pub(super) fn word(
    runtime: Runtime,
    action: Action,
    errno: Option<u32>,
    place: Place,
    notes: &mut Vec<Note>,
) -> Result<FilterReturn, ResolveError> {
    let takes_errno = matches!(action, Action::Errno | Action::Trace);
    if !takes_errno {
        match (errno, runtime) {
            (None, _) => {}
            (Some(_), Runtime::Runc | Runtime::Youki) => notes.push(Note::ErrnoWithoutMeaning(place)),
            (Some(_), Runtime::None | Runtime::Crun) => return Err(Problem::ErrnoOnOtherAction.at(place)),
        }
        return Ok(action.with_data(0));
    }
    let errno = errno.unwrap_or_else(|| u32::from(Errno::EPERM.number()));
    if runtime == Runtime::Youki && action == Action::Trace && errno > u32::from(u16::MAX) {
        return Err(Problem::ErrnoTooLarge(errno).at(place));
    }
    // The others cut the number to 16 bits; libseccomp refuses what is left above 4095.
    Ok(action.with_data(u16::try_from(errno & 0xffff).unwrap_or_default()))
}

/// What a runtime refuses before it makes a filter.
pub(super) fn check(runtime: Runtime, configuration: &Configuration<'_>) -> Result<(), ResolveError> {
    if !matches!(runtime, Runtime::Runc | Runtime::Youki) {
        return Ok(());
    }
    if configuration.default_action == Action::UserNotif {
        return Err(Problem::NotifyByDefault.anywhere());
    }
    let notifying = configuration.entries.iter().filter(|live| live.entry.action == Action::UserNotif);
    for live in notifying {
        if let Some(write) = live.entry.names.iter().chain(&live.entry.name).find(|name| name.value == "write") {
            return Err(Problem::NotifyOnWrite.at(write.place));
        }
    }
    Ok(())
}

/// The conditions of each rule that an entry becomes; no rule for an entry whose action is the default.
pub(super) fn rules<'p>(runtime: Runtime, live: &Live<'p>) -> (Vec<&'p [Comparison]>, bool) {
    let args = live.entry.args.as_slice();
    let args = if runtime == Runtime::Crun { args.get(..6).unwrap_or(args) } else { args };
    let mut seen = [false; 6];
    let mut again = |index: u8| seen.get_mut(usize::from(index)).is_some_and(|seen| core::mem::replace(seen, true));
    let twice = args.iter().any(|arg| again(arg.index));
    if twice && runtime != Runtime::None { (args.chunks(1).collect(), true) } else { (Vec::from([args]), false) }
}

/// The flags that the filter is installed with.
pub(super) fn flags(runtime: Runtime, profile: &Profile, states: &[EntryState]) -> Result<Flags, ResolveError> {
    let mut flags = match (&profile.flags, runtime) {
        (None, Runtime::Crun) => Flags::SPEC_ALLOW,
        _ => Flags::default(),
    };
    for flag in profile.flags.iter().flatten() {
        flags = flags.with(match flag.value.as_str() {
            // runc starts one thread only, and leaves it out.
            "SECCOMP_FILTER_FLAG_TSYNC" if runtime == Runtime::Runc => Flags::default(),
            "SECCOMP_FILTER_FLAG_TSYNC" => Flags::TSYNC,
            "SECCOMP_FILTER_FLAG_LOG" => Flags::LOG,
            "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => Flags::SPEC_ALLOW,
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => Flags::WAIT_KILLABLE_RECV,
            other => return Err(Problem::UnknownFlag(other.into()).at(flag.place)),
        });
    }
    let live = profile.syscalls.iter().zip(states).filter(|(_, state)| **state == EntryState::Live);
    if live.map(|(entry, _)| entry.action).any(|action| action == Action::UserNotif) {
        flags = flags.with(Flags::NEW_LISTENER);
    }
    Ok(flags)
}
