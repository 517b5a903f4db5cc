use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sim_core::capability::CapSet;

/// The part of a config.json that decides about privilege.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) groups: Vec<u32>,
    /// Sets in hexadecimal: permitted, effective, inheritable, bounding, ambient.
    pub(crate) sets: [String; 5],
    /// A name that no kernel knows, in every list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unknown_name: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_new_privileges: bool,
    /// A profile that allows everything but these calls, which get EPERM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) denied: Option<Vec<String>>,
}

impl Config {
    /// The name that no kernel knows.
    pub(super) const UNKNOWN: &str = "CAP_NOT_ONE";

    /// The sets as sets; one that cannot be read is empty.
    pub(crate) fn sets(&self) -> [CapSet; 5] {
        self.sets.each_ref().map(|text| CapSet::from_bits(u64::from_str_radix(text, 16).unwrap_or_default()))
    }

    /// Whether permitted, effective and bounding are the same, and the others empty.
    pub(crate) fn is_one_list(&self) -> bool {
        let [permitted, effective, inheritable, bounding, ambient] = self.sets();
        permitted == effective && permitted == bounding && inheritable.is_empty() && ambient.is_empty()
    }

    /// The names of a set, as config.json has them.
    pub(crate) fn names(&self, set: CapSet) -> Vec<String> {
        let mut names: Vec<_> = set.iter().map(|capability| capability.to_string().to_uppercase()).collect();
        if self.unknown_name {
            names.push(Self::UNKNOWN.to_owned());
        }
        names
    }

    /// The profile as runtimes read it.
    #[expect(clippy::indexing_slicing, reason = "keys of an object that was just made")]
    pub(crate) fn profile(&self) -> Option<Value> {
        let denied = self.denied.as_ref()?;
        let mut profile = json!({ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"] });
        if !denied.is_empty() {
            profile["syscalls"] = json!([{ "names": denied, "action": "SCMP_ACT_ERRNO", "errnoRet": 1 }]);
        }
        Some(profile)
    }

    /// The config.json that begins with these arguments in `root`.
    #[expect(clippy::indexing_slicing, reason = "keys of an object that was just made")]
    pub(super) fn document(&self, root: &str, arguments: &[String]) -> Value {
        let [permitted, effective, inheritable, bounding, ambient] = self.sets().map(|set| self.names(set));
        let mut linux = json!({
            "namespaces": [{ "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }],
            "resources": { "devices": [{ "allow": false, "access": "rwm" }] },
        });
        if let Some(profile) = self.profile() {
            linux["seccomp"] = profile;
        }
        json!({
            "ociVersion": "1.0.2",
            "process": {
                "terminal": false,
                "user": { "uid": self.uid, "gid": self.gid, "additionalGids": self.groups },
                "args": arguments,
                "env": ["PATH=/bin"],
                "cwd": "/",
                "capabilities": {
                    "bounding": bounding,
                    "effective": effective,
                    "inheritable": inheritable,
                    "permitted": permitted,
                    "ambient": ambient,
                },
                "noNewPrivileges": self.no_new_privileges,
            },
            "root": { "path": root, "readonly": false },
            "hostname": "box",
            "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                {
                    "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                    "options": ["nosuid", "strictatime", "mode=755", "size=64k"],
                },
            ],
            "linux": linux,
        })
    }
}
