//! The rules of Podman and containers-common, in the order in which they are tried.

use super::{Source, rules};
use crate::engine::changes;

const SECURITY: &str = "pkg/specgen/generate/security_linux.go";
const CONFIGURE: &str = "securityConfigureGenerator";

const fn podman(function: &'static str) -> Source {
    Source::on_github("containers/podman", "v5.7.0", SECURITY, function)
}

const fn common(release: &'static str, file: &'static str, function: &'static str) -> Source {
    Source::on_github("containers/common", release, file, function)
}

const fn merge() -> Source {
    common("v0.60.0", "pkg/capabilities/capabilities.go", "MergeCapabilities")
}

rules! {
    PRIVILEGED {
        id: "podman.privileged",
        statement: "With --privileged the list is Podman's own bounding set; what is dropped is not looked at.",
        formula: "L = host B",
        source: podman(CONFIGURE),
    }
    UNKNOWN_NAME {
        id: "podman.unknown-name",
        statement: "A name that is no capability, or none of this kernel, is refused, in the image's label too.",
        source: common("v0.60.0", "pkg/capabilities/capabilities.go", "NormalizeCapabilities"),
    }
    ALL_AND_ALL {
        id: "podman.all-and-all",
        statement: "ALL cannot be both added and dropped.",
        source: merge(),
        since_engine: Some(&changes::PODMAN_ALL_MERGED),
    }
    DROP_ALL {
        id: "podman.drop-all",
        statement: "With ALL dropped the list is what is added, and nothing else.",
        formula: "L = adds",
        source: merge(),
    }
    ADD_ALL {
        id: "podman.add-all",
        statement: "With ALL added the list begins with Podman's own bounding set.",
        formula: "L = host B",
        source: merge(),
    }
    ADD_AND_DROP {
        id: "podman.add-and-drop",
        statement: "A capability cannot be both added and dropped.",
        source: merge(),
    }
    CONFIGURED_CAPABILITIES {
        id: "podman.configured-capabilities",
        statement: "default_capabilities in containers.conf stands in place of Podman's own list. Distributions ship such a file.",
        formula: "L = default_capabilities",
        source: common("v0.60.0", "pkg/config/config.go", "ContainersConfig"),
    }
    DEFAULT_CAPABILITIES {
        id: "podman.default-capabilities",
        statement: "The list begins with 11 capabilities: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, NET_BIND_SERVICE, SETFCAP, \
                    SETGID, SETPCAP, SETUID, SYS_CHROOT.",
        formula: "L = 00000000800405fb",
        source: common("v0.52.0", "pkg/config/default.go", "DefaultCapabilities"),
        since_engine: Some(&changes::PODMAN_SYS_CHROOT_BACK),
    }
    DEFAULT_CAPABILITIES_4_4 {
        id: "podman.default-capabilities-of-4-4",
        statement: "In Podman 4.4 the list begins with 10 capabilities; CAP_SYS_CHROOT is not among them.",
        formula: "L = 00000000800005fb",
        source: common("v0.51.0", "pkg/config/default.go", "DefaultCapabilities"),
        since_engine: Some(&changes::PODMAN_MINIMAL_DEFAULTS),
        until_engine: Some(&changes::PODMAN_SYS_CHROOT_BACK),
    }
    DEFAULT_CAPABILITIES_OLD {
        id: "podman.default-capabilities-before-4-4",
        statement: "Before Podman 4.4 the list begins with the same 14 capabilities as Docker's.",
        formula: "L = 00000000a80425fb",
        source: common("v0.50.1", "pkg/config/default.go", "DefaultCapabilities"),
        until_engine: Some(&changes::PODMAN_MINIMAL_DEFAULTS),
    }
    DROP {
        id: "podman.drop",
        statement: "What is dropped by name leaves the list.",
        formula: "L = L - drops",
        source: merge(),
    }
    ADD {
        id: "podman.add",
        statement: "What is added by name comes to the list.",
        formula: "L = L + adds",
        source: merge(),
    }
    HOST_BOUNDING {
        id: "podman.host-bounding",
        statement: "What is not in Podman's own bounding set leaves the list without a word.",
        formula: "L = L & host B",
        source: podman(CONFIGURE),
    }
    LABEL_EMPTY {
        id: "podman.label-empty",
        statement: "If the image's label io.containers.capabilities is empty, the list is empty.",
        formula: "L = ∅",
        source: podman(CONFIGURE),
    }
    LABEL {
        id: "podman.label",
        statement: "If everything in the image's label io.containers.capabilities is in the list, the label is the list.",
        formula: "L = label",
        source: podman(CONFIGURE),
    }
    LABEL_NOT_ALLOWED {
        id: "podman.label-not-allowed",
        statement: "If the image's label io.containers.capabilities asks for more than the list has, that is logged as an error, \
                    and the list stays as it is.",
        source: podman(CONFIGURE),
    }
    BOUNDING {
        id: "podman.bounding",
        statement: "The bounding set is the list, for every user.",
        formula: "B = L",
        source: podman(CONFIGURE),
    }
    ROOT {
        id: "podman.root",
        statement: "If no user is written (and --userns is not keep-id), or the user is written root or 0, the permitted and the \
                    effective set are the list. The text decides, not the id: user 0 by another name is no root here.",
        formula: "P = E = L, A = ∅",
        source: podman(CONFIGURE),
    }
    NON_ROOT_EMPTIED {
        id: "podman.non-root-emptied",
        statement: "Before Podman 2.2 a user other than root is handed no capabilities that last, whatever is added.",
        formula: "P = E = A = ∅",
        source: Source::on_github("containers/podman", "v2.0.0", "pkg/specgen/generate/security.go", CONFIGURE),
        until_engine: Some(&changes::PODMAN_AMBIENT),
    }
    AMBIENT_OF_NON_ROOT {
        id: "podman.ambient-of-non-root",
        statement: "Another user's permitted, effective and ambient set are what is added, as far as Podman has it itself: so an \
                    added capability works without a capability on the file. With --privileged it is the same: without \
                    --cap-add nothing. The image's label does not cut it.",
        formula: "P = E = A = adds & host B",
        source: podman(CONFIGURE),
        since_engine: Some(&changes::PODMAN_AMBIENT),
    }
    INHERITABLE_OF_NON_ROOT {
        id: "podman.inheritable-of-non-root",
        statement: "Another user's inheritable set is what is added too, for the ambient set cannot be without it.",
        formula: "I = adds & host B",
        source: podman(CONFIGURE),
        since_engine: Some(&changes::PODMAN_NON_ROOT_INHERITABLE),
    }
    INHERITABLE_LIST {
        id: "podman.inheritable-list",
        statement: "Before Podman 3.4.5 and 4.0.3 root's inheritable set is the list; in Podman 2.2 every user's.",
        formula: "I = L",
        source: Source::on_github("containers/podman", "v3.4.4", "pkg/specgen/generate/security.go", CONFIGURE),
        until_engine: Some(&changes::PODMAN_INHERITABLE_EMPTIED),
    }
    INHERITABLE_EMPTIED {
        id: "podman.inheritable-emptied",
        statement: "Root's inheritable set is empty (CVE-2022-27649).",
        formula: "I = ∅",
        source: podman(CONFIGURE),
        since_engine: Some(&changes::PODMAN_INHERITABLE_EMPTIED),
    }
    NO_NEW_PRIVILEGES {
        id: "podman.no-new-privileges",
        statement: "With --security-opt no-new-privileges the runtime sets no_new_privs.",
        source: podman(CONFIGURE),
    }
    PING_GROUP {
        id: "podman.ping-group",
        statement: "In a network of its own only group 0 may open ICMP sockets: the containers.conf that comes with Podman has \
                    net.ipv4.ping_group_range=0 0 among its default_sysctls. Ports below 1024 need CAP_NET_BIND_SERVICE, as on \
                    the host.",
        source: common("v0.60.0", "pkg/config/containers.conf", "default_sysctls"),
    }
}
