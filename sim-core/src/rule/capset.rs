//! The rules of capset(2), in the order in which the kernel tries them.

use super::{Source, rules};

const DESCRIPTION: &str = "capset(2), DESCRIPTION";
const ADJUSTING: &str = "capabilities(7), Programmatically adjusting capability sets";
const CAP_CAPSET: Source = Source::new("security/commoncap.c", "cap_capset");

rules! {
    UNKNOWN_BITS {
        id: "capset.unknown-bits",
        statement: "Bits above the kernel's last capability are dropped from the three sets, silently.",
        source: Source::new("kernel/capability.c", "mk_kernel_cap"),
    }
    INHERITABLE_PERMITTED {
        id: "capset.inheritable-permitted",
        statement: "Without CAP_SETPCAP effective, the new inheritable set may add only what is permitted.",
        formula: "I' ⊆ I ∪ P",
        manual: ADJUSTING,
        source: CAP_CAPSET,
    }
    INHERITABLE_BOUNDING {
        id: "capset.inheritable-bounding",
        statement: "The new inheritable set may add only what is in the bounding set; CAP_SETPCAP does not help.",
        formula: "I' ⊆ I ∪ B",
        manual: ADJUSTING,
        source: CAP_CAPSET,
    }
    PERMITTED_GROWS {
        id: "capset.permitted-grows",
        statement: "The permitted set can only shrink.",
        formula: "P' ⊆ P",
        manual: ADJUSTING,
        source: CAP_CAPSET,
    }
    EFFECTIVE_PERMITTED {
        id: "capset.effective-permitted",
        statement: "The new effective set must be within the new permitted set.",
        formula: "E' ⊆ P'",
        manual: ADJUSTING,
        source: CAP_CAPSET,
    }
    SETS {
        id: "capset.sets",
        statement: "The effective, permitted and inheritable sets become what was asked for.",
        manual: DESCRIPTION,
        source: CAP_CAPSET,
    }
    CAPGET {
        id: "capget.reads",
        statement: "Every thread may read its own capability sets, and those of any thread it can name.",
        manual: "capget(2), DESCRIPTION",
        source: Source::new("kernel/capability.c", "sys_capget"),
    }
    AMBIENT_FOLLOWS {
        id: "capset.ambient-follows",
        statement: "A capability that is no longer both permitted and inheritable leaves the ambient set.",
        formula: "A' = A ∩ P' ∩ I'",
        manual: "capabilities(7), Thread capability sets",
        source: CAP_CAPSET,
    }
}
