use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::capability::{CapSet, Capability};
use crate::file::VfsCaps;

/// Three sets of capabilities in libcap's text form, as cap_from_text(3) reads and cap_to_text(3) writes it.
///
/// The named capabilities are the 41 of Linux 5.9 and later; others are written as numbers.
///
/// ```
/// use sim_core::text::CapText;
///
/// let text: CapText = "cap_chown,cap_kill=ep cap_net_raw+i".parse()?;
/// assert_eq!(text.to_string(), "cap_net_raw=i cap_chown,cap_kill+ep");
/// # Ok::<(), sim_core::text::ParseCapTextError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapText {
    /// The effective set.
    pub effective: CapSet,
    /// The inheritable set.
    pub inheritable: CapSet,
    /// The permitted set.
    pub permitted: CapSet,
}

/// Why a text is no capability text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCapTextError {
    /// A word that is no capability.
    #[error("character {at}: {name:?} is no capability; write cap_net_raw, all, or a number below 64")]
    UnknownName {
        /// Where it begins, counted from 1.
        at: usize,
        /// The word.
        name: String,
    },
    /// A list without names before `+` or `-`.
    #[error("character {at}: which capabilities? only = may stand without names, and means all")]
    NoNames {
        /// Where, counted from 1.
        at: usize,
    },
    /// Names without an action.
    #[error("character {at}: =, + or - is missing, as in cap_net_raw=ep")]
    NoOperator {
        /// Where, counted from 1.
        at: usize,
    },
    /// `+` or `-` without flags.
    #[error("character {at}: flags are missing; write e, i and p as needed")]
    NoFlags {
        /// Where, counted from 1.
        at: usize,
    },
    /// Something that cannot stand there.
    #[error("character {at}: {found:?} cannot stand here")]
    Unexpected {
        /// Where, counted from 1.
        at: usize,
        /// The character.
        found: char,
    },
    /// The three sets do not fit in a file's attribute.
    #[error(transparent)]
    Setcap(#[from] SetcapError),
}

/// Why setcap refuses a text: the file has one effective flag for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a file has one effective flag for all of its capabilities: either none is effective or every permitted and \
     inheritable one; {missing} are not"
)]
pub struct SetcapError {
    /// The capabilities that are permitted or inheritable and not effective.
    pub missing: CapSet,
}

/// Bits in the order in which cap_to_text counts flag combinations.
const EFFECTIVE: u8 = 1;
const PERMITTED: u8 = 2;
const INHERITABLE: u8 = 4;

impl CapText {
    /// The attribute that setcap writes for these sets.
    pub fn to_file(self) -> Result<VfsCaps, SetcapError> {
        let missing = (self.permitted | self.inheritable) - self.effective;
        if !self.effective.is_empty() && !missing.is_empty() {
            return Err(SetcapError { missing });
        }
        Ok(VfsCaps::new(self.permitted, self.inheritable, !self.effective.is_empty()))
    }

    fn flags_of(self, capability: Capability) -> u8 {
        let flag = |set: CapSet, flag| if set.contains(capability) { flag } else { 0 };
        flag(self.effective, EFFECTIVE) | flag(self.permitted, PERMITTED) | flag(self.inheritable, INHERITABLE)
    }

    /// The capabilities of `among` that have exactly these flags.
    fn with_flags(self, flags: u8, among: CapSet) -> CapSet {
        among.iter().filter(|capability| self.flags_of(*capability) == flags).collect()
    }

    fn update(&mut self, names: CapSet, flags: u8, operator: Operator) {
        let sets = [
            (&mut self.effective, EFFECTIVE),
            (&mut self.permitted, PERMITTED),
            (&mut self.inheritable, INHERITABLE),
        ];
        for (set, flag) in sets {
            match operator {
                Operator::Assign if flags & flag == 0 => *set -= names,
                Operator::Assign => *set |= names,
                Operator::Raise if flags & flag != 0 => *set |= names,
                Operator::Lower if flags & flag != 0 => *set -= names,
                Operator::Raise | Operator::Lower => {}
            }
        }
    }
}

/// The sets that an attribute of a file shows, as `cap_get_file(3)` reads it.
impl From<VfsCaps> for CapText {
    fn from(caps: VfsCaps) -> Self {
        let effective = if caps.effective() { caps.permitted | caps.inheritable } else { CapSet::EMPTY };
        Self { effective, inheritable: caps.inheritable, permitted: caps.permitted }
    }
}

/// As setcap reads it; always revision 2.
impl FromStr for VfsCaps {
    type Err = ParseCapTextError;

    fn from_str(text: &str) -> Result<Self, ParseCapTextError> {
        Ok(text.parse::<CapText>()?.to_file()?)
    }
}

/// As getcap prints it, with ` [rootid=N]` for a revision 3 attribute of another root than 0.
impl fmt::Display for VfsCaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CapText::from(*self).fmt(f)?;
        match self.rootid() {
            0 => Ok(()),
            rootid => write!(f, " [rootid={rootid}]"),
        }
    }
}

