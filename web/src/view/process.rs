use sim_core::credentials::Securebits;
use sim_core::kernel::Release;
use sim_core::rule::Rule;
use sim_core::scenario::{Call, FourIds, JUDGES_ENGINES, RuntimeEntry, Traced};
use yew::prelude::*;

use super::field::{TextField, checkbox, chosen, commits};
use super::rules::citation;
use super::{Dispatch, Shown};
use crate::fields;
use crate::state::{Action, ProcessEdit, State};

/// The thread at the start: everything but its capabilities, which are in the tables below; or what starts it.
pub(crate) fn process(state: &State, played: &Shown, dispatch: &Dispatch) -> Html {
    if let Some(entry) = state.scenario.runtime.as_ref().filter(|_| JUDGES_ENGINES) {
        return started(state, entry, played);
    }
    let process = &state.scenario.process;
    let four = |ids: Option<FourIds>| fields::show_four_ids(ids.unwrap_or(FourIds([0; 4])));
    // Four ids need the room.
    let width = |ids: Option<FourIds>| four(ids).contains(' ').then_some("wide");
    let edit = |edit| Action::Process(edit);
    html! {
        <section class="panel" aria-labelledby="process-title">
            <h3 id="process-title">{ "Process at the start" }</h3>
            <div class="fields">
                <TextField class={classes!(width(process.uid))} id="uid" label="User id" value={four(process.uid)}
                    commit={commits(dispatch, fields::four_ids, move |ids| edit(ProcessEdit::Uid(ids)))} />
                <TextField class={classes!(width(process.gid))} id="gid" label="Group id" value={four(process.gid)}
                    commit={commits(dispatch, fields::four_ids, move |ids| edit(ProcessEdit::Gid(ids)))} />
                <TextField id="groups" label="Other groups" value={fields::show_ids(&process.groups)}
                    commit={commits(dispatch, fields::ids, move |ids| edit(ProcessEdit::Groups(ids)))} />
                { tracer(process.traced, dispatch) }
                { port_start(state, dispatch) }
            </div>
            <p class="hint">{ "One number, or four: real, effective, saved, filesystem." }</p>
            { checkbox("no-new-privs", "no_new_privs", process.no_new_privs, dispatch,
                move |on| edit(ProcessEdit::NoNewPrivs(on))) }
            { checkbox("shares-fs", "shares its filesystem context (CLONE_FS)", process.shares_fs, dispatch,
                move |on| edit(ProcessEdit::SharesFs(on))) }
            { securebits(state, dispatch) }
            { namespaces(state, process.user_ns.as_deref()) }
        </section>
    }
}

/// What starts the thread, in place of a process that is written.
fn started(state: &State, entry: &RuntimeEntry, played: &Shown) -> Html {
    let result = played.as_ref().ok().and_then(|played| played.runtime.as_ref());
    let asked = entry.in_words();
    let rules = result.map(|result| result.rules.as_slice()).unwrap_or_default();
    html! {
        <section class="panel" id="started" aria-labelledby="process-title">
            <h3 id="process-title">{ format!("Started by {} {}", entry.engine.0, entry.version()) }</h3>
            <p>{ format!("Asked for: {asked}.") }</p>
            if let Some(refused) = result.and_then(|result| result.refused.as_ref()) {
                <p class="complaint">
                    { "It is not started: " }<code>{ refused.rule }</code>
                    if !refused.about.is_empty() {
                        { format!(", about {}", refused.about) }
                    }
                </p>
            }
            <p class="hint">{ "What the program begins with follows from that; it is changed in the scenario's JSON, under runtime." }</p>
            if !rules.is_empty() {
                <h4>{ "The engine's rules that decided" }</h4>
                <ul class="plain rules">
                    { for rules.iter().filter_map(|id| Rule::find(id)).map(|rule| html! {
                        <li data-rule={rule.id}>
                            <details>
                                <summary>
                                    <span class="sign" aria-hidden="true">{ "✓" }</span><code>{ rule.id }</code>
                                </summary>
                                { citation(rule) }
                            </details>
                        </li>
                    }) }
                </ul>
            }
            { namespaces(state, entry.user_namespace.as_deref()) }
        </section>
    }
}

fn tracer(traced: Option<Traced>, dispatch: &Dispatch) -> Html {
    let onchange = dispatch.reform(|event: Event| {
        let tracer = match chosen(&event).as_deref() {
            Some("with") => Some(true),
            Some("without") => Some(false),
            _ => None,
        };
        Action::Process(ProcessEdit::Traced(tracer))
    });
    let privileged = traced.map(|traced| traced.tracer_has_sys_ptrace);
    html! {
        <div class="field">
            <label for="traced">{ "Traced" }</label>
            <select id="traced" {onchange}>
                <option value="no" selected={privileged.is_none()}>{ "no" }</option>
                <option value="without" selected={privileged == Some(false)}>{ "by one without CAP_SYS_PTRACE" }</option>
                <option value="with" selected={privileged == Some(true)}>{ "by one with CAP_SYS_PTRACE" }</option>
            </select>
        </div>
    }
}

/// Only where a step binds a port.
fn port_start(state: &State, dispatch: &Dispatch) -> Html {
    if !state.scenario.steps.iter().any(|step| matches!(step.call, Call::Bind { .. })) {
        return html! {};
    }
    let start = state.scenario.sysctl.ip_unprivileged_port_start.unwrap_or(1024);
    html! {
        <TextField id="port-start" label="Ports free for all from" value={start.to_string()}
            commit={commits(dispatch, fields::port, Action::PortStart)} />
    }
}

fn securebits(state: &State, dispatch: &Dispatch) -> Html {
    let bits = state.scenario.process.securebits.0;
    let release = state.scenario.kernel.map_or(Release::NEWEST, |kernel| kernel.0);
    let known = Securebits::all_names().filter(|(bit, _)| Securebits::known(release).contains(*bit));
    html! {
        <details>
            <summary>{ format!("Securebits: {:#x}", bits.bits()) }</summary>
            <div class="ticks">
                { for known.map(|(bit, name)| checkbox(format!("securebit-{name}"), name, bits.contains(bit), dispatch,
                    move |on| Action::Process(ProcessEdit::Securebit(bit, on)))) }
            </div>
        </details>
    }
}

/// The user namespaces, where there are any.
fn namespaces(state: &State, inside: Option<&str>) -> Html {
    let spaces = &state.scenario.user_namespaces;
    if spaces.is_empty() {
        return html! {};
    }
    let inside = inside.unwrap_or("init");
    html! {
        <details>
            <summary>{ format!("User namespace: {inside}") }</summary>
            <ul class="plain">
                { for spaces.iter().map(|(name, space)| {
                    let parent = space.parent.as_deref().unwrap_or("init");
                    let map = |map: &Option<String>| map.clone().unwrap_or_else(|| "not written".to_owned());
                    html! {
                        <li>
                            <strong>{ name }</strong>
                            { format!(" below {parent}; owner {}; uid_map ", space.owner.unwrap_or(0)) }
                            <code>{ map(&space.uid_map) }</code>{ "; gid_map " }<code>{ map(&space.gid_map) }</code>
                        </li>
                    }
                }) }
            </ul>
            <p class="hint">{ "Namespaces are changed in the scenario's JSON." }</p>
        </details>
    }
}
