//! The acts as text of a shell: which process makes each, and how it becomes the next one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sim_core::file::File;
use sim_core::scenario::{Call, FourIds, Process, SetText, Simulation, World};

use super::super::tools::{capsh, setpriv, setpriv_lacks};
use super::super::{ExportError, quote};
use super::Tool;
use super::carrier::{self, Carrier, carrier};
use super::operation::path as file_path;
use super::plan::{Act, Plan, What};

/// What stands in for a program of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StandIn {
    /// A copy of the shell, which is told what to do.
    Shell,
    /// A copy of capsh, for what follows changes credentials and could not survive another execve.
    Capsh,
}

/// The text of a script, in parts.
pub(super) struct Emitted {
    /// For each tool that can begin: how, as words.
    pub(super) starts: Vec<(Tool, String)>,
    /// Why the other tool cannot, if one cannot.
    pub(super) cannot: Vec<String>,
    /// The program that is started, with its arguments.
    pub(super) first: First,
    /// What programs are told to do, in files by number from 1.
    pub(super) parts: Vec<String>,
    /// Kinds of tools with file capabilities, and the tools of each.
    pub(super) capable: Vec<(String, Vec<&'static str>)>,
    /// What stands in for the scenario's programs, by the path that decides.
    pub(super) stand_ins: BTreeMap<String, StandIn>,
    /// What is not done.
    pub(super) left_out: Vec<String>,
}

/// What the start goes over to.
pub(super) enum First {
    /// A program and its arguments.
    Program(String, String),
    /// More arguments of capsh, which ends so or executes something.
    Capsh(String),
}

/// Emits the acts, beginning with this tool.
pub(super) fn emit(plan: &Plan, with: Option<Tool>) -> Result<Emitted, ExportError> {
    let mut emitter = Emitter {
        plan,
        acts: plan.acts.iter().collect(),
        parts: Vec::new(),
        capable: Vec::new(),
        stand_ins: BTreeMap::new(),
        left_out: Vec::new(),
    };
    emitter.drop_what_no_tool_survives()?;
    let (first, target) = emitter.first()?;
    let mut starts = Vec::new();
    let mut cannot = Vec::new();
    for tool in [Tool::Setpriv, Tool::Capsh] {
        match start(plan, tool, &target) {
            Ok(words) => starts.push((tool, words)),
            Err(reason) => cannot.push(reason),
        }
    }
    if let Some(with) = with {
        starts.sort_by_key(|(tool, _)| *tool != with);
        if starts.first().is_none_or(|(tool, _)| *tool != with) {
            return Err(ExportError::Start(cannot.join("; ")));
        }
    }
    if starts.is_empty() {
        return Err(ExportError::Start(cannot.join("; ")));
    }
    let Emitter { parts, capable, stand_ins, left_out, .. } = emitter;
    Ok(Emitted { starts, cannot, first, parts, capable, stand_ins, left_out })
}

/// What the first execve after the start is of.
enum Target {
    /// A program of the scenario.
    Path(String),
    /// A tool.
    Tool(File),
    /// None: more arguments of capsh.
    None,
}

/// The words that start, if the tool can do it.
fn start(plan: &Plan, tool: Tool, target: &Target) -> Result<String, String> {
    let state = &plan.start.process;
    let [uid, others @ ..] = state.uid;
    let [gid, other_groups @ ..] = state.gid;
    match tool {
        Tool::Capsh => {
            if others != [uid; 3] || other_groups != [gid; 3] {
                return Err("capsh sets all ids of a kind to one".to_owned());
            }
            let missing = (state.inheritable | state.permitted) - plan.known;
            if !missing.is_empty() {
                return Err("the kernel does not know every capability of it".to_owned());
            }
            Ok(lines(&capsh(state, plan.known)))
        }
        Tool::Setpriv => {
            if let Some(reason) = setpriv_lacks(state) {
                return Err(reason);
            }
            if matches!(target, Target::None) {
                return Err("setpriv executes a program, and capsh changes credentials before that".to_owned());
            }
            if arrives(plan, target) {
                Ok(lines(&setpriv(state, plan.known)))
            } else {
                Err("setpriv leaves the permitted set full, or an id otherwise, and so the first execve comes out otherwise".to_owned())
            }
        }
    }
}

/// Whether the first execve after setpriv comes out as after the start.
fn arrives(plan: &Plan, target: &Target) -> bool {
    let state = &plan.start.process;
    let [real, effective, ..] = state.uid;
    let [real_group, effective_group, ..] = state.gid;
    let set = |set| Some(SetText::Set(set));
    let left = Process {
        uid: Some(FourIds([real, effective, effective, effective])),
        gid: Some(FourIds([real_group, effective_group, effective_group, effective_group])),
        groups: state.groups.clone(),
        permitted: set(plan.all),
        effective: set(plan.all),
        inheritable: set(state.inheritable),
        bounding: set(state.bounding),
        ambient: set(state.ambient),
        securebits: sim_core::scenario::SecurebitsText(sim_core::credentials::Securebits::from_bits(
            state.securebits,
        )),
        no_new_privs: state.no_new_privs,
        ..Process::default()
    };
    let Ok(thread) = plan.start.world.other_thread(&left) else { return false };
    let mut after_setpriv = plan.start.world.clone();
    after_setpriv.thread = thread;
    match target {
        Target::None => false,
        Target::Tool(file) => {
            let both = [&plan.start.world, &after_setpriv]
                .map(|world| carrier::executed(world, file).map(|thread| thread.credentials));
            matches!(&both, [Some(one), Some(other)] if one == other)
        }
        Target::Path(path) => {
            let Ok(with_files) = World::new(
                &plan.scenario,
                &sim_core::scenario::Options {
                    release: Some(plan.start.world.system.release),
                    all: Some(plan.all),
                    ..Default::default()
                },
            ) else {
                return false;
            };
            let perform = |world: &World| {
                let mut begun = with_files.clone();
                begun.thread = world.thread.clone();
                let outcome = Simulation::new(begun).perform(&Call::Execve(path.clone()));
                (outcome.refusal, outcome.after.credentials)
            };
            match (perform(&plan.start.world), perform(&after_setpriv)) {
                ((Some(one), _), (Some(other), _)) => one.errno == other.errno,
                ((None, one), (None, other)) => one == other,
                _ => false,
            }
        }
    }
}

fn join(words: &[String]) -> String {
    words.iter().map(|word| quote::word(word)).collect::<Vec<_>>().join(" ")
}

/// The words, one a line.
fn lines(words: &[String]) -> String {
    words.iter().map(|word| quote::word(word)).collect::<Vec<_>>().join(" \\\n        ")
}

struct Emitter<'a> {
    plan: &'a Plan,
    acts: Vec<&'a Act>,
    parts: Vec<String>,
    capable: Vec<(String, Vec<&'static str>)>,
    stand_ins: BTreeMap<String, StandIn>,
    left_out: Vec<String>,
}

impl<'a> Emitter<'a> {
    /// Takes out the operations in whose state no tool can be.
    fn drop_what_no_tool_survives(&mut self) -> Result<(), ExportError> {
        let mut kept = Vec::new();
        let last = self.acts.len();
        for (index, act) in self.acts.iter().enumerate() {
            let needs_tool = match &act.what {
                What::Operation { .. } => true,
                What::Execve { refused: Some(_), .. } => index + 1 < last,
                _ => false,
            };
            if needs_tool && carrier(&act.before).is_none() {
                let reason =
                    "a tool would have to be executed for it, and no execve leaves the process in this state";
                if let What::Operation { essential: true, .. } = act.what {
                    return Err(step(act, reason));
                }
                let words = quote::one_line(&act.words);
                self.left_out.push(format!("Step {}, {words}, is left out: {reason}.", act.number));
                continue;
            }
            kept.push(*act);
        }
        self.acts = kept;
        Ok(())
    }

