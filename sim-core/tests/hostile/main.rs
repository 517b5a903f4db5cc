//! What strangers may send: each is answered, or refused with its place, in bounded memory and without unbounded work.
//!
//! Memory is measured, time is not: work that grows with the square of the input would not end here.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

mod complexity;
mod filters;
mod profiles;
mod texts;

/// What `work` answers, and how many bytes it held at most at one time.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let mut answer = None;
    let measured = allocation_counter::measure(|| answer = Some(work()));
    (answer.unwrap(), usize::try_from(measured.bytes_max).unwrap())
}
