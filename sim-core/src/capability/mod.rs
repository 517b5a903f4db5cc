//! Capabilities and sets of them.
//!
//! Read first: capabilities(7), section "Capabilities list"; `include/uapi/linux/capability.h`.

mod set;
#[cfg(test)]
mod tests;
mod weight;

pub use set::{CapSet, InWords, Iter, ParseCapSetError};
pub use weight::{Weight, weight};

use core::fmt;

/// One capability, by its number: 0 to 63, the width of a set.
///
/// The 41 that Linux names have constants. A number above the last named one is kept as it is: a file
/// may carry bits that this kernel does not know yet.
///
/// ```
/// use sim_core::capability::Capability;
///
/// assert_eq!(Capability::NET_RAW.number(), 13);
/// assert_eq!(Capability::NET_RAW.name(), Some("cap_net_raw"));
/// assert_eq!(Capability::from_name("NET_RAW"), Some(Capability::NET_RAW));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability(u8);

macro_rules! capabilities {
    ($($number:literal $constant:ident $name:literal)*) => {
        impl Capability {
            $(#[doc = concat!("`", $name, "`, number ", $number, ".")]
            pub const $constant: Self = Self($number);)*
        }

        /// Lower-case names in order of number, as libcap prints them.
        const NAMES: &[&str] = &[$($name),*];
    };
}

capabilities! {
    0 CHOWN "cap_chown"
    1 DAC_OVERRIDE "cap_dac_override"
    2 DAC_READ_SEARCH "cap_dac_read_search"
    3 FOWNER "cap_fowner"
    4 FSETID "cap_fsetid"
    5 KILL "cap_kill"
    6 SETGID "cap_setgid"
    7 SETUID "cap_setuid"
    8 SETPCAP "cap_setpcap"
    9 LINUX_IMMUTABLE "cap_linux_immutable"
    10 NET_BIND_SERVICE "cap_net_bind_service"
    11 NET_BROADCAST "cap_net_broadcast"
    12 NET_ADMIN "cap_net_admin"
    13 NET_RAW "cap_net_raw"
    14 IPC_LOCK "cap_ipc_lock"
    15 IPC_OWNER "cap_ipc_owner"
    16 SYS_MODULE "cap_sys_module"
    17 SYS_RAWIO "cap_sys_rawio"
    18 SYS_CHROOT "cap_sys_chroot"
    19 SYS_PTRACE "cap_sys_ptrace"
    20 SYS_PACCT "cap_sys_pacct"
    21 SYS_ADMIN "cap_sys_admin"
    22 SYS_BOOT "cap_sys_boot"
    23 SYS_NICE "cap_sys_nice"
    24 SYS_RESOURCE "cap_sys_resource"
    25 SYS_TIME "cap_sys_time"
    26 SYS_TTY_CONFIG "cap_sys_tty_config"
    27 MKNOD "cap_mknod"
    28 LEASE "cap_lease"
    29 AUDIT_WRITE "cap_audit_write"
    30 AUDIT_CONTROL "cap_audit_control"
    31 SETFCAP "cap_setfcap"
    32 MAC_OVERRIDE "cap_mac_override"
    33 MAC_ADMIN "cap_mac_admin"
    34 SYSLOG "cap_syslog"
    35 WAKE_ALARM "cap_wake_alarm"
    36 BLOCK_SUSPEND "cap_block_suspend"
    37 AUDIT_READ "cap_audit_read"
    38 PERFMON "cap_perfmon"
    39 BPF "cap_bpf"
    40 CHECKPOINT_RESTORE "cap_checkpoint_restore"
}

impl Capability {
    /// The last capability that has a name: `CAP_CHECKPOINT_RESTORE`.
    pub const LAST_NAMED: Self = Self::CHECKPOINT_RESTORE;

    /// The capability with this number; `None` above 63.
    pub const fn from_number(number: u8) -> Option<Self> {
        if number < 64 { Some(Self(number)) } else { None }
    }

    /// The capability of this name, in any case, with or without `cap_`.
    pub fn from_name(name: &str) -> Option<Self> {
        let bare = strip_prefix_ignore_case(name, "cap_").unwrap_or(name);
        Self::all_named().find(|capability| {
            capability
                .name()
                .and_then(|name| name.strip_prefix("cap_"))
                .is_some_and(|known| known.eq_ignore_ascii_case(bare))
        })
    }

    /// Its number, 0 to 63.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its name in lower case, `cap_net_raw`; `None` for a number without a name.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(usize::from(self.0)).copied()
    }

    /// Every capability that has a name, in order of number.
    pub fn all_named() -> impl Iterator<Item = Self> {
        (0..=Self::LAST_NAMED.0).map(Self)
    }
}

/// As manual pages write it, `CAP_NET_RAW`; a number without a name as `capability 45`.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => name.chars().try_for_each(|c| fmt::Write::write_char(f, c.to_ascii_uppercase())),
            None => write!(f, "capability {}", self.0),
        }
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}
