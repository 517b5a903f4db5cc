use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use sim_core::calls::SetId;
use sim_core::capability::{CapSet, Capability};
use sim_core::file::{Mode, Revision};
use sim_core::scenario::{
    AttributeArguments, Call, CapsEntry, ChmodArguments, ChownArguments, CloneCall, CloneFlag, FileCapsObject,
    FileChange, FileEntry, ModeText, Process, Scenario, SetcapArguments, Step, TruncateArguments, WriteArguments,
};

use super::calls::call;
use super::{Bounds, Home, caps, file, in_homes, mode, path, process};

/// How many files there are.
const FILES: usize = 3;

/// What a thread may do. Paths and names are settled once the whole sequence is drawn.
#[derive(Clone, Debug)]
enum Move {
    Change(Index, FileChange),
    Execve(Index),
    Unshare,
    Other(Call),
}

/// The capabilities that changes of files ask for.
const ASKED_FOR: [Capability; 5] =
    [Capability::CHOWN, Capability::DAC_OVERRIDE, Capability::FOWNER, Capability::FSETID, Capability::SETFCAP];

/// Any sequence of changes of files, with calls that change credentials and execs between them.
pub(crate) fn files_scenario(bounds: Bounds) -> impl Strategy<Value = Scenario> {
    in_homes(bounds, move |home| {
        let moves = prop_oneof![
            16 => (any::<Index>(), change(home, bounds)).prop_map(|(index, change)| Move::Change(index, change)),
            2 => any::<Index>().prop_map(Move::Execve),
            1 => Just(Move::Unshare),
            3 => call(home, bounds).prop_map(Move::Other),
        ];
        let files = vec(changeable(home, bounds), FILES..=FILES);
        (able(home, bounds), files, vec(moves, 1..=8)).prop_map(move |(mut process, files, moves)| {
            // Whether a tracer without CAP_SYS_PTRACE has it in a namespace entered later depends on who it is.
            process.traced = process.traced.filter(|traced| traced.tracer_has_sys_ptrace);
            home.scenario(process, files, steps(moves))
        })
    })
}

fn steps(moves: Vec<Move>) -> Vec<Step> {
    let mut executed = Vec::new();
    let mut names = 0..;
    let call = |moved| match moved {
        Move::Change(index, change) => {
            let content = matches!(change, FileChange::Write(_) | FileChange::Truncate(_));
            // The kernel refuses to change a file that somebody executes.
            let open: Vec<_> = (0..FILES).filter(|file| !content || !executed.contains(file)).collect();
            if open.is_empty() { Call::Capget } else { Call::FileChange(on(path(*index.get(&open)), change)) }
        }
        Move::Execve(index) => {
            let index = index.index(FILES);
            executed.push(index);
            Call::Execve(path(index))
        }
        Move::Unshare => Call::Unshare(CloneCall {
            flags: vec![CloneFlag::NewUser],
            user_ns: names.next().map(|number: u32| format!("new-{number}")),
        }),
        Move::Other(call) => {
            if call == Call::Execve(path(0)) {
                executed.push(0);
            }
            call
        }
    };
    moves.into_iter().map(call).map(|call| Step { call, expect: None, note: None }).collect()
}

/// A process that often has what changes of files ask for.
fn able(home: Home, bounds: Bounds) -> impl Strategy<Value = Process> {
    let all = home.capabilities(bounds);
    let more = prop_oneof![
        2 => Just(CapSet::EMPTY),
        1 => Just(CapSet::from(Capability::CHOWN) | Capability::FOWNER.into()),
        3 => subsequence(&ASKED_FOR[..], 1..=4).prop_map(|some| some.into_iter().collect::<CapSet>()),
    ];
    (process(home, all, bounds), more).prop_map(move |(process, more)| {
        let with = |set: Option<sim_core::scenario::SetText>| set.map(|set| (set.resolve(all) | more).into());
        Process { permitted: with(process.permitted), effective: with(process.effective), ..process }
    })
}

