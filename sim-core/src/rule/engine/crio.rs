//! The rules of CRI-O, in the order in which it tries them.

use super::{Source, rules};
use crate::engine::changes;

const CONTAINER: &str = "internal/factory/container/container.go";
const CAPABILITIES: &str = "SpecSetupCapabilities";

const fn crio(file: &'static str, function: &'static str) -> Source {
    Source::on_github("cri-o/cri-o", "v1.34.0", file, function)
}

rules! {
    PRIVILEGED {
        id: "cri-o.privileged",
        statement: "In a privileged container all five sets are every capability that the kernel knows, the ambient one too: \
                    a user other than root keeps them. What is added and dropped is not looked at.",
        formula: "P = E = I = B = A = all",
        source: Source::on_github("opencontainers/runtime-tools", "v0.9.0", "generate/generate.go", "SetupPrivileged"),
    }
    PRIVILEGED_UNCONFINED {
        id: "cri-o.privileged-unconfined",
        statement: "No seccomp profile is applied in a privileged container, unless CRI-O's privileged_seccomp_profile names one.",
        source: crio("server/container_create.go", "createSandboxContainer"),
    }
    UNKNOWN_NAME {
        id: "cri-o.unknown-name",
        statement: "A name that is no capability, or none of this kernel, is refused. CAP_ may be left out.",
        source: crio(CONTAINER, CAPABILITIES),
    }
    DROP_ALL {
        id: "cri-o.drop-all",
        statement: "With ALL dropped the list begins empty, even if ALL is added too.",
        formula: "L = ∅",
        source: crio(CONTAINER, CAPABILITIES),
    }
    ADD_ALL {
        id: "cri-o.add-all",
        statement: "With ALL added the list begins with every capability that the kernel knows.",
        formula: "L = all",
        source: crio(CONTAINER, CAPABILITIES),
    }
    CONFIGURED_CAPABILITIES {
        id: "cri-o.configured-capabilities",
        statement: "default_capabilities in crio.conf stands in place of CRI-O's own list.",
        formula: "L = default_capabilities",
        source: crio("internal/config/capabilities/capabilities_linux.go", "Default"),
    }
    DEFAULT_CAPABILITIES {
        id: "cri-o.default-capabilities",
        statement: "The list begins with 9 capabilities: CHOWN, DAC_OVERRIDE, FSETID, FOWNER, SETGID, SETUID, SETPCAP, \
                    NET_BIND_SERVICE, KILL.",
        formula: "L = 00000000000005fb",
        source: crio("internal/config/capabilities/capabilities_linux.go", "Default"),
        since_engine: Some(&changes::CRIO_SHORTER_DEFAULTS),
    }
    DEFAULT_CAPABILITIES_OLD {
        id: "cri-o.default-capabilities-before-1-18",
        statement: "Before CRI-O 1.18 CAP_NET_RAW and CAP_SYS_CHROOT are among the defaults too.",
        formula: "L = 00000000000425fb",
        source: Source::on_github("cri-o/cri-o", "v1.17.0", "internal/pkg/config/capabilities/capabilities.go", "Default"),
        until_engine: Some(&changes::CRIO_SHORTER_DEFAULTS),
    }
    ADD {
        id: "cri-o.add",
        statement: "What is added by name comes to the list, before anything is dropped by name.",
        formula: "L = L + named(adds)",
        source: crio(CONTAINER, CAPABILITIES),
    }
    DROP {
        id: "cri-o.drop",
        statement: "What is dropped by name leaves the list last: a capability that is both added and dropped is not in it.",
        formula: "L = L - named(drops)",
        source: crio(CONTAINER, CAPABILITIES),
    }
    SETS {
        id: "cri-o.sets",
        statement: "The permitted, the effective and the bounding set are the list, for every user; execve takes the first two \
                    from a user other than root.",
        formula: "P = E = B = L",
        source: crio(CONTAINER, CAPABILITIES),
    }
    ADD_INHERITABLE_CAPABILITIES {
        id: "cri-o.add-inheritable-capabilities",
        statement: "With add_inheritable_capabilities in crio.conf the inheritable set is the list.",
        formula: "I = L",
        source: crio(CONTAINER, CAPABILITIES),
        since_engine: Some(&changes::CRIO_INHERITABLE_OPTION),
    }
    INHERITABLE_LIST {
        id: "cri-o.inheritable-list",
        statement: "Before CRI-O 1.24, and in 1.24 from 1.24.3 on, the inheritable set is the list.",
        formula: "I = L",
        source: Source::on_github("cri-o/cri-o", "v1.24.3", CONTAINER, CAPABILITIES),
        until_engine: Some(&changes::CRIO_INHERITABLE_OPTION),
    }
    INHERITABLE_EMPTIED {
        id: "cri-o.inheritable-emptied",
        statement: "The inheritable set is empty (CVE-2022-27652).",
        formula: "I = ∅",
        source: crio(CONTAINER, CAPABILITIES),
        since_engine: Some(&changes::CRIO_INHERITABLE_EMPTIED),
    }
    NO_AMBIENT {
        id: "cri-o.no-ambient",
        statement: "The ambient set is empty: Kubernetes has no word for it yet (KEP-2763).",
        formula: "A = ∅",
        source: crio(CONTAINER, CAPABILITIES),
    }
    NO_NEW_PRIVILEGES {
        id: "cri-o.no-new-privileges",
        statement: "If the kubelet asks for it (allowPrivilegeEscalation: false), the runtime sets no_new_privs.",
        source: crio(CONTAINER, "SpecSetPrivileges"),
    }
}
