//! The rules of Docker (moby), in the order in which it tries them.

use super::{Source, rules};
use crate::engine::changes;

const UTILS: &str = "oci/caps/utils.go";
const LINUX: &str = "daemon/oci_linux.go";

const fn moby(file: &'static str, function: &'static str) -> Source {
    Source::on_github("moby/moby", "v25.0.0", file, function)
}

const fn moby_at(release: &'static str, file: &'static str, function: &'static str) -> Source {
    Source::on_github("moby/moby", release, file, function)
}

rules! {
    WITHOUT_NEW_CAPABILITIES {
        id: "docker.without-new-capabilities",
        statement: "Docker 20.10 hands out no capability after CAP_AUDIT_READ, whatever is asked for: not CAP_PERFMON, \
                    CAP_BPF and CAP_CHECKPOINT_RESTORE.",
        formula: "all = known & 0000003fffffffff",
        source: moby_at("v20.10.24", UTILS, "init"),
        since_engine: Some(&changes::DOCKER_WITHOUT_NEW_CAPABILITIES),
        until_engine: Some(&changes::DOCKER_CURRENT_CAPABILITIES),
    }
    PRIVILEGED {
        id: "docker.privileged",
        statement: "With --privileged the list is every capability that the daemon itself has. What --cap-drop and \
                    --cap-add say does not count; since 19.03 their names must be known all the same.",
        formula: "L = all",
        source: moby(UTILS, "TweakCapabilities"),
    }
    PREFIXED_NAME {
        id: "docker.prefixed-name",
        statement: "Before Docker 19.03 a name with CAP_ before it is unknown, and the container is not made.",
        source: moby_at("v18.09.0", "daemon/caps/utils.go", "TweakCapabilities"),
        until_engine: Some(&changes::DOCKER_NAMES_NORMALISED),
    }
    UNKNOWN_NAME {
        id: "docker.unknown-name",
        statement: "A name that is no capability is refused, in --cap-drop too; since 19.03 with --privileged too.",
        source: moby("daemon/container.go", "validateCapabilities"),
    }
    UNAVAILABLE_NAME {
        id: "docker.unavailable-name",
        statement: "A capability that the kernel does not know, or that the daemon has not itself, is refused.",
        source: moby(UTILS, "NormalizeLegacyCapabilities"),
    }
    DROP_ALL_FIRST {
        id: "docker.drop-all-first",
        statement: "Before Docker 19.03, ALL dropped wins over ALL added: only what is added by name is left.",
        formula: "L = ∅ + named(adds)",
        source: moby_at("v18.09.0", "daemon/caps/utils.go", "TweakCapabilities"),
        until_engine: Some(&changes::DOCKER_NAMES_NORMALISED),
    }
    ADD_ALL {
        id: "docker.add-all",
        statement: "With ALL added the list is everything, but what is dropped by name. ALL dropped does not count then.",
        formula: "L = all - named(drops)",
        source: moby(UTILS, "TweakCapabilities"),
    }
    DROP_ALL {
        id: "docker.drop-all",
        statement: "With ALL dropped the list is what is added, and nothing else.",
        formula: "L = adds",
        source: moby(UTILS, "TweakCapabilities"),
    }
    DEFAULT_CAPABILITIES {
        id: "docker.default-capabilities",
        statement: "The list begins with Docker's own 14 capabilities: CHOWN, DAC_OVERRIDE, FSETID, FOWNER, MKNOD, NET_RAW, \
                    SETGID, SETUID, SETFCAP, SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, KILL, AUDIT_WRITE.",
        formula: "L = 00000000a80425fb",
        source: moby("oci/caps/defaults.go", "DefaultCapabilities"),
    }
    DROP {
        id: "docker.drop",
        statement: "What is dropped by name leaves the list, before anything is added.",
        formula: "L = L - drops",
        source: moby(UTILS, "TweakCapabilities"),
    }
    ADD {
        id: "docker.add",
        statement: "What is added comes to the list last: a capability that is both dropped and added is in it.",
        formula: "L = L + adds",
        source: moby(UTILS, "TweakCapabilities"),
    }
    BOUNDING {
        id: "docker.bounding",
        statement: "The bounding set is the list, for every user.",
        formula: "B = L",
        source: moby("oci/oci.go", "SetCapabilities"),
    }
    NON_ROOT_EMPTIED {
        id: "docker.non-root-emptied",
        statement: "From Docker 18.04 to 24 a user other than root is handed no permitted and effective capabilities. execve of \
                    an ordinary file would take them anyway; but with no_new_privs a file's capabilities are limited to what \
                    was permitted, and so to nothing.",
        formula: "P = E = ∅",
        source: moby_at("v24.0.0", "oci/oci.go", "SetCapabilities"),
        since_engine: Some(&changes::DOCKER_NON_ROOT_EMPTIED),
        until_engine: Some(&changes::DOCKER_NON_ROOT_KEPT),
    }
    PERMITTED {
        id: "docker.permitted",
        statement: "The permitted and the effective set are the list, for every user; execve takes them from a user other than \
                    root. --cap-add reaches such a user through a file's capabilities only.",
        formula: "P = E = L",
        source: moby("oci/oci.go", "SetCapabilities"),
    }
    INHERITABLE_LIST {
        id: "docker.inheritable-list",
        statement: "Before Docker 20.10.14 the inheritable set is the list too, so that files with inheritable capabilities give \
                    them to every user.",
        formula: "I = L",
        source: moby_at("v20.10.13", "oci/oci.go", "SetCapabilities"),
        until_engine: Some(&changes::DOCKER_INHERITABLE_EMPTIED),
    }
    INHERITABLE_EMPTIED {
        id: "docker.inheritable-emptied",
        statement: "The inheritable set is empty (CVE-2022-24769).",
        formula: "I = ∅",
        source: moby("oci/oci.go", "SetCapabilities"),
        since_engine: Some(&changes::DOCKER_INHERITABLE_EMPTIED),
    }
    AMBIENT {
        id: "docker.ambient",
        statement: "In Docker 1.12.2 the ambient set is the list, so that a user other than root keeps all of it \
                    (CVE-2016-8867).",
        formula: "A = L",
        source: moby_at("v1.12.2", "oci/defaults_linux.go", "DefaultSpec"),
        since_engine: Some(&changes::DOCKER_AMBIENT),
        until_engine: Some(&changes::DOCKER_AMBIENT_REVERTED),
    }
    NO_NEW_PRIVILEGES {
        id: "docker.no-new-privileges",
        statement: "With --security-opt no-new-privileges the runtime sets no_new_privs.",
        source: moby(LINUX, "createSpec"),
    }
    OPEN_PORTS {
        id: "docker.open-ports",
        statement: "In a network of its own a container may bind every port without a capability: \
                    net.ipv4.ip_unprivileged_port_start is 0 unless --sysctl says otherwise.",
        source: moby(LINUX, "WithCommonOptions"),
        since_engine: Some(&changes::DOCKER_SYSCTLS),
    }
    OPEN_ICMP {
        id: "docker.open-icmp",
        statement: "In a network of its own, and without a user namespace of its own, every group may open ICMP sockets: \
                    net.ipv4.ping_group_range is 0 2147483647.",
        source: moby(LINUX, "WithCommonOptions"),
        since_engine: Some(&changes::DOCKER_SYSCTLS),
    }
    PRIVILEGED_UNCONFINED {
        id: "docker.privileged-unconfined",
        statement: "Before Docker 27 no seccomp profile is applied with --privileged, even if one is asked for.",
        source: moby("daemon/seccomp_linux.go", "WithSeccomp"),
        until_engine: Some(&changes::DOCKER_PRIVILEGED_PROFILE),
    }
}
