use alloc::format;
use alloc::string::String;

use super::cap_text::Names;
use crate::capability::CapSet;

/// A set as `capsh --decode` prints it.
///
/// ```
/// use sim_core::capability::CapSet;
/// use sim_core::text::capsh_decode;
///
/// assert_eq!(capsh_decode(CapSet::from_bits(0x3000)), "0x0000000000003000=cap_net_admin,cap_net_raw");
/// ```
pub fn capsh_decode(set: CapSet) -> String {
    format!("0x{set}={}", Names(set))
}
