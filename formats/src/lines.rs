//! Lines of a log, each bounded in size.

use std::io::{self, BufRead, Read};

/// The longest line that is read whole, in bytes: 64 KiB. Of a longer one the rest is passed over.
pub const MAX_LINE: usize = 1 << 16;

/// A line of a log.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number, counted from 1.
    pub(crate) number: u64,
    /// Its text, without its end; bytes that are not UTF-8 are replaced.
    pub(crate) text: String,
    /// Whether it was longer than [`MAX_LINE`], so that this is its beginning.
    pub(crate) cut: bool,
}

/// The lines of a stream, in bounded memory.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: R,
    number: u64,
    broken: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(from: R) -> Self {
        Self { from, number: 0, broken: false }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        self.from.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let cut = bytes.len() > MAX_LINE && bytes.last() != Some(&b'\n');
        if cut {
            self.from.skip_until(b'\n')?;
        }
        let text = String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(&bytes)).into_owned();
        Ok(Some(Line { number: self.number, text, cut }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<io::Result<Line>> {
        if self.broken {
            return None;
        }
        let line = self.read().transpose()?;
        self.broken = line.is_err();
        Some(line)
    }
}