    /// What the start goes over to, and what the first execve is of.
    fn first(&mut self) -> Result<(First, Target), ExportError> {
        match self.acts.first().map(|act| &act.what) {
            Some(What::Execve { path, refused }) if refused.is_none() || self.acts.len() == 1 => {
                let path = path.clone();
                let (program, arguments) = self.execve(0)?;
                Ok((First::Program(program, arguments), Target::Path(path)))
            }
            Some(What::Operation { .. } | What::Execve { .. }) | None => {
                let state = &self.plan.start;
                let Some(carrier) = carrier(state) else {
                    return Ok((First::Capsh("--print".to_owned()), Target::None));
                };
                let file = carrier::file(&carrier, state);
                let part = self.part(0, None)?;
                Ok((First::Program(self.shell_of(&carrier), told(part)), Target::Tool(file)))
            }
            Some(What::Credentials(_)) => Ok((First::Capsh(self.capsh(0)?), Target::None)),
        }
    }

    /// The program and its arguments of an act that executes.
    fn execve(&mut self, index: usize) -> Result<(String, String), ExportError> {
        let Some(Act { what: What::Execve { path, refused }, .. }) = self.acts.get(index).copied() else {
            return Ok(("true".to_owned(), String::new()));
        };
        let program = file_path(path).map_err(|reason| ExportError::File { path: path.clone(), reason })?;
        let (deciding, interpreted) = self.deciding(path);
        if refused.is_some() {
            self.stand_ins.entry(deciding).or_insert(StandIn::Shell);
            return Ok((program, if interpreted { String::new() } else { "-p -c true".to_owned() }));
        }
        let after = self.acts.get(index + 1).map_or(&self.plan.end, |next| &next.before);
        let credentials = matches!(self.acts.get(index + 1).map(|act| &act.what), Some(What::Credentials(_)));
        let stand_in = if credentials && carrier(after).is_none() { StandIn::Capsh } else { StandIn::Shell };
        let act = self.acts.get(index).copied();
        if let Some(known) = self.stand_ins.insert(deciding, stand_in)
            && known != stand_in
            && let Some(act) = act
        {
            return Err(step(
                act,
                "the program is executed twice, and would have to be the shell once and capsh once",
            ));
        }
        if stand_in == StandIn::Capsh {
            if interpreted && let Some(act) = act {
                return Err(step(act, "its interpreter would have to be capsh, which takes no script"));
            }
            return Ok((program, self.capsh(index + 1)?));
        }
        let part = self.part(index + 1, act)?;
        Ok((program, if interpreted { format!("\"$steps\"/{part}.sh") } else { told(part) }))
    }

