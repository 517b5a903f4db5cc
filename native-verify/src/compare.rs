use std::collections::BTreeMap;

use sim_core::calls::getxattr;
use sim_core::credentials::{Credentials, OVERFLOW_ID, Thread};
use sim_core::file::{File, FileKind};
use sim_core::kernel::Errno;
use sim_core::outcome::Outcome;
use sim_core::rule::{Effect, Event, Rule, Silent, seccomp as rules};
use sim_core::scenario::{Call, Judgement, Loaded, ProcessResult, Signal, Simulation, Step, StepOutcome};
use sim_core::seccomp::{Action, Fate};
use sim_core::system::System;

use crate::perform::{Observed, ObservedFile, Performance, errno};
use crate::tape::Seen;

/// A field in which the kernel and the model differ.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Difference {
    /// The place, as `steps[0].process.permitted`.
    pub(crate) field: String,
    /// What the model says.
    pub(crate) model: String,
    /// What the kernel did.
    pub(crate) kernel: String,
}

/// What comparing a performance with the model gave.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// Every field that differs; none means that kernel and model agree.
    pub(crate) differences: Vec<Difference>,
    /// The rules that applied, each as often as a step confirmed it.
    pub(crate) rules: Vec<&'static str>,
    /// The calls that agreed, each with whether it was granted.
    pub(crate) calls: Vec<(&'static str, bool)>,
    /// Expectations of the scenario that the kernel did not meet, as the model tells them.
    pub(crate) unmet: usize,
    /// Whether another world was performed than the scenario's, one of a single id.
    pub(crate) moved: bool,
}

/// Compares every field after every step.
pub(crate) fn compare(loaded: &Loaded, seen: &Performance, links: &BTreeMap<String, String>) -> Comparison {
    let mut simulation = Simulation::new(loaded.world.clone());
    let start = simulation.process(&loaded.world.thread.credentials);
    let mut comparison =
        Comparison { differences: Vec::new(), rules: Vec::new(), calls: Vec::new(), unmet: 0, moved: false };
    let mut links = links.clone();
    let mut fields = Fields { prefix: "start".to_owned(), found: &mut comparison.differences };
    fields.process(&start, &seen.start, &mut links);
    if !comparison.differences.is_empty() {
        return comparison;
    }
    for (index, step) in loaded.scenario.steps.iter().enumerate() {
        let outcome = simulation.perform(&step.call);
        let prefix = format!("steps[{index}]");
        let mut fields = Fields { prefix, found: &mut comparison.differences };
        let signal = outcome.killed.map(|signal| match signal {
            Signal::Sigsys => libc::SIGSYS,
            Signal::Sigkill => libc::SIGKILL,
        });
        if signal.is_some() && signal == seen.killed && seen.steps.len() == index {
            comparison.note(&outcome, step, loaded);
            break;
        }
        let Some((result, observed)) = seen.steps.get(index) else {
            let reason = seen.ended_early.clone().unwrap_or_else(|| "it did not happen".to_owned());
            let model = outcome.value.to_string();
            fields.compare("return", model.as_str(), reason.as_str(), |text| (*text).to_owned());
            return comparison;
        };
        fields.step(&outcome, *result, observed, &mut links);
        if let Call::FileChange(change) = &step.call {
            let world = simulation.world();
            match (world.files.get(change.path()), &observed.file) {
                (Some((file, _)), Some(kernel)) => fields.file(&world.system, &world.thread, file, kernel),
                _ => fields.compare("file", "there is one", "nobody looked at it", |text| (*text).to_owned()),
            }
        }
        if !comparison.differences.is_empty() {
            return comparison;
        }
        comparison.note(&outcome, step, loaded);
    }
    for (path, kernel) in &seen.made {
        let model = simulation.world().files.get(path).map(|(file, _)| file);
        let mut fields = Fields { prefix: format!("files[{path:?}]"), found: &mut comparison.differences };
        fields.compare("owner, group, mode", model.map(numbers), *kernel, |file| described(*file));
    }
    for (path, kernel) in &seen.files {
        let world = simulation.world();
        let Some((file, _)) = world.files.get(path) else { continue };
        // The harness sees it as any thread of `init` does.
        let harness = Thread::from(Credentials::user(0));
        let prefix = format!("files[{path:?}]");
        Fields { prefix, found: &mut comparison.differences }.file(&world.system, &harness, file, kernel);
    }
    comparison
}

