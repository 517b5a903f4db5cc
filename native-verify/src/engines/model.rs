use std::error::Error;

use serde_json::{Value, json};
use sim_core::capability::CapSet;
use sim_core::credentials::Securebits;
use sim_core::kernel::{Errno, Release};
use sim_core::rule::{Effect, Event, Rule, Trace};
use sim_core::runtime::{self, Action, Handed, Refused, Request};
use sim_core::scenario::{
    Call, CapsetCall, FilterEntry, Loaded, NotPerformed, Options, PrctlArgument, PrctlCall, RuntimeEntry,
    SeccompCall, Simulation, StepOutcome,
};

use super::asked::{Asked, Program, Run, What};
use super::config::Config;
use super::image;
use super::rows::Head;
use super::seen::{Seen, digits};

/// What the model says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) answer: Expected,
    /// The engine's rules that decided.
    pub(super) rules: Vec<&'static str>,
}

/// What must come of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The engine refuses, by this rule.
    Refused(&'static str),
    /// The runtime's own call fails.
    NotStarted(String),
    /// The kernel refuses to execute the program.
    NotExecuted(String),
    Runs(Seen),
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Asks the model.
pub(super) fn ask(head: &Head, asked: &Asked) -> Result<Said> {
    match &asked.what {
        What::Run(run) => of_run(head, run, asked.program),
        What::Example(example) => {
            let run = Run {
                user: Some(format!("{}:{}", example.id, example.id)),
                no_new_privileges: example.no_new_privileges,
                ..Run::default()
            };
            // The example has no profile.
            let mut said = of_run(head, &run, asked.program)?;
            if let Expected::Runs(seen) = &mut said.answer {
                seen.seccomp = 0;
            }
            Ok(said)
        }
        What::Config(config) => of_config(head, config, asked.program),
    }
}

/// The scenario of a request, for people to run.
#[expect(clippy::indexing_slicing, reason = "keys of an object that was just made")]
pub(super) fn scenario(head: &Head, run: &Run, program: Program) -> Value {
    let user = run.user.as_deref().unwrap_or_default();
    let (name, group) = user.split_once(':').map_or((user, None), |(name, group)| (name, Some(group)));
    let known = image::USERS.iter().find(|(known, ..)| *known == name);
    let mut runtime = json!({
        "engine": head.engine,
        "version": head.version,
        "cap_add": run.cap_add,
        "cap_drop": run.cap_drop,
        "privileged": run.privileged,
        "no_new_privileges": run.no_new_privileges,
        "host_network": run.host_network,
        "host_bounding": format!("{:0>16}", head.host_bounding),
        "groups": image::groups(&head.engine, user),
    });
    if let Some(names) = head.default_capabilities.as_ref().filter(|_| !run.own_defaults) {
        runtime["default_capabilities"] = json!(names);
    }
    if let Some(user) = &run.user {
        runtime["user"] = json!(user);
    }
    if let Some((_, uid, gid)) = known {
        (runtime["uid"], runtime["gid"]) = (json!(uid), json!(gid));
    }
    if let Some(group) = group.and_then(|group| group.parse::<u32>().ok()) {
        runtime["gid"] = json!(group);
    }
    let mut scenario = json!({
        "title": format!("{} {}", head.engine, head.version),
        "runtime": runtime,
        "files": files(),
        "steps": program.executed().into_iter().map(|path| json!({ "execve": path })).collect::<Vec<_>>(),
    });
    if run.mapped {
        let map = format!("0 {} {}", Run::MAPPED, Run::IDS);
        scenario["runtime"]["user_namespace"] = json!("container");
        scenario["user_namespaces"] = json!({ "container": { "parent": "init", "uid_map": map, "gid_map": map } });
    }
    scenario
}

fn files() -> Value {
    json!({
        Program::Plain.path(): {},
        Program::Effective.path(): { "caps": "cap_net_bind_service=ep" },
        Program::Permitted.path(): { "caps": "cap_net_bind_service=p" },
        Program::Mapped.path(): {
            "caps": { "revision": 3, "permitted": "cap_net_bind_service", "effective": true, "rootid": Run::MAPPED },
        },
    })
}

fn options(head: &Head) -> Result<Options> {
    Ok(Options { release: Some(Release::from_uname(&head.kernel)?), ..Options::default() })
}

/// Asks the engine.
fn hand(entry: &RuntimeEntry, options: &Options) -> Result<(Request, std::result::Result<Handed, Refused>, Trace)> {
    let release = options.release.ok_or("no release")?;
    let (request, mut trace) = (entry.request(release, release.capabilities()), Trace::new());
    let answer = runtime::hand(&request, &mut trace);
    Ok((request, answer, trace))
}

fn of_run(head: &Head, run: &Run, program: Program) -> Result<Said> {
    let options = options(head)?;
    let loaded = Loaded::read(scenario(head, run, program).to_string(), &options)?;
    let entry = loaded.scenario.runtime.as_ref().ok_or("the scenario has no engine")?;
    let (handed, trace) = match hand(entry, &options)? {
        (_, Ok(handed), trace) => (handed, trace),
        (_, Err(refused), trace) => return Ok(refusal(&refused, &trace)),
    };
    let mut rules = ids(trace.applied_rules());
    let mut simulation = Simulation::new(loaded.world.clone());
    let failed = simulation.prologue().last().filter(|outcome| outcome.refusal.is_some()).map(described);
    let mut last = None;
    for step in &loaded.scenario.steps {
        let outcome = simulation.perform(&step.call);
        if let Some(NotPerformed::NotStarted { .. }) = outcome.not_performed {
            return Ok(unseen(Expected::NotStarted(failed.unwrap_or_default())));
        }
        if let Some(refusal) = &outcome.refusal {
            return Ok(unseen(Expected::NotExecuted(refusal.errno.to_string())));
        }
        last = Some(outcome);
    }
    let outcome = last.ok_or("the program has no step")?;
    let mut seen = seen(&outcome, &handed, run.host_network);
    if run.privileged && !run.profile {
        // The model tells what becomes of a profile that is asked for; no engine applies its own then.
        seen.seccomp = 0;
    }
    if run.own_defaults && !run.host_network {
        // It is the file that is left out, not Podman, which has this setting.
        seen.ping_groups = PING_GROUPS;
        rules.retain(|rule| *rule != "podman.ping-group");
    }
    Ok(Said { answer: Expected::Runs(seen), rules })
}

/// Asks for the runtime's road from a config.json, and walks it.
#[expect(clippy::indexing_slicing, reason = "keys of an object that was just made")]
fn of_config(head: &Head, config: &Config, program: Program) -> Result<Said> {
    let mut entry = json!({
        "engine": head.engine,
        "version": head.version,
        "no_new_privileges": config.no_new_privileges,
        "host_bounding": format!("{:0>16}", head.host_bounding),
    });
    let [permitted, effective, inheritable, bounding, ambient] = config.sets();
    if config.is_one_list() || config.unknown_name {
        entry["default_capabilities"] = json!(config.names(permitted));
    }
    let options = options(head)?;
    let entry: RuntimeEntry = serde_json::from_value(entry)?;
    let (request, answer, trace) = hand(&entry, &options)?;
    let rules = match answer {
        Err(refused) => return Ok(refusal(&refused, &trace)),
        Ok(_) if config.is_one_list() => ids(trace.applied_rules()),
        // Of other lists only the handling of names is asked here.
        Ok(_) => ids(trace.applied_rules()).into_iter().filter(|id| id.contains("unknown")).collect(),
    };
    let handed = Handed {
        permitted,
        effective,
        inheritable,
        bounding,
        ambient,
        uid: config.uid,
        gid: config.gid,
        groups: config.groups.clone(),
        securebits: Securebits::default(),
        no_new_privs: config.no_new_privileges,
        ip_unprivileged_port_start: None,
        ping_group_range: None,
        seccomp: config.profile().map(|_| CapSet::EMPTY),
    };
    let filter = match config.profile() {
        Some(profile) => Some(serde_json::from_value(json!({ "profile": profile, "engine": head.engine }))?),
        None => None,
    };
    let set = format!("{:0>16}", head.host_bounding);
    let first = json!({
        "process": { "permitted": set, "effective": set, "bounding": set },
        "files": files(),
        "steps": [],
    });
    let mut simulation = Simulation::new(Loaded::read(first.to_string(), &options)?.world);
    for step in handed.prologue(&request) {
        let outcome = simulation.perform(&call(step.action, filter.as_ref())?);
        if outcome.refusal.is_some() && !step.may_fail {
            return Ok(unseen(Expected::NotStarted(described(&outcome))));
        }
    }
    let mut last = None;
    for path in program.executed() {
        let outcome = simulation.perform(&Call::Execve(path.to_owned()));
        if let Some(refusal) = &outcome.refusal {
            return Ok(unseen(Expected::NotExecuted(refusal.errno.to_string())));
        }
        last = Some(outcome);
    }
    let outcome = last.ok_or("the program has no step")?;
    // These containers have no network of their own.
    Ok(Said { answer: Expected::Runs(seen(&outcome, &handed, true)), rules })
}

/// A call of the runtime as a step.
fn call(action: Action, filter: Option<&FilterEntry>) -> Result<Call> {
    Ok(match action {
        Action::Prctl(prctl) => Call::Prctl(PrctlCall {
            option: prctl.option,
            arguments: prctl.arguments.map(PrctlArgument::Number).to_vec(),
        }),
        Action::SetId(call) => Call::SetId(call),
        Action::Setgroups(groups) => Call::Setgroups(groups),
        Action::Capset(capset) => Call::Capset(CapsetCall {
            effective: capset.effective.into(),
            permitted: capset.permitted.into(),
            inheritable: capset.inheritable.into(),
        }),
        Action::Seccomp => {
            let filter = filter.cloned().ok_or("a filter without a profile")?;
            Call::Seccomp(SeccompCall { filter, flags: Vec::new() })
        }
    })
}

/// A refusal, and the rule that shows in it.
fn refusal(refused: &Refused, trace: &Trace) -> Said {
    let refuses = |event: &&Event| matches!(event, Event::Applied { effect: Effect::Refuses { .. }, .. });
    let mut rules: Vec<_> = trace.events().iter().filter(refuses).map(|event| event.rule().id).collect();
    if !rules.contains(&refused.rule.id) {
        rules.push(refused.rule.id);
    }
    Said { answer: Expected::Refused(refused.rule.id), rules }
}

/// An answer in which no rule of the engine shows.
fn unseen(answer: Expected) -> Said {
    Said { answer, rules: Vec::new() }
}

fn ids(rules: Vec<&'static Rule>) -> Vec<&'static str> {
    rules.into_iter().map(|rule| rule.id).collect()
}

/// The call of the runtime that failed.
fn described(outcome: &StepOutcome) -> String {
    let errno: Option<Errno> = outcome.refusal.as_ref().map(|refusal| refusal.errno);
    let call = serde_json::to_string(&outcome.call).unwrap_or_default();
    format!("{call}: {}", errno.map_or_else(String::new, |errno| errno.to_string()))
}

/// The kernel's own settings of a new network.
const PORT_START: u16 = 1024;
const PING_GROUPS: [u32; 2] = [1, 0];

/// The first process as it must show itself.
fn seen(outcome: &StepOutcome, handed: &Handed, host_network: bool) -> Seen {
    let process = outcome.process();
    let mut groups = process.groups.clone();
    groups.sort_unstable();
    let sets = [process.inheritable, process.permitted, process.effective, process.bounding, process.ambient];
    Seen {
        sets: sets.map(digits),
        uid: process.uid,
        gid: process.gid,
        groups,
        no_new_privs: process.no_new_privs,
        seccomp: if handed.seccomp.is_some() { 2 } else { 0 },
        port_start: handed.ip_unprivileged_port_start.filter(|_| !host_network).unwrap_or(PORT_START),
        ping_groups: handed.ping_group_range.filter(|_| !host_network).unwrap_or(PING_GROUPS),
    }
}
