//! The system calls of the harness itself, each in a function that is safe to call.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::null;

use crate::tape::{self, SIZE, TAPE_FD, Tape};

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn c_path(path: &Path) -> io::Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}

/// Leaves some of the namespaces that this process shares with its parent.
pub(crate) fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: it takes no pointer.
    check(unsafe { libc::unshare(flags) }).map(drop)
}

/// Joins the namespace that `fd` refers to.
pub(crate) fn setns(fd: RawFd, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: it takes no pointer.
    check(unsafe { libc::setns(fd, kind) }).map(drop)
}

/// Runs `child` in a child process and gives the child's pid. The process must have one thread only.
pub(crate) fn fork(child: impl FnOnce() -> i32) -> io::Result<libc::pid_t> {
    // SAFETY: with one thread no lock can be held by a thread that the child lacks.
    match check(unsafe { libc::fork() })? {
        0 => {
            let code = child();
            // SAFETY: it ends the process.
            unsafe { libc::_exit(code) }
        }
        pid => Ok(pid),
    }
}

/// Becomes user `uid` and group `gid` and keeps every capability.
pub(crate) fn become_with_capabilities(uid: u32, gid: u32) -> io::Result<()> {
    const NO_SETUID_FIXUP: libc::c_ulong = 4;
    // SAFETY: it takes no pointer.
    check(unsafe { libc::prctl(libc::PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0) })?;
    // SAFETY: it takes no pointer.
    check(unsafe { libc::setresgid(gid, gid, gid) })?;
    // SAFETY: it takes no pointer.
    check(unsafe { libc::setresuid(uid, uid, uid) }).map(drop)
}

/// Lets this process's files in /proc belong to its effective user.
pub(crate) fn become_dumpable() -> io::Result<()> {
    // SAFETY: it takes no pointer.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }).map(drop)
}

/// Whether this process can gain nothing by an execve any more.
pub(crate) fn no_new_privs() -> bool {
    // SAFETY: it takes no pointer.
    unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 }
}

/// The user and group id that decide what this process may do.
pub(crate) fn effective_ids() -> (u32, u32) {
    // SAFETY: neither takes a pointer, and neither can fail.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// In how many supplementary groups this process is.
pub(crate) fn count_groups() -> io::Result<usize> {
    // SAFETY: with a size of 0 nothing is written.
    let count = check(unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
    usize::try_from(count).map_err(io::Error::other)
}

/// Switches the machine off. Only the first process of a virtual machine calls this.
pub(crate) fn switch_off() {
    // SAFETY: neither takes a pointer.
    unsafe {
        libc::sync();
        libc::reboot(libc::RB_POWER_OFF);
    }
}

/// Sleeps until a signal ends the process.
pub(crate) fn sleep_for_ever() -> ! {
    loop {
        // SAFETY: it takes no pointer.
        unsafe { libc::pause() };
    }
}

/// Ends this process by SIGXCPU once it has computed for so long, gives it no more memory than so many bytes, and lets
/// it leave no core.
#[cfg(feature = "libseccomp")]
pub(crate) fn limit_work(seconds: u64, memory: u64) -> io::Result<()> {
    for (what, limit) in [(libc::RLIMIT_CPU, seconds), (libc::RLIMIT_AS, memory), (libc::RLIMIT_CORE, 0)] {
        let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit.saturating_add(1) };
        // SAFETY: the limit is a place of this function.
        check(unsafe { libc::setrlimit(what, &raw const limit) })?;
    }
    Ok(())
}

/// Waits for a child to end and gives its wait status.
pub(crate) fn wait(pid: libc::pid_t) -> io::Result<libc::c_int> {
    let mut status = 0;
    loop {
        // SAFETY: the status is a place of this function.
        match check(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(status),
        }
    }
}

/// Whether a child has ended; it still has to be waited for.
pub(crate) fn is_over(pid: libc::pid_t) -> io::Result<bool> {
    // SAFETY: zero is a valid value for every field.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the information is a place of this function.
    check(unsafe { libc::waitid(libc::P_PID, pid.unsigned_abs(), &raw mut info, flags) })?;
    // SAFETY: waitid has filled it, or left the zero of a child that goes on.
    Ok(unsafe { info.si_pid() } != 0)
}

/// The wait status of a child that has ended; none while it runs.
pub(crate) fn has_ended(pid: libc::pid_t) -> io::Result<Option<libc::c_int>> {
    let mut status = 0;
    // SAFETY: the status is a place of this function.
    let ended = check(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL | libc::WNOHANG) })?;
    Ok((ended == pid).then_some(status))
}