impl Comparison {
    /// Notes what a step that agreed shows.
    fn note(&mut self, outcome: &StepOutcome, step: &Step, loaded: &Loaded) {
        let (result, expect) = (outcome.result(), step.expect.as_ref());
        self.unmet += expect.map_or(0, |expect| expect.differences(&result, loaded.world.all).len());
        self.rules.extend(confirmed(outcome));
        self.calls.push((subject(&step.call), outcome.refusal.is_none()));
    }
}

/// Owner, group and mode with the kind of file, as stat(2) gives them.
fn numbers(file: &File) -> [u32; 3] {
    let kind = match file.kind {
        FileKind::Regular => libc::S_IFREG,
        FileKind::Directory => libc::S_IFDIR,
        FileKind::Fifo => libc::S_IFIFO,
        FileKind::Socket => libc::S_IFSOCK,
        FileKind::CharacterDevice => libc::S_IFCHR,
        FileKind::BlockDevice => libc::S_IFBLK,
    };
    [file.uid.number(), file.gid.number(), kind | u32::from(file.mode.bits())]
}

fn described(file: Option<[u32; 3]>) -> String {
    file.map_or_else(|| "nothing".to_owned(), |[uid, gid, mode]| format!("{uid} {gid} {mode:o}"))
}

/// Differences for people.
pub(crate) fn show(differences: &[Difference]) -> String {
    let line = |d: &Difference| format!("    {}: the model says {}, the kernel {}", d.field, d.model, d.kernel);
    differences.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What a call is counted as: its name, or its option where it has one.
fn subject(call: &Call) -> &'static str {
    match call {
        Call::Prctl(call) => call.option.name(),
        other => other.name(),
    }
}

/// The rules that a step which agreed confirms: those that applied in it.
fn confirmed(outcome: &StepOutcome) -> Vec<&'static str> {
    let refused = |event: &&Event| matches!(event, Event::Applied { effect: Effect::Refuses { .. }, .. });
    if outcome.stopped_by_filters() || matches!(outcome.call, Call::Syscall(_)) {
        // Whether a tracer is there is not seen of a call that is only asked.
        let asked = |rule: &&Rule| outcome.refusal.is_some() || **rule != rules::TRACE_NOBODY;
        return outcome.trace.applied_rules().into_iter().filter(asked).map(|rule| rule.id).collect();
    }
    match outcome.refusal {
        // Of a refused call only the refusal shows.
        Some(_) => outcome.trace.events().iter().filter(refused).map(|event| event.rule().id).collect(),
        None => outcome.trace.applied_rules().into_iter().map(|rule| rule.id).collect(),
    }
}

/// Whether the kernel's own probes make the call, past every filter; where none is in force the model does not say so.
fn is_probe(judgement: &Judgement) -> bool {
    matches!(judgement.name, Some("uretprobe" | "uprobe"))
}

struct Fields<'a> {
    prefix: String,
    found: &'a mut Vec<Difference>,
}

