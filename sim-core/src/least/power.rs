use core::cmp::Ordering;

use crate::capability::{CapSet, Capability};

/// Which of two sets hands out less power, for a choice between sets that do equally well: the one without the capability
/// that is as good as root, then the one with fewer, then the lower numbers.
///
/// ```
/// use sim_core::capability::{CapSet, Capability};
/// use sim_core::least::weaker_first;
///
/// let [perfmon, admin] = [Capability::PERFMON, Capability::SYS_ADMIN].map(CapSet::from);
/// assert!(weaker_first(&perfmon, &admin).is_lt());
/// let [read, write] = [Capability::DAC_READ_SEARCH, Capability::DAC_OVERRIDE].map(CapSet::from);
/// assert!(weaker_first(&read, &write).is_lt());
/// ```
pub fn weaker_first(one: &CapSet, other: &CapSet) -> Ordering {
    let weight = |set: &CapSet| {
        let of = |power: u8| set.iter().filter(|capability| self::power(*capability) == power).count();
        ([of(3), of(2), of(1)], set.len(), set.bits())
    };
    weight(one).cmp(&weight(other))
}

/// What somebody with only this capability can make of it, 1 to 3.
///
/// 3: one who has it can become anybody or change any file, and so get every other (capabilities(7), "Notes to kernel
/// developers", calls `CAP_SYS_ADMIN` the new root). 2: reads what others hide, or disturbs the machine or its network
/// for all. 1: no more than its own purpose.
const fn power(capability: Capability) -> u8 {
    match capability {
        Capability::SYS_ADMIN
        | Capability::SYS_MODULE
        | Capability::SYS_RAWIO
        | Capability::SYS_PTRACE
        | Capability::SETUID
        | Capability::SETGID
        | Capability::SETFCAP
        | Capability::CHOWN
        | Capability::FOWNER
        | Capability::DAC_OVERRIDE
        | Capability::MKNOD
        | Capability::MAC_ADMIN
        | Capability::MAC_OVERRIDE
        | Capability::SYS_CHROOT => 3,
        Capability::DAC_READ_SEARCH
        | Capability::NET_ADMIN
        | Capability::NET_RAW
        | Capability::BPF
        | Capability::PERFMON
        | Capability::SYSLOG
        | Capability::SYS_BOOT
        | Capability::SYS_TIME
        | Capability::SYS_RESOURCE
        | Capability::KILL
        | Capability::IPC_OWNER
        | Capability::SETPCAP
        | Capability::FSETID
        | Capability::LINUX_IMMUTABLE
        | Capability::AUDIT_CONTROL
        | Capability::CHECKPOINT_RESTORE => 2,
        _ => 1,
    }
}
