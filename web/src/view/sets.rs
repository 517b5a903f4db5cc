use sim_core::capability::CapSet;
use sim_core::rule::SetName;
use sim_core::scenario::{FiveSets, ProcessResult};
use yew::prelude::*;

use super::field::{TextField, commits};
use super::{Dispatch, Shown};
use crate::fields;
use crate::played::Played;
use crate::state::{Action, ProcessEdit, State};

/// Ids, sets and flags before and after the step, as `/proc/PID/status` shows them.
pub(crate) fn sets(state: &State, played: &Shown, dispatch: &Dispatch) -> Html {
    html! {
        <section class="panel" aria-labelledby="sets-title">
            <h3 id="sets-title">{ "As in /proc/PID/status" }</h3>
            <div class="scroll">
                <table class="sets">
                    <thead>
                        <tr>
                            <th scope="col">{ "Set" }</th>
                            <th scope="col">{ "Before" }</th>
                            <th scope="col">{ "After" }</th>
                            <th scope="col">{ "Change" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        { for SetName::THREAD.map(|set| set_row(set, state, played, dispatch)) }
                        { played.as_ref().map(other_rows).unwrap_or_default() }
                    </tbody>
                </table>
            </div>
        </section>
    }
}

fn set_row(set: SetName, state: &State, played: &Shown, dispatch: &Dispatch) -> Html {
    let all = state.all();
    let name = set.to_string();
    let before = match played {
        Ok(played) => played.before().set(set).unwrap_or_default(),
        Err(_) => set_at_start(&state.scenario.process.sets(all), set),
    };
    let after = played.as_ref().ok().and_then(Played::after).and_then(|process| process.set(set));
    let commit = commits(
        dispatch,
        move |text| fields::set(text, all),
        move |value| Action::Process(ProcessEdit::Set(set, value)),
    );
    html! {
        <tr data-set={name.clone()}>
            <th scope="row">{ &name }</th>
            <td data-when="before">
                if state.shows_start() {
                    <TextField id={format!("set-{name}")} label={format!("{name} set at the start")} hidden_label=true
                        value={before.to_string()} {commit} />
                } else {
                    <code>{ before.to_string() }</code>
                }
            </td>
            <td data-when="after"><code>{ after.map(|set| set.to_string()).unwrap_or_default() }</code></td>
            <td>{ after.map(|after| change_in_words(before, after)).unwrap_or_default() }</td>
        </tr>
    }
}

fn set_at_start(sets: &FiveSets, set: SetName) -> CapSet {
    match set {
        SetName::Permitted => sets.permitted,
        SetName::Effective => sets.effective,
        SetName::Inheritable => sets.inheritable,
        SetName::Bounding => sets.bounding,
        _ => sets.ambient,
    }
}

fn change_in_words(before: CapSet, after: CapSet) -> String {
    const FEW: u32 = 2;
    let part = |sign: &str, set: CapSet| match set.len() {
        0 => None,
        1..=FEW => Some(set.iter().map(|capability| format!("{sign}{capability}")).collect::<Vec<_>>().join(" ")),
        many => Some(format!("{sign}{many}")),
    };
    let parts: Vec<_> = [part("+", after - before), part("−", before - after)].into_iter().flatten().collect();
    if parts.is_empty() { "same".to_owned() } else { parts.join(" ") }
}

/// A fact about a thread, as text.
type Fact = fn(&ProcessResult) -> String;

const OTHER_FACTS: [(&str, Fact); 5] = [
    ("uid", |process| fields::show_ids(&process.uid)),
    ("gid", |process| fields::show_ids(&process.gid)),
    ("groups", |process| fields::show_ids(&process.groups)),
    ("securebits", |process| format!("{:#x}", process.securebits)),
    ("no_new_privs", |process| u8::from(process.no_new_privs).to_string()),
];

/// What the sets do not say: ids, securebits and flags.
fn other_rows(played: &Played) -> Html {
    let (before, after) = (played.before(), played.after());
    let row = |name: &'static str, old: String, new: Option<String>| {
        let change = new.as_ref().map(|new| if *new == old { "same" } else { "changed" });
        html! {
            <tr data-set={name}>
                <th scope="row">{ name }</th>
                <td data-when="before"><code>{ old }</code></td>
                <td data-when="after"><code>{ new.unwrap_or_default() }</code></td>
                <td>{ change.unwrap_or_default() }</td>
            </tr>
        }
    };
    let at_secure = played.shown().and_then(|outcome| outcome.at_secure);
    html! {
        <>
            { for OTHER_FACTS.iter().map(|(name, fact)| row(name, fact(before), after.map(fact))) }
            if let Some(at_secure) = at_secure {
                <tr data-set="at_secure">
                    <th scope="row">{ "AT_SECURE" }</th>
                    <td data-when="before"></td>
                    <td data-when="after"><code>{ u8::from(at_secure) }</code></td>
                    <td></td>
                </tr>
            }
        </>
    }
}
