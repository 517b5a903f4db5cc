//! The rules of seccomp(2): installing filters, and what becomes of a call.

use super::{Source, rules};
use crate::kernel::changes;

const ERRORS: &str = "seccomp(2), ERRORS";
const FILTER: &str = "seccomp(2), SECCOMP_SET_MODE_FILTER";
const STRICT: &str = "seccomp(2), SECCOMP_SET_MODE_STRICT";
const VALUES: &str = "seccomp(2), Filter return values";
const FILE: &str = "kernel/seccomp.c";

rules! {
    UNKNOWN_OPERATION {
        id: "seccomp.unknown-operation",
        statement: "An operation that the kernel does not know fails with EINVAL.",
        manual: ERRORS,
        source: Source::new(FILE, "do_seccomp"),
    }
    STRICT_ARGUMENTS {
        id: "seccomp.strict-arguments",
        statement: "SECCOMP_SET_MODE_STRICT takes neither flags nor an argument. With one it fails with EINVAL.",
        manual: STRICT,
        source: Source::new(FILE, "do_seccomp"),
    }
    UNKNOWN_FLAGS {
        id: "seccomp.unknown-flags",
        statement: "A flag that the kernel does not know fails with EINVAL.",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_set_mode_filter"),
    }
    TSYNC_AND_LISTENER {
        id: "seccomp.tsync-and-listener",
        statement: "A listener cannot be made while threads are synchronised: both would be the answer. EINVAL.",
        manual: FILTER,
        source: Source { release: "5.4", ..Source::new(FILE, "seccomp_set_mode_filter") },
        since: Some(&changes::SECCOMP_USER_NOTIF),
        until: Some(&changes::SECCOMP_TSYNC_ESRCH),
    }
    TSYNC_NEEDS_ESRCH {
        id: "seccomp.tsync-needs-esrch",
        statement: "A listener can be made while threads are synchronised only with SECCOMP_FILTER_FLAG_TSYNC_ESRCH, for \
                    otherwise a thread's id and a descriptor could not be told apart. Else EINVAL.",
        manual: FILTER,
        source: Source::new(FILE, "seccomp_set_mode_filter"),
        since: Some(&changes::SECCOMP_TSYNC_ESRCH),
    }
    WAIT_KILLABLE_NEEDS_LISTENER {
        id: "seccomp.wait-killable-needs-listener",
        statement: "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV without SECCOMP_FILTER_FLAG_NEW_LISTENER fails with EINVAL.",
        manual: FILTER,
        source: Source::new(FILE, "seccomp_set_mode_filter"),
        since: Some(&changes::SECCOMP_WAIT_KILLABLE),
    }
    DESCRIPTION_FAULT {
        id: "seccomp.description-fault",
        statement: "If the sock_fprog cannot be read, it fails with EFAULT.",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_prepare_user_filter"),
    }
    LENGTH {
        id: "seccomp.length",
        statement: "A program has 1 to 4096 instructions. Otherwise EINVAL, whoever asks.",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_prepare_filter"),
    }
    PRIVILEGE {
        id: "seccomp.privilege",
        statement: "A filter needs no_new_privs, or CAP_SYS_ADMIN effective in the thread's own user namespace: a program \
                    with more privileges must not run under it unawares. Without either: EACCES, before the program is read.",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_prepare_filter"),
    }
    NO_INSTRUCTIONS {
        id: "seccomp.no-instructions",
        statement: "A null pointer instead of instructions fails with EINVAL.",
        manual: ERRORS,
        source: Source::new("net/core/filter.c", "bpf_prog_create_from_user"),
    }
    INSTRUCTIONS_FAULT {
        id: "seccomp.instructions-fault",
        statement: "If the instructions cannot all be read, it fails with EFAULT.",
        manual: ERRORS,
        source: Source::new("net/core/filter.c", "bpf_prog_create_from_user"),
    }
    INVALID_PROGRAM {
        id: "seccomp.invalid-program",
        statement: "The program must be valid classic BPF: known instructions, no division by a constant 0, shifts by less \
                    than 32, jumps inside, scratch memory written before it is read, a return at the end. Otherwise EINVAL. \
                    What cannot be reached is checked too.",
        manual: ERRORS,
        source: Source::new("net/core/filter.c", "bpf_check_classic"),
    }
    RESTRICTED_PROGRAM {
        id: "seccomp.restricted-program",
        statement: "A filter of system calls may load only whole words of the call's data, at offsets below 64 that are \
                    multiples of 4, and has no remainder. Otherwise EINVAL.",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_check_filter"),
    }
    MODE_FIXED {
        id: "seccomp.mode-fixed",
        statement: "A thread in strict mode cannot get filters, nor one with filters strict mode. EINVAL.",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_may_assign_mode"),
    }
    SECOND_LISTENER {
        id: "seccomp.second-listener",
        statement: "A second listener cannot be made while an earlier filter of the thread has one. EBUSY.",
        manual: ERRORS,
        source: Source::new(FILE, "has_duplicate_listener"),
        since: Some(&changes::SECCOMP_USER_NOTIF),
    }
    PATH_LIMIT {
        id: "seccomp.path-limit",
        statement: "All filters of a thread together have at most 32768 of the kernel's own instructions, into which it \
                    turns those of the filters; each earlier filter counts 4 more. Otherwise ENOMEM.",
        formula: "weight(new) + Σ (weight(earlier) + 4) <= 32768",
        manual: ERRORS,
        source: Source::new(FILE, "seccomp_attach_filter"),
    }
    THREAD_IN_THE_WAY {
        id: "seccomp.thread-in-the-way",
        statement: "SECCOMP_FILTER_FLAG_TSYNC changes nothing if another thread is in strict mode or has a filter that the \
                    caller has not; the answer is that thread's id, or ESRCH with SECCOMP_FILTER_FLAG_TSYNC_ESRCH.",
        manual: FILTER,
        source: Source::new(FILE, "seccomp_can_sync_threads"),
    }
    FILTER_INSTALLED {
        id: "seccomp.filter-installed",
        statement: "The filter is put before those that the thread already has.",
        manual: FILTER,
        source: Source::new(FILE, "seccomp_attach_filter"),
    }
    STRICT_ENTERED {
        id: "seccomp.strict-entered",
        statement: "The thread is in strict mode.",
        manual: STRICT,
        source: Source::new(FILE, "seccomp_set_mode_strict"),
    }
    URETPROBE_PASSES {
        id: "seccomp.uretprobe-passes",
        statement: "The x86_64 call 335, uretprobe, passes every filter and strict mode: the kernel's own probes make it.",
        source: Source::new(FILE, "seccomp_uprobe_exception"),
        since: Some(&changes::SECCOMP_URETPROBE),
    }
    UPROBE_PASSES {
        id: "seccomp.uprobe-passes",
        statement: "The x86_64 call 336, uprobe, passes every filter and strict mode: the kernel's own probes make it.",
        source: Source::new(FILE, "seccomp_uprobe_exception"),
        since: Some(&changes::SECCOMP_UPROBE),
    }
    STRICT_KILLS {
        id: "seccomp.strict-kills",
        statement: "In strict mode a thread may read, write, exit and return from a signal handler. Every other call, \
                    exit_group among them, ends it with SIGKILL.",
        manual: STRICT,
        source: Source::new(FILE, "__secure_computing_strict"),
    }
    STRICTEST_WINS {
        id: "seccomp.strictest-wins",
        statement: "Every filter is run, the newest first, and the strictest action wins. If several ask for it, the \
                    newest filter's data count.",
        formula: "the smallest signed (word & 0xffff0000)",
        manual: FILTER,
        source: Source::new(FILE, "seccomp_run_filters"),
    }
    KILL_PROCESS {
        id: "seccomp.kill-process",
        statement: "SECCOMP_RET_KILL_PROCESS ends the process as SIGSYS does; no handler is run.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    KILL_THREAD {
        id: "seccomp.kill-thread",
        statement: "SECCOMP_RET_KILL_THREAD ends the thread as SIGSYS does; no handler is run, other threads live on.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    UNKNOWN_ACTION_KILLS {
        id: "seccomp.unknown-action-kills",
        statement: "An action that the kernel does not know ends the process as SIGSYS does.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    TRAP {
        id: "seccomp.trap",
        statement: "SECCOMP_RET_TRAP: the call is not made and the thread gets SIGSYS, with the data as si_errno. If the \
                    signal is blocked or ignored, the process ends.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    ERRNO {
        id: "seccomp.errno",
        statement: "SECCOMP_RET_ERRNO: the call is not made and fails with the data as errno. With 0 it returns 0.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    ERRNO_CAPPED {
        id: "seccomp.errno-capped",
        statement: "Data above 4095 become the errno 4095.",
        source: Source::new(FILE, "__seccomp_filter"),
    }
    NOTIFY {
        id: "seccomp.notify",
        statement: "SECCOMP_RET_USER_NOTIF asks the listener of the filter that won; the data do not count.",
        manual: VALUES,
        source: Source::new(FILE, "seccomp_do_user_notification"),
        since: Some(&changes::SECCOMP_USER_NOTIF),
    }
    NOTIFY_NOBODY {
        id: "seccomp.notify-nobody",
        statement: "If the filter that won has no listener, or it was closed, the call fails with ENOSYS, even if another \
                    filter has one.",
        manual: VALUES,
        source: Source::new(FILE, "seccomp_do_user_notification"),
        since: Some(&changes::SECCOMP_USER_NOTIF),
    }
    TRACE {
        id: "seccomp.trace",
        statement: "SECCOMP_RET_TRACE asks the tracer, with the data as the event's message.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    TRACE_NOBODY {
        id: "seccomp.trace-nobody",
        statement: "If there is no tracer that asked for the event (PTRACE_O_TRACESECCOMP), the call fails with ENOSYS.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    LOG {
        id: "seccomp.log",
        statement: "SECCOMP_RET_LOG: the call runs and is logged.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    ALLOW {
        id: "seccomp.allow",
        statement: "SECCOMP_RET_ALLOW: the call runs; the data do not count.",
        manual: VALUES,
        source: Source::new(FILE, "__seccomp_filter"),
    }
    FORK_INHERITS {
        id: "seccomp.fork-inherits",
        statement: "A new process or thread has the mode and the filters of its maker; what either adds later is its own.",
        manual: FILTER,
        source: Source::new("kernel/fork.c", "copy_seccomp"),
    }
    EXEC_KEEPS {
        id: "seccomp.exec-keeps",
        statement: "execve keeps mode and filters.",
        manual: FILTER,
        source: Source::new("fs/exec.c", "begin_new_exec"),
    }
}
