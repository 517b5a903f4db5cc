//! capsh(1) of libcap: its options are done one after the other.

use sim_core::calls::{AmbientOperation, IdChange, PrctlOption};
use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::scenario::{Call, CapsetCall, ChrootArguments, ProcessOperation};
use sim_core::text::CapText;

use super::calls::{ambient, capabilities, capset, clear_ambient, drop_bounding, group, id, prctl, securebits, user};
use super::privilege::program_of;
use super::{Done, Parsed};
use crate::system::iab::Iab;

/// `capsh [OPTION]… [-- [SHELL ARGUMENT]…]`
pub(super) fn capsh(words: &[String]) -> Parsed {
    let does = |word: &String| {
        word.starts_with("--")
            && !matches!(word.as_str(), "--print" | "--help")
            && !word.starts_with("--decode")
            && !word.starts_with("--explain")
            && !word.starts_with("--supports")
            && !word.starts_with("--has")
    };
    words.iter().any(does).then(|| steps(words))
}

fn steps(words: &[String]) -> Result<Done, String> {
    let (mut calls, mut assumed, mut shell) = (Vec::new(), Vec::new(), "/bin/bash".to_owned());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            calls.push(Call::Execve(shell));
            let arguments = rest.by_ref();
            if arguments.next().is_some_and(|option| option == "-c") {
                calls.extend(arguments.next().and_then(|line| program_of(line)).map(Call::Execve));
            }
            break;
        }
        let (name, value) = word.split_once('=').map_or((word.as_str(), ""), |(name, value)| (name, value));
        let number = || value.parse::<u32>().map_err(|_| format!("capsh: {word:?}: a number was expected"));
        let set = || capabilities(value).map_err(|message| format!("capsh {name}: {message}"));
        match name {
            "--drop" => calls.extend(drop_bounding(set()?)),
            "--keep" => calls.push(prctl(PrctlOption::SetKeepcaps, number()?.into())),
            "--inh" => calls.push(inheritable(set()?, rest.as_slice(), &mut assumed)),
            "--caps" => {
                let text: CapText = value.parse().map_err(|error| format!("capsh --caps: {error}"))?;
                calls.push(Call::Capset(CapsetCall {
                    effective: text.effective.into(),
                    permitted: text.permitted.into(),
                    inheritable: text.inheritable.into(),
                }));
            }
            "--addamb" => calls.extend(ambient(AmbientOperation::Raise, set()?)),
            "--delamb" => calls.extend(ambient(AmbientOperation::Lower, set()?)),
            "--noamb" => calls.push(clear_ambient()),
            "--uid" => calls.push(user(IdChange::Set(number()?))),
            "--gid" => calls.push(group(IdChange::Set(number()?))),
            "--groups" => {
                let ids = value.split(',').filter(|name| !name.is_empty());
                calls.push(Call::Setgroups(ids.map(|name| id(name, "group", &mut assumed)).collect()));
            }
            "--user" | "--cap-uid" => {
                let uid = id(value, "user", &mut assumed);
                if name == "--user" {
                    calls.extend([Call::Setgroups(vec![uid]), group(IdChange::Set(uid))]);
                    assumed.push("The user is assumed to have one group, of the same number.".into());
                }
                // cap_setuid(3) keeps the permitted set.
                calls.push(prctl(PrctlOption::SetKeepcaps, 1));
                calls.push(user(IdChange::Set(uid)));
                calls.push(prctl(PrctlOption::SetKeepcaps, 0));
            }
            "--secbits" => {
                let digits = value.trim_start_matches("0x");
                let bits = u32::from_str_radix(digits, if digits.len() < value.len() { 16 } else { 10 });
                calls.push(securebits(Securebits::from_bits(
                    bits.map_err(|_| format!("capsh: {word:?}: a number was expected"))?,
                )));
            }
            "--iab" => {
                let iab = Iab::of(value).map_err(|word| format!("capsh --iab: {word:?} is no capability"))?;
                calls.push(inheritable(iab.inheritable, rest.as_slice(), &mut assumed));
                calls.extend(ambient(AmbientOperation::Raise, iab.ambient));
                calls.extend(drop_bounding(iab.blocked));
            }
            "--no-new-privs" => calls.push(prctl(PrctlOption::SetNoNewPrivs, 1)),
            "--chroot" if value.starts_with('/') => {
                calls.push(Call::Process(ProcessOperation::Chroot(ChrootArguments { path: value.to_owned() })));
            }
            "--shell" => value.clone_into(&mut shell),
            "--mode" => assumed.push("capsh --mode is left out.".into()),
            _ => {}
        }
    }
    if calls.is_empty() {
        return Err("capsh: no option that changes anything is known among these".into());
    }
    let recognised = format!("capsh {}", words.join(" ").chars().take(200).collect::<String>());
    Ok(Done { assumed, ..Done::calls(calls, recognised) })
}

/// capset(2) that sets the inheritable set. A call names whole sets: of the permitted one, what is made inheritable and what
/// the options that follow need.
fn inheritable(set: CapSet, following: &[String], assumed: &mut Vec<String>) -> Call {
    let mut held = set;
    let needs = [
        ("--user", "setuid"),
        ("--user", "setgid"),
        ("--uid", "setuid"),
        ("--gid", "setgid"),
        ("--groups", "setgid"),
        ("--drop", "setpcap"),
        ("--secbits", "setpcap"),
        ("--chroot", "sys_chroot"),
    ];
    for (option, name) in needs {
        let follows = following.iter().take_while(|word| *word != "--").any(|word| word.starts_with(option));
        if let Some(capability) = Capability::from_name(name).filter(|_| follows) {
            held |= CapSet::from(capability);
        }
    }
    assumed.push(
        "Of the permitted set only what the command needs is written; the rest does not matter to what follows."
            .into(),
    );
    capset(held, set)
}
