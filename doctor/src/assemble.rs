//! From facts to scenarios: one for each container or process, with what had to be assumed.

use formats::{AskedProfile, Container, Failure, Mount};
use sim_core::capability::CapSet;
use sim_core::engine::Engine;
use sim_core::least::{Operation, Shown};
use sim_core::scenario::{
    Call, EngineText, FileEntry, FourIds, Loaded, Process, ProcessOperation, ReleaseText, RuntimeEntry, Scenario,
    SetText, Simulation, Step, StepOutcome, Traced, UserNamespaceEntry, VersionText, World, WorldProblem, verdict,
};

use crate::Options;
use crate::facts::{Asked, Facts, Logged, Seen, three_numbers};

/// A scenario that is to be played, and what was assumed for it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// What it is about, as `container "web"`.
    pub(crate) title: String,
    /// The line of the text that it comes from.
    pub(crate) line: Option<usize>,
    /// The scenario.
    pub(crate) scenario: Scenario,
    /// The step that a message says failed, and the message.
    pub(crate) failed: Option<(usize, Failure)>,
    /// Whether it is about a process that was looked at.
    pub(crate) of_process: bool,
    /// What was assumed.
    pub(crate) assumed: Vec<String>,
    /// What was done to files before, where one lost its capabilities by it: in words, and the rules.
    pub(crate) before: Vec<(String, Vec<&'static str>)>,
}

/// Where a program is taken to be whose folder is not known.
const FOLDER: &str = "/usr/local/bin/";

/// The user that is meant where none is named.
const SOME_USER: u32 = 1000;

/// A scenario for each container or process, at most `most`, and how many more there are.
pub(crate) fn drafts(facts: &Facts, options: &Options, most: usize) -> (Vec<Draft>, usize) {
    let mut drafts: Vec<Draft> = facts.scenarios.iter().filter_map(|text| of_scenario(text)).take(most).collect();
    let started = started(facts);
    let mut all = facts.scenarios.len() + started.len();
    let left = most.saturating_sub(drafts.len());
    drafts.extend(started.iter().take(left).map(|(asked, failure)| of_container(asked, facts, *failure)));
    if all == 0 {
        let failure = failure(&facts.failures);
        let something = failure.is_some() || !facts.files.is_empty() || !facts.calls.is_empty();
        let commands = facts.calls.iter().any(needs_root);
        if !facts.processes.is_empty() && !commands {
            drafts.extend(facts.processes.iter().take(most).map(|seen| of_process(seen, facts, failure)));
            all = facts.processes.len();
        } else if something || !facts.profiles.is_empty() {
            drafts.push(of_nobody(facts, failure));
            all = 1;
        }
    }
    for draft in &mut drafts {
        settle(&mut draft.scenario);
        let release = options.release.map(ReleaseText).or(facts.kernel());
        if release.is_some() {
            draft.scenario.kernel = release;
        } else if draft.scenario.kernel.is_none() {
            draft
                .assumed
                .push("The kernel's release is not in the text: the newest that is modelled is taken.".into());
        }
    }
    let more = all.saturating_sub(drafts.len());
    (drafts, more)
}

/// The containers that the text is about, each with the failure that is told of it: those that fail first, then those
/// that were not only started to look at something.
fn started(facts: &Facts) -> Vec<(&Asked, Option<&Failure>)> {
    let of = |line: usize, mut among: Vec<usize>| {
        among.retain(|index| facts.containers.get(*index).is_some_and(|asked| asked.line <= line));
        among.last().copied()
    };
    let asked = |probes: bool| {
        let indices = facts.containers.iter().enumerate();
        indices.filter(move |(_, asked)| probes || !asked.is_probe()).map(|(index, _)| index).collect::<Vec<_>>()
    };
    let real = if asked(false).is_empty() { asked(true) } else { asked(false) };
    // A message belongs to what was started last before it; else to the first thing after it.
    let mut failures: Vec<Vec<(usize, Failure)>> = facts.containers.iter().map(|_| Vec::new()).collect();
    for (line, failure) in &facts.failures {
        let index = of(*line, real.clone()).or_else(|| real.first().copied());
        if let Some(told) = index.and_then(|index| failures.get_mut(index)) {
            told.push((*line, failure.clone()));
        }
    }
    let first = |index: &usize| {
        let told = failures.get(*index)?;
        let chosen = failure(told)?;
        facts.failures.iter().map(|(_, failure)| failure).find(|failure| *failure == chosen)
    };
    let mut started: Vec<_> =
        real.iter().filter_map(|index| Some((facts.containers.get(*index)?, first(index)))).collect();
    started.sort_by_key(|(_, failure)| failure.is_none());
    started
}

