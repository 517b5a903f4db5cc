//! What a text says, part by part put together.

use std::collections::BTreeMap;

use formats::operations::Collector;
use formats::strace;
use formats::{Container, Failure, FileCopy, Finding, Image, Mount, Says, TextForm};
use sim_core::engine::Engine;
use sim_core::least::{Operation, Shown};
use sim_core::scenario::{
    Call, EngineText, FileEntry, FilterEntry, Process, ReleaseText, RuntimeEntry, Step, Sysctl, VersionText,
};

/// Everything that a text says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// What engines and systemd are asked to start.
    pub(crate) containers: Vec<Asked>,
    /// Processes that run, each of all that is known of it.
    pub(crate) processes: Vec<Seen>,
    /// Files by path.
    pub(crate) files: BTreeMap<String, FileEntry>,
    /// What commands do, in order.
    pub(crate) calls: Vec<Call>,
    /// What failed, in order, each with its line.
    pub(crate) failures: Vec<(usize, Failure)>,
    /// Files that were made of others, in order with the number of calls before each.
    pub(crate) copies: Vec<(usize, FileCopy)>,
    /// What a Dockerfile says about its container.
    pub(crate) images: Vec<Image>,
    /// Settings of the kernel.
    pub(crate) sysctl: Sysctl,
    /// Profiles of seccomp.
    pub(crate) profiles: Vec<FilterEntry>,
    /// The kernels, in the order of the text.
    pub(crate) kernels: Vec<ReleaseText>,
    /// What the last log of strace shows.
    pub(crate) log: Option<Logged>,
    /// Versions of engines.
    pub(crate) versions: Vec<(EngineText, VersionText)>,
    /// Whether root traces, as far as a command tells.
    pub(crate) traced_by_root: bool,
    /// Whole scenarios.
    pub(crate) scenarios: Vec<String>,
    /// What had to be assumed in reading, by the line; and whether that is about one container alone.
    pub(crate) assumed: Vec<(usize, bool, String)>,
    /// Lines of a user namespace's map of ids.
    pub(crate) uid_map: Option<String>,
}

/// What an engine is asked, and where.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The line.
    pub(crate) line: usize,
    /// What it is.
    pub(crate) container: Container,
}

/// A process that runs.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The line.
    pub(crate) line: usize,
    /// What is known of it.
    pub(crate) process: Process,
}

/// What a log of strace shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logged {
    /// What can be asked of the model, up to the first that was refused, each with its line in the whole text.
    pub(crate) operations: Vec<(usize, Operation)>,
    /// The last call of all.
    pub(crate) last: Option<String>,
}

/// A write to the map of a user namespace that the thread made itself: the line, and the write.
fn map_write(lines: &[&[u8]]) -> Vec<(usize, Operation)> {
    written_map(lines).unwrap_or_default()
}

