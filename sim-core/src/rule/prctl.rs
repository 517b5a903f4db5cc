//! The rules of the prctl(2) options that touch capabilities.

use super::{Source, rules};
use crate::kernel::changes;

const BOUNDING: &str = "capabilities(7), Capability bounding set";
const SECUREBITS: &str = "capabilities(7), The securebits flags: establishing a capabilities-only environment";
const AMBIENT: &str = "prctl(2), PR_CAP_AMBIENT";
const KEEPCAPS: &str = "prctl(2), PR_SET_KEEPCAPS";
const NO_NEW_PRIVS: &str = "prctl(2), PR_SET_NO_NEW_PRIVS";
const CAP_TASK_PRCTL: Source = Source::new("security/commoncap.c", "cap_task_prctl");
const CAP_PRCTL_DROP: Source = Source::new("security/commoncap.c", "cap_prctl_drop");
const SYS_PRCTL: Source = Source::new("kernel/sys.c", "prctl");

rules! {
    CAPBSET_READ_INVALID {
        id: "prctl.capbset-read-invalid",
        statement: "PR_CAPBSET_READ of a capability that the kernel does not know fails with EINVAL.",
        manual: "prctl(2), PR_CAPBSET_READ",
        source: CAP_TASK_PRCTL,
    }
    CAPBSET_READ {
        id: "prctl.capbset-read",
        statement: "PR_CAPBSET_READ answers 1 if the capability is in the bounding set, else 0.",
        manual: "prctl(2), PR_CAPBSET_READ",
        source: CAP_TASK_PRCTL,
    }
    CAPBSET_DROP_SETPCAP {
        id: "prctl.capbset-drop-setpcap",
        statement: "PR_CAPBSET_DROP needs CAP_SETPCAP effective; that is asked before the capability is looked at.",
        manual: BOUNDING,
        source: CAP_PRCTL_DROP,
    }
    CAPBSET_DROP_INVALID {
        id: "prctl.capbset-drop-invalid",
        statement: "PR_CAPBSET_DROP of a capability that the kernel does not know fails with EINVAL.",
        manual: "prctl(2), PR_CAPBSET_DROP",
        source: CAP_PRCTL_DROP,
    }
    CAPBSET_DROP {
        id: "prctl.capbset-drop",
        statement: "PR_CAPBSET_DROP takes the capability out of the bounding set, and out of no other set. Only a new user namespace gives \
                    it back.",
        manual: BOUNDING,
        source: CAP_PRCTL_DROP,
    }
    AMBIENT_ARGUMENTS {
        id: "prctl.ambient-arguments",
        statement: "PR_CAP_AMBIENT fails with EINVAL if an unused argument is not zero, the capability is unknown, or \
                    the operation is.",
        manual: AMBIENT,
        source: CAP_TASK_PRCTL,
    }
    AMBIENT_CLEAR_ALL {
        id: "prctl.ambient-clear-all",
        statement: "PR_CAP_AMBIENT_CLEAR_ALL empties the ambient set; anyone may.",
        manual: AMBIENT,
        source: CAP_TASK_PRCTL,
    }
    AMBIENT_IS_SET {
        id: "prctl.ambient-is-set",
        statement: "PR_CAP_AMBIENT_IS_SET answers 1 if the capability is in the ambient set, else 0.",
        manual: AMBIENT,
        source: CAP_TASK_PRCTL,
    }
    AMBIENT_RAISE_NEEDS_BOTH {
        id: "prctl.ambient-raise-needs-both",
        statement: "PR_CAP_AMBIENT_RAISE needs the capability both permitted and inheritable; the bounding and the \
                    effective set do not matter.",
        formula: "c ∈ P ∩ I",
        manual: AMBIENT,
        source: CAP_TASK_PRCTL,
    }
    AMBIENT_RAISE_FORBIDDEN {
        id: "prctl.ambient-raise-forbidden",
        statement: "With SECBIT_NO_CAP_AMBIENT_RAISE nothing can be raised; what is ambient already stays.",
        manual: SECUREBITS,
        source: CAP_TASK_PRCTL,
    }
    AMBIENT_RAISE {
        id: "prctl.ambient-raise",
        statement: "PR_CAP_AMBIENT_RAISE puts the capability into the ambient set.",
        manual: AMBIENT,
        source: CAP_TASK_PRCTL,
    }
    AMBIENT_LOWER {
        id: "prctl.ambient-lower",
        statement: "PR_CAP_AMBIENT_LOWER takes the capability out of the ambient set; anyone may.",
        manual: AMBIENT,
        source: CAP_TASK_PRCTL,
    }
    SECUREBITS_LOCKED {
        id: "prctl.securebits-locked",
        statement: "No call can change a securebit whose lock is set.",
        manual: SECUREBITS,
        source: CAP_TASK_PRCTL,
    }
    SECUREBITS_UNLOCK {
        id: "prctl.securebits-unlock",
        statement: "A lock cannot be taken away.",
        manual: SECUREBITS,
        source: CAP_TASK_PRCTL,
    }
    SECUREBITS_UNKNOWN {
        id: "prctl.securebits-unknown",
        statement: "PR_SET_SECUREBITS with a bit that the kernel does not know fails with EPERM (not EINVAL).",
        source: CAP_TASK_PRCTL,
    }
    SECUREBITS_SETPCAP {
        id: "prctl.securebits-setpcap",
        statement: "PR_SET_SECUREBITS needs CAP_SETPCAP effective.",
        manual: SECUREBITS,
        source: Source { release: "6.12", ..Source::new("security/commoncap.c", "cap_task_prctl") },
        until: Some(&changes::EXEC_SECUREBITS),
    }
    SECUREBITS_SETPCAP_OR_EXEC_BITS {
        id: "prctl.securebits-setpcap-or-exec-bits",
        statement: "PR_SET_SECUREBITS needs CAP_SETPCAP effective, unless EXEC_RESTRICT_FILE, EXEC_DENY_INTERACTIVE or \
                    their locks change and nothing else does. Without it a call that changes nothing is refused too.",
        manual: SECUREBITS,
        source: CAP_TASK_PRCTL,
        since: Some(&changes::EXEC_SECUREBITS),
    }
    SECUREBITS_SET {
        id: "prctl.securebits-set",
        statement: "PR_SET_SECUREBITS sets the securebits.",
        manual: SECUREBITS,
        source: CAP_TASK_PRCTL,
    }
    SECUREBITS_GET {
        id: "prctl.securebits-get",
        statement: "PR_GET_SECUREBITS answers the securebits.",
        manual: "prctl(2), PR_GET_SECUREBITS",
        source: CAP_TASK_PRCTL,
    }
    KEEPCAPS_ARGUMENT {
        id: "prctl.keepcaps-argument",
        statement: "PR_SET_KEEPCAPS fails with EINVAL if its argument is neither 0 nor 1.",
        manual: KEEPCAPS,
        source: CAP_TASK_PRCTL,
    }
    KEEPCAPS_LOCKED {
        id: "prctl.keepcaps-locked",
        statement: "With SECBIT_KEEP_CAPS_LOCKED, PR_SET_KEEPCAPS fails with EPERM.",
        manual: SECUREBITS,
        source: CAP_TASK_PRCTL,
    }
    KEEPCAPS_SET {
        id: "prctl.keepcaps-set",
        statement: "PR_SET_KEEPCAPS sets or clears SECBIT_KEEP_CAPS; anyone may.",
        manual: KEEPCAPS,
        source: CAP_TASK_PRCTL,
    }
    KEEPCAPS_GET {
        id: "prctl.keepcaps-get",
        statement: "PR_GET_KEEPCAPS answers 1 if SECBIT_KEEP_CAPS is set, else 0.",
        manual: "prctl(2), PR_GET_KEEPCAPS",
        source: CAP_TASK_PRCTL,
    }
    NO_NEW_PRIVS_ARGUMENTS {
        id: "prctl.no-new-privs-arguments",
        statement: "PR_SET_NO_NEW_PRIVS fails with EINVAL unless its argument is 1 and the rest are 0; \
                    PR_GET_NO_NEW_PRIVS unless all are 0.",
        manual: NO_NEW_PRIVS,
        source: SYS_PRCTL,
    }
    NO_NEW_PRIVS_SET {
        id: "prctl.no-new-privs-set",
        statement: "PR_SET_NO_NEW_PRIVS sets no_new_privs, for good; anyone may.",
        manual: NO_NEW_PRIVS,
        source: SYS_PRCTL,
    }
    NO_NEW_PRIVS_GET {
        id: "prctl.no-new-privs-get",
        statement: "PR_GET_NO_NEW_PRIVS answers 1 if no_new_privs is set, else 0.",
        manual: "prctl(2), PR_GET_NO_NEW_PRIVS",
        source: SYS_PRCTL,
    }
}