/// Lets a traced child go on after a stop.
pub(crate) fn ptrace_continue(pid: libc::pid_t, signal: libc::c_int) -> io::Result<()> {
    let signal = usize::try_from(signal).unwrap_or_default();
    // SAFETY: PTRACE_CONT takes numbers where other requests take pointers.
    let result = unsafe { libc::ptrace(libc::PTRACE_CONT, pid, null::<u8>(), signal) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sends SIGKILL to a child of this process.
pub(crate) fn kill(pid: libc::pid_t) {
    // SAFETY: it takes no pointer. The pid is that of a child that has not been waited for.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Ends a child of this process that has not been waited for.
pub(crate) fn end(pid: libc::pid_t) {
    kill(pid);
    // It cannot fail: whoever is not a child any more has been waited for.
    let _ = wait(pid);
}

/// Asks a child of this process to end.
pub(crate) fn terminate(pid: libc::pid_t) {
    // SAFETY: it takes no pointer. The pid is that of a child that has not been waited for.
    unsafe { libc::kill(pid, libc::SIGTERM) };
}

/// Moves this process to a process group of its own, away from the keys of the terminal.
pub(crate) fn leave_process_group() -> io::Result<()> {
    // SAFETY: it takes no pointer.
    check(unsafe { libc::setpgid(0, 0) }).map(drop)
}

/// Has the kernel kill this process when its parent ends.
pub(crate) fn die_with_parent() {
    // SAFETY: it takes no pointer.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Mounts a filesystem of `kind` with `flags` and `options`.
pub(crate) fn mount(kind: &CStr, target: &Path, flags: libc::c_ulong, options: &CStr) -> io::Result<()> {
    let target = c_path(target)?;
    // SAFETY: every pointer is to a string that lives through the call.
    let result =
        unsafe { libc::mount(kind.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, options.as_ptr().cast()) };
    check(result).map(drop)
}

/// Keeps what is mounted in this mount namespace from showing in others.
pub(crate) fn make_mounts_private() -> io::Result<()> {
    // SAFETY: null stands for "none"; the target is a string that lives through the call.
    let result = unsafe { libc::mount(null(), c"/".as_ptr(), null(), libc::MS_REC | libc::MS_PRIVATE, null()) };
    check(result).map(drop)
}

/// Shows a file or folder at another place too.
pub(crate) fn bind_mount(source: &Path, target: &Path) -> io::Result<()> {
    let (source, target) = (c_path(source)?, c_path(target)?);
    // SAFETY: null stands for "none"; source and target are strings that live through the call.
    check(unsafe { libc::mount(source.as_ptr(), target.as_ptr(), null(), libc::MS_BIND, null()) }).map(drop)
}

/// Makes a mounted folder the root of this mount namespace; what was there before is gone from it.
pub(crate) fn change_root(root: &Path) -> io::Result<()> {
    std::env::set_current_dir(root)?;
    // SAFETY: both paths are strings that live through the call.
    let result = unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // The old root lies over the new one, at the same place.
    // SAFETY: the path is a string that lives through the call.
    check(unsafe { libc::umount2(c".".as_ptr(), libc::MNT_DETACH) })?;
    std::env::set_current_dir("/")
}

/// The pid and wait status of any child that has ended, orphans that came to this process among them.
pub(crate) fn any_ended() -> io::Result<Option<(libc::pid_t, libc::c_int)>> {
    let mut status = 0;
    // SAFETY: the status is a place of this function.
    let ended = check(unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::WNOHANG) })?;
    Ok((ended != 0).then_some((ended, status)))
}

/// Changes owner and group of a file.
pub(crate) fn chown(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let path = c_path(path)?;
    // SAFETY: the path is a string that lives through the call.
    check(unsafe { libc::chown(path.as_ptr(), uid, gid) }).map(drop)
}

/// Writes or removes the attribute `security.capability`.
pub(crate) fn set_capability_attribute(path: &Path, value: Option<&[u8]>) -> io::Result<()> {
    let (path, name) = (c_path(path)?, c"security.capability");
    let result = match value {
        // SAFETY: path and name are strings, value is as long as is said, and all live through the call.
        Some(value) => unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) },
        // SAFETY: path and name are strings that live through the call.
        None => unsafe { libc::removexattr(path.as_ptr(), name.as_ptr()) },
    };
    match check(result) {
        Err(error) if value.is_none() && error.raw_os_error() == Some(libc::ENODATA) => Ok(()),
        other => other.map(drop),
    }
}

