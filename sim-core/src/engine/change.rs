use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Engine, Version};

/// A point in an engine's history at which some answer changed.
#[derive(Debug, PartialEq, Eq)]
pub struct EngineChange {
    /// Short name, as in `docker-inheritable-emptied`.
    pub id: &'static str,
    /// Whose it is.
    pub engine: Engine,
    /// The first version that has it, with all later ones.
    pub since: Version,
    /// Versions of earlier series that took it over: each has it, with the later ones of its own series.
    pub taken_over: &'static [Version],
    /// What changed, in one sentence.
    pub statement: &'static str,
    /// The commit, or the advisory.
    pub source: &'static str,
}

impl EngineChange {
    /// Whether this version of its engine has it.
    ///
    /// ```
    /// use sim_core::engine::{Version, changes};
    ///
    /// let change = &changes::CONTAINERD_INHERITABLE_EMPTIED;
    /// assert!(change.is_in(Version::new(1, 5, 11)) && change.is_in(Version::new(1, 6, 2)));
    /// assert!(!change.is_in(Version::new(1, 6, 1)));
    /// ```
    pub fn is_in(&self, version: Version) -> bool {
        let by_series = |since: &Version| version.series() == since.series() && version >= *since;
        version >= self.since || self.taken_over.iter().any(by_series)
    }

    /// The versions that have it first: `1.5.11 and 1.6.2`.
    pub fn in_words(&self) -> String {
        let points: Vec<_> = self.points().map(|version| version.to_string()).collect();
        points.join(" and ")
    }

    /// The first version of each series that has it, in order.
    pub fn points(&self) -> impl Iterator<Item = Version> {
        self.taken_over.iter().copied().chain([self.since])
    }
}

macro_rules! engine_changes {
    ($($name:ident = $id:literal $engine:ident
        $([$($old_major:literal.$old_minor:literal.$old_patch:literal),*])? $major:literal.$minor:literal.$patch:literal
        $statement:literal, $source:literal;)*) => {
        /// The change points by name.
        pub mod points {
            use super::{Engine, EngineChange, Version};
            $(
                #[doc = $statement]
                pub static $name: EngineChange = EngineChange {
                    id: $id,
                    engine: Engine::$engine,
                    since: Version::new($major, $minor, $patch),
                    taken_over: &[$($(Version::new($old_major, $old_minor, $old_patch)),*)?],
                    statement: $statement,
                    source: $source,
                };
            )*
        }

        /// Every change point that the model knows, by engine, oldest first.
        pub static ENGINE_CHANGES: &[&EngineChange] = &[$(&points::$name),*];
    };
}

