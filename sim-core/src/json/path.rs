use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A path in a JSON text: `steps[2].capset`, `files["/bin/ping"].mode`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(pub(super) Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// A path as a reader has it on its way down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way<'p> {
    Root,
    Key(&'p Way<'p>, &'p str),
    Index(&'p Way<'p>, usize),
}

impl Path {
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    pub(crate) fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// This path, and on from there.
    pub(crate) fn join(mut self, below: Self) -> Self {
        self.0.extend(below.0);
        self
    }

    /// What is wrong below the key `from` of the whole is wrong with the key `to`.
    pub(crate) fn moved(self, from: &str, to: &str) -> Self {
        match self.0.first() {
            Some(Segment::Key(key)) if key == from => Self::default().key(to),
            _ => self,
        }
    }

    /// The path that is written `syscalls[2].args[0].op`, if its keys have neither points nor brackets.
    pub(crate) fn parse(text: &str) -> Self {
        let parts = text.split(['.', '[']).filter(|part| !part.is_empty());
        parts.fold(Self::default(), |path, part| {
            match part.strip_suffix(']').and_then(|number| number.parse().ok()) {
                Some(index) => path.index(index),
                None => path.key(part),
            }
        })
    }
}

impl Way<'_> {
    pub(super) fn path(&self) -> Path {
        match self {
            Self::Root => Path::default(),
            Self::Key(parent, key) => parent.path().key(key),
            Self::Index(parent, index) => parent.path().index(*index),
        }
    }

    pub(super) fn depth(mut self) -> usize {
        let mut depth = 0;
        while let Self::Key(parent, _) | Self::Index(parent, _) = self {
            (self, depth) = (*parent, depth + 1);
        }
        depth
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !is_plain(key) => write!(f, "[{key:?}]")?,
                Segment::Key(key) if depth == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