/// The failure that is asked about: the first that tells what was tried.
fn failure(failures: &[(usize, Failure)]) -> Option<&Failure> {
    let mut failures = failures.iter().map(|(_, failure)| failure);
    let first = failures.clone().next();
    failures.find(|failure| failure.call.is_some()).or(first)
}

fn of_scenario(text: &str) -> Option<Draft> {
    let loaded = Loaded::read(text, &sim_core::scenario::Options::default()).ok()?;
    let title = loaded.scenario.title.clone().unwrap_or_else(|| "the scenario".into());
    Some(Draft {
        title,
        line: None,
        scenario: loaded.scenario,
        failed: None,
        of_process: false,
        assumed: Vec::new(),
        before: Vec::new(),
    })
}

fn of_container(asked: &Asked, facts: &Facts, failure: Option<&Failure>) -> Draft {
    let Asked { line, container, .. } = asked;
    let mut assumed = Vec::new();
    let mut runtime = container.runtime.clone();
    if container.is_exec {
        runtime = joined(container, facts, &mut assumed);
    }
    if runtime.user.is_none()
        && let Some(user) = facts.images.last().and_then(|image| image.user.clone())
    {
        assumed.push(format!("The user is taken from the Dockerfile: {user}."));
        runtime.user = Some(user);
    }
    if runtime.user.is_none()
        && let Some(FourIds([uid, ..])) = facts.processes.iter().find_map(|seen| seen.process.uid)
        && uid != 0
    {
        runtime.user = Some(uid.to_string());
        assumed.push(format!("The user is taken from the process that was looked at: {uid}."));
    }
    version(&mut runtime, facts, &mut assumed);
    profile(container, &mut runtime, facts, &mut assumed);
    let what = if runtime.engine.0 == Engine::Systemd { "unit" } else { "container" };
    let title = match &container.name {
        Some(name) => format!("{what} {name:?}"),
        None => format!("the {what} of line {line}"),
    };
    let mut draft = Draft {
        title,
        line: Some(*line),
        scenario: Scenario { runtime: Some(runtime), ..Scenario::default() },
        failed: None,
        of_process: false,
        assumed,
        before: Vec::new(),
    };
    if let Some(exact) = &container.exact {
        (draft.scenario.process, draft.scenario.runtime) = ((**exact).clone(), None);
    }
    if let (Some(name), Some(entry)) = (&container.runtime.user_namespace, &container.user_namespace) {
        draft.scenario.user_namespaces.insert(name.clone(), entry.clone());
    }
    take_files(&mut draft, facts, failure);
    mount(&mut draft.scenario, &container.mounts);
    let of_image = facts.images.last().and_then(|image| image.command.first()).map(String::as_str);
    let program = program(container.command.first().map(String::as_str).or(of_image), facts, failure);
    add_steps(&mut draft, program, facts, failure, &container.ports);
    draft
}

fn of_process(seen: &Seen, facts: &Facts, failure: Option<&Failure>) -> Draft {
    let Seen { line, process } = seen;
    let mut draft = Draft {
        title: "the process".into(),
        line: Some(*line),
        scenario: Scenario { process: process.clone(), ..Scenario::default() },
        failed: None,
        of_process: true,
        assumed: Vec::new(),
        before: Vec::new(),
    };
    complete(&mut draft);
    enter_namespace(&mut draft, facts);
    if process.seccomp.is_empty() {
        draft.scenario.process.seccomp.extend(facts.profiles.first().cloned());
    }
    take_files(&mut draft, facts, failure);
    // One whose sets are known runs already, unless the message is about its start or its file's capabilities are void.
    let sets = process.permitted.or(process.effective).map(|set| set.resolve(CapSet::EMPTY));
    let about_start = failure.is_none_or(|failure| !matches!(failure.call, Some(Call::Execve(_)) | None));
    let with_caps = facts.files.values().any(|file| file.caps.is_some());
    let runs = sets.is_some_and(|set| !set.is_empty() || !with_caps) && about_start && failure.is_some();
    let program = if runs { None } else { program(None, facts, failure) };
    add_steps(&mut draft, program, facts, failure, &[]);
    draft
}

