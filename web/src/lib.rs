//! The playground: draws a scenario and edits it. It decides nothing; every answer comes from `sim-core`.
//!
//! ```text
//! app        what is on the page, from top to bottom
//! view/      one part of the page a file
//! state      what the page knows, and what each action makes of it
//! played     the scenario played up to the step that is shown
//! rows       which rows the table has
//! address    the browser's address and clipboard
//! paste      text that people paste         fields     text that people type
//! gallery    the scenarios of the repository
//! ```

mod address;
mod app;
mod fields;
mod gallery;
mod paste;
mod played;
mod pretty;
mod rows;
mod state;
mod view;

pub use app::App;
