//! A message says that something failed; what the text leaves out may be why. The usual reasons are tried, one and then two
//! together, and what makes the model fail in the same way is taken and said.

use formats::Failure;
use sim_core::capability::{CapSet, Capability};
use sim_core::engine::{Engine, Version};
use sim_core::kernel::Release;
use sim_core::scenario::{
    Call, CapsEntry, FilterEntry, FourIds, Json, ModeText, ProfileFilter, Scenario, Simulation, StepOutcome, Sysctl,
    VersionText, World,
};

use sim_core::seccomp::preset::Preset;

use crate::assemble::Draft;
use crate::played::Played;

/// A reason that the text may leave out.
struct Reason {
    /// What is assumed then.
    assumed: String,
    /// Makes it so; gives whether that changes anything.
    apply: fn(&mut Scenario, &Hint) -> bool,
}

/// What the message is about.
#[derive(Clone)]
struct Hint {
    /// The path of the program.
    program: Option<String>,
    /// What was tried.
    call: Option<Call>,
    /// The error.
    errno: Option<&'static str>,
    /// A capability that the container has not.
    withheld: Option<Capability>,
}

/// Whether the model fails as the message says, perhaps after an assumption, which the draft then has.
pub(crate) fn explain(draft: &mut Draft) -> bool {
    let Some((step, failure)) = draft.failed.clone() else { return false };
    if shows(&draft.scenario, step, &failure) {
        return true;
    }
    let hint = hint(&draft.scenario, &failure);
    let reasons = reasons(&hint);
    let mut tried: Vec<(Scenario, &str)> = Vec::new();
    for reason in &reasons {
        let mut scenario = draft.scenario.clone();
        if (reason.apply)(&mut scenario, &hint) {
            tried.push((scenario, &reason.assumed));
        }
    }
    if let Some((scenario, assumed)) = tried.iter().find(|(scenario, _)| shows(scenario, step, &failure)) {
        take(draft, scenario.clone(), &[assumed]);
        return true;
    }
    for (first, assumed) in &tried {
        for reason in reasons.iter().filter(|reason| reason.assumed != *assumed) {
            let mut scenario = first.clone();
            if (reason.apply)(&mut scenario, &hint) && shows(&scenario, step, &failure) {
                take(draft, scenario, &[assumed, &reason.assumed]);
                return true;
            }
        }
    }
    false
}

/// Takes a scenario with what is assumed in it, in place of what was assumed before about the same.
fn take(draft: &mut Draft, scenario: Scenario, assumed: &[&str]) {
    let about = |text: &str| assumed.iter().any(|assumed| assumed.contains(text));
    draft.assumed.retain(|before| {
        let version = before.starts_with("The version of containerd") && about("containerd is taken");
        let file = before.starts_with("Nothing is known of") && about("that has the effective flag");
        !version && !file
    });
    draft.assumed.extend(assumed.iter().map(|text| (*text).to_owned()));
    draft.scenario = scenario;
}

/// Whether that step fails with that error. Where the message does not say what was tried, any failure will do.
fn shows(scenario: &Scenario, step: usize, failure: &Failure) -> bool {
    let Ok(Played { outcomes, refused, .. }) = Played::of(scenario) else { return false };
    let fails = |outcome: &StepOutcome| match (outcome.refusal, failure.errno) {
        (Some(refusal), Some(errno)) => refusal.errno.to_string() == errno,
        (Some(_), None) => true,
        (None, _) => {
            let judged = outcome.judgement.as_ref().filter(|judgement| judgement.stops());
            outcome.killed.is_some() || judged.is_some()
        }
    };
    // Of these messages the reason is not a refusal, but what execve did or did not give.
    let last = outcomes.iter().rev().find(|outcome| matches!(outcome.call, Call::Execve(_)));
    let fails_otherwise = last.is_some_and(|outcome| match failure.id {
        "sudo-no-new-privs" | "sudo-euid" => outcome.process().uid[1] != 0,
        "bwrap-unexpected" => !outcome.process().effective.is_empty(),
        "library" => outcome.at_secure == Some(true),
        _ => false,
    });
    if fails_otherwise {
        return true;
    }
    if failure.call.is_none() {
        return refused.is_some() || outcomes.iter().any(fails);
    }
    let started = |outcome: &&StepOutcome| matches!(outcome.call, Call::Execve(_));
    let before = outcomes.iter().take(step).filter(started).all(|outcome| outcome.refusal.is_none());
    before && outcomes.get(step).is_some_and(fails)
}