/// Fills what is not known of a process from what is.
fn complete(draft: &mut Draft) {
    let process = &mut draft.scenario.process;
    let set = |set: Option<SetText>| set.map(|set| set.resolve(CapSet::EMPTY));
    let held = set(process.effective).unwrap_or_default() | set(process.ambient).unwrap_or_default();
    if process.uid.is_none() {
        let root = held.len() > MANY;
        let id = if root { 0 } else { SOME_USER };
        process.uid = Some(FourIds([id; 4]));
        process.gid = process.gid.or(process.uid);
        draft.assumed.push(format!("Its user id is not in the text: {id} is taken."));
    }
    if !held.is_empty() && process.permitted.is_none() {
        process.permitted = Some(held.into());
        draft.assumed.push("Its permitted set is not in the text: what is effective or ambient is taken.".into());
    }
    if let (Some(ambient), None) =
        (process.ambient.filter(|set| set.resolve(CapSet::EMPTY) != CapSet::EMPTY), process.inheritable)
    {
        process.inheritable = Some(ambient);
        draft.assumed.push("Its inheritable set is not in the text: what is ambient is taken.".into());
    }
    let permitted = set(process.permitted).unwrap_or_default();
    if process.permitted.is_some() && process.effective.is_none() {
        process.effective = Some(permitted.into());
        draft.assumed.push("Its effective set is not in the text: what is permitted is taken.".into());
    }
    let some_root = process.uid.is_some_and(|FourIds([_, effective, ..])| effective == 0);
    if some_root && process.permitted.is_none() && process.bounding.is_some() {
        (process.permitted, process.effective) = (process.bounding, process.bounding);
        draft
            .assumed
            .push("Its permitted set is not in the text: all of the bounding set is taken, for it is root.".into());
    }
}

/// Puts the process into the user namespace whose map is in the text, if its ids are seen from outside.
fn enter_namespace(draft: &mut Draft, facts: &Facts) {
    let Some(map) = &facts.uid_map else { return };
    let lines: Vec<[u32; 3]> = map.lines().filter_map(three_numbers).collect();
    let inside = |id: u32| {
        let within = lines.iter().find(|[_, outside, count]| id >= *outside && id - outside < *count);
        within.map(|[inside, outside, _]| inside + (id - outside))
    };
    let process = &mut draft.scenario.process;
    let Some(FourIds(uid)) = process.uid else { return };
    let moved: Option<Vec<u32>> = uid.iter().map(|id| inside(*id)).collect();
    let Some(Ok(uid)) = moved.map(<[u32; 4]>::try_from) else { return };
    let gid = process.gid.and_then(|FourIds(gid)| gid.iter().map(|id| inside(*id)).collect::<Option<Vec<u32>>>());
    process.uid = Some(FourIds(uid));
    process.gid = gid.and_then(|gid| <[u32; 4]>::try_from(gid).ok()).map(FourIds).or(process.uid);
    process.user_ns = Some("inner".to_owned());
    let owner = lines.first().map(|[_, outside, _]| *outside);
    let entry = UserNamespaceEntry {
        owner,
        uid_map: Some(map.clone()),
        gid_map: Some(map.clone()),
        ..UserNamespaceEntry::default()
    };
    draft.scenario.user_namespaces.insert("inner".to_owned(), entry);
    draft
        .assumed
        .push("The ids of the process are those that the host sees; groups are taken to be mapped as users.".into());
}

/// So many capabilities only root has.
const MANY: u32 = 30;

