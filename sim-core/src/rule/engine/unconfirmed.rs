use crate::rule::Rule;

/// Rules of engines that no engine confirmed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnconfirmedByEngines {
    /// Why not.
    pub reason: &'static str,
    /// Their ids.
    pub rules: &'static [&'static str],
}

/// Every rule of an engine that lacks evidence. Tests hold the list against the evidence.
pub static UNCONFIRMED_BY_ENGINES: &[UnconfirmedByEngines] = &[
    UnconfirmedByEngines {
        reason: "The label is an image's, and Podman was asked with a folder as the root file system.",
        rules: &["podman.label", "podman.label-empty", "podman.label-not-allowed"],
    },
    UnconfirmedByEngines {
        reason: "A runtime alone has no such option: the words stand for what is written into config.json.",
        rules: &["oci.everything", "oci.edited-drop", "oci.edited-add"],
    },
    UnconfirmedByEngines {
        reason: "Only versions that nobody packages any more have it, and none of them was asked.",
        rules: &[
            "docker.prefixed-name",
            "docker.drop-all-first",
            "docker.inheritable-list",
            "docker.ambient",
            "podman.default-capabilities-of-4-4",
            "podman.non-root-emptied",
            "podman.inheritable-list",
            "oci.inheritable-of-example",
            "runc.unknown-refused",
        ],
    },
    UnconfirmedByEngines {
        reason: "Only versions that no suite of Debian had yet have it.",
        rules: &["crun.unknown-refused"],
    },
    UnconfirmedByEngines {
        reason: "A kubelet's requests need a cluster's parts, which were not there.",
        rules: &[
            "kubernetes.privileged-without-escalation",
            "kubernetes.sys-admin-without-escalation",
            "kubernetes.no-new-privileges",
            "containerd.privileged",
            "containerd.unknown-name",
            "containerd.drop-all",
            "containerd.add-all",
            "containerd.default-capabilities",
            "containerd.add",
            "containerd.drop",
            "containerd.sets",
            "containerd.inheritable-list",
            "containerd.inheritable-emptied",
            "containerd.no-ambient",
            "containerd.no-new-privileges",
            "containerd.open-ports",
            "containerd.open-icmp",
            "containerd.privileged-unconfined",
        ],
    },
    UnconfirmedByEngines {
        reason: "Debian has no package of it.",
        rules: &[
            "cri-o.privileged",
            "cri-o.privileged-unconfined",
            "cri-o.unknown-name",
            "cri-o.drop-all",
            "cri-o.add-all",
            "cri-o.configured-capabilities",
            "cri-o.default-capabilities",
            "cri-o.default-capabilities-before-1-18",
            "cri-o.add",
            "cri-o.drop",
            "cri-o.sets",
            "cri-o.add-inheritable-capabilities",
            "cri-o.inheritable-list",
            "cri-o.inheritable-emptied",
            "cri-o.no-ambient",
            "cri-o.no-new-privileges",
            "youki.unknown-name",
        ],
    },
    UnconfirmedByEngines {
        reason: "The machine asked was not started by systemd.",
        rules: &[
            "systemd.bounding",
            "systemd.user-manager-bounding",
            "systemd.ambient-not-in-bounding",
            "systemd.user-manager-ambient",
            "systemd.ambient",
            "systemd.user",
            "systemd.keep-caps",
            "systemd.kept-for-filters",
            "systemd.securebits",
            "systemd.user-manager-securebits",
            "systemd.no-new-privileges",
            "systemd.implied-no-new-privileges",
        ],
    },
];

impl UnconfirmedByEngines {
    /// What is said of a rule, if anything.
    pub fn of(rule: &Rule) -> Option<&'static Self> {
        UNCONFIRMED_BY_ENGINES.iter().find(|unconfirmed| unconfirmed.rules.contains(&rule.id))
    }
}
