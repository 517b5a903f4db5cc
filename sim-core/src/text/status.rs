use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::capability::{CapSet, ParseCapSetError};

/// What lines of `/proc/PID/status` say about credentials. Lines about other things are passed over.
///
/// Ids are as the reader's user namespace shows them. Source: proc(5), `/proc/pid/status`;
/// `fs/proc/array.c`, `task_state` and `task_cap`.
///
/// ```
/// use sim_core::text::Status;
///
/// let status = Status::parse("Uid:\t1024\t1024\t1024\t1024\nCapBnd:\t00000000800405fb\n")?;
/// assert_eq!(status.uid, Some([1024; 4]));
/// assert_eq!(status.bounding.unwrap().len(), 11);
/// assert_eq!(status.permitted, None);
/// # Ok::<(), sim_core::text::ParseStatusError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `Uid`: real, effective, saved, filesystem.
    pub uid: Option<[u32; 4]>,
    /// `Gid`: real, effective, saved, filesystem.
    pub gid: Option<[u32; 4]>,
    /// `Groups`.
    pub groups: Option<Vec<u32>>,
    /// `CapPrm`.
    pub permitted: Option<CapSet>,
    /// `CapEff`.
    pub effective: Option<CapSet>,
    /// `CapInh`.
    pub inheritable: Option<CapSet>,
    /// `CapBnd`.
    pub bounding: Option<CapSet>,
    /// `CapAmb`.
    pub ambient: Option<CapSet>,
    /// `NoNewPrivs`.
    pub no_new_privs: Option<bool>,
    /// How many of the lines were recognised.
    pub recognised: usize,
}

/// Why a line of `/proc/PID/status` cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {field}: {reason}")]
pub struct ParseStatusError {
    /// The line, counted from 1.
    pub line: usize,
    /// The field, as `CapBnd`.
    pub field: String,
    /// What is wrong with it.
    pub reason: StatusField,
}

/// What is wrong with the value of a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusField {
    /// Not a set.
    #[error(transparent)]
    Set(#[from] ParseCapSetError),
    /// Not ids.
    #[error("{0:?} is no id; ids are numbers from 0 to 4294967295")]
    Id(String),
    /// Not four ids.
    #[error("four ids were expected: real, effective, saved, filesystem")]
    FourIds,
    /// Not 0 or 1.
    #[error("0 or 1 was expected")]
    Bool,
    /// Given before.
    #[error("it was given before")]
    Twice,
}

impl Status {
    /// Reads any number of lines in any order.
    pub fn parse(text: &str) -> Result<Self, ParseStatusError> {
        let mut status = Self::default();
        for (index, line) in text.lines().enumerate() {
            // "/proc/1/status:CapEff: …" is what grep prints for several files.
            let line_text = line.rsplit_once("status:").map_or(line, |(_, rest)| rest);
            let Some((field, value)) = line_text.split_once(':') else { continue };
            let field = field.trim();
            status.read(field, value.trim()).map_err(|reason| ParseStatusError {
                line: index + 1,
                field: field.to_string(),
                reason,
            })?;
        }
        Ok(status)
    }

    fn read(&mut self, field: &str, value: &str) -> Result<(), StatusField> {
        match field {
            "Uid" => put(&mut self.uid, four_ids(value)?)?,
            "Gid" => put(&mut self.gid, four_ids(value)?)?,
            "Groups" => put(&mut self.groups, ids(value)?)?,
            "CapPrm" => put(&mut self.permitted, CapSet::from_hex(value)?)?,
            "CapEff" => put(&mut self.effective, CapSet::from_hex(value)?)?,
            "CapInh" => put(&mut self.inheritable, CapSet::from_hex(value)?)?,
            "CapBnd" => put(&mut self.bounding, CapSet::from_hex(value)?)?,
            "CapAmb" => put(&mut self.ambient, CapSet::from_hex(value)?)?,
            "NoNewPrivs" => put(&mut self.no_new_privs, bool_digit(value)?)?,
            _ => return Ok(()),
        }
        self.recognised += 1;
        Ok(())
    }
}

fn put<T>(slot: &mut Option<T>, value: T) -> Result<(), StatusField> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(StatusField::Twice),
    }
}

fn ids(value: &str) -> Result<Vec<u32>, StatusField> {
    value.split_ascii_whitespace().map(|word| word.parse().map_err(|_| StatusField::Id(word.to_string()))).collect()
}

fn four_ids(value: &str) -> Result<[u32; 4], StatusField> {
    ids(value)?.try_into().map_err(|_| StatusField::FourIds)
}

fn bool_digit(value: &str) -> Result<bool, StatusField> {
    match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(StatusField::Bool),
    }
}
