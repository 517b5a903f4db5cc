//! System calls without a libc. The numbers are those of the architecture's table.

#[cfg(target_arch = "x86_64")]
pub(crate) mod nr {
    pub(crate) const WRITE: usize = 1;
    pub(crate) const CLOSE: usize = 3;
    pub(crate) const FSTAT: usize = 5;
    pub(crate) const IOCTL: usize = 16;
    pub(crate) const GETPID: usize = 39;
    pub(crate) const PIDFD_OPEN: usize = 434;
    pub(crate) const MMAP: usize = 9;
    pub(crate) const RT_SIGPROCMASK: usize = 14;
    pub(crate) const SOCKET: usize = 41;
    pub(crate) const CLONE: usize = 56;
    pub(crate) const EXECVE: usize = 59;
    pub(crate) const WAIT4: usize = 61;
    pub(crate) const KILL: usize = 62;
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
    pub(crate) const SECCOMP: usize = 317;
    pub(crate) const STATX: usize = 332;
}

#[cfg(target_arch = "aarch64")]
pub(crate) mod nr {
    pub(crate) const FGETXATTR: usize = 10;
    pub(crate) const DUP3: usize = 24;
    pub(crate) const IOCTL: usize = 29;
    pub(crate) const FSTAT: usize = 80;
    pub(crate) const GETPID: usize = 172;
    pub(crate) const PIDFD_OPEN: usize = 434;
    pub(crate) const OPENAT: usize = 56;
    pub(crate) const CLOSE: usize = 57;
    pub(crate) const WRITE: usize = 64;
    pub(crate) const PPOLL: usize = 73;
    pub(crate) const READLINKAT: usize = 78;
    pub(crate) const CAPGET: usize = 90;
    pub(crate) const EXIT_GROUP: usize = 94;
    pub(crate) const FUTEX: usize = 98;
    pub(crate) const PTRACE: usize = 117;
    pub(crate) const KILL: usize = 129;
    pub(crate) const RT_SIGPROCMASK: usize = 135;
    pub(crate) const GETRESUID: usize = 148;
    pub(crate) const GETRESGID: usize = 150;
    pub(crate) const SETFSUID: usize = 151;
    pub(crate) const SETFSGID: usize = 152;
    pub(crate) const GETGROUPS: usize = 158;
    pub(crate) const PRCTL: usize = 167;
    pub(crate) const SOCKET: usize = 198;
    pub(crate) const CLONE: usize = 220;
    pub(crate) const EXECVE: usize = 221;
    pub(crate) const MMAP: usize = 222;
    pub(crate) const WAIT4: usize = 260;
    pub(crate) const SECCOMP: usize = 277;
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

/// clone, where the child calls `child` with two arguments on a stack below everything on this one. Gives the child's
/// pid, or a negative errno.
///
/// # Safety
///
/// The flags have CLONE_VM and CLONE_VFORK, so that nobody else uses this stack while the child does.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn clone_below(flags: u64, first: u64, second: u64, child: extern "C" fn(u64, u64) -> !) -> i64 {
    let result: i64;
    // SAFETY: the parent changes rax, rcx, rsi and r11 only. The child begins at the same instruction with a stack of
    // its own, aligned as for a call, and does not return.
    unsafe {
        core::arch::asm!(
            "lea rsi, [rsp - 1024]",
            "and rsi, -16",
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov rdi, r12",
            "mov rsi, r13",
            "call r14",
            "ud2",
            "2:",
            inlateout("rax") nr::CLONE as i64 => result,
            in("rdi") flags, in("rdx") 0u64, in("r10") 0u64, in("r8") 0u64,
            in("r12") first, in("r13") second, in("r14") child,
            out("rsi") _, lateout("rcx") _, lateout("r11") _,
        );
    }
    result
}

/// clone, where the child calls `child` with two arguments on a stack below everything on this one. Gives the child's
/// pid, or a negative errno.
///
/// # Safety
///
/// The flags have CLONE_VM and CLONE_VFORK, so that nobody else uses this stack while the child does.
#[cfg(target_arch = "aarch64")]
pub(crate) unsafe fn clone_below(flags: u64, first: u64, second: u64, child: extern "C" fn(u64, u64) -> !) -> i64 {
    let result: i64;
    // SAFETY: the parent changes x0 and x1 only. The child begins at the same instruction with a stack of its own, and
    // does not return.
    unsafe {
        core::arch::asm!(
            "sub x1, sp, #1024",
            "svc 0",
            "cbnz x0, 2f",
            "mov x0, x20",
            "mov x1, x21",
            "blr x22",
            "brk 1",
            "2:",
            inlateout("x0") flags as i64 => result,
            in("x8") nr::CLONE, in("x2") 0u64, in("x3") 0u64, in("x4") 0u64,
            in("x20") first, in("x21") second, in("x22") child,
            out("x1") _,
        );
    }
    result
}
