//! Operations on files and directories.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sim_core::capability::{CapSet, Capability};
use sim_core::file::Mode;
use sim_core::scenario::{
    AttributeName, Call, FileEntry, FileFlag, IoctlArguments, IoctlRequest, LinkArguments, MkdirArguments,
    MknodArguments, ModeText, NodeKind, OpenArguments, OpenByHandleAtArguments, OpenFlag, PathOperation,
    SetxattrArguments, Step, TimesText, UnlinkArguments, UtimensatArguments,
};

use crate::generate::{Home, path};

/// A directory, one in it, and a file in each of them.
const DIRECTORY: &str = "/srv";
const FILE: &str = "/srv/file";
const SUBDIRECTORY: &str = "/srv/sub";
const FILE_BELOW: &str = "/srv/sub/file";

/// What steps make, and what they make in it.
const MADE: &str = "/srv/made";
const MADE_BELOW: &str = "/srv/made/new";
/// Where mknod is tried.
const NODES: [&str; 7] = ["/srv/new", "/srv/sub/new", FILE, MADE, MADE_BELOW, MADE_BELOW, MADE_BELOW];

/// The capabilities that operations on paths ask for.
const CAPABILITIES: [Capability; 8] = [
    Capability::DAC_OVERRIDE,
    Capability::DAC_READ_SEARCH,
    Capability::FOWNER,
    Capability::FSETID,
    Capability::LINUX_IMMUTABLE,
    Capability::MKNOD,
    Capability::NET_ADMIN,
    Capability::SYS_ADMIN,
];

/// Settings whose mode is 0644 and that nobody minds being opened.
const SETTINGS: [&str; 6] = [
    "/proc/sys/kernel/panic",
    "/proc/sys/vm/swappiness",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/net/ipv4/ip_default_ttl",
    "/proc/sys/net/ipv4/tcp_fin_timeout",
    "/proc/sys/net/ipv4/ip_unprivileged_port_start",
];

/// The directories, and the files in them.
pub(super) fn files(home: Home) -> impl Strategy<Value = Vec<(String, FileEntry)>> {
    let entry =
        move |directory: bool| {
            (select(home.host_ids), select(home.host_ids), mode(directory)).prop_map(move |(uid, gid, mode)| {
                FileEntry { uid, gid, mode: ModeText(mode), directory, ..FileEntry::default() }
            })
        };
    [entry(true), entry(false), entry(true), entry(false)].prop_map(|entries| {
        let paths = [DIRECTORY, FILE, SUBDIRECTORY, FILE_BELOW];
        paths.into_iter().map(str::to_owned).zip(entries).collect()
    })
}

/// Capabilities to be effective beside others: none, or some of those that operations on paths ask for.
pub(super) fn capabilities(all: CapSet) -> impl Strategy<Value = CapSet> {
    let some = subsequence(&CAPABILITIES[..], 1..=5).prop_map(|some| some.into_iter().collect::<CapSet>());
    prop_oneof![1 => Just(CapSet::EMPTY), 1 => some].prop_map(move |set| set & all)
}

/// Whether a step makes sense after others: what it names is described, or one of them tried to make it.
pub(super) fn makes_sense(operation: &PathOperation, before: &[Step]) -> bool {
    let tried = |wanted: &str, directory: bool| {
        before.iter().any(|step| match &step.call {
            Call::Path(PathOperation::Mkdir(made)) => made.path == wanted,
            Call::Path(PathOperation::Mknod(made)) => made.path == wanted && !directory,
            _ => false,
        })
    };
    match operation {
        PathOperation::Mknod(MknodArguments { path, .. }) => path != MADE_BELOW || tried(MADE, true),
        PathOperation::Open(OpenArguments { path, .. })
        | PathOperation::Setxattr(SetxattrArguments { path, .. })
        | PathOperation::Utimensat(UtimensatArguments { path, .. }) => {
            ![MADE, MADE_BELOW].contains(&path.as_str()) || tried(path, false)
        }
        _ => true,
    }
}

/// What follows a step at once: into a directory that should have been made, something is put.
pub(super) fn sequel(operation: &PathOperation) -> Option<PathOperation> {
    let PathOperation::Mkdir(MkdirArguments { path, mode }) = operation else { return None };
    let (kind, device) = (NodeKind::Regular, None);
    let below = MknodArguments { path: MADE_BELOW.to_owned(), kind, mode: *mode, device };
    (path == MADE).then_some(PathOperation::Mknod(below))
}

/// What is executed: a file in a directory, or a directory.
pub(super) fn executable() -> impl Strategy<Value = String> {
    select(&[FILE, FILE_BELOW, FILE_BELOW, SUBDIRECTORY][..]).prop_map(str::to_owned)
}

