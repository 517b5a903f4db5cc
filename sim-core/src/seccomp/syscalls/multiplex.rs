/// A call that `socketcall(2)` or `ipc(2)` carries on some architectures: the first argument there says which.
///
/// ```
/// use sim_core::seccomp::syscalls::Multiplexed;
///
/// assert_eq!(Multiplexed::of("connect"), Some(Multiplexed { through: "socketcall", selector: 3 }));
/// assert_eq!(Multiplexed::of("openat"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplexed {
    /// The call that carries it: `socketcall` or `ipc`.
    pub through: &'static str,
    /// The first argument of that call.
    pub selector: u64,
}

/// `SYS_*` of linux/net.h.
const SOCKETCALL: [(&str, u64); 20] = [
    ("socket", 1),
    ("bind", 2),
    ("connect", 3),
    ("listen", 4),
    ("accept", 5),
    ("getsockname", 6),
    ("getpeername", 7),
    ("socketpair", 8),
    ("send", 9),
    ("recv", 10),
    ("sendto", 11),
    ("recvfrom", 12),
    ("shutdown", 13),
    ("setsockopt", 14),
    ("getsockopt", 15),
    ("sendmsg", 16),
    ("recvmsg", 17),
    ("accept4", 18),
    ("recvmmsg", 19),
    ("sendmmsg", 20),
];

/// The numbers of linux/ipc.h.
const IPC: [(&str, u64); 12] = [
    ("semop", 1),
    ("semget", 2),
    ("semctl", 3),
    ("semtimedop", 4),
    ("msgsnd", 11),
    ("msgrcv", 12),
    ("msgget", 13),
    ("msgctl", 14),
    ("shmat", 21),
    ("shmdt", 22),
    ("shmget", 23),
    ("shmctl", 24),
];

impl Multiplexed {
    /// How the call of this name is carried, where it is.
    pub fn of(name: &str) -> Option<Self> {
        let find =
            |calls: &[(&str, u64)]| calls.iter().find(|(known, _)| *known == name).map(|&(_, selector)| selector);
        let socket = find(&SOCKETCALL).map(|selector| Self { through: "socketcall", selector });
        socket.or_else(|| find(&IPC).map(|selector| Self { through: "ipc", selector }))
    }
}
