use std::rc::Rc;

use sim_core::capability::Capability;
use sim_core::rule::SetName;
use sim_core::scenario::{FourIds, ModeText};
use yew::Reducible;

use super::{Action, FileEdit, ProcessEdit, State};
use link::Linked;

fn after(state: State, actions: impl IntoIterator<Item = Action>) -> State {
    let state = actions.into_iter().fold(Rc::new(state), Reducible::reduce);
    Rc::unwrap_or_clone(state)
}

fn open(fragment: &str) -> Action {
    Action::Open(Box::new(Linked::from_fragment(fragment)))
}

#[test]
fn an_exhibit_can_be_edited_and_reset() {
    let start = State::initial();
    let app = "/usr/bin/reverse-words".to_owned();
    let edited = after(
        start.clone(),
        [
            Action::Process(ProcessEdit::Uid(FourIds([7, 1024, 1024, 1024]))),
            Action::Process(ProcessEdit::Bit(SetName::Bounding, Capability::NET_BIND_SERVICE, false)),
            Action::File(app.clone(), FileEdit::Mode(ModeText("4755".parse().unwrap()))),
            Action::File(app.clone(), FileEdit::Bit(SetName::FilePermitted, Capability::KILL, true)),
            Action::Position(1),
        ],
    );
    let sets = edited.scenario.process.sets(edited.all());
    assert!(!sets.bounding.contains(Capability::NET_BIND_SERVICE));
    assert_eq!(edited.scenario.process.uid.unwrap().0, [7, 1024, 1024, 1024]);
    assert_eq!(edited.position, 1);
    let reset = after(edited, [Action::Reset]);
    assert_eq!((&reset.scenario, reset.position), (&start.scenario, 0));
    let undone = after(reset, [Action::Undo]);
    assert_eq!((undone.scenario.process.uid.unwrap().0[0], undone.position), (7, 1));
}

#[test]
fn undo_and_redo_go_through_the_changes() {
    let start = State::initial();
    let edits = [Action::Process(ProcessEdit::NoNewPrivs(true)), Action::Process(ProcessEdit::SharesFs(true))];
    let edited = after(start.clone(), edits);
    let back = after(edited.clone(), [Action::Undo, Action::Undo, Action::Undo]);
    assert_eq!(back.scenario, start.scenario);
    assert!(!back.can_undo() && back.can_redo());
    let again = after(back, [Action::Redo, Action::Redo]);
    assert_eq!(again.scenario, edited.scenario);
    assert!(!again.can_redo());
    let other = after(again, [Action::Undo, Action::Kernel(None), Action::Process(ProcessEdit::NoNewPrivs(false))]);
    assert!(!other.can_redo());
}

#[test]
fn the_address_brings_back_the_state() {
    let edited = after(
        State::initial(),
        [Action::Process(ProcessEdit::NoNewPrivs(true)), Action::Position(9), Action::EveryRow(true)],
    );
    assert_eq!(edited.position, edited.scenario.steps.len());
    let opened = after(State::initial(), [open(&edited.linked().to_fragment())]);
    assert_eq!((&opened.scenario, opened.position), (&edited.scenario, edited.position));
    assert_eq!(opened.origin, edited.origin);
}

#[test]
fn a_link_that_cannot_be_opened_changes_nothing_else() {
    let start = State::initial();
    let opened = after(start.clone(), [open("9.x")]);
    assert_eq!(opened.scenario, start.scenario);
    assert!(opened.link_error.is_some());
}
