//! What was found in a text: a part of it, what it says in the words of the scenario format, and what was taken for
//! granted in reading it.

use sim_core::engine::Engine;
use sim_core::scenario::{
    Call, FileEntry, FilterEntry, Process, ReleaseText, RuntimeEntry, Sysctl, UserNamespaceEntry,
};

/// A part of a text that was recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its first line, counted from 1.
    pub line: usize,
    /// Its last line.
    pub last_line: usize,
    /// What kind of text it is.
    pub form: TextForm,
    /// What it says.
    pub says: Says,
    /// What was recognised in it, a short phrase each, as `user 1000` or `--cap-add NET_RAW`.
    pub recognised: Vec<String>,
    /// What had to be assumed, a sentence each.
    pub assumed: Vec<String>,
}

/// A part of a text that was not understood, or not whole; the rest of the text is still read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Misread {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What a reader made of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    /// What was not understood.
    pub misread: Vec<Misread>,
}

/// The kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TextForm {
    /// `docker run …`, `docker create`, `docker exec`.
    DockerCommand,
    /// `podman run …`.
    PodmanCommand,
    /// A service of a compose file.
    Compose,
    /// What `docker inspect` prints.
    DockerInspect,
    /// What `podman inspect` prints.
    PodmanInspect,
    /// A pod, or what has a template of one.
    Pod,
    /// An OCI runtime's `config.json`.
    OciConfig,
    /// A systemd unit file.
    Unit,
    /// Lines of `/proc/PID/status`.
    Status,
    /// What getcap prints.
    Getcap,
    /// What `ls -l` prints.
    Listing,
    /// What `capsh --print` prints.
    Capsh,
    /// Text of an inheritable, ambient and bounding tuple, cap_iab(3).
    Iab,
    /// What `id` prints.
    Id,
    /// A seccomp profile.
    Profile,
    /// What strace prints.
    Strace,
    /// Records of the audit subsystem.
    Audit,
    /// An error message of a program or an engine.
    ErrorMessage,
    /// What `getpcaps` prints.
    Getpcaps,
    /// What `stat`, `findmnt` and `mount` print, and lines of `/proc/mounts`.
    Mount,
    /// A setting of the kernel, as sysctl prints it.
    Sysctl,
    /// A command of a shell that changes files or privilege: `setcap`, `chown`, `capsh`, `setpriv`, `su` and the like.
    Command,
    /// A Dockerfile.
    Dockerfile,
    /// A version of the kernel or of an engine, as `uname -r` and `docker version` print it.
    Version,
    /// A scenario of eperm.
    Scenario,
}

/// What a finding says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Says {
    /// What an engine or systemd is asked to start.
    Container(Box<Container>),
    /// The state of a process, as far as the text has it.
    Process(Box<Process>),
    /// Files with what is known of each, by path.
    Files(Vec<(String, FileEntry)>),
    /// Calls that a command makes, in order; `execve` of a path may be among them.
    Calls(Vec<Call>),
    /// A file is made of another.
    Copy(FileCopy),
    /// Settings of the kernel.
    Sysctl(Box<Sysctl>),
    /// What a Dockerfile says about the container that is made of its image.
    Image(Box<Image>),
    /// What is mounted where, with options that matter to execve.
    Mount(Mount),
    /// Something failed.
    Failure(Failure),
    /// A profile of seccomp.
    Profile(Box<FilterEntry>),
    /// System calls that were seen; the log is read again by those who need it. Those that failed are findings of their
    /// own, at lines of the log.
    Log,
    /// The kernel's release.
    Kernel(ReleaseText),
    /// An engine and its version: `runtime` has `engine` and `version` only.
    Engine(Box<RuntimeEntry>),
    /// A whole scenario, as its text.
    Scenario(String),
}

/// Something that an engine or systemd is asked to start.
///
/// `name` and `image` have no control characters. `command`, and the texts in `runtime`, are as they were written; who
/// shows them escapes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// Its name, where the text has one.
    pub name: Option<String>,
    /// What the engine is asked.
    pub runtime: RuntimeEntry,
    /// The user namespace that `runtime.user_namespace` names, where it names one: its entry in `user_namespaces`.
    pub user_namespace: Option<UserNamespaceEntry>,
    /// The seccomp profile that is asked for. `runtime.seccomp` has it where the text has it whole.
    pub profile: AskedProfile,
    /// The thread just before execve(2), where the text has it exactly, as an OCI `config.json` and the capabilities that
    /// `podman inspect` prints do. It goes before what `runtime` gives: use it as the scenario's `process`. Its
    /// `user_ns` is the name that `runtime.user_namespace` has.
    pub exact: Option<Box<Process>>,
    /// File systems that are mounted with options which decide about privilege.
    pub mounts: Vec<Mount>,
    /// The program and its arguments, where the text has them; without the image's own entrypoint.
    pub command: Vec<String>,
    /// The image, where the text has one.
    pub image: Option<String>,
    /// Whether it only joins one that runs, as `docker exec` does.
    pub is_exec: bool,
    /// Ports inside that are published or named, the first first.
    pub ports: Vec<u16>,
}

/// A file that is made of another, as by cp(1) or a Dockerfile's `COPY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCopy {
    /// The file that is copied, where the text has one file.
    pub from: Option<String>,
    /// The new file.
    pub to: String,
    /// Whether `security.capability` comes with it.
    pub keeps_capabilities: bool,
    /// The new owner and group, where the text tells.
    pub owner: Option<(u32, u32)>,
}

/// What a Dockerfile says about the container that is made of its image: its last stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// What it is made of.
    pub from: Option<String>,
    /// `USER`, as it is written.
    pub user: Option<String>,
    /// `ENTRYPOINT` and `CMD`.
    pub command: Vec<String>,
    /// `EXPOSE`.
    pub ports: Vec<u16>,
}

/// Which seccomp profile is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AskedProfile {
    /// The engine's own.
    #[default]
    Default,
    /// None.
    Unconfined,
    /// One in a file of this name, which the text does not have.
    File(String),
    /// One that stands in the text.
    Given,
}

/// A file system that is mounted, in a container or as mount(8) prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub path: String,
    /// Whether it has the option nosuid.
    pub nosuid: bool,
    /// Whether it has the option noexec.
    pub noexec: bool,
}

impl Container {
    /// One that asks this engine for nothing in particular.
    pub fn of(engine: Engine) -> Self {
        Self {
            name: None,
            runtime: RuntimeEntry::of(engine),
            user_namespace: None,
            profile: AskedProfile::Default,
            exact: None,
            mounts: Vec::new(),
            command: Vec::new(),
            image: None,
            is_exec: false,
            ports: Vec::new(),
        }
    }
}

/// Something failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What kind of message it is: the id of its row in [`MESSAGES`](crate::MESSAGES), `strace` or `audit`.
    pub id: &'static str,
    /// The message as it was found.
    pub message: String,
    /// What was tried, in the words of the scenario format, where the message tells it. The file that it names may be a
    /// bare name or a relative path, as in the message.
    pub call: Option<Call>,
    /// The program or file that it is about, where the message tells it.
    pub path: Option<String>,
    /// The name of the error, as `EPERM`, where the message tells it.
    pub errno: Option<&'static str>,
}