/// Puts a copy of `fd` at `number`, where programs executed later find it.
pub(crate) fn leave_at(fd: &impl AsRawFd, number: RawFd) -> io::Result<()> {
    // SAFETY: it takes no pointer. What is kept open for long is below the numbers used here or, by move_up, above.
    check(unsafe { libc::dup2(fd.as_raw_fd(), number) }).map(drop)
}

/// Closes the descriptor of this number, if it is open.
pub(crate) fn close_at(number: RawFd) {
    // SAFETY: it takes no pointer; nobody owns the numbers that the harness hands to its children.
    unsafe { libc::close(number) };
}

/// Moves an open file to a number above all that the harness gives out itself.
pub(crate) fn move_up(file: &std::fs::File) -> io::Result<std::fs::File> {
    const ABOVE: RawFd = 300;
    // SAFETY: it takes no pointer.
    let fd = check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, ABOVE) })?;
    // SAFETY: the descriptor is new, and nobody else has it.
    Ok(unsafe { std::fs::File::from_raw_fd(fd) })
}

/// Opens a directory for lookups.
pub(crate) fn open_directory(path: &Path) -> io::Result<std::fs::File> {
    std::fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY).open(path)
}

/// A stream socket of the internet.
pub(crate) fn stream_socket() -> io::Result<OwnedFd> {
    // SAFETY: it takes no pointer.
    let fd = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A Unix socket that is connected to nothing.
pub(crate) fn unconnected_unix_socket() -> io::Result<OwnedFd> {
    // SAFETY: it takes no pointer.
    let fd = check(unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets `RLIMIT_NICE` and `RLIMIT_RTPRIO` of this process and its children to 0, as they are unless somebody raised them.
pub(crate) fn take_scheduling_limits() -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    for limit in [libc::RLIMIT_NICE, libc::RLIMIT_RTPRIO] {
        // SAFETY: the limit is a place of this function.
        check(unsafe { libc::setrlimit(limit, &raw const none) })?;
    }
    Ok(())
}

/// Brings the loopback interface of this network namespace up.
pub(crate) fn raise_loopback() -> io::Result<()> {
    let socket = stream_socket()?;
    let request = loopback_request();
    // SAFETY: the request is a whole ifreq that lives through the call.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, request.as_ptr()) }).map(drop)
}

/// A `struct ifreq` that says "the loopback interface is up".
pub(crate) fn loopback_request() -> [u8; size_of::<libc::ifreq>()] {
    let mut request = [0; size_of::<libc::ifreq>()];
    let up = libc::c_short::try_from(libc::IFF_UP).unwrap_or_default().to_ne_bytes();
    let (name, flags) = request.split_at_mut(std::mem::offset_of!(libc::ifreq, ifr_ifru));
    for (to, from) in name.iter_mut().zip(b"lo").chain(flags.iter_mut().zip(&up)) {
        *to = *from;
    }
    request
}

/// The flags of a file, as lsattr(1) shows them.
pub(crate) fn file_flags(path: &Path) -> io::Result<libc::c_int> {
    let file = std::fs::File::open(path)?;
    let mut flags = 0;
    // SAFETY: the flags are a place of this function.
    check(unsafe { libc::ioctl(file.as_raw_fd(), libc::FS_IOC_GETFLAGS, &raw mut flags) })?;
    Ok(flags)
}

/// The `struct file_handle` of a file, as name_to_handle_at(2) gives it.
pub(crate) fn file_handle(path: &Path) -> io::Result<Vec<u8>> {
    const LARGEST: u32 = 128;
    let path = c_path(path)?;
    // The size that there is room for, the type, and the room.
    let mut handle = LARGEST.to_ne_bytes().to_vec();
    handle.resize(8 + LARGEST as usize, 0);
    let mut mount: libc::c_int = 0;
    // SAFETY: the path is a string, the handle has the room that its beginning says, the mount is a place of this
    // function, and all live through the call.
    let result = unsafe {
        let (handle, mount) = (handle.as_mut_ptr(), &raw mut mount);
        libc::syscall(libc::SYS_name_to_handle_at, libc::AT_FDCWD, path.as_ptr(), handle, mount, 0)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(handle) }
}

/// Lets this process and its children lock any amount of memory, as maps of bpf(2) did before Linux 5.11.
pub(crate) fn lift_memory_lock_limit() -> io::Result<()> {
    let unlimited = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limit is a place of this function.
    check(unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const unlimited) }).map(drop)
}

/// Whether the kernel has modules.
pub(crate) fn has_modules() -> bool {
    // SAFETY: no module is of length 0, so nothing is read or loaded.
    has(unsafe { libc::syscall(libc::SYS_init_module, null::<u8>(), 0, null::<u8>()) })
}