engine_changes! {
    DOCKER_AMBIENT = "docker-ambient" Docker 1 . 12 . 2
        "Docker's runc raises the list in the ambient set, so that every user keeps it through execve.",
        "moby, commit 199e19548e; CVE-2016-8867";
    DOCKER_AMBIENT_REVERTED = "docker-ambient-reverted" Docker 1 . 12 . 3
        "Docker uses a runc without ambient capabilities again.",
        "moby, commit c5251f7116; CVE-2016-8867";
    DOCKER_NON_ROOT_EMPTIED = "docker-non-root-emptied" Docker 18 . 4 . 0
        "Docker hands a user other than root no permitted and effective capabilities.",
        "moby, commit 15ff09395c";
    DOCKER_NAMES_NORMALISED = "docker-names-normalised" Docker 19 . 3 . 0
        "Docker takes names with and without CAP_, and ALL added wins over ALL dropped; before, names with CAP_ were unknown, and ALL dropped won.",
        "moby, commit 80d7bfd54d, pull request 38380";
    DOCKER_SYSCTLS = "docker-sysctls" Docker 20 . 10 . 0
        "Docker opens every port and ICMP sockets to all users of a container's own network.",
        "moby, commit dae652e2e5, pull request 41030";
    DOCKER_WITHOUT_NEW_CAPABILITIES = "docker-without-new-capabilities" Docker 20 . 10 . 0
        "Docker does not know CAP_PERFMON, CAP_BPF and CAP_CHECKPOINT_RESTORE, not even with --privileged.",
        "moby, commit a38b96b8cd";
    DOCKER_INHERITABLE_EMPTIED = "docker-inheritable-emptied" Docker 20 . 10 . 14
        "Docker leaves the inheritable set empty; before, it held the list.",
        "moby, commit dd38613d0c; CVE-2022-24769";
    DOCKER_CURRENT_CAPABILITIES = "docker-current-capabilities" Docker 23 . 0 . 0
        "For Docker everything is what the daemon itself has, CAP_PERFMON, CAP_BPF and CAP_CHECKPOINT_RESTORE included.",
        "moby, commit c1c973e81b, and oci/caps/utils_linux.go, initCaps";
    DOCKER_NON_ROOT_KEPT = "docker-non-root-kept" Docker 25 . 0 . 0
        "Docker hands a user other than root the whole list again, for execve to cut.",
        "moby, commit 3aef732e61, pull request 45511";
    DOCKER_PRIVILEGED_PROFILE = "docker-privileged-profile" Docker 27 . 0 . 0
        "A seccomp profile that is asked for is applied with --privileged too.",
        "moby, commit 896de6d426";
    CONTAINERD_CURRENT_CAPABILITIES = "containerd-current-capabilities" Containerd 1 . 5 . 0
        "For containerd everything is what it has itself; before, all that the kernel knows.",
        "containerd, oci/spec_opts.go, WithAllCurrentCapabilities";
    CONTAINERD_INHERITABLE_EMPTIED = "containerd-inheritable-emptied" Containerd [1 . 5 . 11] 1 . 6 . 2
        "containerd leaves the inheritable set empty; before, it held the list.",
        "containerd, GHSA-c9cp-9c75-9v8c, CVE-2022-24778's release";
    CONTAINERD_SYSCTLS = "containerd-sysctls" Containerd 2 . 0 . 0
        "containerd opens every port and ICMP sockets to all users of a pod's own network (enable_unprivileged_ports, enable_unprivileged_icmp).",
        "containerd, commit 4bb7ad20a";
    PODMAN_AMBIENT = "podman-ambient" Podman 2 . 2 . 0
        "Podman hands a user other than root the capabilities that are added, ambient too.",
        "podman, commit bce8f851c1, issue 6884";
    PODMAN_NON_ROOT_INHERITABLE = "podman-non-root-inheritable" Podman 3 . 0 . 0
        "Podman's inheritable set of a user other than root is what is added; before, the list.",
        "podman, commit 9ebde6e03a";
    PODMAN_ALL_MERGED = "podman-all-merged" Podman 3 . 2 . 0
        "Podman refuses ALL added and dropped, and drops names from ALL added; before, ALL dropped won, and names were not dropped from ALL.",
        "containers-common, commit 50fafc8e";
    PODMAN_INHERITABLE_EMPTIED = "podman-inheritable-emptied" Podman [3 . 4 . 5] 4 . 0 . 3
        "Podman leaves root's inheritable set empty; before, it held the list.",
        "podman, CVE-2022-27649";
    PODMAN_MINIMAL_DEFAULTS = "podman-minimal-defaults" Podman 4 . 4 . 0
        "Podman's defaults lose CAP_AUDIT_WRITE, CAP_MKNOD, CAP_NET_RAW and CAP_SYS_CHROOT.",
        "containers-common, commits f39f2a3f and a3328f26 (v0.51.0)";
    PODMAN_SYS_CHROOT_BACK = "podman-sys-chroot-back" Podman 4 . 5 . 0
        "CAP_SYS_CHROOT is back among Podman's defaults.",
        "containers-common, commit c700408f (v0.52.0)";
    CRIO_SHORTER_DEFAULTS = "cri-o-shorter-defaults" CriO 1 . 18 . 0
        "CRI-O's defaults lose CAP_NET_RAW and CAP_SYS_CHROOT.",
        "cri-o, commit 63b9f4ec98";
    CRIO_INHERITABLE_EMPTIED = "cri-o-inheritable-emptied" CriO 1 . 24 . 0
        "CRI-O leaves the inheritable set empty; before, it held the list.",
        "cri-o, CVE-2022-27652";
    CRIO_INHERITABLE_AGAIN = "cri-o-inheritable-again" CriO 1 . 24 . 3
        "CRI-O 1.24 puts the list into the inheritable set again, for its option add_inheritable_capabilities is on there.",
        "cri-o, commit bab3681045, pull request 6260";
    CRIO_INHERITABLE_OPTION = "cri-o-inheritable-option" CriO 1 . 25 . 0
        "CRI-O leaves the inheritable set empty unless its option add_inheritable_capabilities asks for it (since 1.25.1).",
        "cri-o, commit 9070d982df, pull request 6236";
    CRIO_CRUN = "cri-o-crun" CriO 1 . 31 . 0
        "CRI-O's runtime is crun unless another is configured; before, runc.",
        "cri-o, pkg/config, DefaultRuntime";
    RUNC_UNKNOWN_SKIPPED = "runc-unknown-skipped" Runc 1 . 0 . 0
        "runc warns of names that it does not know and skips them; before, it refused.",
        "runc, commit 5fb831a0f (v1.0.0-rc94)";
    RUNC_SPEC_WITHOUT_INHERITABLE = "runc-spec-without-inheritable" Runc 1 . 1 . 2
        "The config.json of runc spec has no inheritable capabilities.",
        "runc, CVE-2022-29162";
    RUNC_SPEC_WITHOUT_AMBIENT = "runc-spec-without-ambient" Runc 1 . 2 . 0
        "The config.json of runc spec has no ambient capabilities.",
        "runc, commit 0de195333";
    CRUN_SPEC_WITHOUT_INHERITABLE = "crun-spec-without-inheritable" Crun 1 . 4 . 4
        "The config.json of crun spec has no inheritable capabilities.",
        "crun, commit b847d146; CVE-2022-27650";
    CRUN_UNKNOWN_REFUSED = "crun-unknown-refused" Crun 1 . 29 . 0
        "crun refuses names that it does not know; before, it warned and skipped them.",
        "crun, commit 2e822523";
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::{ENGINE_CHANGES, points};
    use crate::engine::{Engine, Version};

    #[test]
    fn change_points_are_in_order_by_engine() {
        assert!(ENGINE_CHANGES.is_sorted_by_key(|change| (change.engine, change.since)));
        let ids: BTreeSet<_> = ENGINE_CHANGES.iter().map(|change| change.id).collect();
        assert_eq!(ids.len(), ENGINE_CHANGES.len());
        for change in ENGINE_CHANGES {
            assert!(change.engine.has(change.engine.newest(), change), "{}", change.id);
            assert!(change.taken_over.iter().all(|version| *version < change.since), "{}", change.id);
        }
    }

    #[test]
    fn a_change_that_was_taken_over_holds_in_its_own_series_only() {
        let has = |major, minor, patch| {
            let version = Version::new(major, minor, patch);
            Engine::Podman.has(version, &points::PODMAN_INHERITABLE_EMPTIED)
        };
        let versions = [(3, 4, 4), (3, 4, 5), (4, 0, 0), (4, 0, 2), (4, 0, 3), (4, 1, 0)];
        assert_eq!(versions.map(|(x, y, z)| has(x, y, z)), [false, true, false, false, true, true]);
        assert!(!Engine::Docker.has(Version::new(99, 0, 0), &points::PODMAN_INHERITABLE_EMPTIED));
    }
}
