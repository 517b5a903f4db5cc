use std::rc::Rc;

use sim_core::capability::{CapSet, Capability};
use sim_core::rule::SetName;
use sim_core::scenario::{Call, ProcessResult};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::field::checkbox;
use super::{Dispatch, Shown};
use crate::played::{Played, change};
use crate::rows::{Row, Sets};
use crate::state::{Action, Bit, FileEdit, ProcessEdit, State, When};

/// The file's sets.
const FILE_SETS: [SetName; 2] = [SetName::FilePermitted, SetName::FileInheritable];

/// At most so many capabilities stand out by themselves for one reason.
const FEW: u32 = 6;

/// The table of capabilities: P E I B A before, fP fI of the file, P E I B A after.
#[component]
pub(crate) fn Matrix(props: &MatrixProps) -> Html {
    let cursor = use_state(|| (0, 0));
    let MatrixProps { state, played, dispatch } = props;
    let Ok(played) = &**played else { return html! {} };
    let sets = sets_shown(state, played);
    let rows = if state.every_row { sets.every_row(state.all()) } else { sets.rows_of_interest(focus(state, &sets)) };
    let table = Table { state, played, dispatch, sets, cursor: *cursor, path: path_of_followed(state, played) };

    let onfocusin = {
        let cursor = cursor.setter();
        Callback::from(move |event: FocusEvent| {
            if let Some(place) = event.target_dyn_into::<HtmlElement>().and_then(|element| place(&element)) {
                cursor.set(place);
            }
        })
    };
    let has_file = played.deciding_path(state).is_some();
    html! {
        <section class="panel" aria-labelledby="matrix-title">
            <h3 id="matrix-title">{ "Capability by capability" }</h3>
            <p class="hint">
                { "● held   + gained   − lost   · not held. Before the first step a click puts a bit in or takes it out; \
                   anywhere else it shows where the bit came from. Arrow keys move." }
            </p>
            { checkbox("every-row", "every capability", state.every_row, dispatch, Action::EveryRow) }
            <div class="scroll">
                <table class="matrix" role="grid" aria-labelledby="matrix-title" {onfocusin} onkeydown={|event: KeyboardEvent| move_by_arrows(&event)}>
                    { head(state, has_file) }
                    <tbody>{ for rows.iter().enumerate().map(|(index, row)| table.row(index, row)) }</tbody>
                </table>
            </div>
            if rows.is_empty() {
                <p>{ "No set holds any capability." }</p>
            }
        </section>
    }
}

/// What [`Matrix`] needs.
#[derive(Properties, PartialEq)]
pub(crate) struct MatrixProps {
    pub(crate) state: State,
    pub(crate) played: Rc<Shown>,
    pub(crate) dispatch: Dispatch,
}

fn sets_shown(state: &State, played: &Played) -> Sets {
    let five = |process: &ProcessResult| process.sets().map(|(_, set)| set);
    Sets {
        before: five(played.before()),
        file: played.file_sets(state).unwrap_or_default(),
        after: played.after().map(five).unwrap_or_default(),
    }
}

/// The capabilities that this step is about.
fn focus(state: &State, sets: &Sets) -> CapSet {
    let few = |set: CapSet| if set.len() <= FEW { set } else { CapSet::EMPTY };
    let mut focus = sets.file.iter().fold(CapSet::EMPTY, |all, set| all | few(*set));
    for (before, after) in sets.before.iter().zip(&sets.after) {
        focus |= few((*before - *after) | (*after - *before));
    }
    if let Some(bit) = state.followed {
        focus |= bit.capability.into();
    }
    if state.scenario.steps.iter().any(|step| matches!(step.call, Call::Bind { .. })) {
        focus |= Capability::NET_BIND_SERVICE.into();
    }
    focus
}

