use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::values::{SecurebitsText, from_text};
use crate::calls::{AmbientOperation, Prctl, PrctlOption};
use crate::capability::Capability;

/// How many arguments prctl(2) takes after the option.
const MAX_ARGUMENTS: usize = 4;

/// A call of prctl(2) as it is written: the option and up to four arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrctlCall {
    /// The option.
    pub option: PrctlOption,
    /// What follows; arguments left out are 0.
    pub arguments: Vec<PrctlArgument>,
}

/// An argument of prctl(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrctlArgument {
    /// A number from 0 to 2^64 - 1.
    Number(u64),
    /// A number below 0, which the kernel sees as 2^64 more.
    Negative(i64),
    /// A capability by its name.
    Capability(Capability),
    /// An operation of `PR_CAP_AMBIENT`.
    Ambient(AmbientOperation),
    /// Securebits by their names.
    Securebits(SecurebitsText),
}

impl PrctlCall {
    /// The call with its arguments as numbers.
    pub fn resolve(&self) -> Prctl {
        let mut arguments = [0; MAX_ARGUMENTS];
        for (slot, argument) in arguments.iter_mut().zip(&self.arguments) {
            *slot = argument.value();
        }
        Prctl { option: self.option, arguments }
    }
}

impl PrctlArgument {
    fn value(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Negative(number) => number.cast_unsigned(),
            Self::Capability(capability) => capability.number().into(),
            Self::Ambient(operation) => operation.number().into(),
            Self::Securebits(SecurebitsText(bits)) => bits.bits().into(),
        }
    }
}

impl Serialize for PrctlArgument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Negative(number) => number.serialize(serializer),
            Self::Capability(capability) => match capability.name() {
                Some(name) => serializer.serialize_str(name),
                None => capability.number().serialize(serializer),
            },
            Self::Ambient(operation) => serializer.serialize_str(operation.name()),
            Self::Securebits(SecurebitsText(bits)) => serializer.collect_seq(bits.names()),
        }
    }
}

impl Serialize for PrctlCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(1 + self.arguments.len()))?;
        seq.serialize_element(self.option.name())?;
        for argument in &self.arguments {
            seq.serialize_element(argument)?;
        }
        seq.end()
    }
}

impl<'de> Deserialize<'de> for PrctlArgument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ArgumentVisitor;

        impl<'de> Visitor<'de> for ArgumentVisitor {
            type Value = PrctlArgument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, the name of a capability, or PR_CAP_AMBIENT_…")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<PrctlArgument, E> {
                Ok(PrctlArgument::Number(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<PrctlArgument, E> {
                Ok(PrctlArgument::Negative(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PrctlArgument, E> {
                AmbientOperation::from_name(text)
                    .map(PrctlArgument::Ambient)
                    .or_else(|| Capability::from_name(text).map(PrctlArgument::Capability))
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<PrctlArgument, A::Error> {
                SecurebitsText::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(PrctlArgument::Securebits)
            }
        }

        deserializer.deserialize_any(ArgumentVisitor)
    }
}

/// A name must be of the kind that its place asks for; a number may stand anywhere.
fn check_place(option: PrctlOption, place: usize, argument: PrctlArgument) -> Result<(), &'static str> {
    let fits = match argument {
        PrctlArgument::Number(_) | PrctlArgument::Negative(_) => true,
        PrctlArgument::Capability(_) => matches!(
            (option, place),
            (PrctlOption::CapbsetRead | PrctlOption::CapbsetDrop, 0) | (PrctlOption::CapAmbient, 1)
        ),
        PrctlArgument::Ambient(_) => matches!((option, place), (PrctlOption::CapAmbient, 0)),
        PrctlArgument::Securebits(_) => matches!((option, place), (PrctlOption::SetSecurebits, 0)),
    };
    if fits { Ok(()) } else { Err("a name of this kind has no meaning at this place; a number may stand anywhere") }
}

struct OptionName(PrctlOption);

impl<'de> Deserialize<'de> for OptionName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an option of prctl, as \"PR_SET_NO_NEW_PRIVS\"", |text| {
            PrctlOption::from_name(text).map(Self).ok_or_else(|| {
                let known: Vec<_> = PrctlOption::ALL.iter().map(|option| option.name()).collect();
                alloc::format!("{text:?} is no option that is modelled; these are: {}", known.join(", "))
            })
        })
    }
}

impl<'de> Deserialize<'de> for PrctlCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PrctlVisitor;

        impl<'de> Visitor<'de> for PrctlVisitor {
            type Value = PrctlCall;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the option of prctl and up to four arguments, as [\"PR_SET_NO_NEW_PRIVS\", 1]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<PrctlCall, A::Error> {
                let OptionName(option) = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let mut arguments = Vec::new();
                while let Some(argument) = seq.next_element()? {
                    if arguments.len() == MAX_ARGUMENTS {
                        return Err(de::Error::invalid_length(MAX_ARGUMENTS + 2, &self));
                    }
                    check_place(option, arguments.len(), argument).map_err(de::Error::custom)?;
                    arguments.push(argument);
                }
                Ok(PrctlCall { option, arguments })
            }
        }

        deserializer.deserialize_seq(PrctlVisitor)
    }
}
