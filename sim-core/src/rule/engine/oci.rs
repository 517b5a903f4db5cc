//! The rules of runc, crun and youki alone: what a config.json says, and what they make of it.

use super::{Source, rules};
use crate::engine::changes;

const fn runc(release: &'static str, file: &'static str, function: &'static str) -> Source {
    Source::on_github("opencontainers/runc", release, file, function)
}

const fn crun(release: &'static str, file: &'static str, function: &'static str) -> Source {
    Source::on_github("containers/crun", release, file, function)
}

rules! {
    EVERYTHING {
        id: "oci.everything",
        statement: "A runtime alone knows no privileged container; privileged stands for a config.json whose lists are everything \
                    that the runtime has itself.",
        formula: "L = all",
        source: runc("v1.4.0", "libcontainer/specconv/spec_linux.go", "CreateLibcontainerConfig"),
    }
    CONFIG_LIST {
        id: "oci.config-list",
        statement: "A runtime alone hands out what config.json says.",
        formula: "L = config.json",
        source: runc("v1.4.0", "libcontainer/specconv/spec_linux.go", "CreateLibcontainerConfig"),
    }
    EXAMPLE_LIST {
        id: "oci.example-list",
        statement: "The config.json that runc spec, crun spec and youki spec write lists AUDIT_WRITE, KILL and NET_BIND_SERVICE.",
        formula: "L = 0000000020000420",
        source: runc("v1.4.0", "libcontainer/specconv/example.go", "Example"),
    }
    RUNC_UNKNOWN_REFUSED {
        id: "runc.unknown-refused",
        statement: "Before runc 1.0 (rc94) a name that it does not know is refused.",
        source: runc("v1.0.0-rc93", "libcontainer/capabilities/capabilities.go", "New"),
        until_engine: Some(&changes::RUNC_UNKNOWN_SKIPPED),
    }
    RUNC_UNKNOWN_NAME {
        id: "runc.unknown-name",
        statement: "runc warns of a name that it or the kernel does not know, and goes on without it. Names are compared letter \
                    by letter, with CAP_ before them.",
        source: runc("v1.4.0", "libcontainer/capabilities/capabilities.go", "New"),
        since_engine: Some(&changes::RUNC_UNKNOWN_SKIPPED),
    }
    CRUN_UNKNOWN_NAME {
        id: "crun.unknown-name",
        statement: "Before crun 1.29 a name that libcap does not know is warned of and skipped.",
        source: crun("1.28", "src/libcrun/linux.c", "read_caps"),
        until_engine: Some(&changes::CRUN_UNKNOWN_REFUSED),
    }
    CRUN_UNKNOWN_REFUSED {
        id: "crun.unknown-refused",
        statement: "crun refuses a name that libcap does not know.",
        source: crun("1.29", "src/libcrun/linux.c", "read_caps"),
        since_engine: Some(&changes::CRUN_UNKNOWN_REFUSED),
    }
    YOUKI_UNKNOWN_NAME {
        id: "youki.unknown-name",
        statement: "youki cannot read a config.json with a name that it does not know, and refuses.",
        source: Source::on_github("youki-dev/youki", "v0.7.0", "crates/libcontainer/src/capabilities.rs", "to_set"),
    }
    EDITED_DROP {
        id: "oci.edited-drop",
        statement: "What is dropped stands for an edit of config.json: the name is taken from every list, ALL takes all. It comes \
                    before what is added.",
        formula: "L = L - drops",
        source: runc("v1.4.0", "libcontainer/specconv/spec_linux.go", "CreateLibcontainerConfig"),
    }
    EDITED_ADD {
        id: "oci.edited-add",
        statement: "What is added stands for an edit of config.json: the name is written to every list, ALL is everything that the \
                    runtime has itself.",
        formula: "L = L + adds",
        source: runc("v1.4.0", "libcontainer/specconv/spec_linux.go", "CreateLibcontainerConfig"),
    }
    SETS {
        id: "oci.sets",
        statement: "The permitted, the effective and the bounding set are the list.",
        formula: "P = E = B = L",
        source: runc("v1.4.0", "libcontainer/capabilities/capabilities.go", "ApplyCaps"),
    }
    INHERITABLE_OF_EXAMPLE {
        id: "oci.inheritable-of-example",
        statement: "The inheritable list of runc spec before 1.1.2, of crun spec before 1.4.4 and of youki spec is like the others. \
                    A list that config.json gives is taken to be without.",
        formula: "I = L",
        source: runc("v1.1.1", "libcontainer/specconv/example.go", "Example"),
    }
    AMBIENT_OF_EXAMPLE {
        id: "oci.ambient-of-example",
        statement: "The ambient list of runc spec before 1.2, of crun spec and of youki spec is like the others. Without the \
                    inheritable one the kernel refuses to raise it; the runtime warns or says nothing, and goes on.",
        formula: "A = L",
        source: crun("1.29", "src/libcrun/spec.c", "libcrun_generate_spec"),
    }
    NO_NEW_PRIVILEGES {
        id: "oci.no-new-privileges",
        statement: "With noNewPrivileges in config.json the runtime sets no_new_privs. runc spec writes it; here it counts as \
                    written only if it is asked for.",
        source: runc("v1.4.0", "libcontainer/standard_init_linux.go", "Init"),
    }
}
