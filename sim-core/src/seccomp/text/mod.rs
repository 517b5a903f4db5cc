//! Filters as text: the listing with columns and statements that seccomp-tools made usual, hexadecimal digits, and C.
//!
//! What [`disassemble`] writes, [`read`] reads back to the same instructions, valid or not.
//!
//! ```
//! use sim_core::seccomp::{ByteOrder, text::{assemble, disassemble}};
//!
//! let program = assemble("A = arch\n if (A != ARCH_X86_64) goto kill\n return ALLOW\n kill: return KILL")?;
//! let listing = disassemble(program.instructions(), ByteOrder::Little);
//! assert!(listing.contains(" 0001: 0x15 0x00 0x01 0xc000003e  if (A != ARCH_X86_64) goto 0003\n"));
//! assert_eq!(assemble(&listing)?, program);
//! # Ok::<(), sim_core::seccomp::text::TextError>(())
//! ```

mod assemble;
mod c_array;
mod c_names;
mod disassemble;
mod error;
mod hex;
mod statement;
#[cfg(test)]
mod tests;
mod token;
mod write;

pub use assemble::{assemble, assemble_in, read};
pub use c_array::read_c_array;
pub use disassemble::{disassemble, statements};
pub use error::{MAX_TEXT, MAX_WORDS, TextError, TextFault};
pub use hex::read_hex;
pub use write::{write_c_array, write_hex};
