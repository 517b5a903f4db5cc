//! Calls of which not all is known, as a log shows them, held against a policy: which are refused, by what, and which
//! smallest change permits them.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use sim_core::seccomp::check::{Argument, Observed, State, check, remedies};
//! use sim_core::seccomp::profile::{Engine, Profile, Target, resolve};
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let profile = Profile::read(r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
//!     {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 0}]}
//! ]}"#).unwrap();
//! let target = Target::new(Abi::X86_64, Engine::DOCKER);
//! let policy = resolve(&profile, &target).unwrap();
//!
//! // A log that does not show the argument leaves the answer open, and says which argument is missing.
//! let mut call = Observed::by_name(Abi::X86_64, "personality", [Argument::Unknown; 6]).remove(0);
//! let answer = check(&policy, &call).unwrap();
//! assert_eq!((answer.state, answer.open.as_slice()), (State::Open, &[0][..]));
//!
//! call.args[0] = Argument::Known(8);
//! let answer = check(&policy, &call).unwrap();
//! assert_eq!(answer.state, State::Refused);
//! let smallest = &remedies(&profile, &target, &call)[0];
//! assert_eq!(smallest.to_string(), "a new entry that allows personality where args[0] == 8");
//! # }
//! ```

mod observed;
mod remark;
mod remedy;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub use observed::{Argument, Observed};
pub use remark::{Remark, remarks};
pub use remedy::{Change, Remedy, remedies, selector};

use super::profile::{CallPolicy, Policy, TablePolicy, Verdict};
use super::region::{Calls, Diagram, Permission, Undecided};
use super::{FilterReturn, SeccompData};

/// What a policy says of a call, as far as the call is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It runs, whatever is not known.
    Permitted,
    /// A tracer or a listener is asked, and nothing worse can be.
    Asked,
    /// It may be refused: that depends on arguments which are not known.
    Open,
    /// It is refused, whatever is not known.
    Refused,
}

/// The answer to a call, with examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'p> {
    /// Whether it runs.
    pub state: State,
    /// What becomes of a call of this kind; of one that is refused, if one can be.
    pub verdict: Verdict<'p>,
    /// That call: what is not known is filled in.
    pub example: SeccompData,
    /// The arguments that are not known and that rules for this call compare, if the state is [`State::Open`].
    pub open: Vec<u8>,
}

/// What a policy says of a call. An error only where a profile's conditions on one call are so many that they cannot be
/// followed.
pub fn check<'p>(policy: &'p Policy, call: &Observed) -> Result<Answer<'p>, Undecided> {
    let plain = call.example();
    let verdict = policy.verdict(&plain);
    let rules = policy.table(&plain).map_or(&[][..], |table| table.rules(plain.nr));
    let conditions = || rules.iter().flat_map(|rule| rule.conditions.iter());
    let mut open: Vec<u8> = conditions().map(|condition| condition.argument).collect();
    open.sort_unstable();
    open.dedup();
    open.retain(|&index| call.args.get(usize::from(index)).is_some_and(|argument| !argument.is_known()));
    if open.is_empty() || policy.stub(&plain).is_some() {
        return Ok(Answer { state: state(verdict.action), verdict, example: plain, open: Vec::new() });
    }

    // Rules for this call alone, so that little is built.
    let mut diagram = Diagram::new(plain.arch.byte_order());
    let answers = diagram.policy(&alone(policy, &plain))?;
    let within = call.calls(&mut diagram)?;
    let refused = |word: FilterReturn| Permission::of(word.action()) == Permission::Refused;
    let found = diagram.call_with(answers, answers, within, |word, _| refused(word))?;
    let other = diagram.call_with(answers, answers, within, |word, _| !refused(word))?;
    let (example, state) = match (found, other) {
        (Some(found), Some(_)) => (found.call, State::Open),
        (Some(found), None) => (found.call, State::Refused),
        (None, _) => {
            let asked = |word: FilterReturn| Permission::of(word.action()) == Permission::Asked;
            match diagram.call_with(answers, answers, within, |word, _| asked(word))? {
                Some(found) => (found.call, State::Asked),
                None => (plain, State::Permitted),
            }
        }
    };
    if state != State::Open {
        open.clear();
    }
    Ok(Answer { state, verdict: policy.verdict(&example), example, open })
}

fn state(word: FilterReturn) -> State {
    match Permission::of(word.action()) {
        Permission::Granted => State::Permitted,
        Permission::Asked => State::Asked,
        Permission::Refused => State::Refused,
    }
}

/// The part of a policy that answers a call's number.
fn alone(policy: &Policy, data: &SeccompData) -> Policy {
    let table = policy.table(data).map(|table| TablePolicy {
        abi: table.abi,
        stub: None,
        calls: Vec::from([CallPolicy { number: data.nr, rules: table.rules(data.nr).to_vec() }]),
    });
    Policy {
        default_action: policy.default_action,
        bad_architecture_action: policy.bad_architecture_action,
        tables: table.into_iter().collect(),
        flags: policy.flags,
        listener_path: None,
        entries: Vec::new(),
        notes: Vec::new(),
        ambiguities: Vec::new(),
    }
}

impl Observed {
    /// Every call that it can be.
    fn calls(&self, diagram: &mut Diagram) -> Result<Calls, Undecided> {
        let mut calls = diagram.by(self.table.architecture())?;
        let numbered = diagram.numbered(self.number)?;
        calls = diagram.both(calls, numbered)?;
        for (index, argument) in (0..).zip(self.args) {
            if let Some(condition) = argument.condition(index) {
                let known = diagram.condition(&condition)?;
                calls = diagram.both(calls, known)?;
            }
        }
        Ok(calls)
    }
}