fn of_nobody(facts: &Facts, failure: Option<&Failure>) -> Draft {
    let mut draft = Draft {
        title: "the program".into(),
        line: None,
        scenario: Scenario::default(),
        failed: None,
        of_process: false,
        assumed: Vec::new(),
        before: Vec::new(),
    };
    if let Some(profile) = facts.profiles.first() {
        draft.scenario.process.seccomp.push(profile.clone());
    }
    take_files(&mut draft, facts, failure);
    let by_root = facts.calls.iter().any(needs_root);
    let user = FourIds([SOME_USER; 4]);
    if by_root {
        draft.assumed.push("Who runs the commands is not in the text: root is taken, with every capability.".into());
    } else {
        (draft.scenario.process.uid, draft.scenario.process.gid) = (Some(user), Some(user));
        draft.assumed.push(format!(
            "Who runs it is not in the text: an ordinary user is taken, id {SOME_USER}, without capabilities."
        ));
    }
    for call in facts.calls.iter().filter(|call| !matches!(call, Call::FileChange(_))) {
        add_step(&mut draft.scenario, call.clone());
    }
    let played = Simulated::of(&draft.scenario);
    if let Some(failure) = failure
        && let Some(step) = played.refused(failure.errno)
    {
        // What the text shows of the failure is one of these commands.
        draft.failed = Some((step, failure.clone()));
        return draft;
    }
    let executed = facts.calls.iter().any(|call| matches!(call, Call::Execve(_)));
    let program = if executed { None } else { program(None, facts, failure) };
    let rest = Facts { calls: Vec::new(), ..facts.clone() };
    add_steps(&mut draft, program, &rest, failure, &[]);
    draft
}

/// What runs by `exec`: user and privilege are its own, everything else is that of the container it joins.
fn joined(container: &Container, facts: &Facts, assumed: &mut Vec<String>) -> RuntimeEntry {
    let own = &container.runtime;
    let same = |asked: &&Asked| !asked.container.is_exec && asked.container.name == container.name;
    let Some(base) = facts.containers.iter().find(same) else {
        assumed
            .push("The container that it joins is not in the text: one with the engine's defaults is taken.".into());
        return own.clone();
    };
    let base = &base.container.runtime;
    RuntimeEntry { user: own.user.clone().or_else(|| base.user.clone()), privileged: own.privileged, ..base.clone() }
}

/// Whether a command makes sense for root alone.
fn needs_root(call: &Call) -> bool {
    matches!(call, Call::SetId(_) | Call::Setgroups(_))
}

/// What becomes of a scenario's steps, as far as it makes sense.
struct Simulated(Vec<StepOutcome>);

impl Simulated {
    fn of(scenario: &Scenario) -> Self {
        let Ok(world) = World::new(scenario, &sim_core::scenario::Options::default()) else {
            return Self(Vec::new());
        };
        let mut simulation = Simulation::new(world);
        Self(scenario.steps.iter().map(|step| simulation.perform(&step.call)).collect())
    }

    /// The first step that is refused with this error.
    fn refused(&self, errno: Option<&str>) -> Option<usize> {
        let same = |outcome: &StepOutcome| {
            outcome.refusal.is_some_and(|refusal| errno.is_none_or(|errno| refusal.errno.to_string() == errno))
        };
        self.0.iter().position(same)
    }
}

/// What commands did to files, by root, before anything is started.
fn change_files(draft: &mut Draft, facts: &Facts, failure: Option<&Failure>) {
    let failing = failure.and_then(|failure| failure.call.as_ref());
    let mut scenario = Scenario { files: draft.scenario.files.clone(), ..Scenario::default() };
    for (index, call) in facts.calls.iter().enumerate() {
        copy_files(draft, &mut scenario, facts, index);
        if let Call::FileChange(_) = call
            && Some(call) != failing
        {
            add_step(&mut scenario, call.clone());
        }
    }
    copy_files(draft, &mut scenario, facts, facts.calls.len());
    if scenario.steps.is_empty() {
        return;
    }
    draft
        .assumed
        .push("The commands that change files are taken to have been root's, and to have gone through.".into());
    for outcome in Simulated::of(&scenario).0 {
        let Call::FileChange(change) = &outcome.call else { continue };
        let (Some(before), Some(after)) = (&outcome.file_before, &outcome.file) else { continue };
        let entry = draft.scenario.files.entry(change.path().to_owned()).or_default();
        (entry.uid, entry.gid, entry.mode) = (after.uid, after.gid, after.mode);
        entry.caps.clone_from(&after.caps);
        if before.caps.is_some() && after.caps.is_none() {
            draft.before.push((verdict(&outcome), outcome.result().rules));
        }
    }
}

