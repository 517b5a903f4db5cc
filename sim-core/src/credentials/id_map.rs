use alloc::vec::Vec;
use core::str::FromStr;

/// The most lines a map may have (`UID_GID_MAP_MAX_EXTENTS`).
const MAX_LINES: usize = 340;

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
    #[error("a map has 1 to {MAX_LINES} lines, this one has {lines}")]
    Lines {
        /// How many were found.
        lines: usize,
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
            let covered = parent
                .extents
                .iter()
                .find(|line| extent.outside >= line.inside && last - line.inside < line.count && last >= line.inside);
            let line = covered.ok_or(MapError::Unmapped { line: index + 1 })?;
            Ok(Extent { outside: line.outside + (extent.outside - line.inside), ..*extent })
        };
        Ok(Self { extents: self.extents.iter().enumerate().map(lift).collect::<Result<_, _>>()? })
    }
}

impl FromStr for IdMap {
    type Err = MapError;

    fn from_str(text: &str) -> Result<Self, MapError> {
        let mut extents: Vec<Extent> = Vec::new();
        let body = text.strip_suffix('\n').unwrap_or(text);
        for (index, text) in body.split('\n').enumerate() {
            let line = index + 1;
            let extent = parse_line(text).ok_or(MapError::Form { line })?;
            if extent.count == 0 {
                return Err(MapError::Empty { line });
            }
            // An id of 2^32 - 1 does not exist, so a range must end below it.
            if extent.inside.checked_add(extent.count).is_none() || extent.outside.checked_add(extent.count).is_none()
            {
                return Err(MapError::TooLarge { line });
            }
            if extents.len() == MAX_LINES {
                return Err(MapError::Lines { lines: body.split('\n').count() });
            }
            if extents.iter().any(|other| other.overlaps(&extent)) {
                return Err(MapError::Overlap { line });
            }
            extents.push(extent);
        }
        Ok(Self { extents })
    }
}

impl Extent {
    fn overlaps(&self, other: &Self) -> bool {
        let share = |a: u32, a_count: u32, b: u32, b_count: u32| a - a.min(b) < b_count && b - a.min(b) < a_count;
        share(self.inside, self.count, other.inside, other.count)
            || share(self.outside, self.count, other.outside, other.count)
    }
}

fn parse_line(line: &str) -> Option<Extent> {
    let mut numbers = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let mut number = || {
        let word = numbers.next()?;
        word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten()
    };
    let extent = Extent { inside: number()?, outside: number()?, count: number()? };
    numbers.next().is_none().then_some(extent)
}
