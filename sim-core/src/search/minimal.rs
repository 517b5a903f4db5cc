//! Whether one scenario hands out no less than another.

use super::draft::{Draft, Planned};
use crate::capability::CapSet;
use crate::scenario::{CapsEntry, FileEntry, RuntimeEntry, Scenario, SetText};

/// Whether the first is the second with more in some of its sets, or the same. Only what it changed of the scenario as it was
/// can be more.
pub(super) fn is_at_least(more: &Draft, less: &Draft, as_it_was: &Scenario) -> bool {
    if more.course.len() != less.course.len()
        || !more.course.iter().zip(&less.course).all(|(a, b)| plans_at_least(a, b))
    {
        return false;
    }
    let all = more.all;
    // What is more is put back; then both must be the same.
    let mut reduced = more.scenario.clone();
    for (path, file) in &mut reduced.files {
        let old = as_it_was.files.get(path);
        if let Some(other) = less.scenario.files.get(path)
            && old.is_some_and(|old| old.caps != file.caps)
        {
            reduce_file(file, other, all);
        }
    }
    if let (Some(runtime), Some(other)) = (&mut reduced.runtime, &less.scenario.runtime) {
        reduce_runtime(runtime, other, as_it_was.runtime.as_ref(), all);
    }
    let (own, other) = (more.scenario.process.sets(all), less.scenario.process.sets(all));
    let held = [
        (own.permitted, other.permitted),
        (own.effective, other.effective),
        (own.inheritable, other.inheritable),
        (own.bounding, other.bounding),
        (own.ambient, other.ambient),
    ];
    let changed = own != as_it_was.process.sets(all);
    if changed
        && reduced.process.uid == less.scenario.process.uid
        && held.iter().all(|(own, other)| other.is_subset(*own))
    {
        let (process, other) = (&mut reduced.process, &less.scenario.process);
        (process.permitted, process.effective) = (other.permitted, other.effective);
        (process.inheritable, process.bounding, process.ambient) = (other.inheritable, other.bounding, other.ambient);
    }
    reduced == less.scenario
}

fn plans_at_least(more: &Planned, less: &Planned) -> bool {
    match (more, less) {
        (Planned::Raise(more), Planned::Raise(less)) | (Planned::Inherit(more), Planned::Inherit(less)) => {
            less.is_subset(*more)
        }
        (more, less) => more == less,
    }
}

fn reduce_file(file: &mut FileEntry, other: &FileEntry, all: CapSet) {
    let read = |caps: &Option<CapsEntry>| caps.as_ref().and_then(|caps| caps.resolve(all).ok());
    if let (Some(own), Some(less)) = (read(&file.caps), read(&other.caps))
        && less.permitted.is_subset(own.permitted)
        && less.inheritable.is_subset(own.inheritable)
        && (own.effective() || !less.effective())
        && own.revision == less.revision
    {
        file.caps.clone_from(&other.caps);
    }
}

fn reduce_runtime(runtime: &mut RuntimeEntry, other: &RuntimeEntry, old: Option<&RuntimeEntry>, all: CapSet) {
    let Some(old) = old else { return };
    if runtime.cap_add != old.cap_add && other.cap_add.iter().all(|name| runtime.cap_add.contains(name)) {
        runtime.cap_add.clone_from(&other.cap_add);
    }
    if let (Some(unit), Some(other)) = (&mut runtime.unit, &other.unit) {
        let before = old.unit.clone().unwrap_or_default();
        let reduce = |own: &mut Option<SetText>, less: Option<SetText>, old: Option<SetText>, default: CapSet| {
            let set = |text: Option<SetText>| text.map_or(default, |text| text.resolve(all));
            if set(*own) != set(old) && set(less).is_subset(set(*own)) {
                *own = less;
            }
        };
        reduce(&mut unit.ambient, other.ambient, before.ambient, CapSet::EMPTY);
        reduce(&mut unit.bounding, other.bounding, before.bounding, all);
    }
}
