//! The rules of systemd: what a unit's settings about privilege come to.

use super::{Source, rules};

const INVOKE: &str = "src/core/exec-invoke.c";
const CAPABILITIES: &str = "systemd.exec(5), CAPABILITIES";
const SECURITY: &str = "systemd.exec(5), SECURITY";
const USER_AND_GROUP: &str = "systemd.exec(5), USER/GROUP IDENTITY";

const fn systemd(file: &'static str, function: &'static str) -> Source {
    Source::on_github("systemd/systemd", "v257", file, function)
}

rules! {
    BOUNDING {
        id: "systemd.bounding",
        statement: "CapabilityBoundingSet= is the bounding set, as far as the manager's own has it.",
        formula: "B = B & CapabilityBoundingSet",
        manual: CAPABILITIES,
        source: systemd("src/basic/capability-util.c", "capability_bounding_set_drop"),
    }
    USER_MANAGER_BOUNDING {
        id: "systemd.user-manager-bounding",
        statement: "The manager of a user has no capabilities and cannot take any from the bounding set: the service ends with \
                    218/CAPABILITIES.",
        manual: CAPABILITIES,
        source: systemd(INVOKE, "exec_invoke"),
    }
    AMBIENT_NOT_IN_BOUNDING {
        id: "systemd.ambient-not-in-bounding",
        statement: "An ambient capability that is not in the bounding set is left out without a word.",
        formula: "A = AmbientCapabilities & B",
        manual: CAPABILITIES,
        source: systemd("src/basic/capability-util.c", "capability_ambient_set_apply"),
    }
    USER_MANAGER_AMBIENT {
        id: "systemd.user-manager-ambient",
        statement: "The manager of a user has no capability that it could give: a service with AmbientCapabilities= ends with \
                    218/CAPABILITIES.",
        manual: CAPABILITIES,
        source: systemd(INVOKE, "exec_invoke"),
    }
    AMBIENT {
        id: "systemd.ambient",
        statement: "AmbientCapabilities= are the inheritable and the ambient set, so that a user other than root keeps them \
                    through execve of an ordinary file.",
        formula: "I = A = AmbientCapabilities & B",
        manual: CAPABILITIES,
        source: systemd("src/basic/capability-util.c", "capability_ambient_set_apply"),
    }
    USER {
        id: "systemd.user",
        statement: "With User= the program runs as that user, and has after execve only what is ambient, or what its file gives.",
        manual: USER_AND_GROUP,
        source: systemd(INVOKE, "enforce_user"),
    }
    KEEP_CAPS {
        id: "systemd.keep-caps",
        statement: "If ambient capabilities or securebits are asked for, systemd sets SECBIT_KEEP_CAPS before it changes the user, \
                    so that it can raise or set them afterwards.",
        source: systemd(INVOKE, "enforce_user"),
    }
    KEPT_FOR_FILTERS {
        id: "systemd.kept-for-filters",
        statement: "A unit with User= and a filter of system calls keeps CAP_SYS_ADMIN and CAP_SETPCAP over the change of the user, \
                    to apply the filter without no_new_privs. They go afterwards, but only if the bounding set has not got them: \
                    otherwise they stay inheritable.",
        source: systemd(INVOKE, "exec_invoke"),
    }
    SECUREBITS {
        id: "systemd.securebits",
        statement: "SecureBits= are set last, before no_new_privs.",
        manual: CAPABILITIES,
        source: systemd(INVOKE, "exec_invoke"),
    }
    USER_MANAGER_SECUREBITS {
        id: "systemd.user-manager-securebits",
        statement: "The manager of a user has not the CAP_SETPCAP that SecureBits= needs: the service ends with 218/CAPABILITIES.",
        manual: CAPABILITIES,
        source: systemd(INVOKE, "exec_invoke"),
    }
    NO_NEW_PRIVILEGES {
        id: "systemd.no-new-privileges",
        statement: "With NoNewPrivileges=yes systemd sets no_new_privs before its filters of system calls.",
        manual: SECURITY,
        source: systemd(INVOKE, "context_has_no_new_privileges"),
    }
    IMPLIED_NO_NEW_PRIVILEGES {
        id: "systemd.implied-no-new-privileges",
        statement: "A setting that needs a filter of system calls (SystemCallFilter=, SystemCallArchitectures=, \
                    RestrictAddressFamilies=, RestrictNamespaces=, RestrictRealtime=, RestrictSUIDSGID=, \
                    MemoryDenyWriteExecute=, LockPersonality=, PrivateDevices=, ProtectClock=, ProtectHostname=, \
                    ProtectKernelTunables=, ProtectKernelModules=, ProtectKernelLogs=) implies NoNewPrivileges=yes if systemd has \
                    not CAP_SYS_ADMIN at that moment, as the manager of a user.",
        manual: SECURITY,
        source: systemd(INVOKE, "context_has_no_new_privileges"),
    }
}