/// Whether the kernel gives access to ports.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_port_access() -> bool {
    const NO_LEVEL: libc::c_ulong = 4;
    // SAFETY: it takes no pointer, and there is no such level.
    has(unsafe { libc::syscall(libc::SYS_iopl, NO_LEVEL) })
}

/// Whether the kernel gives access to ports: only x86 has them.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn has_port_access() -> bool {
    false
}

fn has(result: libc::c_long) -> bool {
    result >= 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ENOSYS)
}

/// The bytes of an internet address for bind(2).
pub(crate) fn internet_address(address: [u8; 4], port: u16) -> [u8; 16] {
    let family = u16::try_from(libc::AF_INET).unwrap_or_default().to_ne_bytes();
    let [high, low] = port.to_be_bytes();
    let [a, b, c, d] = address;
    [family[0], family[1], high, low, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// A tape in shared memory, left at the descriptor where the probe looks for it.
pub(crate) struct SharedTape {
    tape: *mut Tape,
    stack: Vec<u8>,
}

/// How much stack the child may use before it executes something.
const CHILD_STACK: usize = 256 * 1024;

impl SharedTape {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the name is a string that lives through the call.
        let fd = check(unsafe { libc::memfd_create(c"eperm-tape".as_ptr(), libc::MFD_CLOEXEC) })?;
        // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let size = libc::off_t::try_from(SIZE).map_err(io::Error::other)?;
        // SAFETY: it takes no pointer.
        check(unsafe { libc::ftruncate(fd.as_raw_fd(), size) })?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping anywhere, of the size that the file has.
        let tape = unsafe { libc::mmap(std::ptr::null_mut(), SIZE, access, libc::MAP_SHARED, fd.as_raw_fd(), 0) };
        if tape == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        leave_at(&fd, TAPE_FD)?;
        Ok(Self { tape: tape.cast(), stack: vec![0; CHILD_STACK] })
    }

    /// The tape, while no child is performing it.
    pub(crate) fn tape(&mut self) -> &mut Tape {
        // SAFETY: the mapping is as large as a tape and lives as long as `self`. It began as zeros, which are a valid
        // tape, and children write only results. `&mut self` says that no child is performing it.
        unsafe { &mut *self.tape }
    }

    /// Whether a child rests at the end of the tape, and does not read it any more.
    pub(crate) fn is_at_rest(&self) -> bool {
        // SAFETY: the mapping is a whole tape; this reads words of it that a child may write meanwhile.
        unsafe {
            let length = (&raw const (*self.tape).length).read_volatile();
            let last = length.checked_sub(1).and_then(|last| usize::try_from(last).ok());
            last.filter(|last| *last < tape::OPERATIONS).is_some_and(|last| {
                let operations = (&raw const (*self.tape).operations).cast::<tape::Operation>();
                (&raw const (*operations.add(last)).result).read_volatile() == 1
            })
        }
    }

    /// How far a child has come.
    pub(crate) fn position(&self) -> u64 {
        // SAFETY: the mapping is a whole tape, of which this reads one word that a child may write meanwhile.
        unsafe { (&raw const (*self.tape).next).read_volatile() }
    }

    /// Starts a child that performs the tape, and returns when it has executed a program or ended.
    ///
    /// The child shares this process's memory until then, so that starting it costs no copy.
    pub(crate) fn start(&mut self) -> io::Result<libc::pid_t> {
        extern "C" fn child(tape: *mut libc::c_void) -> libc::c_int {
            // SAFETY: it is the whole mapping, and the parent waits (CLONE_VFORK). 2: no program was executed yet.
            unsafe { tape::perform(tape.cast(), 2) };
            tape::exit()
        }
        let top = self.stack.as_mut_ptr_range().end;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let top = top.map_addr(|address| address & !15);
        // SAFETY: the stack is this process's memory and used by nobody else while the child is on it, for this thread
        // sleeps until the child has executed a program or ended. The child calls nothing but raw system calls.
        check(unsafe { libc::clone(child, top.cast(), flags, self.tape.cast()) })
    }
}

impl SharedTape {
    /// Starts a child that performs the tape with memory of its own, for a filter may kill it.
    pub(crate) fn start_apart(&mut self) -> io::Result<libc::pid_t> {
        let tape = self.tape;
        fork(|| {
            // SAFETY: it is the whole mapping, and the parent waits. 2: no program was executed yet.
            unsafe { tape::perform(tape, 2) };
            tape::exit()
        })
    }
}

impl Drop for SharedTape {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and nothing refers to it any more.
        unsafe { libc::munmap(self.tape.cast(), SIZE) };
    }
}
