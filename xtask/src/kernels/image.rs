//! What a kernel finds at its start: native-verify as its first process, the scenarios, and the peers' cases.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cpio::newc::{Builder, trailer};
use flate2::Compression;
use flate2::write::GzEncoder;
use walkdir::WalkDir;

use crate::shell::{cargo, run};
use crate::verify::SCENARIOS;

const TARGET: &str = "x86_64-unknown-linux-gnu";

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const TEXT: u32 = 0o100_644;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// Builds the image and gives its path.
pub(crate) fn build(folder: &Path) -> Result<PathBuf> {
    let program = static_program(folder)?;
    let path = folder.join("initramfs.gz");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut archive = Archive { output: GzEncoder::new(file, Compression::fast()) };
    for name in ["dev", "proc", "sys", "tmp", "tests"] {
        archive.add(Builder::new(name).mode(FOLDER), &[])?;
    }
    // Without a console the first process has no standard output.
    archive.add(Builder::new("dev/console").mode(CHARACTER_DEVICE).rdev_major(5).rdev_minor(1), &[])?;
    archive.add(Builder::new("init").mode(PROGRAM), &fs::read(program)?)?;
    for entry in SCENARIOS.into_iter().flat_map(|folder| WalkDir::new(folder).sort_by_file_name()) {
        let entry = entry?;
        let name = entry.path().to_string_lossy();
        if entry.file_type().is_dir() {
            archive.add(Builder::new(&name).mode(FOLDER), &[])?;
        } else {
            archive.add(Builder::new(&name).mode(TEXT), &fs::read(entry.path())?)?;
        }
    }
    trailer(&mut archive.output)?;
    archive.output.finish()?;
    Ok(path)
}

struct Archive {
    output: GzEncoder<File>,
}

impl Archive {
    fn add(&mut self, entry: Builder, content: &[u8]) -> Result<()> {
        let size = u32::try_from(content.len()).context("a file is too large for the image")?;
        let mut writer = entry.write(&mut self.output, size);
        writer.write_all(content)?;
        writer.finish()?;
        Ok(())
    }
}

/// native-verify without shared libraries: the image has none.
fn static_program(folder: &Path) -> Result<PathBuf> {
    let target = folder.join("build");
    run(cargo()
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .args(["build", "--quiet", "--locked", "--release", "--package", "native-verify", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target))?;
    Ok(target.join(TARGET).join("release/native-verify"))
}
