//! Draws random worlds: a thread in any legal state, files with any owner, mode and attribute. What the thread does in
//! them is drawn one subject a file.

mod calls;
mod execve;
mod files;
mod map_writes;
mod namespaces;
mod operations;

pub(crate) use calls::calls_scenario;
pub(crate) use execve::execve_scenario;
pub(crate) use files::files_scenario;
pub(crate) use namespaces::namespaces_scenario;
pub(crate) use operations::operations_scenario;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::Union;

use crate::alone;
use sim_core::capability::CapSet;
use sim_core::credentials::Securebits;
use sim_core::file::{Mode, Revision};
use sim_core::kernel::Release;
use sim_core::scenario::{
    CapsEntry, FileCapsObject, FileEntry, FourIds, ModeText, Process, Scenario, SecurebitsText, SetText, Setgroups,
    Step, Traced, UserNamespaceEntry,
};

use crate::machine::Facilities;

/// What the machine allows to be drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The capabilities that a thread of `init` can have.
    pub(crate) in_init: CapSet,
    /// The capabilities that a thread of another user namespace can have.
    pub(crate) in_namespace: CapSet,
    /// The kernel.
    pub(crate) release: Release,
    /// What the kernel is built with.
    pub(crate) facilities: Facilities,
    /// Whether the machine may be changed.
    pub(crate) own_machine: bool,
    /// Where.
    pub(crate) homes: Homes,
}

/// Which places are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Homes {
    /// Every one.
    All,
    /// The `init` namespace.
    Init,
    /// Those that one user can build without privilege.
    Alone,
}

/// A place for the thread, with ids that mean something there.
#[derive(Clone, Copy, Debug)]
struct Home {
    /// The names of the namespaces needed, outermost first; the thread is in the last one.
    namespaces: &'static [&'static str],
    /// Ids of the thread, as it sees them.
    ids: &'static [u32],
    /// Host ids of files.
    host_ids: &'static [u32],
}

const HOMES: [Home; 7] = [
    Home { namespaces: &[], ids: &[0, 1000, 1024, 2000], host_ids: &[0, 1000, 1024, 2000] },
    Home { namespaces: &["wide", "nested"], ids: &[0, 7, 500], host_ids: &[0, 100_000, 105_000, 105_007, 105_500] },
    Home { namespaces: &["wide"], ids: &[0, 1000, 2000], host_ids: &[0, 1000, 100_000, 101_000, 102_000] },
    Home { namespaces: &["rootless"], ids: &[0, 1, 1000], host_ids: &[0, 1000, 100_000, 100_999, 2000] },
    Home { namespaces: &["rootless-map"], ids: &[1000, 1001], host_ids: &[0, 1000, 1001, 100_000] },
    Home { namespaces: &["denied"], ids: &[0, 1, 1000], host_ids: &[0, 1000, 100_000, 100_999, 2000] },
    Home { namespaces: &["same"], ids: &[0, 1000, 2000], host_ids: &[0, 1000, 2000] },
];

/// Places of one id only; what they hold is settled for the user who performs them.
const ALONE: [Home; 4] = [
    Home { namespaces: &[alone::OWN], ids: &[0], host_ids: &[alone::STAND_IN] },
    Home { namespaces: &[alone::OWN, "user"], ids: &[5], host_ids: &[alone::STAND_IN] },
    Home { namespaces: &[alone::OWN, "root"], ids: &[0], host_ids: &[alone::STAND_IN] },
    Home { namespaces: &[alone::OWN, "user", "deep"], ids: &[0], host_ids: &[alone::STAND_IN] },
];

fn namespace(name: &str) -> UserNamespaceEntry {
    if let Some(entry) = alone::namespace(name) {
        return entry;
    }
    let (parent, owner, map) = match name {
        "wide" => (None, 0, "0 100000 65536"),
        "rootless" | "denied" => (None, 1000, "0 1000 1\n1 100000 65535"),
        "rootless-map" => (None, 1000, "1000 1000 2"),
        "nested" => (Some("wide".to_owned()), 100_000, "0 5000 1000"),
        _ => (None, 2000, "0 0 4294967295"),
    };
    let map = Some(map.to_owned());
    let setgroups = (name == "denied").then_some(Setgroups::Deny);
    UserNamespaceEntry { parent, owner: Some(owner), uid_map: map.clone(), gid_map: map, setgroups }
}

/// Something in some place: `init` often, a namespace below another one time in four. What `make` makes is made once for
/// all cases.
fn in_homes<S: Strategy + 'static>(bounds: Bounds, make: impl Fn(Home) -> S) -> impl Strategy<Value = S::Value> {
    in_weighted_homes(bounds, [40, 25, 7], make)
}

/// The same, with the weights of `init`, of the nested namespace, and of each other.
fn in_weighted_homes<S: Strategy + 'static>(
    bounds: Bounds,
    [in_init, in_nested, in_other]: [u32; 3],
    make: impl Fn(Home) -> S,
) -> impl Strategy<Value = S::Value> {
    let [init, nested, others @ ..] = HOMES;
    let homes = match bounds.homes {
        Homes::All => {
            [(in_init, init), (in_nested, nested)].into_iter().chain(others.map(|home| (in_other, home))).collect()
        }
        Homes::Init => vec![(1, init)],
        Homes::Alone => ALONE.map(|home| (1, home)).to_vec(),
    };
    Union::new_weighted(homes.into_iter().map(|(weight, home)| (weight, make(home))).collect())
}

impl Home {
    /// The capabilities that a thread of this place can have.
    fn capabilities(self, bounds: Bounds) -> CapSet {
        if self.namespaces.is_empty() { bounds.in_init } else { bounds.in_namespace }
    }