    /// The path of the file that decides about an execve, and whether it is an interpreter.
    fn deciding(&self, path: &str) -> (String, bool) {
        let mut deciding = path;
        for _ in 0..6 {
            match self.plan.scenario.files.get(deciding).and_then(|file| file.interpreter.as_deref()) {
                Some(interpreter) => deciding = interpreter,
                None => break,
            }
        }
        (deciding.to_owned(), deciding != path)
    }

    /// The arguments of a capsh that makes the acts from here on.
    fn capsh(&mut self, from: usize) -> Result<String, ExportError> {
        let mut index = from;
        let mut words: Vec<String> = Vec::new();
        while let Some(Act { what: What::Credentials(arguments), .. }) = self.acts.get(index).copied() {
            words.extend(arguments.iter().cloned());
            index += 1;
        }
        let words = join(&words);
        let state = self.acts.get(index).map_or(&self.plan.end, |act| &act.before);
        let directly = matches!(self.acts.get(index).map(|act| &act.what), Some(What::Execve { refused, .. }) if refused.is_none() || index + 1 == self.acts.len());
        let (program, arguments) = if directly {
            self.execve(index)?
        } else if let Some(carrier) = carrier(state) {
            let part = self.part(index, None)?;
            (self.shell_of(&carrier), told(part))
        } else {
            return Ok(format!("{words} --print").trim_start().to_owned());
        };
        Ok(format!("{words} --shell={program} -- {arguments}").trim().to_owned())
    }

