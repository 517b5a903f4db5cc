//! Calls of the scenario format, made short.

use sim_core::calls::{AmbientOperation, IdChange, IdKind, PrctlOption, SetId};
use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::scenario::{Call, CapsetCall, MapFileName, PrctlArgument, PrctlCall, SecurebitsText, WriteMapCall};

use crate::system::id_of;

pub(super) const fn user(change: IdChange) -> Call {
    Call::SetId(SetId { kind: IdKind::User, change })
}

pub(super) const fn group(change: IdChange) -> Call {
    Call::SetId(SetId { kind: IdKind::Group, change })
}

pub(super) fn prctl(option: PrctlOption, argument: u64) -> Call {
    Call::Prctl(PrctlCall { option, arguments: vec![PrctlArgument::Number(argument)] })
}

pub(super) fn securebits(bits: Securebits) -> Call {
    Call::Prctl(PrctlCall {
        option: PrctlOption::SetSecurebits,
        arguments: vec![PrctlArgument::Securebits(SecurebitsText(bits))],
    })
}

/// One call a capability.
pub(super) fn drop_bounding(set: CapSet) -> impl Iterator<Item = Call> {
    set.iter().map(|capability| {
        let arguments = vec![PrctlArgument::Capability(capability)];
        Call::Prctl(PrctlCall { option: PrctlOption::CapbsetDrop, arguments })
    })
}

/// One call a capability: `PR_CAP_AMBIENT_RAISE` or `…_LOWER`.
pub(super) fn ambient(operation: AmbientOperation, set: CapSet) -> impl Iterator<Item = Call> {
    set.iter().map(move |capability| {
        let arguments = vec![PrctlArgument::Ambient(operation), PrctlArgument::Capability(capability)];
        Call::Prctl(PrctlCall { option: PrctlOption::CapAmbient, arguments })
    })
}

pub(super) fn clear_ambient() -> Call {
    let arguments = vec![PrctlArgument::Ambient(AmbientOperation::ClearAll)];
    Call::Prctl(PrctlCall { option: PrctlOption::CapAmbient, arguments })
}

/// capset(2) of `held` as effective and permitted, and of the inheritable set.
pub(super) fn capset(held: CapSet, inheritable: CapSet) -> Call {
    Call::Capset(CapsetCall { effective: held.into(), permitted: held.into(), inheritable: inheritable.into() })
}

pub(super) fn write_map(file: MapFileName, text: &str) -> Call {
    Call::WriteMap(WriteMapCall { user_ns: "child".into(), file, text: text.into(), by: None })
}

/// A comma list of capabilities; the word that is none is the error.
pub(super) fn capabilities(text: &str) -> Result<CapSet, String> {
    let mut set = CapSet::EMPTY;
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        set |= match word {
            "all" | "ALL" => CapSet::up_to(Capability::LAST_NAMED),
            word => capability(word)?,
        };
    }
    Ok(set)
}

pub(super) fn capability(word: &str) -> Result<CapSet, String> {
    let number = || word.parse().ok().and_then(Capability::from_number);
    let found = Capability::from_name(word).or_else(number);
    found.map(CapSet::from).ok_or_else(|| format!("{word:?} is no capability; write cap_net_raw"))
}

/// The id of a user or a group, with a sentence where it had to be assumed.
pub(super) fn id(name: &str, what: &str, assumed: &mut Vec<String>) -> u32 {
    let (id, is_assumed) = id_of(name);
    let sentence = format!("The {what} {name} is assumed to have the id {id}.");
    if is_assumed && !assumed.contains(&sentence) {
        assumed.push(sentence);
    }
    id
}

/// A program that a command goes on with, by its path or its name.
pub(super) fn execve(words: &[&str]) -> Option<Call> {
    words.first().map(|program| Call::Execve((*program).to_owned()))
}