/// Any operation on a file or directory.
pub(super) fn operation() -> impl Strategy<Value = PathOperation> {
    let exists = || select(vec![path(0), FILE.into(), FILE_BELOW.into(), FILE_BELOW.into(), SUBDIRECTORY.into()]);
    let exists_or_made = || prop_oneof![4 => exists(), 1 => select(vec![MADE.to_owned(), MADE_BELOW.to_owned()])];
    prop_oneof![
        5 => open(),
        3 => (exists_or_made(), select(vec![AttributeName::Trusted, AttributeName::User, AttributeName::User]))
            .prop_map(|(path, name)| PathOperation::Setxattr(SetxattrArguments { path, name })),
        3 => link(),
        3 => select(vec![FILE, FILE, FILE_BELOW, FILE_BELOW, SUBDIRECTORY])
            .prop_map(|path| PathOperation::Unlink(UnlinkArguments { path: path.to_owned() })),
        2 => (exists_or_made(), select(vec![TimesText::Now, TimesText::Given]))
            .prop_map(|(path, times)| PathOperation::Utimensat(UtimensatArguments { path, times })),
        3 => mknod(),
        3 => (select(&[MADE, MADE, MADE, "/srv/sub/made", SUBDIRECTORY][..]), made_mode())
            .prop_map(|(path, mode)| PathOperation::Mkdir(MkdirArguments { path: path.to_owned(), mode })),
        4 => ioctl(),
        4 => exists().prop_map(|path| PathOperation::OpenByHandleAt(OpenByHandleAtArguments { path })),
    ]
}

fn open() -> impl Strategy<Value = PathOperation> {
    let path = prop_oneof![
        1 => Just(path(0)),
        6 => select(&[DIRECTORY, FILE, SUBDIRECTORY, FILE_BELOW, FILE_BELOW][..]).prop_map(str::to_owned),
        4 => select(&SETTINGS[..]).prop_map(str::to_owned),
        1 => select(&[MADE, MADE_BELOW][..]).prop_map(str::to_owned),
    ];
    let access = select(vec![OpenFlag::ReadOnly, OpenFlag::ReadOnly, OpenFlag::WriteOnly, OpenFlag::ReadWrite]);
    (path, access, prop::bool::weighted(0.2)).prop_map(|(path, access, noatime)| {
        let flags = [access].into_iter().chain(noatime.then_some(OpenFlag::NoAtime)).collect();
        PathOperation::Open(OpenArguments { path, flags })
    })
}

fn link() -> impl Strategy<Value = PathOperation> {
    // The file that is executed may be on another mount than the directories.
    let elsewhere = Just((path(0), None));
    let path = select(&[FILE, FILE_BELOW, SUBDIRECTORY][..]).prop_map(str::to_owned);
    let into = select(vec![None, Some(DIRECTORY.to_owned()), Some(SUBDIRECTORY.to_owned())]);
    prop_oneof![1 => elsewhere, 4 => (path, into)]
        .prop_map(|(path, into)| PathOperation::Link(LinkArguments { path, into }))
}

fn mknod() -> impl Strategy<Value = PathOperation> {
    let kinds = [
        NodeKind::Regular,
        NodeKind::Regular,
        NodeKind::Fifo,
        NodeKind::Socket,
        NodeKind::CharacterDevice,
        NodeKind::CharacterDevice,
        NodeKind::BlockDevice,
    ];
    let device = select(vec![None, Some([0, 0]), Some([1, 3]), Some([7, 200])]);
    (select(&NODES[..]), select(kinds.to_vec()), made_mode(), device).prop_map(|(path, kind, mode, device)| {
        PathOperation::Mknod(MknodArguments { path: path.to_owned(), kind, mode, device })
    })
}

fn ioctl() -> impl Strategy<Value = PathOperation> {
    let flags =
        [vec![], vec![FileFlag::Immutable], vec![FileFlag::Append], vec![FileFlag::Immutable, FileFlag::Append]];
    let path = select(&[FILE, FILE_BELOW, SUBDIRECTORY][..]);
    let file = (path, select(flags.to_vec())).prop_map(|(path, flags)| IoctlArguments {
        request: IoctlRequest::SetFlags,
        path: Some(path.to_owned()),
        flags,
    });
    let interface = Just(IoctlArguments { request: IoctlRequest::SetInterfaceFlags, path: None, flags: Vec::new() });
    prop_oneof![3 => file, 1 => interface].prop_map(PathOperation::Ioctl)
}

/// A mode of a directory is often open to all, so that something is reached in it; sticky and set-group-ID bits are
/// often set.
fn mode(directory: bool) -> impl Strategy<Value = Mode> {
    let (usual, bits) = if directory {
        (&[0o755, 0o777, 0o1777, 0o2777, 0o3777, 0o2775, 0o775, 0o700, 0o711, 0o1775, 0o750][..], 0o3777)
    } else {
        (&[0o644, 0o666, 0o600, 0o640, 0o664, 0o604, 0o2775, 0o2666, 0o4777, 0o444][..], 0o6777)
    };
    prop_oneof![4 => select(usual), 1 => 0..=0o7777u16]
        .prop_map(move |mode| Mode::new(mode & bits).unwrap_or(Mode::EXECUTABLE))
}

fn made_mode() -> impl Strategy<Value = ModeText> {
    prop_oneof![1 => select(vec![0o755, 0o2775, 0o2755, 0o6711, 0o2644]), 1 => 0..=0o7777u16]
        .prop_map(|mode| ModeText(Mode::new(mode).unwrap_or(Mode::EXECUTABLE)))
}