impl Fields<'_> {
    /// Compares as it is, and makes text of a difference only.
    fn compare<T: Copy + PartialEq>(&mut self, field: &str, model: T, kernel: T, show: impl Fn(&T) -> String) {
        if model != kernel {
            let field = format!("{}.{field}", self.prefix);
            self.found.push(Difference { field, model: show(&model), kernel: show(&kernel) });
        }
    }

    fn step(
        &mut self,
        outcome: &StepOutcome,
        result: i64,
        observed: &Observed,
        links: &mut BTreeMap<String, String>,
    ) {
        let name = |errno: &Option<Errno>| errno.map_or("null".to_owned(), |errno| errno.to_string());
        if let (Call::Syscall(_), Some(judgement)) = (&outcome.call, &outcome.judgement) {
            self.judgement(judgement, result);
            return self.process(outcome.process(), observed, links);
        }
        self.compare("errno", outcome.refusal.map(|refusal| refusal.errno), errno(result), name);
        self.compare("return", outcome.value, result.max(-1), ToString::to_string);
        if let Some(at_secure) = outcome.at_secure {
            self.compare("at_secure", Some(at_secure), observed.at_secure, |value| format!("{value:?}"));
        }
        self.process(outcome.process(), observed, links);
    }

    /// What filters answered to a call that is only asked.
    fn judgement(&mut self, judgement: &Judgement, seen: i64) {
        let answer = |value: i32| Seen::RETURNED | i64::from(value) & 0xffff_ffff;
        let came_of_it = [Seen::RETURNED, Seen::SIGNALLED].contains(&(seen & (0xff << 32)));
        let expected = match (judgement.fate, judgement.returned.action()) {
            // The call passes every filter, the one that was added too; what comes of it is its own affair. Where no filter is
            // in force nobody says so of it beforehand.
            (Fate::Runs, _) if (judgement.passes_every_filter() || is_probe(judgement)) && came_of_it => seen,
            (Fate::Runs, _) | (_, Action::Trace) => Seen::TRACED,
            (Fate::Returns(value), _) => answer(value),
            (Fate::Trapped(data), _) => Seen::TRAPPED | i64::from(data),
            _ => Seen::KILLED | i64::from(libc::SIGSYS),
        };
        self.compare("answer", expected, seen, |answer| format!("{answer:#x}"));
    }

    /// A file as `thread` sees it.
    fn file(&mut self, system: &System, thread: &Thread, file: &File, kernel: &ObservedFile) {
        let (namespaces, ns) = (&system.user_namespaces, thread.credentials.user_ns);
        let uid = namespaces.uid(ns, file.uid).unwrap_or(OVERFLOW_ID);
        let gid = namespaces.gid(ns, file.gid).unwrap_or(OVERFLOW_ID);
        self.compare("file.uid", uid, kernel.uid, ToString::to_string);
        self.compare("file.gid", gid, kernel.gid, ToString::to_string);
        self.compare("file.mode", file.mode.bits().into(), kernel.mode, |mode: &u32| format!("{mode:04o}"));
        let model = match getxattr(system, thread, file, &mut Silent) {
            Outcome::Granted(read) => format!("{:02x?}", read.caps.to_bytes()),
            Outcome::Refused(refusal) => refusal.errno.to_string(),
        };
        let seen = match &kernel.attribute {
            Ok(bytes) => format!("{bytes:02x?}"),
            Err(result) => errno(*result).map_or("?".to_owned(), |errno| errno.to_string()),
        };
        self.compare("file.caps", model.as_str(), seen.as_str(), |caps| (*caps).to_owned());
    }

    fn process(&mut self, model: &ProcessResult, kernel: &Observed, links: &mut BTreeMap<String, String>) {
        let ids = |ids: &&[u32]| format!("{ids:?}");
        self.compare("process.uid", &model.uid[..], &kernel.uid[..], ids);
        self.compare("process.gid", &model.gid[..], &kernel.gid[..], ids);
        self.compare("process.groups", &model.groups[..], &kernel.groups[..], ids);
        let sets = [
            ("process.permitted", model.permitted, kernel.permitted),
            ("process.effective", model.effective, kernel.effective),
            ("process.inheritable", model.inheritable, kernel.inheritable),
            ("process.bounding", model.bounding, kernel.bounding),
            ("process.ambient", model.ambient, kernel.ambient),
        ];
        for (field, model, kernel) in sets {
            self.compare(field, model, kernel, ToString::to_string);
        }
        self.compare("process.securebits", i64::from(model.securebits), kernel.securebits, ToString::to_string);
        let no_new_privs = i64::from(model.no_new_privs);
        self.compare("process.no_new_privs", no_new_privs, kernel.no_new_privs, ToString::to_string);
        // A namespace that a step made is known by its link from then on; it must be a new one.
        if !links.contains_key(&model.user_ns) && !links.values().any(|known| *known == kernel.user_ns) {
            links.insert(model.user_ns.clone(), kernel.user_ns.clone());
        }
        let link = links.get(&model.user_ns).unwrap_or(&model.user_ns);
        self.compare("process.user_ns", link, &kernel.user_ns, |link| (*link).clone());
    }
}