fn hint(scenario: &Scenario, failure: &Failure) -> Hint {
    let program = scenario.steps.iter().find_map(|step| match &step.call {
        Call::Execve(path) => Some(path.clone()),
        _ => None,
    });
    let world = World::new(scenario, &sim_core::scenario::Options::default()).ok();
    let bounding = world.map(|world| Simulation::new(world).world().thread.credentials.bounding);
    let known = [Capability::NET_BIND_SERVICE, Capability::NET_RAW, Capability::NET_ADMIN, Capability::SYS_ADMIN];
    let withheld = bounding.and_then(|set: CapSet| known.into_iter().find(|capability| !set.contains(*capability)));
    Hint { program, call: failure.call.clone(), errno: failure.errno, withheld }
}

fn reasons(hint: &Hint) -> Vec<Reason> {
    let program = hint.program.as_deref().unwrap_or("the program");
    let withheld = hint.withheld.map_or_else(|| "a capability".to_owned(), |capability| capability.to_string());
    let mut reasons = vec![
        Reason {
            assumed: format!(
                "The capabilities of {program} are not in the text. Such a failure comes of a file that has the effective \
                 flag and a capability outside the bounding set; {withheld} is taken. `getcap {program}` tells."
            ),
            apply: caps_outside,
        },
        Reason {
            assumed: format!(
                "Neither the capabilities of {program} nor the bounding set are in the text. Such a failure comes of a file \
                 that has the effective flag and a capability outside the bounding set; CAP_NET_BIND_SERVICE is taken. \
                 `getcap {program}` and `grep CapBnd /proc/self/status` tell."
            ),
            apply: caps_and_dropped,
        },
        Reason {
            assumed:
                "The user is not in the text: root would be allowed, so the image or the launcher is taken to name \
                      another one, id 1000."
                    .to_owned(),
            apply: another_user,
        },
        Reason {
            assumed: "containerd is taken to be 1.7, as many clusters have it; since 2.0 every port may be bound."
                .to_owned(),
            apply: older_containerd,
        },
        Reason {
            assumed: "It is taken to share the host's network, where ports below 1024 are privileged.".to_owned(),
            apply: host_network,
        },
        Reason {
            assumed: "no_new_privs is taken to be set. `grep NoNewPrivs /proc/PID/status` tells.".to_owned(),
            apply: nnp,
        },
        Reason {
            assumed: format!(
                "The mount of {program} is taken to have the option nosuid. `findmnt -T {program}` tells."
            ),
            apply: nosuid,
        },
        Reason { assumed: format!("{program} is taken not to be executable. `ls -l {program}` tells."), apply: no_x },
        Reason {
            assumed: "The engine's own seccomp profile is taken to be in force, as it is today.".to_owned(),
            apply: own_profile,
        },
        Reason {
            assumed: "The seccomp profile is not in the text: one that refuses this call is taken.".to_owned(),
            apply: profile,
        },
    ];
    reasons.retain(|reason| !reason.assumed.is_empty());
    reasons
}

fn caps_outside(scenario: &mut Scenario, hint: &Hint) -> bool {
    let (Some(capability), Some(path)) = (hint.withheld, &hint.program) else { return false };
    let Some(file) = scenario.files.get_mut(path).filter(|file| file.caps.is_none()) else { return false };
    if hint.errno == Some("EACCES") || !matches!(hint.call, Some(Call::Execve(_))) {
        return false;
    }
    let text = format!("{}=ep", capability.name().unwrap_or("cap_net_raw").to_lowercase());
    file.caps = sim_core::scenario::read_value::<CapsEntry>(&format!("{text:?}")).ok();
    file.caps.is_some()
}

/// The same where not even the bounding set is known.
fn caps_and_dropped(scenario: &mut Scenario, hint: &Hint) -> bool {
    if scenario.runtime.is_some() || scenario.process.bounding.is_some() || hint.withheld.is_some() {
        return false;
    }
    let all = Release::NEWEST.capabilities();
    scenario.process.bounding = Some((all - Capability::NET_BIND_SERVICE.into()).into());
    let with = Hint { withheld: Some(Capability::NET_BIND_SERVICE), ..hint.clone() };
    caps_outside(scenario, &with)
}

