//! Operations on processes and on the namespaces that a process is in.

use sim_core::scenario::ProcessOperation;

use super::{Answer, Full, Writer};
use crate::tape::Kind;

impl Writer<'_> {
    /// Writes an operation whose arguments are without effect, so that only the permission shows.
    pub(super) fn process(&mut self, operation: &ProcessOperation) -> Result<Answer, Full> {
        match operation {
            ProcessOperation::Sethostname(_) => {
                // A length below 0 is looked at once the permission is there.
                let length = u64::MAX;
                self.push(Kind::Call, 0, libc::SYS_sethostname, [0, length, 0, 0, 0, 0])?;
                Ok(Answer::Permission(&[libc::EINVAL]))
            }
        }
    }
}
