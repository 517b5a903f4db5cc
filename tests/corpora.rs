//! The corpora that fuzzing left, on every compiler: no input may break what `fuzz/src` demands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may say what it expects")]

#[path = "../fuzz/src/lib.rs"]
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "what is wrong panics there; that is how the fuzzer is told"
)]
mod fuzz;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");

/// The entries of a folder, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_kept_input_is_borne() {
    let mut size = 0;
    for (target, body) in fuzz::TARGETS {
        let files = entries(&Path::new(CORPUS).join(target));
        assert!(!files.is_empty(), "{target} has no corpus");
        for file in files {
            let bytes = fs::read(&file).unwrap();
            size += bytes.len();
            println!("{}", file.display());
            body(&bytes);
            // Cut off anywhere, it is still an input.
            for end in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
                body(bytes.get(..end).unwrap());
            }
        }
    }
    assert!(size < 200_000, "the corpora have {size} bytes; keep them small");
}

#[test]
fn targets_programs_and_corpora_are_the_same() {
    let targets: BTreeSet<_> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = |folder: &str| -> BTreeSet<String> {
        entries(&Path::new(CORPUS).join(folder)).iter().map(|path| name(path)).collect()
    };
    assert_eq!(names("."), targets, "folders in fuzz/corpus");
    assert_eq!(names("../fuzz_targets"), targets, "programs in fuzz/fuzz_targets");
    let manifest: toml::Table = fs::read_to_string(Path::new(CORPUS).join("../Cargo.toml")).unwrap().parse().unwrap();
    let bins = manifest.get("bin").and_then(toml::Value::as_array).unwrap();
    let bins: BTreeSet<_> = bins.iter().map(|bin| bin.get("name").unwrap().as_str().unwrap().to_owned()).collect();
    assert_eq!(bins, targets, "programs in fuzz/Cargo.toml");
}