/// Where the version is not known: the one that many have.
fn older_containerd(scenario: &mut Scenario, hint: &Hint) -> bool {
    let newest = Engine::Containerd.newest();
    match &mut scenario.runtime {
        Some(runtime) if runtime.engine.0 == Engine::Containerd && matches!(hint.call, Some(Call::Bind { .. })) => {
            let assumed = runtime.version.is_none_or(|VersionText(version)| version == newest);
            runtime.version = Some(VersionText(Version::new(1, 7, 0)));
            assumed
        }
        _ => false,
    }
}

fn another_user(scenario: &mut Scenario, _: &Hint) -> bool {
    match &mut scenario.runtime {
        Some(runtime) if runtime.user.is_none() => {
            runtime.user = Some("1000".to_owned());
            true
        }
        None if scenario.process.uid.is_none() => {
            (scenario.process.uid, scenario.process.gid) = (Some(FourIds([1000; 4])), Some(FourIds([1000; 4])));
            true
        }
        _ => false,
    }
}

fn host_network(scenario: &mut Scenario, hint: &Hint) -> bool {
    let bind = matches!(hint.call, Some(Call::Bind { .. }));
    match &mut scenario.runtime {
        Some(runtime) if bind && !runtime.host_network && runtime.sysctl == Sysctl::default() => {
            runtime.host_network = true;
            true
        }
        _ => false,
    }
}

fn nnp(scenario: &mut Scenario, _: &Hint) -> bool {
    let set = match &mut scenario.runtime {
        Some(runtime) => &mut runtime.no_new_privileges,
        None => &mut scenario.process.no_new_privs,
    };
    !std::mem::replace(set, true)
}

fn nosuid(scenario: &mut Scenario, hint: &Hint) -> bool {
    let file = hint.program.as_ref().and_then(|path| scenario.files.get_mut(path));
    file.is_some_and(|file| !std::mem::replace(&mut file.nosuid, true))
}

fn no_x(scenario: &mut Scenario, hint: &Hint) -> bool {
    let file = hint.program.as_ref().and_then(|path| scenario.files.get_mut(path));
    let plain = |file: &&mut sim_core::scenario::FileEntry| file.mode == ModeText::default();
    let Some(file) = file.filter(plain).filter(|_| hint.errno == Some("EACCES")) else { return false };
    match "0644".parse() {
        Ok(mode) => file.mode = ModeText(mode),
        Err(_) => return false,
    }
    true
}

/// The profile that the engine applies unless told otherwise.
fn own_profile(scenario: &mut Scenario, _: &Hint) -> bool {
    let Some(runtime) = &mut scenario.runtime else { return false };
    let preset = match runtime.engine.0 {
        Engine::Docker => Preset::Docker,
        Engine::Podman => Preset::Podman,
        Engine::CriO => Preset::Crio,
        // A kubelet asks for no profile, and a runtime alone has none.
        _ => return false,
    };
    if runtime.seccomp.is_some() || runtime.privileged {
        return false;
    }
    let profile = sim_core::scenario::read_value::<Json>(&preset.profile().to_string());
    runtime.seccomp =
        profile.ok().map(|profile| FilterEntry::Profile(ProfileFilter { profile, engine: None, native: None }));
    runtime.seccomp.is_some()
}

/// A profile that refuses the call that failed and nothing else.
fn profile(scenario: &mut Scenario, hint: &Hint) -> bool {
    let Some(call) = &hint.call else { return false };
    let name = match call {
        Call::Syscall(call) => match &call.which {
            sim_core::scenario::WhichCall::Name(name) => name.clone(),
            sim_core::scenario::WhichCall::Number(_) => return false,
        },
        Call::Process(operation) => operation.name().to_owned(),
        Call::System(operation) => operation.name().to_owned(),
        Call::Path(operation) => operation.name().to_owned(),
        Call::Unshare(_) => "unshare".to_owned(),
        Call::Clone(_) => "clone".to_owned(),
        _ => return false,
    };
    let number = match hint.errno {
        Some("ENOSYS") => 38,
        Some("EACCES") => 13,
        _ => 1,
    };
    let text = format!(
        r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{{"names":[{name:?}],"action":"SCMP_ACT_ERRNO","errnoRet":{number}}}]}}"#
    );
    let Ok(profile) = sim_core::scenario::read_value::<Json>(&text) else { return false };
    let entry = FilterEntry::Profile(ProfileFilter { profile, engine: None, native: None });
    match &mut scenario.runtime {
        Some(runtime) if runtime.seccomp.is_none() && !runtime.privileged => runtime.seccomp = Some(entry),
        None if scenario.process.seccomp.is_empty() => scenario.process.seccomp.push(entry),
        _ => return false,
    }
    true
}
