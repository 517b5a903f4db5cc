use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sim_core::scenario::{Loaded, MAX_SIZE, Options, ReadError};
use walkdir::WalkDir;

/// A scenario, or why there is none; and where it came from.
pub(crate) struct Input {
    /// The file, with the line of JSON Lines; none for standard input.
    pub(crate) file: Option<PathBuf>,
    /// What was read.
    pub(crate) read: Result<Loaded, ReadError>,
}

/// The scenarios of all paths, one after the other: a folder stands for the `.json` files and the JSON Lines in
/// `.jsonl` files below it, `-` for JSON Lines on standard input.
pub(crate) fn scenarios(paths: &[PathBuf]) -> impl Iterator<Item = Input> {
    paths.iter().flat_map(|path| -> Box<dyn Iterator<Item = Input>> {
        if path.as_os_str() == "-" {
            Box::new(Lines { file: None, from: io::stdin().lock(), line: 0, empty: true, broken: false })
        } else {
            Box::new(below(path).flat_map(of_file))
        }
    })
}

/// One scenario from a file, or all of standard input as one scenario.
pub(crate) fn scenario(path: &Path) -> Input {
    if path.as_os_str() == "-" {
        return Input { file: None, read: read(io::stdin().lock()) };
    }
    Input { file: Some(path.to_owned()), read: File::open(path).map_err(|error| unreadable(&error)).and_then(read) }
}

/// The scenario of a file, or those of its lines; of what cannot be walked, the error.
fn of_file(found: Result<PathBuf, Unwalkable>) -> Box<dyn Iterator<Item = Input>> {
    match found {
        Err((path, error)) => Box::new(std::iter::once(Input { file: Some(path), read: Err(unreadable(&error)) })),
        Ok(path) if path.extension().is_some_and(|extension| extension == "jsonl") => match File::open(&path) {
            Ok(file) => {
                Box::new(Lines { file: Some(path), from: BufReader::new(file), line: 0, empty: true, broken: false })
            }
            Err(error) => Box::new(std::iter::once(Input { file: Some(path), read: Err(unreadable(&error)) })),
        },
        Ok(path) => Box::new(std::iter::once(scenario(&path))),
    }
}

/// What cannot be walked, and why.
type Unwalkable = (PathBuf, io::Error);

fn below(path: &Path) -> impl Iterator<Item = Result<PathBuf, Unwalkable>> {
    let mut empty = true;
    // Links are followed, as by the shell; walkdir ends a circle of them with an error.
    let mut entries = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
    let start = path.to_owned();
    std::iter::from_fn(move || {
        for entry in entries.by_ref() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => {
                    let extension = entry.path().extension();
                    if entry.depth() == 0 || extension.is_some_and(|name| name == "json" || name == "jsonl") {
                        empty = false;
                        return Some(Ok(entry.into_path()));
                    }
                }
                Err(error) => {
                    empty = false;
                    let file = error.path().unwrap_or(&start).to_owned();
                    return Some(Err((file, error.into())));
                }
            }
        }
        // A guard that checks nothing must not pass.
        std::mem::take(&mut empty).then(|| {
            let error = io::Error::other("there is no .json or .jsonl file below it");
            Err((start.clone(), error))
        })
    })
}

fn read(from: impl Read) -> Result<Loaded, ReadError> {
    let mut text = Vec::new();
    from.take(MAX_SIZE as u64 + 1).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
    Loaded::read(&text, &Options::default())
}

fn unreadable(error: &io::Error) -> ReadError {
    ReadError { line: 1, column: 1, path: String::new(), message: format!("cannot be read: {error}") }
}

/// Scenarios one a line, in constant memory. Blank lines are passed over.
struct Lines<R> {
    file: Option<PathBuf>,
    from: R,
    line: usize,
    empty: bool,
    /// Reading failed: nothing more can come.
    broken: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        while !self.broken {
            let mut text = Vec::new();
            let limit = MAX_SIZE as u64 + 2;
            let size = match self.from.by_ref().take(limit).read_until(b'\n', &mut text) {
                Ok(size) => size,
                Err(error) => return Some(self.fail(&error)),
            };
            if size == 0 {
                // A guard that checks nothing must not pass.
                let error = io::Error::other("there is no scenario in it");
                return (self.empty && self.file.is_some()).then(|| self.fail(&error));
            }
            self.line += 1;
            let too_long = !text.ends_with(b"\n") && text.len() > MAX_SIZE;
            if too_long && let Err(error) = self.skip_to_next_line() {
                return Some(self.fail(&error));
            }
            // A line that is too long is an error as it is: what was cut off could be anything.
            let line = if too_long { text.as_slice() } else { text.trim_ascii_end() };
            if !line.trim_ascii_start().is_empty() || too_long {
                self.empty = false;
                let read = Loaded::read(line, &Options::default());
                return Some(self.input(read));
            }
        }
        None
    }
}

impl<R: BufRead> Lines<R> {
    fn fail(&mut self, error: &io::Error) -> Input {
        self.broken = true;
        self.input(Err(unreadable(error)))
    }

    fn input(&self, read: Result<Loaded, ReadError>) -> Input {
        let file = self.file.as_ref().map(|file| PathBuf::from(format!("{}:{}", file.display(), self.line.max(1))));
        // A scenario is one line, so its line is that of the stream.
        Input { file, read: read.map_err(|error| ReadError { line: self.line.max(1), ..error }) }
    }

    fn skip_to_next_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.from.fill_buf()?;
            if buffer.is_empty() {
                return Ok(());
            }
            if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                self.from.consume(end + 1);
                return Ok(());
            }
            let read = buffer.len();
            self.from.consume(read);
        }
    }
}