    /// A scenario in this place. Files are called `/bin/0` and so on.
    fn scenario(self, process: Process, files: impl IntoIterator<Item = FileEntry>, steps: Vec<Step>) -> Scenario {
        Scenario {
            user_namespaces: self.namespaces.iter().map(|name| ((*name).to_owned(), namespace(name))).collect(),
            process,
            files: files.into_iter().enumerate().map(|(index, file)| (path(index), file)).collect(),
            steps,
            ..Scenario::default()
        }
    }
}

fn path(index: usize) -> String {
    format!("/bin/{index}")
}

fn process(home: Home, all: CapSet, bounds: Bounds) -> impl Strategy<Value = Process> {
    let sets = (some_set(all), some_set(all), some_set(all), mostly_all(all), some_set(all));
    let ids = (ids(home.ids), ids(home.ids), subsequence(home.ids, 0..=home.ids.len()));
    let flags = (
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.25, any::<bool>()),
        securebits(bounds.release),
    );
    (sets, ids, flags).prop_map(move |(sets, (uid, gid, groups), (no_new_privs, shares_fs, traced, securebits))| {
        let (permitted, effective, inheritable, bounding, ambient) = sets;
        Process {
            uid: Some(uid),
            gid: Some(gid),
            groups,
            permitted: Some(permitted.into()),
            // Only legal states exist: what is effective is permitted, what is ambient is permitted and inheritable.
            effective: Some((effective & permitted).into()),
            inheritable: Some(inheritable.into()),
            bounding: Some(bounding.into()),
            ambient: Some((ambient & permitted & inheritable).into()),
            securebits: SecurebitsText(securebits),
            no_new_privs,
            user_ns: home.namespaces.last().map(|name| (*name).to_owned()),
            shares_fs,
            traced: traced.map(|tracer_has_sys_ptrace| Traced { tracer_has_sys_ptrace }),
            seccomp: Vec::new(),
        }
    })
}

fn file(home: Home, bounds: Bounds) -> impl Strategy<Value = FileEntry> {
    let owner = (select(home.host_ids), select(home.host_ids));
    let caps = prop::option::weighted(0.6, caps(home, bounds));
    (owner, mode(), caps, prop::bool::weighted(0.15), prop::bool::weighted(0.02)).prop_map(
        |((uid, gid), mode, caps, nosuid, noexec)| FileEntry {
            uid,
            gid,
            mode: ModeText(mode),
            caps,
            nosuid,
            noexec,
            directory: false,
            interpreter: None,
        },
    )
}

fn caps(home: Home, bounds: Bounds) -> impl Strategy<Value = CapsEntry> {
    let unknown = prop_oneof![9 => Just(CapSet::EMPTY), 1 => Just(CapSet::from_bits(1 << 45 | 1 << 63))];
    let rootid = prop::option::weighted(0.4, select(home.host_ids));
    (some_set(bounds.in_namespace), some_set(bounds.in_namespace), any::<bool>(), unknown, rootid).prop_map(
        |(permitted, inheritable, effective, unknown, rootid)| {
            CapsEntry::Object(FileCapsObject {
                revision: rootid.map_or(Revision::V2, |rootid| Revision::V3 { rootid }),
                permitted: SetText::Set(permitted | unknown),
                inheritable: SetText::Set(inheritable | unknown),
                effective,
            })
        },
    )
}

fn mode() -> impl Strategy<Value = Mode> {
    const OPEN: [u16; 7] = [0o755, 0o755, 0o4755, 0o4755, 0o2755, 0o6755, 0o4711];
    const ODD: [u16; 9] = [0o2745, 0o6745, 0o4655, 0o700, 0o710, 0o4750, 0o4744, 0o001, 0o644];
    prop_oneof![14 => select(&OPEN[..]), 3 => select(&ODD[..]), 1 => 0..=0o7777u16]
        .prop_map(|bits| Mode::new(bits).unwrap_or(Mode::EXECUTABLE))
}

fn ids(pool: &'static [u32]) -> impl Strategy<Value = FourIds> {
    prop_oneof![
        // The first one is root where root is mapped.
        2 => Just(FourIds([pool.first().copied().unwrap_or(0); 4])),
        3 => select(pool).prop_map(|id| FourIds([id; 4])),
        1 => (select(pool), select(pool)).prop_map(|(real, effective)| FourIds([real, effective, effective, effective])),
        2 => [select(pool), select(pool), select(pool), select(pool)].prop_map(FourIds),
    ]
}

fn securebits(release: Release) -> impl Strategy<Value = Securebits> {
    let known = Securebits::known(release);
    prop_oneof![
        4 => Just(Securebits::EMPTY),
        3 => select(Securebits::all_names().map(|(bit, _)| bit).collect::<Vec<_>>()),
        3 => any::<u32>().prop_map(Securebits::from_bits),
    ]
    .prop_map(move |bits| bits & known)
}

/// Any subset, with the extremes often.
fn some_set(all: CapSet) -> impl Strategy<Value = CapSet> {
    let bits = proptest::bits::u64::masked(all.bits()).prop_map(CapSet::from_bits);
    let one = select(all.iter().collect::<Vec<_>>()).prop_map(CapSet::from);
    prop_oneof![
        3 => Just(CapSet::EMPTY),
        3 => one.clone(),
        2 => (one.clone(), one.clone()).prop_map(|(a, b)| a | b),
        3 => bits,
        1 => one.prop_map(move |missing| all - missing),
        2 => Just(all),
    ]
}

/// Any subset, but more often everything: with a small one most files with capabilities fail alike.
fn mostly_all(all: CapSet) -> impl Strategy<Value = CapSet> {
    prop_oneof![1 => Just(all), 1 => some_set(all)]
}
