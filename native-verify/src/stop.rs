use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::sys;

/// Whether the run was asked to stop, by SIGINT or SIGTERM.
///
/// The handler sets a flag and does nothing else, so it may run anywhere: in the worker, and in a child that still
/// shares the worker's memory. A program that is executed has the kernel's own handlers again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on; processes started by fork listen too.
    pub(crate) fn listen() -> io::Result<Self> {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM] {
            flag::register(signal, Arc::clone(&stop.0))?;
        }
        Ok(stop)
    }

    /// Whether to begin nothing more.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for the worker to end, and gives its wait status. Signals are handed on to it, for it is in a process
    /// group of its own: the first asks it to stop, the second ends it.
    pub(crate) fn wait_for(&self, worker: libc::pid_t) -> io::Result<libc::c_int> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGCHLD])?;
        // One that came before is in the flag.
        let mut asked = self.is_asked();
        if asked {
            sys::terminate(worker);
        }
        loop {
            if let Some(status) = sys::has_ended(worker)? {
                return Ok(status);
            }
            for signal in signals.wait() {
                match signal {
                    SIGCHLD => continue,
                    _ if asked => sys::kill(worker),
                    _ => sys::terminate(worker),
                }
                asked = true;
            }
        }
    }
}
