use alloc::string::String;
use alloc::vec::Vec;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{ArchMap, Comparison, Entry, Filter, Placed, Profile};
use crate::seccomp::Action;

impl Profile {
    /// The profile as JSON, a value a line. [`Profile::read`] makes the same of it, but for places and for keys that no
    /// engine knows.
    ///
    /// ```
    /// use sim_core::seccomp::preset::Preset;
    /// use sim_core::seccomp::profile::Profile;
    ///
    /// let text = Preset::Docker.profile().to_json();
    /// assert!(text.starts_with("{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": 1,"));
    /// assert_eq!(Profile::read(&text).unwrap().to_json(), text);
    /// ```
    pub fn to_json(&self) -> String {
        // It fails only where a writer or a key of a map does.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The keys of the OCI runtime, of Docker and of Podman, in their usual order; what is absent or empty is left out.
impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        given(&mut map, "defaultAction", self.default_action.and_then(Action::profile_name))?;
        given(&mut map, "defaultErrnoRet", self.default_errno_ret)?;
        given(&mut map, "defaultErrno", self.default_errno.as_ref().map(value))?;
        list(&mut map, "architectures", &values(&self.architectures))?;
        list(&mut map, "archMap", &self.arch_map)?;
        given(&mut map, "flags", self.flags.as_deref().map(values))?;
        given(&mut map, "listenerPath", self.listener_path.as_ref())?;
        given(&mut map, "listenerMetadata", self.listener_metadata.as_ref().map(value))?;
        list(&mut map, "syscalls", &self.syscalls)?;
        map.end()
    }
}

impl Serialize for ArchMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("architecture", &self.architecture.value)?;
        list(&mut map, "subArchitectures", &values(&self.sub_architectures))?;
        map.end()
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        given(&mut map, "name", self.name.as_ref().map(value))?;
        list(&mut map, "names", &values(&self.names))?;
        given(&mut map, "action", self.action.profile_name())?;
        given(&mut map, "errnoRet", self.errno_ret)?;
        given(&mut map, "errno", self.errno.as_ref().map(value))?;
        list(&mut map, "args", &self.args)?;
        for (key, filter) in [("includes", &self.includes), ("excludes", &self.excludes)] {
            given(&mut map, key, Some(filter).filter(|filter| **filter != Filter::default()))?;
        }
        map.end()
    }
}

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("index", &self.index)?;
        map.serialize_entry("value", &self.value)?;
        given(&mut map, "valueTwo", Some(self.value_two).filter(|&value| value != 0))?;
        map.serialize_entry("op", self.operator.profile_name())?;
        map.end()
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        list(&mut map, "arches", &self.architectures)?;
        list(&mut map, "caps", &self.capabilities)?;
        given(&mut map, "minKernel", self.min_kernel.as_ref())?;
        map.end()
    }
}

fn given<M: SerializeMap>(map: &mut M, key: &'static str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
}

fn list<M: SerializeMap>(map: &mut M, key: &'static str, values: &[impl Serialize]) -> Result<(), M::Error> {
    if values.is_empty() { Ok(()) } else { map.serialize_entry(key, values) }
}

fn value(placed: &Placed<String>) -> &str {
    &placed.value
}

fn values(placed: &[Placed<String>]) -> Vec<&str> {
    placed.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use crate::seccomp::preset::Preset;
    use crate::seccomp::profile::{Place, Profile};

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let all = r#"{"defaultAction": "SCMP_ACT_KILL_PROCESS", "defaultErrno": "EPERM", "architectures": ["SCMP_ARCH_ARM"],
            "flags": [], "listenerPath": "/run/a \"b\"", "listenerMetadata": "m", "syscalls": [
            {"name": "read", "action": "SCMP_ACT_TRACE", "errno": "7"},
            {"names": ["a", "b"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0,
             "args": [{"index": 5, "value": 18446744073709551615, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}],
             "includes": {"minKernel": "4.8"}, "excludes": {"caps": ["CAP_BPF"], "arches": ["arm"]}}]}"#;
        let presets = Preset::ALL.map(Preset::profile);
        for profile in presets.into_iter().chain([Profile::read(all).unwrap(), Profile::default()]) {
            let again = Profile::read(profile.to_json()).unwrap();
            assert_eq!(without_places(again), without_places(profile));
        }
    }

    fn without_places(mut profile: Profile) -> Profile {
        let keys = [&mut profile.default_errno, &mut profile.listener_metadata].into_iter().flatten();
        let lists = profile.architectures.iter_mut().chain(profile.flags.iter_mut().flatten());
        keys.chain(lists).for_each(|placed| placed.place = Place::default());
        for map in &mut profile.arch_map {
            map.architecture.place = Place::default();
            map.sub_architectures.iter_mut().for_each(|placed| placed.place = Place::default());
        }
        for entry in &mut profile.syscalls {
            entry.place = Place::default();
            let names = entry.names.iter_mut().chain(&mut entry.name).chain(&mut entry.errno);
            names.for_each(|placed| placed.place = Place::default());
        }
        profile
    }
}
