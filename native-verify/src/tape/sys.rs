//! System calls without a libc. The numbers are those of the architecture's table.

#[cfg(target_arch = "x86_64")]
pub(crate) mod nr {
    pub(crate) const WRITE: usize = 1;
    pub(crate) const CLOSE: usize = 3;
    #[allow(dead_code, reason = "only the probe maps the tape")]
    pub(crate) const MMAP: usize = 9;
    pub(crate) const RT_SIGPROCMASK: usize = 14;
    pub(crate) const GETPID: usize = 39;
    pub(crate) const SOCKET: usize = 41;
    pub(crate) const CLONE: usize = 56;
    pub(crate) const EXECVE: usize = 59;
    pub(crate) const WAIT4: usize = 61;
    pub(crate) const PTRACE: usize = 101;
    pub(crate) const GETGROUPS: usize = 115;
    pub(crate) const GETRESUID: usize = 118;
    pub(crate) const GETRESGID: usize = 120;
    pub(crate) const SETFSUID: usize = 122;
    pub(crate) const SETFSGID: usize = 123;
    pub(crate) const CAPGET: usize = 125;
    pub(crate) const PRCTL: usize = 157;
    pub(crate) const FGETXATTR: usize = 193;
    pub(crate) const FUTEX: usize = 202;
    pub(crate) const EXIT_GROUP: usize = 231;
    pub(crate) const OPENAT: usize = 257;
    pub(crate) const READLINKAT: usize = 267;
    pub(crate) const PPOLL: usize = 271;
    pub(crate) const DUP3: usize = 292;
    pub(crate) const STATX: usize = 332;
}

#[cfg(target_arch = "aarch64")]
pub(crate) mod nr {
    pub(crate) const FGETXATTR: usize = 10;
    pub(crate) const DUP3: usize = 24;
    pub(crate) const OPENAT: usize = 56;
    pub(crate) const CLOSE: usize = 57;
    pub(crate) const WRITE: usize = 64;
    pub(crate) const PPOLL: usize = 73;
    pub(crate) const READLINKAT: usize = 78;
    pub(crate) const CAPGET: usize = 90;
    pub(crate) const EXIT_GROUP: usize = 94;
    pub(crate) const FUTEX: usize = 98;
    pub(crate) const PTRACE: usize = 117;
    pub(crate) const RT_SIGPROCMASK: usize = 135;
    pub(crate) const GETRESUID: usize = 148;
    pub(crate) const GETRESGID: usize = 150;
    pub(crate) const SETFSUID: usize = 151;
    pub(crate) const SETFSGID: usize = 152;
    pub(crate) const GETGROUPS: usize = 158;
    pub(crate) const PRCTL: usize = 167;
    pub(crate) const GETPID: usize = 172;
    pub(crate) const SOCKET: usize = 198;
    pub(crate) const CLONE: usize = 220;
    pub(crate) const EXECVE: usize = 221;
    #[allow(dead_code, reason = "only the probe maps the tape")]
    pub(crate) const MMAP: usize = 222;
    pub(crate) const WAIT4: usize = 260;
    pub(crate) const STATX: usize = 291;
}

/// Makes a system call and gives what the kernel returned: a negative errno on failure.
///
/// # Safety
///
/// The kernel acts on the arguments: pointers among them must be valid for what the call does with them.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn syscall(number: usize, arguments: [u64; 6]) -> i64 {
    let [a, b, c, d, e, f] = arguments;
    let result: i64;
    // SAFETY: the instruction clobbers rcx and r11 only; the rest is the caller's promise.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as i64 => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// Makes a system call and gives what the kernel returned: a negative errno on failure.
///
/// # Safety
///
/// The kernel acts on the arguments: pointers among them must be valid for what the call does with them.
#[cfg(target_arch = "aarch64")]
pub(crate) unsafe fn syscall(number: usize, arguments: [u64; 6]) -> i64 {
    let [a, b, c, d, e, f] = arguments;
    let result: i64;
    // SAFETY: the instruction clobbers x0 only; the rest is the caller's promise.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a as i64 => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    result
}
