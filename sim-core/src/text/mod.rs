//! The kernel's and libcap's own texts: capability text, `/proc/PID/status`, getcap listings.

mod cap_text;
mod decode;
mod getcap;
mod hex;
mod status;
#[cfg(test)]
mod tests;

pub use cap_text::{CapText, ParseCapTextError, SetcapError};
pub use decode::capsh_decode;
pub use getcap::{GetcapEntry, GetcapError, parse_getcap_line};
pub use hex::{HexBytes, ParseHexError, parse_hex_bytes};
pub use status::{ParseStatusError, Status, StatusField};
