//! One part of the page a file. Each draws the state and turns what people do into an [`Action`].

mod editor;
mod field;
mod files;
mod footer;
mod header;
mod matrix;
pub(crate) mod notices;
mod paste;
mod process;
mod rules;
mod sets;
mod timeline;
mod way;

pub(crate) use editor::Editor;
pub(crate) use files::files;
pub(crate) use footer::footer;
pub(crate) use header::header;
pub(crate) use matrix::Matrix;
pub(crate) use paste::Paste;
pub(crate) use process::process;
pub(crate) use rules::rules;
pub(crate) use sets::sets;
pub(crate) use timeline::timeline;
pub(crate) use way::way;

use sim_core::scenario::WorldError;
use yew::Callback;

use crate::played::Played;
use crate::state::Action;

/// Where actions go.
pub(crate) type Dispatch = Callback<Action>;

/// What there is to show: the scenario played, or why it cannot be.
pub(crate) type Shown = Result<Played, WorldError>;

/// A handler that does one thing, whatever the event.
fn does<E>(dispatch: &Dispatch, action: Action) -> Callback<E> {
    dispatch.reform(move |_| action.clone())
}