/// The copies of files before a call: most of them leave the capabilities behind.
fn copy_files(draft: &mut Draft, scenario: &mut Scenario, facts: &Facts, index: usize) {
    for (_, copy) in facts.copies.iter().filter(|(before, _)| *before == index) {
        let original = copy.from.as_ref().and_then(|from| draft.scenario.files.get(facts.path_of(from)?)).cloned();
        let mut made = original.clone().unwrap_or_default();
        if !copy.keeps_capabilities && made.caps.take().is_some() {
            draft
                .before
                .push((format!("{} was made by a copy that leaves the capabilities behind.", copy.to), Vec::new()));
        }
        if let Some((uid, gid)) = copy.owner {
            (made.uid, made.gid) = (uid, gid);
        }
        scenario.files.insert(copy.to.clone(), made.clone());
        draft.scenario.files.insert(copy.to.clone(), made);
    }
}

/// The profile that the container asks for, where the text has it.
fn profile(container: &Container, runtime: &mut RuntimeEntry, facts: &Facts, assumed: &mut Vec<String>) {
    if runtime.privileged || runtime.seccomp.is_some() {
        return;
    }
    match (&container.profile, facts.profiles.first()) {
        (AskedProfile::Unconfined, _) => {}
        (_, Some(profile)) => {
            runtime.seccomp = Some(profile.clone());
            assumed.push("The seccomp profile in the text is taken to be that of the container.".into());
        }
        (AskedProfile::File(name), None) => {
            assumed
                .push(format!("The seccomp profile {name:?} is not in the text: it is taken to permit all of this."));
        }
        _ => {}
    }
}

