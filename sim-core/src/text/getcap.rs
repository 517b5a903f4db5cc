use alloc::string::String;

use super::ParseCapTextError;
use crate::file::{Revision, VfsCaps};

/// One line of getcap's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetcapEntry {
    /// The file.
    pub path: String,
    /// Its capabilities; the root id as getcap `-n` shows it.
    pub caps: VfsCaps,
}

/// Why a line is not from getcap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GetcapError {
    /// No capabilities after a path.
    #[error("a line of getcap is a path, a space and capabilities, as in \"/usr/bin/ping cap_net_raw=ep\"")]
    Form,
    /// The capabilities cannot be read.
    #[error("after the path, {0}")]
    Caps(#[from] ParseCapTextError),
    /// The root id is no number.
    #[error("the root id {0:?} is no number below 2^32")]
    RootId(String),
}

/// Reads one line of getcap, in today's form (`/bin/ping cap_net_raw=ep`) or the older one
/// (`/bin/ping = cap_net_raw+ep`), with or without ` [rootid=N]`.
///
/// ```
/// use sim_core::text::parse_getcap_line;
///
/// let entry = parse_getcap_line("/usr/bin/reverse-words = cap_net_bind_service+ep")?;
/// assert_eq!(entry.path, "/usr/bin/reverse-words");
/// assert_eq!(entry.caps.to_string(), "cap_net_bind_service=ep");
/// # Ok::<(), sim_core::text::GetcapError>(())
/// ```
pub fn parse_getcap_line(line: &str) -> Result<GetcapEntry, GetcapError> {
    let line = line.trim();
    let (line, rootid) = match line.strip_suffix(']').and_then(|line| line.rsplit_once(" [rootid=")) {
        Some((line, number)) => {
            let rootid = number.parse().map_err(|_| GetcapError::RootId(number.into()))?;
            (line, Some(rootid))
        }
        None => (line, None),
    };
    let (path, text) = match line.split_once(" = ") {
        Some(parts) => parts,
        None => split_before_clauses(line).ok_or(GetcapError::Form)?,
    };
    if path.is_empty() {
        return Err(GetcapError::Form);
    }
    let caps: VfsCaps = text.parse()?;
    let caps = match rootid {
        Some(rootid) => VfsCaps { revision: Revision::V3 { rootid }, ..caps },
        None => caps,
    };
    Ok(GetcapEntry { path: path.into(), caps })
}

/// Paths may hold spaces: the clauses are the longest run of words at the end that all hold an operator.
fn split_before_clauses(line: &str) -> Option<(&str, &str)> {
    let mut cut = None;
    let mut end = line.len();
    while let Some(space) = line.get(..end).and_then(|head| head.rfind(' ')) {
        let word = line.get(space + 1..end).unwrap_or_default();
        if !word.contains(['=', '+', '-']) || word.contains('/') {
            break;
        }
        cut = Some(space);
        end = space;
    }
    line.split_at_checked(cut?).map(|(path, text)| (path, text.trim_start()))
}
