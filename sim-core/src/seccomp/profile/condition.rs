use core::fmt;

macro_rules! operators {
    ($($variant:ident $name:literal $sign:literal $text:literal)*) => {
        /// How an argument is compared: the seven `SCMP_CMP_*`, all on unsigned numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operator {
            $(#[doc = concat!("`", $name, "`: ", $text)] $variant,)*
        }

        impl Operator {
            /// All seven.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in profiles, as `SCMP_CMP_EQ`.
            pub const fn profile_name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Its sign, as `==`.
            pub const fn sign(self) -> &'static str {
                match self { $(Self::$variant => $sign),* }
            }
        }
    };
}

operators! {
    NotEqual "SCMP_CMP_NE" "!=" "the argument is not `value`."
    Less "SCMP_CMP_LT" "<" "the argument is below `value`."
    LessOrEqual "SCMP_CMP_LE" "<=" "the argument is at most `value`."
    Equal "SCMP_CMP_EQ" "==" "the argument is `value`."
    GreaterOrEqual "SCMP_CMP_GE" ">=" "the argument is at least `value`."
    Greater "SCMP_CMP_GT" ">" "the argument is above `value`."
    MaskedEqual "SCMP_CMP_MASKED_EQ" "&" "the argument's bits in `value` are those of `valueTwo`."
}

impl Operator {
    /// The operator of this name, as `SCMP_CMP_EQ`.
    pub fn from_profile(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operator| operator.profile_name() == name)
    }

    /// The operator that holds where this one does not; a mask has none.
    ///
    /// ```
    /// use sim_core::seccomp::profile::Operator;
    ///
    /// assert_eq!(Operator::Less.negated(), Some(Operator::GreaterOrEqual));
    /// assert_eq!(Operator::MaskedEqual.negated(), None);
    /// ```
    pub const fn negated(self) -> Option<Self> {
        Some(match self {
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Equal => Self::NotEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Greater => Self::LessOrEqual,
            Self::MaskedEqual => return None,
        })
    }
}

/// A member of `args` as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Comparison {
    /// `index`: which argument, 0 to 5.
    pub index: u8,
    /// `op`.
    pub operator: Operator,
    /// `value`; the mask of [`Operator::MaskedEqual`].
    pub value: u64,
    /// `valueTwo`; what [`Operator::MaskedEqual`] wants, else without meaning.
    pub value_two: u64,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, operator, value, value_two } = self;
        match operator {
            Operator::MaskedEqual => write!(f, "args[{index}] & 0x{value:x} == 0x{value_two:x}"),
            _ => write!(f, "args[{index}] {} {value}", operator.sign()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Operator;
    use crate::seccomp::profile::Condition;

    #[test]
    fn a_negation_holds_where_the_operator_does_not() {
        let values = [0, 1, 7, 8, 9, u64::MAX];
        for operator in Operator::ALL.iter().copied().filter(|operator| *operator != Operator::MaskedEqual) {
            let negated = operator.negated().unwrap();
            for (value, argument) in values.iter().flat_map(|value| values.map(|argument| (*value, argument))) {
                let holds = |operator: Operator| {
                    Condition { argument: 0, operator, value, mask: u64::MAX }.holds(&[argument, 0, 0, 0, 0, 0])
                };
                assert_ne!(holds(operator), holds(negated), "{argument} {} {value}", operator.sign());
            }
        }
    }
}