fn head(state: &State, has_file: bool) -> Html {
    let step = state.position.max(1);
    let column = |index: usize, set: SetName, prime: &str, when: &str| {
        html! {
            <th scope="col" class={(index == 0).then_some("first")}>
                <span aria-hidden="true">{ set.symbol() }{ prime }</span>
                <span class="visually-hidden">{ format!("{set}{when}") }</span>
            </th>
        }
    };
    let thread = |prime: &'static str, when: &'static str| {
        SetName::THREAD.into_iter().enumerate().map(move |(index, set)| column(index, set, prime, when))
    };
    html! {
        <thead>
            <tr>
                <td></td>
                <th scope="colgroup" colspan="5">{ format!("before step {step}") }</th>
                if has_file {
                    <th scope="colgroup" colspan="2">{ "file" }</th>
                }
                <th scope="colgroup" colspan="5">{ format!("after step {step}") }</th>
            </tr>
            <tr>
                <th scope="col" class="name">{ "Capability" }</th>
                { for thread("", " before") }
                if has_file {
                    { for FILE_SETS.into_iter().enumerate().map(|(index, set)| column(index, set, "", "")) }
                }
                { for thread("′", " after") }
            </tr>
        </thead>
    }
}

/// The cells of the shown step that lie on the way of the bit that is followed.
fn path_of_followed(state: &State, played: &Played) -> Vec<(When, SetName)> {
    let Some(bit) = state.followed else { return Vec::new() };
    let shown = played.outcomes.len().saturating_sub(1);
    let mut path = vec![(bit.when, bit.set)];
    for link in played.way(bit) {
        // What a rule of this step filled stands after it; what was so from the start, or by an earlier step, before.
        let filled_here = link.rule.is_some() && link.step == shown;
        path.push((if filled_here { When::After } else { When::Before }, link.into));
    }
    path
}

struct Table<'a> {
    state: &'a State,
    played: &'a Played,
    dispatch: &'a Dispatch,
    sets: Sets,
    cursor: (usize, usize),
    path: Vec<(When, SetName)>,
}

/// One cell of a row.
#[derive(Clone, Copy)]
struct Cell {
    /// Row and column.
    place: (usize, usize),
    capability: Capability,
    set: SetName,
    /// Whether the row is this capability's alone.
    alone: bool,
}

impl Table<'_> {
    fn row(&self, index: usize, row: &Row) -> Html {
        let [capability, others @ ..] = row.as_slice() else { return html! {} };
        let has_file = self.played.deciding_path(self.state).is_some();
        let width = SetName::THREAD.len();
        let file_width = if has_file { FILE_SETS.len() } else { 0 };
        let cell = |column: usize, set: SetName| Cell {
            place: (index, column),
            capability: *capability,
            set,
            alone: others.is_empty(),
        };
        let sets =
            |offset: usize| SetName::THREAD.into_iter().enumerate().map(move |(index, set)| (offset + index, set));
        html! {
            <tr key={capability.number()} class={classes!((!others.is_empty()).then_some("alike"))}
                data-capability={capability.to_string()}>
                { heading(row) }
                { for sets(0).zip(self.sets.before).map(|((column, set), before)| self.before_cell(&cell(column, set), before)) }
                if has_file {
                    { for FILE_SETS.into_iter().zip(self.sets.file).enumerate().map(|(index, (set, value))| {
                        self.file_cell(&cell(width + index, set), value)
                    }) }
                }
                { for sets(width + file_width).zip(self.sets.before.into_iter().zip(self.sets.after)).map(
                    |((column, set), (before, after))| self.after_cell(&cell(column, set), before, after)
                ) }
            </tr>
        }
    }

    fn before_cell(&self, cell: &Cell, value: CapSet) -> Html {
        let Cell { capability, set, alone, .. } = *cell;
        let held = value.contains(capability);
        if alone && self.state.shows_start() {
            let edit = Action::Process(ProcessEdit::Bit(set, capability, !held));
            return self.tick(cell, format!("{capability}, {set} before"), held, edit);
        }
        let (sign, words) = if held { ("●", "held") } else { ("·", "not held") };
        self.button(cell, When::Before, sign, words)
    }

    fn file_cell(&self, cell: &Cell, value: CapSet) -> Html {
        let Cell { capability, set, alone, .. } = *cell;
        let held = value.contains(capability);
        let Some(path) = self.played.deciding_path(self.state).filter(|_| alone) else {
            let class = self.class(When::Before, cell);
            return html! { <td {class}>{ if held { "●" } else { "·" } }</td> };
        };
        let edit = Action::File(path.to_owned(), FileEdit::Bit(set, capability, !held));
        self.tick(cell, format!("{capability}, {set}"), held, edit)
    }

    fn after_cell(&self, cell: &Cell, before: CapSet, after: CapSet) -> Html {
        if self.played.after().is_none() {
            return html! { <td class={classes!("pending", self.class(When::After, cell))}></td> };
        }
        let (sign, words) = change(before, after, cell.capability);
        self.button(cell, When::After, sign, words)
    }

    /// A cell that tells a bit's way.
    fn button(&self, cell: &Cell, when: When, sign: &'static str, words: &'static str) -> Html {
        let Cell { place: (row, column), capability, set, alone } = *cell;
        let class = self.class(when, cell);
        let kind = words.replace(' ', "-");
        if !alone {
            return html! { <td {class}><span class={kind}>{ sign }</span></td> };
        }
        let bit = Bit { when, set, capability };
        let followed = self.state.followed == Some(bit);
        let onclick = self.dispatch.reform(move |_| Action::Follow((!followed).then_some(bit)));
        let label = format!("{capability}, {set} {}: {words}", if when == When::Before { "before" } else { "after" });
        html! {
            <td {class}>
                <button type="button" class={kind} {onclick} aria-pressed={followed.to_string()} aria-label={label}
                    tabindex={self.tabindex(cell)} data-row={row.to_string()} data-column={column.to_string()}>
                    { sign }
                </button>
            </td>
        }
    }

    /// A cell that puts a bit in or takes it out.
    fn tick(&self, cell: &Cell, label: String, checked: bool, edit: Action) -> Html {
        let onchange = self.dispatch.reform(move |_: Event| edit.clone());
        let (row, column) = cell.place;
        html! {
            <td class={self.class(When::Before, cell)}>
                <input type="checkbox" {checked} {onchange} aria-label={label} tabindex={self.tabindex(cell)}
                    data-row={row.to_string()} data-column={column.to_string()} />
            </td>
        }
    }

    /// One cell is in the order of Tab, the others are reached by arrow keys.
    fn tabindex(&self, cell: &Cell) -> &'static str {
        if cell.place == self.cursor { "0" } else { "-1" }
    }

    fn class(&self, when: When, cell: &Cell) -> Classes {
        let first = matches!(cell.set, SetName::Permitted | SetName::FilePermitted);
        let followed = self.state.followed.is_some_and(|bit| bit.capability == cell.capability);
        let path = followed && self.path.contains(&(when, cell.set));
        classes!(first.then_some("first"), path.then_some("path"))
    }
}

