use alloc::vec::Vec;
use core::str::FromStr;

use crate::kernel::{Release, changes};

/// The most lines a map may have (`UID_GID_MAP_MAX_EXTENTS`), from Linux 4.15 on.
const MAX_LINES: usize = 340;
/// The same before.
const FEW_LINES: usize = 5;

/// A map of ids, as written to `/proc/PID/uid_map`: ids inside a user namespace to ids outside.
///
/// Source: user_namespaces(7), "User and group ID mappings"; `kernel/user_namespace.c`, `map_write`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMap {
    extents: Vec<Extent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    inside: u32,
    outside: u32,
    count: u32,
}

/// Why a text is no map, or a map cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// A line that is not three numbers.
    #[error("map line {line} is not \"INSIDE OUTSIDE COUNT\" in numbers below 2^32")]
    Form {
        /// Counted from 1.
        line: usize,
    },
    /// A line that maps no id.
    #[error("map line {line} maps no id: its count is 0")]
    Empty {
        /// Counted from 1.
        line: usize,
    },
    /// A range that ends above the largest id.
    #[error("map line {line} reaches beyond the largest id, 4294967294")]
    TooLarge {
        /// Counted from 1.
        line: usize,
    },
    /// Two lines with ids in common.
    #[error("map line {line} overlaps an earlier line")]
    Overlap {
        /// Counted from 1.
        line: usize,
    },
    /// No lines, or too many.
    #[error("a map has 1 to {limit} lines, this one has {lines}")]
    Lines {
        /// How many were found.
        lines: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Outside ids that the parent namespace has not mapped.
    #[error("map line {line} maps ids that one line of the parent namespace's map does not cover")]
    Unmapped {
        /// Counted from 1.
        line: usize,
    },
}

impl IdMap {
    /// A map that is not written yet: no id has a mapping.
    pub const UNWRITTEN: Self = Self { extents: Vec::new() };

    /// The map of `init`: every id is itself.
    pub(super) fn identity() -> Self {
        Self { extents: alloc::vec![Extent { inside: 0, outside: 0, count: u32::MAX }] }
    }

    /// Reads what is written to `/proc/PID/uid_map` as the kernel does (`map_write`): any white space parts the numbers,
    /// what follows a zero byte is not read, and a number of 2^32 or more loses its upper bits. `release` decides how
    /// many lines there may be, and whether a number of 2^64 or more becomes 2^64 - 1 first.
    ///
    /// ```
    /// use sim_core::credentials::IdMap;
    /// use sim_core::kernel::Release;
    ///
    /// let map = IdMap::from_written("\t4294967296 1000 \r1\n", Release::NEWEST)?;
    /// assert_eq!(map.outside(0), Some(1000));
    /// # Ok::<(), sim_core::credentials::MapError>(())
    /// ```
    pub fn from_written(text: &str, release: Release) -> Result<Self, MapError> {
        let limit = if release.has(&changes::MAP_LINES) { MAX_LINES } else { FEW_LINES };
        let read = text.split('\0').next().unwrap_or_default();
        let saturates = release.has(&changes::MAP_NUMBER_SATURATES);
        Self::read(read, limit, |word| {
            if saturates && word.parse::<u64>().is_err() {
                return Some(u32::MAX);
            }
            Some(word.bytes().fold(0u32, |sum, digit| sum.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'))))
        })
    }

    /// Reads lines of three words; `number` reads a word of digits.
    fn read(text: &str, limit: usize, number: impl Fn(&str) -> Option<u32> + Copy) -> Result<Self, MapError> {
        let mut extents: Vec<Extent> = Vec::new();
        let body = text.strip_suffix('\n').unwrap_or(text);
        let mut lines = body.split('\n').zip(1..).peekable();
        while let Some((text, line)) = lines.next() {
            let extent = parse_line(text, number).ok_or(MapError::Form { line })?;
            if extent.count == 0 {
                return Err(MapError::Empty { line });
            }
            // An id of 2^32 - 1 does not exist, so a range must end below it.
            if extent.inside.checked_add(extent.count).is_none() || extent.outside.checked_add(extent.count).is_none()
            {
                return Err(MapError::TooLarge { line });
            }
            if extents.iter().any(|other| other.overlaps(&extent)) {
                return Err(MapError::Overlap { line });
            }
            if line == limit && lines.peek().is_some() {
                return Err(MapError::Lines { lines: body.split('\n').count(), limit });
            }
            extents.push(extent);
        }
        Ok(Self { extents })
    }

    /// Whether outside id 0 is mapped.
    pub(crate) fn maps_outside_zero(&self) -> bool {
        self.extents.iter().any(|extent| extent.outside == 0)
    }

    /// The outside id, if exactly one is mapped.
    pub(crate) fn only_outside_id(&self) -> Option<u32> {
        match self.extents.as_slice() {
            [Extent { outside, count: 1, .. }] => Some(*outside),
            _ => None,
        }
    }

    /// The outside id with which the first line begins.
    pub(super) fn first_outside(&self) -> Option<u32> {
        self.extents.first().map(|extent| extent.outside)
    }

    /// The outside id of an inside one.
    pub fn outside(&self, inside: u32) -> Option<u32> {
        self.extents.iter().find_map(|extent| {
            let offset = inside.checked_sub(extent.inside).filter(|offset| *offset < extent.count)?;
            extent.outside.checked_add(offset)
        })
    }

    /// The inside id of an outside one.
    pub fn inside(&self, outside: u32) -> Option<u32> {
        self.extents.iter().find_map(|extent| {
            let offset = outside.checked_sub(extent.outside).filter(|offset| *offset < extent.count)?;
            extent.inside.checked_add(offset)
        })
    }

    /// The same map with outside ids one namespace further up. Each line must lie within one line of `parent`.
    pub(super) fn through(&self, parent: &Self) -> Result<Self, MapError> {
        let lift = |(index, extent): (usize, &Extent)| {
            let last = extent.outside + (extent.count - 1);
            let covered =
                parent.extents.iter().find(|line| extent.outside >= line.inside && last - line.inside < line.count);
            let line = covered.ok_or(MapError::Unmapped { line: index + 1 })?;
            Ok(Extent { outside: line.outside + (extent.outside - line.inside), ..*extent })
        };
        Ok(Self { extents: self.extents.iter().enumerate().map(lift).collect::<Result<_, _>>()? })
    }
}

impl FromStr for IdMap {
    type Err = MapError;

    /// Reads a map of a description: as the kernel reads it, but a number of 2^32 or more is an error.
    fn from_str(text: &str) -> Result<Self, MapError> {
        Self::read(text, MAX_LINES, |word| word.parse().ok())
    }
}

impl Extent {
    fn overlaps(&self, other: &Self) -> bool {
        let share = |a: u32, a_count: u32, b: u32, b_count: u32| a - a.min(b) < b_count && b - a.min(b) < a_count;
        share(self.inside, self.count, other.inside, other.count)
            || share(self.outside, self.count, other.outside, other.count)
    }
}

fn parse_line(line: &str, number: impl Fn(&str) -> Option<u32>) -> Option<Extent> {
    // `isspace` of the kernel, which knows the vertical tab.
    let mut words = line.split(|c: char| c.is_ascii_whitespace() || c == '\x0b').filter(|word| !word.is_empty());
    let mut number = || number(words.next().filter(|word| word.bytes().all(|b| b.is_ascii_digit()))?);
    let extent = Extent { inside: number()?, outside: number()?, count: number()? };
    words.next().is_none().then_some(extent)
}