    /// A file that tells a shell to make the acts from here on; gives its number.
    fn part(&mut self, from: usize, executed: Option<&Act>) -> Result<usize, ExportError> {
        let number = self.parts.len() + 1;
        self.parts.push(String::new());
        let mut text = String::new();
        if let Some(act) = executed {
            line(&mut text, &format!("say {} {}", act.number, quote::word(&quote::one_line(&act.words))));
        }
        for made in self.made_before(from) {
            line(&mut text, &format!("say {} {}", made.number, quote::word(&quote::one_line(&made.words))));
        }
        line(&mut text, "status");
        let mut index = from;
        while let Some(act) = self.acts.get(index).copied() {
            match &act.what {
                What::Operation { command, .. } => {
                    line(&mut text, &format!("say {} {}", act.number, quote::word(&quote::one_line(&act.words))));
                    let tool = self.tool_of(act, command.tool)?;
                    line(&mut text, &format!("try {tool} {}", command.arguments));
                }
                What::Execve { refused: Some(_), .. } => {
                    let (program, arguments) = self.execve(index)?;
                    line(&mut text, &format!("say {} {}", act.number, quote::word(&quote::one_line(&act.words))));
                    line(&mut text, format!("try {program} {arguments}").trim_end());
                }
                What::Execve { refused: None, .. } => {
                    let (program, arguments) = self.execve(index)?;
                    line(&mut text, &format!("exec {program} {arguments}"));
                    break;
                }
                What::Credentials(_) => {
                    let tool = self.tool_of(act, "capsh")?;
                    let arguments = self.capsh(index)?;
                    line(&mut text, &format!("exec {tool} {arguments}"));
                    break;
                }
            }
            index += 1;
        }
        if let Some(part) = self.parts.get_mut(number - 1) {
            *part = text;
        }
        Ok(number)
    }

    /// The changes of credentials right before an act, which capsh made without a word.
    fn made_before(&self, index: usize) -> Vec<&'a Act> {
        let before = self.acts.iter().take(index).rev();
        let mut made: Vec<_> = before.take_while(|act| matches!(act.what, What::Credentials(_))).copied().collect();
        made.reverse();
        made
    }

    fn shell_of(&mut self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::Plain => "\"$shell\"".to_owned(),
            Carrier::Capable(caps) => self.capable(caps, "sh"),
        }
    }

    fn tool_of(&mut self, act: &Act, tool: &'static str) -> Result<String, ExportError> {
        match carrier(&act.before) {
            Some(Carrier::Plain) => Ok(tool.to_owned()),
            Some(Carrier::Capable(caps)) => Ok(self.capable(&caps, tool)),
            None => Err(step(
                act,
                "a tool would have to be executed for it, and no execve leaves the process in this state",
            )),
        }
    }

    /// The path of a tool with file capabilities.
    fn capable(&mut self, caps: &str, tool: &'static str) -> String {
        let index = self.capable.iter().position(|(known, _)| known == caps).unwrap_or_else(|| {
            self.capable.push((caps.to_owned(), Vec::new()));
            self.capable.len() - 1
        });
        if let Some((_, tools)) = self.capable.get_mut(index)
            && !tools.contains(&tool)
        {
            tools.push(tool);
        }
        format!("\"$tools\"/{}/{tool}", index + 1)
    }
}

fn told(part: usize) -> String {
    format!("-p \"$steps\"/{part}.sh")
}

fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}

fn step(act: &Act, reason: &str) -> ExportError {
    ExportError::Step { number: act.number, call: quote::one_line(&act.words), reason: reason.to_owned() }
}