/// A file whose mode often lets others write.
fn changeable(home: Home, bounds: Bounds) -> impl Strategy<Value = FileEntry> {
    (file(home, bounds), any_mode()).prop_map(|(file, mode)| FileEntry { mode: ModeText(mode), ..file })
}

fn any_mode() -> impl Strategy<Value = Mode> {
    const WRITABLE: [u16; 10] = [0o6777, 0o4777, 0o2777, 0o2666, 0o6664, 0o6664, 0o2664, 0o2644, 0o6644, 0o6704];
    let writable = select(&WRITABLE[..]).prop_map(|bits| Mode::new(bits).unwrap_or(Mode::EXECUTABLE));
    prop_oneof![1 => mode(), 1 => writable]
}

/// Any change; its path is settled later.
fn change(home: Home, bounds: Bounds) -> impl Strategy<Value = FileChange> {
    let id = move || prop_oneof![4 => Just(SetId::KEEP), 6 => select(home.ids), 1 => select(vec![u32::MAX - 1, 77_777_777, 65_534])];
    let bytes = select(vec![0, 1, 1, 1, 100, 5000]);
    let size = select(vec![0, 0, 1, 1, 5000, i64::MAX, -1, i64::MIN]);
    prop_oneof![
        5 => (id(), id()).prop_map(|(uid, gid)| FileChange::Chown(ChownArguments { path: String::new(), uid, gid })),
        3 => any_mode().prop_map(|mode| FileChange::Chmod(ChmodArguments { path: String::new(), mode: ModeText(mode) })),
        3 => value(home, bounds).prop_map(|caps| FileChange::Setcap(SetcapArguments { path: String::new(), caps })),
        4 => Just(FileChange::Removexattr(AttributeArguments { path: String::new() })),
        2 => Just(FileChange::Getxattr(AttributeArguments { path: String::new() })),
        4 => bytes.prop_map(|bytes| FileChange::Write(WriteArguments { path: String::new(), bytes })),
        3 => size.prop_map(|size| FileChange::Truncate(TruncateArguments { path: String::new(), size })),
    ]
}

/// A value for the attribute, with a root id as the thread sees it.
fn value(home: Home, bounds: Bounds) -> impl Strategy<Value = CapsEntry> {
    let rootid = prop_oneof![5 => select(home.ids), 1 => select(home.host_ids), 1 => Just(u32::MAX - 1)];
    let well_formed = (caps(home, bounds), rootid).prop_map(|(caps, rootid)| match caps {
        CapsEntry::Object(object @ FileCapsObject { revision: Revision::V3 { .. }, .. }) => {
            CapsEntry::Object(FileCapsObject { revision: Revision::V3 { rootid }, ..object })
        }
        other => other,
    });
    let mut flagged = vec![3, 0, 0, 2];
    flagged.resize(20, 0);
    let mut unmapped = vec![1, 0, 0, 3];
    unmapped.resize(24, u8::MAX);
    let odd = vec![vec![], vec![1], vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], flagged, unmapped, vec![0; 25]];
    prop_oneof![8 => well_formed, 1 => select(odd).prop_map(CapsEntry::Bytes)]
}

/// The same change of this file.
fn on(path: String, change: FileChange) -> FileChange {
    match change {
        FileChange::Chown(arguments) => FileChange::Chown(ChownArguments { path, ..arguments }),
        FileChange::Chmod(arguments) => FileChange::Chmod(ChmodArguments { path, ..arguments }),
        FileChange::Setcap(arguments) => FileChange::Setcap(SetcapArguments { path, ..arguments }),
        FileChange::Removexattr(_) => FileChange::Removexattr(AttributeArguments { path }),
        FileChange::Getxattr(_) => FileChange::Getxattr(AttributeArguments { path }),
        FileChange::Write(arguments) => FileChange::Write(WriteArguments { path, ..arguments }),
        FileChange::Truncate(arguments) => FileChange::Truncate(TruncateArguments { path, ..arguments }),
    }
}