impl fmt::Display for CapText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = CapSet::up_to(Capability::LAST_NAMED);
        // The commonest combination is the base; of two equally common ones the lower.
        let base = (0..8).fold((0, 0), |best: (u8, u32), flags| {
            let count = self.with_flags(flags, named).len();
            if count > best.1 { (flags, count) } else { best }
        });
        let base = base.0;
        let groups = |among| (0..8u8).rev().map(move |flags| (flags, self.with_flags(flags, among)));
        let mut named_groups = groups(named).filter(|(flags, set)| *flags != base && !set.is_empty()).peekable();
        let mut bare = base == 0 && named_groups.peek().is_some();
        if !bare {
            write!(f, "={}", Flags(base))?;
        }
        for (flags, set) in named_groups {
            if bare {
                write!(f, "{}={}", Names(set), Flags(flags))?;
                bare = false;
                continue;
            }
            write!(f, " {}", Names(set))?;
            if flags & !base != 0 {
                write!(f, "+{}", Flags(flags & !base))?;
            }
            if base & !flags != 0 {
                write!(f, "-{}", Flags(base & !flags))?;
            }
        }
        for (flags, set) in groups(!named).filter(|(flags, set)| *flags != 0 && !set.is_empty()) {
            write!(f, " {}+{}", Names(set), Flags(flags))?;
        }
        Ok(())
    }
}

/// `e`, `i`, `p`, in this order.
struct Flags(u8);

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        [(EFFECTIVE, "e"), (INHERITABLE, "i"), (PERMITTED, "p")]
            .into_iter()
            .filter(|(flag, _)| self.0 & flag != 0)
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}

/// A comma list in order of number; a capability without a name as its number.
pub(super) struct Names(pub(super) CapSet);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, capability) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match capability.name() {
                Some(name) => f.write_str(name)?,
                None => write!(f, "{}", capability.number())?,
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Assign,
    Raise,
    Lower,
}

impl FromStr for CapText {
    type Err = ParseCapTextError;

    fn from_str(text: &str) -> Result<Self, ParseCapTextError> {
        let mut sets = Self::default();
        let mut reader = Reader { text, at: 0 };
        loop {
            reader.skip_space();
            if reader.peek().is_none() {
                return Ok(sets);
            }
            reader.clause(&mut sets)?;
        }
    }
}

/// The text, and how far it is read, in bytes.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_space).len();
    }

    /// A place in bytes, counted in characters from 1. It takes as long as the text before, so it is for errors only.
    fn place(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().chars().count() + 1
    }

    fn unexpected(&self) -> Option<ParseCapTextError> {
        self.peek().map(|found| ParseCapTextError::Unexpected { at: self.place(self.at), found })
    }

    /// `[names] action+`
    fn clause(&mut self, sets: &mut CapText) -> Result<(), ParseCapTextError> {
        let names = self.names()?;
        let (all, start) = (CapSet::up_to(Capability::LAST_NAMED), self.at);
        let mut operator = match self.operator() {
            Some(Operator::Raise | Operator::Lower) if names.is_none() => {
                return Err(ParseCapTextError::NoNames { at: self.place(start) });
            }
            Some(operator) => operator,
            None if names.is_some() => return Err(ParseCapTextError::NoOperator { at: self.place(start) }),
            None => {
                let missing = || ParseCapTextError::NoOperator { at: self.place(start) };
                return Err(self.unexpected().unwrap_or_else(missing));
            }
        };
        loop {
            let place = self.at;
            let flags = self.flags();
            if flags == 0 && !matches!(operator, Operator::Assign) {
                return Err(ParseCapTextError::NoFlags { at: self.place(place) });
            }
            sets.update(names.unwrap_or(all), flags, operator);
            match self.peek() {
                None => return Ok(()),
                Some(space) if is_space(space) => return Ok(()),
                Some('+' | '-') if names.is_some() => {
                    operator = self.operator().unwrap_or(operator);
                }
                Some(found) => return Err(ParseCapTextError::Unexpected { at: self.place(self.at), found }),
            }
        }
    }

    /// A comma list; `None` if the clause begins with its operator.
    fn names(&mut self) -> Result<Option<CapSet>, ParseCapTextError> {
        if !self.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let mut set = CapSet::EMPTY;
        loop {
            let rest = self.rest();
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default();
            let unknown = || ParseCapTextError::UnknownName { at: self.place(self.at), name: word.into() };
            set |= named_or_all(word).ok_or_else(unknown)?;
            self.at += end;
            if self.peek() != Some(',') {
                return Ok(Some(set));
            }
            self.at += 1;
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        let operator = match self.peek()? {
            '=' => Operator::Assign,
            '+' => Operator::Raise,
            '-' => Operator::Lower,
            _ => return None,
        };
        self.at += 1;
        Some(operator)
    }

    fn flags(&mut self) -> u8 {
        let mut flags = 0;
        while let Some(c @ ('e' | 'i' | 'p')) = self.peek() {
            flags |= match c {
                'e' => EFFECTIVE,
                'i' => INHERITABLE,
                _ => PERMITTED,
            };
            self.at += 1;
        }
        flags
    }
}

/// As C's `isspace` in the C locale.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn named_or_all(word: &str) -> Option<CapSet> {
    if word.eq_ignore_ascii_case("all") {
        return Some(CapSet::up_to(Capability::LAST_NAMED));
    }
    let is_name = word.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("cap_"));
    if is_name { Capability::from_name(word) } else { capability_number(word) }.map(CapSet::from)
}

/// As C's `strtoul` with base 0 reads it.
fn capability_number(word: &str) -> Option<Capability> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if word.len() > 1 && word.starts_with('0') => (word, 8),
        None => (word, 10),
    };
    Capability::from_number(u8::from_str_radix(digits, radix).ok()?)
}