fn heading(row: &Row) -> Html {
    match row.as_slice() {
        [capability] => html! { <th scope="row">{ capability.to_string() }</th> },
        many => {
            let names: Vec<_> = many.iter().map(ToString::to_string).collect();
            html! {
                <th scope="row">
                    <details>
                        <summary>{ format!("{} alike", many.len()) }</summary>
                        { names.join(", ") }
                    </details>
                </th>
            }
        }
    }
}

fn place(element: &HtmlElement) -> Option<(usize, usize)> {
    let number = |name: &str| element.get_attribute(name)?.parse().ok();
    Some((number("data-row")?, number("data-column")?))
}

/// Moves the focus to the next cell in the direction of the arrow key.
fn move_by_arrows(event: &KeyboardEvent) {
    let (down, right): (isize, isize) = match event.key().as_str() {
        "ArrowUp" => (-1, 0),
        "ArrowDown" => (1, 0),
        "ArrowLeft" => (0, -1),
        "ArrowRight" => (0, 1),
        _ => return,
    };
    let Some(from) = event.target_dyn_into::<HtmlElement>() else { return };
    let Some((mut row, mut column)) = place(&from) else { return };
    event.prevent_default();
    let Ok(Some(table)) = from.closest("table") else { return };
    // Rows that stand for several have no cells to stop at; the table is smaller than this.
    for _ in 0..64 {
        let (Some(next_row), Some(next_column)) = (row.checked_add_signed(down), column.checked_add_signed(right))
        else {
            return;
        };
        (row, column) = (next_row, next_column);
        let selector = format!("[data-row='{row}'][data-column='{column}']");
        if let Ok(Some(cell)) = table.query_selector(&selector) {
            if let Some(cell) = cell.dyn_ref::<HtmlElement>() {
                // An element of this document can be focused.
                let _ = cell.focus();
            }
            return;
        }
    }
}
