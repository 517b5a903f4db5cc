//! The rules of Kubernetes: what a pod's security context may say, and what a kubelet makes of it.

use super::{Source, rules};

const fn kubernetes(file: &'static str, function: &'static str) -> Source {
    Source::on_github("kubernetes/kubernetes", "v1.31.0", file, function)
}

rules! {
    PRIVILEGED_WITHOUT_ESCALATION {
        id: "kubernetes.privileged-without-escalation",
        statement: "allowPrivilegeEscalation: false together with privileged: true is not valid.",
        source: kubernetes("pkg/apis/core/validation/validation.go", "ValidateSecurityContext"),
    }
    SYS_ADMIN_WITHOUT_ESCALATION {
        id: "kubernetes.sys-admin-without-escalation",
        statement: "allowPrivilegeEscalation: false together with CAP_SYS_ADMIN added is not valid. Only this very text is \
                    looked for: SYS_ADMIN, as pods write it, passes.",
        source: kubernetes("pkg/apis/core/validation/validation.go", "ValidateSecurityContext"),
    }
    NO_NEW_PRIVILEGES {
        id: "kubernetes.no-new-privileges",
        statement: "With allowPrivilegeEscalation: false the kubelet asks the engine for no_new_privs; if nothing is said, it \
                    does not.",
        source: kubernetes("pkg/securitycontext/util.go", "AddNoNewPrivileges"),
    }
}