fn written_map(lines: &[&[u8]]) -> Option<Vec<(usize, Operation)>> {
    let texts = || lines.iter().map(|line| String::from_utf8_lossy(line)).enumerate();
    let opened = texts().find_map(|(_, line)| {
        let file = ["uid_map", "gid_map"].into_iter().find(|file| line.contains(&format!("/proc/self/{file}\"")))?;
        Some((file, line.rsplit("= ").next()?.trim().to_owned()))
    })?;
    let (file, descriptor) = opened;
    let start = format!("write({descriptor}, \"");
    let (index, line) = texts().find(|(_, line)| line.contains(&start))?;
    let text = line.split_once(&start)?.1.split('"').next()?.to_owned();
    let shown = if line.contains("= -1 EPERM") { Shown::Refused } else { Shown::Succeeded };
    let call = format!(r#"{{"write_map": {{"user_ns": "made", "file": {file:?}, "text": {text:?}}}}}"#);
    let operation = |text: &str, shown| {
        let step: Step = sim_core::scenario::read_value(text).ok()?;
        Some(Operation { call: step.call, shown, unknown: None })
    };
    let made = texts().position(|(_, line)| line.contains("unshare(") && line.contains("CLONE_NEWUSER"))?;
    let unshare = operation(r#"{"unshare": {"flags": ["CLONE_NEWUSER"], "user_ns": "made"}}"#, Shown::Succeeded)?;
    Some(vec![(made + 1, unshare), (index + 1, operation(&call, shown)?)])
}

/// How many operations of a log are played.
const MOST_OPERATIONS: usize = 64;

impl Logged {
    fn read(finding: &Finding, text: &[u8]) -> Self {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let part: Vec<&[u8]> = lines.skip(finding.line - 1).take(finding.last_line + 1 - finding.line).collect();
        let mut collector = Collector::default();
        let mut last = None;
        for record in strace::read(&part.concat()) {
            if let Ok(strace::Record::Call(call)) = record {
                collector.add(&call);
                last = Some(call.name);
            }
        }
        let mut operations = Vec::new();
        for seen in collector.finish().threads.into_iter().flat_map(|thread| thread.operations) {
            let line = seen.places.first().map_or(0, |place| usize::try_from(place.line).unwrap_or(usize::MAX));
            operations.push((line.saturating_add(finding.line - 1), seen.operation));
        }
        operations.extend(map_write(&part).into_iter().map(|(line, operation)| (line + finding.line - 1, operation)));
        operations.sort_by_key(|(line, _)| *line);
        let refused = operations.iter().position(|(_, operation)| operation.shown == Shown::Refused);
        operations.truncate(refused.map_or(MOST_OPERATIONS, |refused| (refused + 1).min(MOST_OPERATIONS)));
        Self { operations, last }
    }

    /// Whether a program was started under it.
    pub(crate) fn executes(&self) -> bool {
        self.operations.iter().any(|(_, operation)| matches!(operation.call, Call::Execve(_)))
    }
}

/// Gives the files below a mount its options: of several mounts those of the nearest.
pub(crate) fn mount(files: &mut BTreeMap<String, FileEntry>, mounts: &[Mount]) {
    // Of two at one place the later lies over the earlier.
    let mounts: BTreeMap<&str, &Mount> =
        mounts.iter().map(|mount| (mount.path.trim_end_matches('/'), mount)).collect();
    for (path, entry) in files {
        let mut above = path.match_indices('/').rev().filter_map(|(end, _)| path.get(..end));
        if let Some(mount) = above.find_map(|folder| mounts.get(folder)) {
            entry.nosuid |= mount.nosuid;
            entry.noexec |= mount.noexec;
        }
    }
}

/// How much is known of a process.
fn known(process: &Process) -> usize {
    let ids = [process.uid, process.gid].into_iter().flatten().count();
    let sets = [process.permitted, process.effective, process.inheritable, process.bounding, process.ambient];
    ids + sets.into_iter().flatten().count()
}

/// A line of three numbers.
pub(crate) fn three_numbers(line: &str) -> Option<[u32; 3]> {
    let numbers: Option<Vec<u32>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    <[u32; 3]>::try_from(numbers?).ok()
}

/// Whether root starts strace or attaches it: by sudo, with another user's name, or to a pid.
fn is_traced_by_root(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text.get(..1 << 16).unwrap_or(text));
    text.lines().any(|line| {
        let mut words = line.split_whitespace().skip_while(|word| !word.ends_with("strace"));
        let strace = words.next().is_some();
        let options: Vec<&str> = words.take_while(|word| *word != "execve").collect();
        strace && (line.contains("sudo strace") || options.contains(&"-p") || options.contains(&"-u"))
    })
}

/// Programs that people start to look at something.
const PROBES: [&str; 18] = [
    "grep", "egrep", "cat", "getcap", "ls", "id", "sysctl", "capsh", "stat", "head", "env", "uname", "whoami",
    "pscap", "getpcaps", "true", "findmnt", "mount",
];

impl Asked {
    /// Whether it was only started to look at something.
    pub(crate) fn is_probe(&self) -> bool {
        let words = &self.container.command;
        let name = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
        let Some(first) = words.first().map(|word| name(word)) else { return false };
        let script = words.iter().skip_while(|word| *word != "-c").nth(1).filter(|_| first.ends_with("sh"));
        let Some(script) = script else { return PROBES.contains(&first.as_str()) };
        let mut commands = script.split([';', '&', '|']).filter_map(|part| part.split_whitespace().next());
        commands.all(|word| PROBES.contains(&name(word).as_str()))
    }
}

impl Facts {
    /// Puts findings together.
    pub(crate) fn of(findings: &[Finding], text: &[u8]) -> Self {
        let mut facts = Self::default();
        let (mut latest, mut log) = (None::<TextForm>, None);
        let mut mounts = Vec::new();
        facts.traced_by_root = is_traced_by_root(text);
        facts.read_lines(text);
        for finding in findings {
            let of_one = matches!(finding.says, Says::Container(_));
            let assumed = finding.assumed.iter().map(|text| (finding.line, of_one, text.clone()));
            facts.assumed.extend(assumed);
            match &finding.says {
                Says::Container(container) => {
                    facts.containers.push(Asked { line: finding.line, container: (**container).clone() });
                }
                Says::Process(process) => {
                    facts.add_process(finding.line, process, latest == Some(finding.form));
                    latest = Some(finding.form);
                }
                Says::Files(files) => {
                    for (path, entry) in files {
                        facts.add_file(path, entry);
                    }
                }
                Says::Calls(calls) => facts.calls.extend(calls.iter().cloned()),
                Says::Failure(failure) => facts.failures.push((finding.line, failure.clone())),
                Says::Copy(copy) => facts.copies.push((facts.calls.len(), copy.clone())),
                Says::Image(image) => facts.images.push((**image).clone()),
                Says::Mount(mount) => mounts.push(mount.clone()),
                Says::Sysctl(sysctl) => facts.sysctl = sysctl.or(facts.sysctl),
                Says::Profile(profile) => facts.profiles.push((**profile).clone()),
                Says::Kernel(release) => facts.kernels.push(*release),
                Says::Log if finding.form == TextForm::Strace => log = Some(finding),
                Says::Engine(entry) => facts.add_version(entry),
                Says::Scenario(text) => facts.scenarios.push(text.clone()),
                _ => {}
            }
        }
        facts.log = log.map(|finding| Logged::read(finding, text));
        facts.join_names();
        mount(&mut facts.files, &mounts);
        // Of several processes the one of which most is known is asked about first.
        facts.processes.sort_by_key(|seen| std::cmp::Reverse(known(&seen.process)));
        facts
    }

    /// `./x` and `x` are one file: what is known of it comes under the name with `./`, as commands have it.
    fn join_names(&mut self) {
        let dotted: Vec<String> = self.files.keys().filter(|path| path.starts_with("./")).cloned().collect();
        for path in dotted {
            if let Some(entry) = path.strip_prefix("./").and_then(|plain| self.files.remove(plain)) {
                self.add_file(&path, &entry);
            }
        }
    }

    /// What single lines say that no reader takes: the map of a user namespace, and the first line of a script.
    fn read_lines(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text.get(..1 << 16).unwrap_or(text));
        let mut before = "";
        for line in text.lines() {
            if three_numbers(line).is_some_and(|[_, _, count]| count > 0) {
                let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
                self.uid_map = Some(self.uid_map.take().map_or(line.clone(), |map| format!("{map}\n{line}")));
            }
            let script =
                before.split_whitespace().last().filter(|_| before.contains("head -") || before.contains("cat "));
            if let (Some(interpreter), Some(path)) = (line.strip_prefix("#!"), script) {
                let program = interpreter.split_whitespace().next().unwrap_or_default();
                if program.starts_with('/') {
                    self.files.entry(path.to_owned()).or_default().interpreter = Some(program.to_owned());
                }
            }
            before = line;
        }
    }

    /// What is known of a process is added to what another kind of text says of it; the same kind again is another process.
    fn add_process(&mut self, line: usize, process: &Process, another: bool) {
        match self.processes.last_mut() {
            Some(Seen { process: known, .. }) if !another => {
                let new = process.clone();
                known.uid = new.uid.or(known.uid);
                known.gid = new.gid.or(known.gid);
                known.permitted = new.permitted.or(known.permitted);
                known.effective = new.effective.or(known.effective);
                known.inheritable = new.inheritable.or(known.inheritable);
                known.bounding = new.bounding.or(known.bounding);
                known.ambient = new.ambient.or(known.ambient);
                known.no_new_privs |= new.no_new_privs;
                if known.groups.is_empty() {
                    known.groups = new.groups;
                }
                if known.securebits.0.bits() == 0 {
                    known.securebits = new.securebits;
                }
            }
            _ => self.processes.push(Seen { line, process: process.clone() }),
        }
    }

    /// What is known of a file is added to what is known already.
    fn add_file(&mut self, path: &str, entry: &FileEntry) {
        let known = self.files.entry(path.to_owned()).or_default();
        let default = FileEntry::default();
        if entry.caps.is_some() {
            known.caps.clone_from(&entry.caps);
        }
        if entry.mode != default.mode {
            known.mode = entry.mode;
        }
        if (entry.uid, entry.gid) != (0, 0) {
            (known.uid, known.gid) = (entry.uid, entry.gid);
        }
        known.nosuid |= entry.nosuid;
        known.noexec |= entry.noexec;
        known.directory |= entry.directory;
        if entry.interpreter.is_some() {
            known.interpreter.clone_from(&entry.interpreter);
        }
    }

    fn add_version(&mut self, entry: &RuntimeEntry) {
        if let Some(version) = entry.version {
            self.versions.push((entry.engine, version));
        }
    }

    /// The kernel: of several the oldest, for the answer says where later ones differ.
    pub(crate) fn kernel(&self) -> Option<ReleaseText> {
        self.kernels.iter().copied().min_by_key(|ReleaseText(release)| *release)
    }

    /// The version of an engine, where the text has it.
    pub(crate) fn version(&self, engine: Engine) -> Option<VersionText> {
        self.versions.iter().rev().find(|(EngineText(known), _)| *known == engine).map(|(_, version)| *version)
    }

    /// The file that a name means: that very path, or the only one that ends in it.
    pub(crate) fn path_of(&self, name: &str) -> Option<&str> {
        if let Some((path, _)) = self.files.get_key_value(name) {
            return Some(path);
        }
        let last = name.rsplit('/').next().unwrap_or(name);
        let mut same = self.files.keys().filter(|path| path.rsplit('/').next() == Some(last));
        same.next().filter(|_| same.next().is_none()).map(String::as_str)
    }
}
