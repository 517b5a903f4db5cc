use std::io::{self, Read, Write, pipe};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::{Program, to_bytes};
use sim_core::seccomp::{Action, Architecture, ByteOrder, SeccompData};

use super::compiled::Compiled;
use super::turns::Time;
use crate::sys;

/// A call without effect: its name, number and first argument.
const CALLS: [(&str, u32, u64); 4] = [
    ("getppid", 110, 0),
    ("personality(0)", 135, 0),
    ("personality(0xffffffff)", 135, 0xffff_ffff),
    ("the unknown number 9999", 9999, 0),
];

/// What a call costs, without a filter and with each.
#[derive(Debug, Serialize)]
pub(super) struct CallTimes {
    pub(super) call: &'static str,
    /// In nanoseconds.
    pub(super) without: Time,
    /// In the order of the filters.
    pub(super) filtered: [Filtered; 3],
}

/// What a call costs with a filter.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Filtered {
    /// In nanoseconds.
    pub(super) time: Time,
    /// How many instructions the filter executes, if the kernel runs it.
    pub(super) executed: usize,
}

/// How many calls are measured together.
const BLOCK: u32 = 64;
/// How many such blocks a child performs for each call; the quickest counts.
const BLOCKS: u32 = 100;

/// Keeps this process and its children on one processor.
pub(super) fn stay_on(cpu: usize) -> Result<()> {
    // SAFETY: zero is a valid value for every field.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    ensure!(cpu < libc::CPU_SETSIZE.unsigned_abs() as usize, "there is no processor {cpu}");
    // SAFETY: the number is below the size of the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: the set is a place of this function, as large as is said.
    let result = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error()).context(format!("cannot stay on processor {cpu}"))
    }
}

/// Makes the calls in children, one after the other with every filter and without, as often as is said.
pub(super) fn measure(filters: &[Compiled; 3], children: u32) -> Result<Vec<CallTimes>> {
    let [first, second, third] = filters.each_ref().map(|filter| Some(&filter.program));
    let variants = [None, first, second, third];
    let mut times: [[Vec<f64>; CALLS.len()]; 4] = Default::default();
    for child in 0..children {
        for turn in 0..variants.len() {
            // Who begins changes, so that nobody is always first.
            let index = (turn + child as usize) % variants.len();
            if let (Some(&program), Some(times)) = (variants.get(index), times.get_mut(index)) {
                for (times, time) in times.iter_mut().zip(perform(program)?) {
                    times.push(time);
                }
            }
        }
    }
    let [without, filtered @ ..] = times.map(|calls| calls.map(Time::of));
    let calls = CALLS.iter().enumerate().filter_map(|(index, &(name, number, argument))| {
        let data = SeccompData::call(Architecture::X86_64, number, [argument, 0, 0, 0, 0, 0]);
        let [a, b, c] = [0, 1, 2].map(|filter| {
            let time = *filtered.get(filter)?.get(index)?;
            Some(Filtered { time, executed: filters.get(filter)?.program.run(&data, &mut Silent).executed })
        });
        Some(CallTimes { call: name, without: *without.get(index)?, filtered: [a?, b?, c?] })
    });
    Ok(calls.collect())
}

/// Nanoseconds a call, for each, in a child with the filter.
fn perform(program: Option<&Program>) -> Result<[f64; CALLS.len()]> {
    let (mut reader, mut writer) = pipe()?;
    let bytes = program.map(|program| to_bytes(program.instructions(), ByteOrder::Little));
    let child = sys::fork(|| {
        sys::die_with_parent();
        let results = match bytes.as_deref().map_or(Ok(()), install) {
            Ok(()) => quickest(program),
            Err(_) => return 3,
        };
        let Some(results) = results else { return 4 };
        let bytes: Vec<u8> = results.iter().flat_map(|time| time.to_ne_bytes()).collect();
        i32::from(writer.write_all(&bytes).is_err())
    })?;
    drop(writer);
    let mut bytes = Vec::new();
    let read = reader.read_to_end(&mut bytes);
    match sys::wait(child)? {
        0 => {}
        status if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 3 => bail!("a filter cannot be installed"),
        status if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 4 => {
            bail!("a call did not do what its filter says")
        }
        status => bail!("a child ended with status {status:#x}"),
    }
    read?;
    let (words, _) = bytes.as_chunks::<8>();
    let mut words = words.iter().map(|&word| f64::from_ne_bytes(word));
    Ok([(); CALLS.len()].map(|()| words.next().unwrap_or(f64::NAN)))
}

/// The quickest block of each call; `None` if a call is answered otherwise than the filter says.
fn quickest(program: Option<&Program>) -> Option<[f64; CALLS.len()]> {
    for (_, number, argument) in CALLS {
        let data = SeccompData::call(Architecture::X86_64, number, [argument, 0, 0, 0, 0, 0]);
        let word = program.map(|program| program.run(&data, &mut Silent).returned);
        let expected = word.filter(|word| word.action() == Action::Errno).map(|word| i32::from(word.data()));
        let unknown = (number == 9999).then_some(libc::ENOSYS);
        let failed = enter(number, argument) == -1;
        let errno = failed.then(|| io::Error::last_os_error().raw_os_error().unwrap_or_default());
        if errno != expected.or(unknown) {
            return None;
        }
    }
    let mut best = [f64::INFINITY; CALLS.len()];
    for _ in 0..BLOCKS {
        for (best, (_, number, argument)) in best.iter_mut().zip(CALLS) {
            let start = Instant::now();
            for _ in 0..BLOCK {
                enter(number, argument);
            }
            let each = start.elapsed().div_duration_f64(Duration::from_nanos(1)) / f64::from(BLOCK);
            *best = best.min(each);
        }
    }
    Some(best)
}

fn enter(number: u32, argument: u64) -> libc::c_long {
    // SAFETY: the calls of the table take no pointers; they read, or set this process's personality to what it is.
    unsafe { libc::syscall(number.into(), argument, 0, 0, 0, 0, 0) }
}

/// Installs a filter for the rest of this process's life.
fn install(bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len() / 8).map_err(io::Error::other)?;
    let description = libc::sock_fprog { len: length, filter: bytes.as_ptr().cast_mut().cast() };
    // SAFETY: it takes no pointer.
    let promised = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if promised != 0 {
        return Err(io::Error::last_os_error());
    }
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: the description and the instructions live through the call, which copies them and changes neither.
    let installed = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const description) };
    if installed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
