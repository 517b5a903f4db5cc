//! What Kubernetes says of a container's security context before an engine is asked.

use super::{Refused, Request};
use crate::rule::engine::kubernetes as rules;
use crate::rule::{Condition, Effect, Witness};

/// Refuses what the API server refuses, and reports what the kubelet asks the engine for.
pub(super) fn admit<W: Witness>(request: &Request, witness: &mut W) -> Result<(), Refused> {
    let escalation_denied = request.no_new_privileges;
    if escalation_denied && request.privileged {
        return Err(Refused::over(&rules::PRIVILEGED_WITHOUT_ESCALATION, "privileged"));
    }
    witness
        .not_applied(&rules::PRIVILEGED_WITHOUT_ESCALATION, denied_or(escalation_denied, Condition::NotPrivileged));
    if escalation_denied && request.cap_add.iter().any(|name| name == "CAP_SYS_ADMIN") {
        return Err(Refused::over(&rules::SYS_ADMIN_WITHOUT_ESCALATION, "CAP_SYS_ADMIN"));
    }
    witness
        .not_applied(&rules::SYS_ADMIN_WITHOUT_ESCALATION, denied_or(escalation_denied, Condition::NothingUnusual));
    if escalation_denied {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::Holds);
    } else {
        witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    }
    Ok(())
}

fn denied_or(denied: bool, otherwise: Condition) -> Condition {
    if denied { otherwise } else { Condition::NoNewPrivilegesNotAsked }
}
