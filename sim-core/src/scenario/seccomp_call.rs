//! The steps that are about filters of system calls.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::filter::{FilterEntry, FlagText, NativeName};
use super::in_force::JUDGES_FILTERS;
use super::values;
use crate::seccomp::syscalls::Call as SystemCall;
use crate::seccomp::{Flags, SeccompData};

/// The arguments of `seccomp`, which is seccomp(2) with `SECCOMP_SET_MODE_FILTER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `filter` and perhaps `flags`")]
pub struct SeccompCall {
    /// The filter. A profile is made one of with the thread's bounding set, and installed with its own flags too.
    pub filter: FilterEntry,
    /// `SECCOMP_FILTER_FLAG_…` by name, or numbers; none if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<FlagText>,
}

/// The arguments of `syscall`: a call of which only the filters' answer is asked. Nothing is killed by it.
///
/// ```
/// use sim_core::scenario::SyscallCall;
/// use sim_core::seccomp::Architecture;
///
/// let call: SyscallCall = serde_json::from_str(r#"{"arch": "x32", "name": "openat", "args": ["0xff", 2]}"#)?;
/// let data = call.data();
/// assert_eq!((data.arch, data.nr, data.args[..2].to_vec()), (Architecture::X86_64, (1 << 30) + 257, vec![255, 2]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "WrittenSyscall", into = "WrittenSyscall")]
#[cfg_attr(feature = "schema", schemars(with = "WrittenSyscall"))]
pub struct SyscallCall {
    /// The architecture, and the table of calls.
    pub arch: NativeName,
    /// Which call.
    pub which: WhichCall,
    /// The arguments; those left out are 0.
    pub args: Vec<u64>,
    /// The address behind the instruction that makes the call.
    pub instruction_pointer: u64,
}

/// A call by its name or by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichCall {
    /// A name of the architecture's table.
    Name(String),
    /// A number; negative ones count as 2^32 more.
    Number(u32),
}

/// How many arguments a call has at most.
const MOST_ARGUMENTS: usize = 6;

/// A call as its object has it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with an `arch`, a `name` or `nr`, and perhaps `args`")]
struct WrittenSyscall {
    /// The architecture, as `"x86_64"`; `"x32"` stands for the numbers of x32's table.
    arch: NativeName,
    /// The call's name in the architecture's table; or `nr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The call's number, -2147483648 to 4294967295; or `name`.
    #[serde(
        default,
        deserialize_with = "some_number",
        serialize_with = "write_number",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id_argument"))]
    nr: Option<u32>,
    /// Up to six arguments, each a number below 2^64 or `"0x…"`; those left out are 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<Long>,
    /// The address behind the instruction that makes the call, a number below 2^64 or `"0x…"`; 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instruction_pointer: Option<Long>,
}

fn some_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    values::id_argument(deserializer).map(Some)
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn write_number<S: Serializer>(number: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    values::write_id_argument(&number.unwrap_or_default(), serializer)
}

impl TryFrom<WrittenSyscall> for SyscallCall {
    type Error = String;

    fn try_from(written: WrittenSyscall) -> Result<Self, String> {
        let WrittenSyscall { arch, name, nr, args, instruction_pointer } = written;
        let which = match (name, nr) {
            (Some(name), None) => WhichCall::Name(name),
            (None, Some(number)) => WhichCall::Number(number),
            _ => return Err("a call has either a `name` or `nr`".into()),
        };
        if let WhichCall::Name(name) = &which
            && JUDGES_FILTERS
            && SystemCall::by_name(name).and_then(|call| call.number(arch.0)).is_none()
        {
            return Err(format!("{} has no system call {name:?}", arch.0));
        }
        if args.len() > MOST_ARGUMENTS {
            return Err(format!("a call has at most {MOST_ARGUMENTS} arguments; this one has {}", args.len()));
        }
        let Long(instruction_pointer) = instruction_pointer.unwrap_or_default();
        Ok(Self { arch, which, args: args.into_iter().map(|Long(long)| long).collect(), instruction_pointer })
    }
}

impl From<SyscallCall> for WrittenSyscall {
    fn from(call: SyscallCall) -> Self {
        let SyscallCall { arch, which, args, instruction_pointer } = call;
        let (name, nr) = match which {
            WhichCall::Name(name) => (Some(name), None),
            WhichCall::Number(number) => (None, Some(number)),
        };
        let instruction_pointer = Some(Long(instruction_pointer)).filter(|pointer| pointer.0 != 0);
        Self { arch, name, nr, args: args.into_iter().map(Long).collect(), instruction_pointer }
    }
}

impl SeccompCall {
    /// All flags together.
    pub fn flags(&self) -> Flags {
        self.flags.iter().fold(Flags::default(), |all, FlagText(flag)| all.with(*flag))
    }

    /// The call in a few words.
    pub(super) fn in_words(&self) -> String {
        match &self.filter {
            FilterEntry::Profile(_) => "seccomp with the filter of a profile".into(),
            FilterEntry::Instructions(instructions) => match instructions.len() {
                1 => "seccomp with a filter of 1 instruction".into(),
                count => format!("seccomp with a filter of {count} instructions"),
            },
        }
    }
}

impl SyscallCall {
    /// The call as a filter is shown it.
    pub fn data(&self) -> SeccompData {
        let nr = match &self.which {
            // The name is of the table, or the call would not have been read.
            WhichCall::Name(name) => SystemCall::by_name(name).and_then(|call| call.number(self.arch.0)),
            WhichCall::Number(number) => Some(*number),
        };
        let mut args = [0; MOST_ARGUMENTS];
        for (place, argument) in args.iter_mut().zip(&self.args) {
            *place = *argument;
        }
        SeccompData {
            nr: nr.unwrap_or_default(),
            arch: self.arch.0.architecture(),
            instruction_pointer: self.instruction_pointer,
            args,
        }
    }

    /// The call in a few words.
    pub(super) fn in_words(&self) -> String {
        let arch = self.arch.0;
        let args: Vec<_> = self.args.iter().map(|argument| format!("{argument:#x}")).collect();
        let args = args.join(", ");
        match &self.which {
            WhichCall::Name(name) => format!("{name}({args}) of {arch}"),
            WhichCall::Number(number) => format!("call {}({args}) of {arch}", number.cast_signed()),
        }
    }
}

/// A number below 2^64, written as one or as `"0x…"`.
#[derive(Clone, Copy, Default)]
pub(super) struct Long(u64);

/// The largest number that every reader of JSON keeps exactly.
const EXACT: u64 = 1 << 53;

impl Serialize for Long {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 <= EXACT {
            serializer.serialize_u64(self.0)
        } else {
            serializer.collect_str(&format_args!("{:#x}", self.0))
        }
    }
}

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LongVisitor;

        impl Visitor<'_> for LongVisitor {
            type Value = Long;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number below 2^64, or one as \"0x1f\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Long, E> {
                Ok(Long(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Long, E> {
                let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
                let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                number.map(Long).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(LongVisitor)
    }
}
