//! The rules of containerd as a kubelet asks it (CRI), in the order in which it tries them.

use super::{Source, rules};
use crate::engine::changes;

const OPTS: &str = "internal/cri/opts/spec_opts.go";

const fn containerd(release: &'static str, file: &'static str, function: &'static str) -> Source {
    Source::on_github("containerd/containerd", release, file, function)
}

rules! {
    PRIVILEGED {
        id: "containerd.privileged",
        statement: "In a privileged container the list is every capability that containerd itself has, whatever is added and \
                    dropped.",
        formula: "L = all",
        source: containerd("v2.0.0", "pkg/oci/spec_opts.go", "WithPrivileged"),
    }
    UNKNOWN_NAME {
        id: "containerd.unknown-name",
        statement: "containerd puts CAP_ before every name that a pod writes, and checks none: runc skips what it does not know. \
                    So a pod that writes CAP_NET_RAW asks for CAP_CAP_NET_RAW, and gets and loses nothing by it.",
        source: containerd("v2.0.0", OPTS, "WithCapabilities"),
    }
    DROP_ALL {
        id: "containerd.drop-all",
        statement: "With ALL dropped the list begins empty, even if ALL is added too.",
        formula: "L = ∅",
        source: containerd("v2.0.0", OPTS, "WithCapabilities"),
    }
    ADD_ALL {
        id: "containerd.add-all",
        statement: "With ALL added the list begins with everything.",
        formula: "L = all",
        source: containerd("v2.0.0", OPTS, "WithCapabilities"),
    }
    DEFAULT_CAPABILITIES {
        id: "containerd.default-capabilities",
        statement: "The list begins with containerd's own 14 capabilities, the same as Docker's.",
        formula: "L = 00000000a80425fb",
        source: containerd("v2.0.0", "pkg/oci/spec.go", "defaultUnixCaps"),
    }
    ADD {
        id: "containerd.add",
        statement: "What is added by name comes to the list, before anything is dropped by name.",
        formula: "L = L + named(adds)",
        source: containerd("v2.0.0", "pkg/oci/spec_opts.go", "WithAddedCapabilities"),
    }
    DROP {
        id: "containerd.drop",
        statement: "What is dropped by name leaves the list last: a capability that is both added and dropped is not in it.",
        formula: "L = L - named(drops)",
        source: containerd("v2.0.0", "pkg/oci/spec_opts.go", "WithDroppedCapabilities"),
    }
    SETS {
        id: "containerd.sets",
        statement: "The permitted, the effective and the bounding set are the list, for every user; execve takes the first two \
                    from a user other than root.",
        formula: "P = E = B = L",
        source: containerd("v2.0.0", "pkg/oci/spec_opts.go", "WithCapabilities"),
    }
    INHERITABLE_LIST {
        id: "containerd.inheritable-list",
        statement: "Before containerd 1.5.11 and 1.6.2 the inheritable set is the list too.",
        formula: "I = L",
        source: containerd("v1.6.1", "oci/spec_opts.go", "WithCapabilities"),
        until_engine: Some(&changes::CONTAINERD_INHERITABLE_EMPTIED),
    }
    INHERITABLE_EMPTIED {
        id: "containerd.inheritable-emptied",
        statement: "The inheritable set is empty (GHSA-c9cp-9c75-9v8c).",
        formula: "I = ∅",
        source: containerd("v2.0.0", "pkg/oci/spec_opts.go", "WithCapabilities"),
        since_engine: Some(&changes::CONTAINERD_INHERITABLE_EMPTIED),
    }
    NO_AMBIENT {
        id: "containerd.no-ambient",
        statement: "The ambient set is always empty: Kubernetes has no word for it yet (KEP-2763).",
        formula: "A = ∅",
        source: containerd("v2.0.0", "internal/cri/opts/spec_opts.go", "WithoutAmbientCaps"),
    }
    NO_NEW_PRIVILEGES {
        id: "containerd.no-new-privileges",
        statement: "If the kubelet asks for it (allowPrivilegeEscalation: false), the runtime sets no_new_privs.",
        source: containerd("v2.0.0", "internal/cri/server/container_create.go", "buildLinuxSpec"),
    }
    OPEN_PORTS {
        id: "containerd.open-ports",
        statement: "In a network of its own a pod may bind every port without a capability: net.ipv4.ip_unprivileged_port_start \
                    is 0 unless the pod says otherwise (enable_unprivileged_ports).",
        source: containerd("v2.0.0", "internal/cri/server/sandbox_run_linux.go", "sandboxContainerSpec"),
        since_engine: Some(&changes::CONTAINERD_SYSCTLS),
    }
    OPEN_ICMP {
        id: "containerd.open-icmp",
        statement: "In a network of its own, and without a user namespace of its own, every group may open ICMP sockets: \
                    net.ipv4.ping_group_range is 0 2147483647 (enable_unprivileged_icmp).",
        source: containerd("v2.0.0", "internal/cri/server/sandbox_run_linux.go", "sandboxContainerSpec"),
        since_engine: Some(&changes::CONTAINERD_SYSCTLS),
    }
    PRIVILEGED_UNCONFINED {
        id: "containerd.privileged-unconfined",
        statement: "No seccomp profile is applied in a privileged container, whatever the pod asks for.",
        source: containerd("v2.0.0", "internal/cri/server/container_create.go", "generateSeccompSpecOpts"),
    }
}
