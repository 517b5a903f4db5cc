use sim_core::scenario::FileEntry;
use yew::prelude::*;

use super::field::{TextField, checkbox, commits};
use super::{Dispatch, Shown};
use crate::fields;
use crate::state::{Action, FileEdit, State};

/// The files; the one that decides in the step that is shown, first and open.
pub(crate) fn files(state: &State, played: &Shown, dispatch: &Dispatch) -> Html {
    let deciding = played.as_ref().ok().and_then(|played| played.deciding_path(state));
    let (mut files, others): (Vec<_>, Vec<_>) =
        state.scenario.files.iter().partition(|(path, _)| Some(path.as_str()) == deciding);
    files.extend(others);
    if files.is_empty() {
        return html! {};
    }
    let open_all = files.len() == 1;
    html! {
        <section class="panel" aria-labelledby="files-title">
            <h3 id="files-title">{ if open_all { "File" } else { "Files" } }</h3>
            { for files.into_iter().enumerate().map(|(index, (path, file))| {
                let decides = Some(path.as_str()) == deciding;
                entry(index, path, file, decides, open_all || decides, state, dispatch)
            }) }
        </section>
    }
}

fn entry(
    index: usize,
    path: &str,
    file: &FileEntry,
    decides: bool,
    open: bool,
    state: &State,
    dispatch: &Dispatch,
) -> Html {
    let effective =
        file.caps.as_ref().and_then(|caps| caps.resolve(state.all()).ok()).is_some_and(|caps| caps.effective());
    let id = |what: &str| format!("file-{index}-{what}");
    html! {
        <details {open} key={path.to_owned()} data-path={path.to_owned()}>
            <summary><code>{ path }</code>{ if decides { " decides this step" } else { "" } }</summary>
            if let Some(interpreter) = &file.interpreter {
                <p class="hint">{ "A script, run by " }<code>{ interpreter }</code>{ "." }</p>
            }
            <div class="fields">
                <TextField class="wide" id={id("caps")} label="Capabilities, as for setcap" placeholder="none"
                    value={fields::show_caps(file.caps.as_ref())}
                    commit={commits(dispatch, fields::caps, at(path, FileEdit::Caps))} />
                <TextField id={id("mode")} label="Mode" value={file.mode.0.to_string()}
                    commit={commits(dispatch, fields::mode, at(path, FileEdit::Mode))} />
                <TextField id={id("uid")} label="Owner" value={file.uid.to_string()}
                    commit={commits(dispatch, fields::id, at(path, FileEdit::Uid))} />
                <TextField id={id("gid")} label="Group" value={file.gid.to_string()}
                    commit={commits(dispatch, fields::id, at(path, FileEdit::Gid))} />
            </div>
            { checkbox(id("effective"), "effective flag (fE)", effective, dispatch, at(path, FileEdit::Effective)) }
            { checkbox(id("nosuid"), "mounted nosuid", file.nosuid, dispatch, at(path, FileEdit::Nosuid)) }
            { checkbox(id("noexec"), "mounted noexec", file.noexec, dispatch, at(path, FileEdit::Noexec)) }
        </details>
    }
}

/// Makes a change of the file at this path an action.
fn at<T>(path: &str, edit: fn(T) -> FileEdit) -> impl Fn(T) -> Action + use<T> {
    let path = path.to_owned();
    move |value| Action::File(path.clone(), edit(value))
}
