//! How much a capability hands out.

use super::{CapSet, Capability};

/// How much a capability hands out, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// 1 for what concerns the process alone, up to 80 for what is as good as root.
    pub points: u32,
    /// Why, as a clause.
    pub reason: &'static str,
    /// Where the fact can be read.
    pub source: &'static str,
}

/// The weight of a capability. One that has no name weighs as much as the heaviest.
pub fn weight(capability: Capability) -> Weight {
    let row = WEIGHTS.iter().find(|(named, ..)| *named == capability);
    row.map_or(Weight { points: ADMIN, reason: "nobody knows what it permits", source: "" }, |row| Weight {
        points: row.1,
        reason: row.2,
        source: row.3,
    })
}

impl CapSet {
    /// What its capabilities weigh together, in points of [`Weight`].
    ///
    /// ```
    /// use sim_core::capability::{CapSet, Capability};
    ///
    /// let [perfmon, admin] = [Capability::PERFMON, Capability::SYS_ADMIN].map(CapSet::from);
    /// assert!(CapSet::EMPTY.weight() == 0 && perfmon.weight() < admin.weight());
    /// ```
    pub fn weight(self) -> u32 {
        self.iter().map(|capability| weight(capability).points).sum()
    }
}

/// It concerns the process itself, or something small.
const SMALL: u32 = 2;
/// It concerns other processes, or what all share.
const OTHERS: u32 = 6;
/// It concerns the whole machine or its network.
const MACHINE: u32 = 15;
/// It finds what makes root, and must still use it.
const READS_ALL: u32 = 30;
/// With it a process can become root, or be as good as root.
const ROOT: u32 = 40;
/// It is called the new root.
const ADMIN: u32 = 80;

const LIST: &str = "capabilities(7), Capabilities list";

const WEIGHTS: [(Capability, u32, &str, &str); 41] = [
    (Capability::CHOWN, ROOT, "it gives any file to anybody, a set-user-ID program's place among them", "chown(2)"),
    (Capability::DAC_OVERRIDE, ROOT, "it writes files that root executes", LIST),
    (
        Capability::DAC_READ_SEARCH,
        READS_ALL,
        "it reads every key and password, and opens files by handle out of a container",
        "open_by_handle_at(2)",
    ),
    (Capability::FOWNER, ROOT, "it changes the mode of any file", LIST),
    (Capability::FSETID, OTHERS, "set-group-ID bits stay on what it writes", LIST),
    (Capability::KILL, OTHERS, "it ends anybody's processes", "kill(2)"),
    (Capability::SETGID, ROOT, "it enters every group, those that own devices and shadow among them", "setgid(2)"),
    (Capability::SETUID, ROOT, "it becomes user 0", "setuid(2)"),
    (Capability::SETPCAP, OTHERS, "it widens the inheritable set up to the bounding set, and sets securebits", LIST),
    (Capability::LINUX_IMMUTABLE, OTHERS, "it lifts the immutable and append-only flags", LIST),
    (Capability::NET_BIND_SERVICE, SMALL, "it binds a port below 1024", LIST),
    (Capability::NET_BROADCAST, 1, "the kernel asks for it nowhere", LIST),
    (Capability::NET_ADMIN, MACHINE, "it changes interfaces, routes and firewalls", LIST),
    (Capability::NET_RAW, OTHERS, "it sends any packet and reads those of others", "packet(7)"),
    (Capability::IPC_LOCK, SMALL, "it locks memory without a limit", "mlock(2)"),
    (Capability::IPC_OWNER, OTHERS, "it reads and writes anybody's System V objects", LIST),
    (Capability::SYS_MODULE, ADMIN, "it loads code into the kernel", "init_module(2)"),
    (Capability::SYS_RAWIO, ADMIN, "it writes ports and memory of devices", "iopl(2)"),
    (Capability::SYS_CHROOT, OTHERS, "it changes the root directory and enters mount namespaces", "chroot(2)"),
    (Capability::SYS_PTRACE, ROOT, "it runs code in anybody's processes", "ptrace(2)"),
    (Capability::SYS_PACCT, SMALL, "it switches process accounting", "acct(2)"),
    (
        Capability::SYS_ADMIN,
        ADMIN,
        "it is the new root: it permits so much that it is as good as all",
        "capabilities(7), Notes to kernel developers",
    ),
    (Capability::SYS_BOOT, MACHINE, "it stops the machine, and loads another kernel", "reboot(2), kexec_load(2)"),
    (Capability::SYS_NICE, SMALL, "it takes time from other processes", "sched(7)"),
    (Capability::SYS_RESOURCE, OTHERS, "it passes quotas and limits", LIST),
    (Capability::SYS_TIME, MACHINE, "it sets the clock that everything believes", "settimeofday(2)"),
    (Capability::SYS_TTY_CONFIG, OTHERS, "it hangs up terminals", "vhangup(2)"),
    (Capability::MKNOD, ROOT, "it makes the device of any disk", "mknod(2)"),
    (Capability::LEASE, SMALL, "it delays those who open a file", "fcntl(2)"),
    (Capability::AUDIT_WRITE, SMALL, "it writes records into the audit log", LIST),
    (Capability::AUDIT_CONTROL, MACHINE, "it switches auditing off", LIST),
    (Capability::SETFCAP, ROOT, "it gives any program any capability of the bounding set", "setcap(8)"),
    (Capability::MAC_OVERRIDE, MACHINE, "it passes Smack's rules", LIST),
    (Capability::MAC_ADMIN, MACHINE, "it changes the rules of Smack and AppArmor", LIST),
    (Capability::SYSLOG, OTHERS, "it reads the kernel's log and its addresses", "syslog(2)"),
    (Capability::WAKE_ALARM, 1, "it wakes the machine", "timer_create(2)"),
    (Capability::BLOCK_SUSPEND, 1, "it keeps the machine awake", LIST),
    (Capability::AUDIT_READ, OTHERS, "it reads the audit log", LIST),
    (Capability::PERFMON, MACHINE, "it measures the kernel and every process", "perf_event_open(2)"),
    (Capability::BPF, MACHINE, "it loads programs into the kernel", "bpf(2)"),
    (Capability::CHECKPOINT_RESTORE, OTHERS, "it chooses pids and reads others' maps", LIST),
];
