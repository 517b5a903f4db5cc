/// Why the answers of a filter or policy cannot be told as regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undecided {
    /// Arithmetic other than masks and shifts by constants, and what it computes decides.
    #[error(
        "instruction {instruction} computes with a word of the call; only masks and shifts by constants are followed"
    )]
    Computes {
        /// The instruction that computes, from 0.
        instruction: usize,
    },
    /// A and X both come from the call.
    #[error("instruction {instruction} takes two words of the call together; only one with a constant is followed")]
    TwoWords {
        /// The instruction, from 0.
        instruction: usize,
    },
    /// A word of the call is what the filter returns.
    #[error(
        "instruction {instruction} returns a word of the call; at most {most} bits of it are followed",
        most = Undecided::MOST_RETURNED_BITS
    )]
    ReturnsWord {
        /// The instruction, from 0.
        instruction: usize,
    },
    /// The limits on work and memory are met.
    #[error("the answers depend on the call in too many ways to be told apart")]
    TooComplex,
}

impl Undecided {
    /// So many bits of the returned word may come from the call.
    pub const MOST_RETURNED_BITS: u32 = 12;
}
