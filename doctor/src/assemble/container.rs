//! What an engine or systemd starts.

use std::collections::BTreeMap;

use formats::{AskedProfile, Container, Failure};
use sim_core::engine::Engine;
use sim_core::scenario::{EngineText, FourIds, RuntimeEntry, Scenario, VersionText};

use super::Draft;
use super::files::take_settings;
use super::program::program;
use super::steps::add_steps;
use crate::facts::{Asked, Facts, mount};

pub(super) fn of_container(asked: &Asked, facts: &Facts, failure: Option<&Failure>) -> Draft {
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
        changed: BTreeMap::new(),
        before: Vec::new(),
    };
    if let Some(exact) = &container.exact {
        (draft.scenario.process, draft.scenario.runtime) = ((**exact).clone(), None);
    }
    if let (Some(name), Some(entry)) = (&container.runtime.user_namespace, &container.user_namespace) {
        draft.scenario.user_namespaces.insert(name.clone(), entry.clone());
    }
    take_settings(&mut draft, facts, failure);
    let of_image = facts.images.last().and_then(|image| image.command.first()).map(String::as_str);
    let program = program(container.command.first().map(String::as_str).or(of_image), facts, failure);
    add_steps(&mut draft, Some(program), facts, failure, &container.ports);
    mount(&mut draft.scenario.files, &container.mounts);
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