/// Gives the files below a mount its options.
fn mount(scenario: &mut Scenario, mounts: &[Mount]) {
    for (path, entry) in &mut scenario.files {
        let below = |mount: &&Mount| {
            let rest = path.strip_prefix(mount.path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let nearest = mounts.iter().filter(below).max_by_key(|mount| mount.path.len());
        if let Some(mount) = nearest {
            entry.nosuid |= mount.nosuid;
            entry.noexec |= mount.noexec;
        }
    }
}

fn version(runtime: &mut RuntimeEntry, facts: &Facts, assumed: &mut Vec<String>) {
    let EngineText(engine) = runtime.engine;
    if runtime.version.is_none() {
        runtime.version = facts.version(engine);
    }
    if runtime.version.is_none() {
        let newest = engine.newest();
        runtime.version = Some(VersionText(newest));
        assumed.push(format!("The version of {engine} is not in the text: {newest} is taken."));
    }
}

fn take_files(draft: &mut Draft, facts: &Facts, failure: Option<&Failure>) {
    draft.scenario.files.extend(facts.files.iter().map(|(path, entry)| (path.clone(), entry.clone())));
    draft.scenario.sysctl = facts.sysctl;
    mount(&mut draft.scenario, &facts.mounts);
    change_files(draft, facts, failure);
    for interpreter in draft.scenario.files.values().filter_map(|file| file.interpreter.clone()).collect::<Vec<_>>() {
        draft.scenario.files.entry(interpreter).or_default();
    }
}

/// The program that is started, and what was assumed to find it.
fn program(command: Option<&str>, facts: &Facts, failure: Option<&Failure>) -> Option<(String, Option<String>)> {
    let of_message = failure.and_then(|failure| match (&failure.call, &failure.path) {
        (Some(Call::Execve(path)), _) => Some(path.as_str()),
        (_, path) => path.as_deref(),
    });
    let executable = |path: &&str| !facts.files.get(*path).is_some_and(|entry| entry.directory);
    let with_caps = || {
        let mut paths = facts.files.iter().filter(|(_, entry)| entry.caps.is_some()).map(|(path, _)| path.as_str());
        paths.next().filter(|_| paths.next().is_none())
    };
    let only = || Some(facts.files.keys().next()?.as_str()).filter(|_| facts.files.len() == 1);
    let is_exec = matches!(failure, Some(Failure { call: Some(Call::Execve(_)), .. }));
    let name = of_message.filter(|_| is_exec).or(command).or_else(with_caps).or(of_message).or_else(only);
    let Some(name) = name.filter(executable) else {
        let path = format!("{FOLDER}program");
        let text = format!("Which program runs is not in the text: an ordinary one is taken, {path}.");
        return Some((path, Some(text)));
    };
    if let Some(path) = facts.path_of(name) {
        return Some((path.to_owned(), None));
    }
    if name.starts_with('/') {
        return Some((name.to_owned(), None));
    }
    let path = format!("{FOLDER}{}", last_part(name));
    Some((path.clone(), Some(format!("Where {name:?} is, is not in the text: {path} is taken."))))
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Starts the program and makes the call that failed.
fn add_steps(
    draft: &mut Draft,
    program: Option<(String, Option<String>)>,
    facts: &Facts,
    failure: Option<&Failure>,
    ports: &[u16],
) {
    let filtered = draft.scenario.has_filters();
    let of_log = failure.is_none_or(|failure| failure.id == "strace");
    let log = facts.logs.last().filter(|_| of_log && !filtered);
    if let Some((path, assumed)) = program.filter(|_| !log.is_some_and(Logged::executes)) {
        draft.assumed.extend(assumed);
        if !draft.scenario.files.contains_key(&path) {
            draft.assumed.push(format!(
                "Nothing is known of {path}: it is taken to be root's, executable for all, without capabilities."
            ));
        }
        add_step(&mut draft.scenario, Call::Execve(path));
    }
    let failing = failure.and_then(|failure| failure.call.clone());
    if filtered && of_log && (failure.is_some() || !facts.logs.is_empty()) {
        let name = failure.and_then(system_call).or_else(|| facts.logs.last()?.last.clone());
        add_asked(draft, name.as_deref());
    } else if let Some(log) = log.filter(|log| !log.operations.is_empty()) {
        add_logged(draft, log, facts);
    } else if let Some(call) = failing.filter(|call| !matches!(call, Call::Execve(_))) {
        if let Some(before) = tried_before(&call, failure) {
            add_step(&mut draft.scenario, before);
        }
        let call = about_what_is_seen(call, draft.of_process, facts);
        if matches!(call, Call::Process(ProcessOperation::Ptrace(_))) && draft.of_process {
            // Who traces is the user who looked at it.
            let Process { uid, gid, .. } = draft.scenario.process;
            draft.scenario.process = Process { uid, gid, ..Process::default() };
        }
        add_step(&mut draft.scenario, call);
    } else if failure.is_none()
        && let Some(port) = ports.iter().find(|port| **port < 1024)
    {
        add_step(&mut draft.scenario, Call::Bind { port: *port });
    }
    if let Some(failure) = failure {
        let last = draft.scenario.steps.len().checked_sub(1);
        draft.failed = last.map(|last| (last, failure.clone()));
    }
}

/// The steps that a log shows. A program that strace itself started is traced by who started it.
fn add_logged(draft: &mut Draft, log: &Logged, facts: &Facts) {
    for (_, operation) in log.operations.iter().filter(|(_, operation)| matters(operation)) {
        let call = match &operation.call {
            Call::Execve(path) => Call::Execve(facts.path_of(path).map_or_else(|| path.clone(), str::to_owned)),
            call => call.clone(),
        };
        add_step(&mut draft.scenario, call);
    }
    let process = &draft.scenario.process;
    let of_root = process.uid.is_none_or(|FourIds([real, ..])| real == 0) || process.permitted.is_some();
    let first = log.operations.first().map(|(_, operation)| &operation.call);
    if matches!(first, Some(Call::Execve(_))) && !of_root && draft.scenario.runtime.is_none() && !facts.traced_by_root
    {
        draft.scenario.process.traced = Some(Traced { tracer_has_sys_ptrace: false });
        draft
            .assumed
            .push("strace was started by the same user, so the program is traced without CAP_SYS_PTRACE.".into());
    }
}

/// Whether a call of a log changes what later ones may do, or was refused.
fn matters(operation: &Operation) -> bool {
    let changes = matches!(
        operation.call,
        Call::Execve(_)
            | Call::Capset(_)
            | Call::Prctl(_)
            | Call::SetId(_)
            | Call::Setgroups(_)
            | Call::Unshare(_)
            | Call::Clone(_)
            | Call::Setns(_)
            | Call::WriteMap(_)
            | Call::Seccomp(_)
    );
    changes || operation.shown == Shown::Refused
}

/// Describes the files and directories that steps name and the text does not.
fn settle(scenario: &mut Scenario) {
    for _ in 0..MOST_MISSING {
        let Err(error) = World::new(scenario, &sim_core::scenario::Options::default()) else { return };
        match error.problem {
            WorldProblem::NoFile { path } => scenario.files.insert(path, FileEntry::default()),
            WorldProblem::NoDirectory { path } => {
                scenario.files.insert(path, FileEntry { directory: true, ..FileEntry::default() })
            }
            _ => return,
        };
    }
}

/// So many files may be missing.
const MOST_MISSING: usize = 64;

/// The name of the system call that a line of strace shows.
fn system_call(failure: &Failure) -> Option<String> {
    let (before, _) = failure.message.split_once('(').filter(|_| failure.id == "strace")?;
    before.split_whitespace().last().map(str::to_owned)
}

/// A system call by its name, of which the filters are asked.
fn add_asked(draft: &mut Draft, name: Option<&str>) {
    let text = name.map(|name| format!(r#"{{"arch": "x86_64", "name": {name:?}}}"#)).unwrap_or_default();
    if let Ok(call) = sim_core::scenario::read_value(&text) {
        draft.scenario.steps.push(step(Call::Syscall(call)));
        draft
            .assumed
            .push("The machine is taken to be an x86_64, and the arguments of the call not to matter.".into());
    }
}

/// What ping tries first: a socket that needs no capability where the settings allow it.
fn tried_before(call: &Call, failure: Option<&Failure>) -> Option<Call> {
    let pings = failure.is_some_and(|failure| failure.id == "raw-socket" && failure.message.contains("ping"));
    let raw = serde_json::to_string(&step(call.clone())).ok().filter(|text| pings && text.contains("SOCK_RAW"))?;
    let datagram = raw.replace("\"SOCK_RAW\"", "\"SOCK_DGRAM\", \"protocol\": \"IPPROTO_ICMP\"");
    sim_core::scenario::read_value::<Step>(&datagram).ok().map(|step| step.call)
}

/// Where the process in the text is the one that a call is about, the call is made about it.
fn about_what_is_seen(call: Call, of_process: bool, facts: &Facts) -> Call {
    match (call, facts.processes.first()) {
        (Call::Process(ProcessOperation::Ptrace(mut arguments)), Some(seen)) if of_process => {
            *arguments.target = seen.process.clone();
            // Whoever gained capabilities by its file is not dumpable.
            arguments.dumpable = seen.process.permitted.is_none_or(|set| set.resolve(CapSet::EMPTY).is_empty());
            Call::Process(ProcessOperation::Ptrace(arguments))
        }
        (call, _) => call,
    }
}

/// Adds a call; a file that it names is described, if it is not yet.
fn add_step(scenario: &mut Scenario, call: Call) {
    mention(scenario, &call);
    scenario.steps.push(step(call));
}

/// A file that a call names is described, if it is not yet.
fn mention(scenario: &mut Scenario, call: &Call) {
    let path = match call {
        Call::Execve(path) => path.as_str(),
        Call::FileChange(change) => change.path(),
        _ => return,
    };
    if !scenario.files.contains_key(path) {
        scenario.files.insert(path.to_owned(), FileEntry::default());
    }
}

fn step(call: Call) -> Step {
    Step { call, expect: None, note: None }
}
