//! The compiler for WebAssembly, looked for in this order: rustup's target if it is installed; Debian's `rustc-web`, with
//! a standard library built once from `rust-web-src`; `rustup target add`.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::shell::{cargo, read, run};

/// The target.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev", "lld-22"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LINKER: &str = "/usr/bin/lld-22";

/// What rustup and cargo tell the programs they start, and Debian's compiler must not hear.
const FOREIGN: [&str; 7] =
    ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "RUSTC_WRAPPER", "CARGO", "LD_LIBRARY_PATH", "CARGO_MANIFEST_DIR"];

/// A compiler that has the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The one that built this.
    Own,
    /// Debian's, with a standard library in this folder.
    Debian { sysroot: PathBuf },
}

impl Compiler {
    /// Finds one, or makes one.
    pub(crate) fn find() -> Result<Self> {
        if own_has_target()? {
            return Ok(Self::Own);
        }
        if cfg!(target_os = "linux") && apt::is_offered("rust-web-src") {
            let here = DEBIAN_PACKAGES.iter().all(|package| apt::is_offered(package));
            if here && (apt::is_root() || Path::new(DEBIAN_LINKER).exists()) {
                apt::install(&DEBIAN_PACKAGES, "the page is compiled with them")?;
                return Ok(Self::Debian { sysroot: debian_sysroot()? });
            }
        }
        if which::which("rustup").is_ok() {
            println!("Adding the target {TARGET} with rustup: the page is compiled for it.");
            run(Command::new("rustup").args(["target", "add", TARGET]))?;
            return Ok(Self::Own);
        }
        if apt::is_here() {
            // Names the command to type, or fails to find the packages.
            apt::install(&DEBIAN_PACKAGES, "the page is compiled with them")?;
        }
        bail!("no compiler for {TARGET} was found: install rustup, and type `rustup target add {TARGET}`")
    }

    /// Its cargo, set up for the target.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Own => cargo(),
            Self::Debian { sysroot } => {
                let mut command = debian_cargo();
                command
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", format!("--sysroot={}", sysroot.display()));
                command
            }
        }
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => write!(f, "the toolchain's own target {TARGET}"),
            Self::Debian { sysroot } => {
                write!(f, "Debian's rustc-web, with the standard library in {}", sysroot.display())
            }
        }
    }
}

fn own_has_target() -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = read(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").exists())
}

fn debian_cargo() -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.env("RUSTC", DEBIAN_RUSTC);
    command
}

fn debian_rustc(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(DEBIAN_RUSTC);
    for name in FOREIGN {
        command.env_remove(name);
    }
    read(command.args(arguments))
}

/// The standard library for Debian's compiler, built the first time.
fn debian_sysroot() -> Result<PathBuf> {
    let facts = debian_rustc(&["-vV"])?;
    let fact = |name: &str| {
        let line = facts.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        line.with_context(|| format!("{DEBIAN_RUSTC} -vV says no {name}"))
    };
    let (release, host) = (fact("release:")?, fact("host:")?);
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("there is neither XDG_CACHE_HOME nor a home folder to keep the standard library in")?
        .join("wasm-std");
    let sysroot = cache.join(release);
    if !sysroot.exists() {
        println!("Building the standard library for {TARGET} once, into {}.", sysroot.display());
        fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        // Built beside its place and moved there whole, so that an interrupted build leaves nothing behind that counts.
        let work = tempfile::tempdir_in(&cache)?;
        build_standard_library(work.path(), host)?;
        fs::rename(work.path().join("sysroot"), &sysroot)
            .with_context(|| format!("cannot put the standard library into {}", sysroot.display()))?;
    }
    Ok(sysroot)
}

fn build_standard_library(work: &Path, host: &str) -> Result<()> {
    let own_sysroot = debian_rustc(&["--print", "sysroot"])?;
    let source = Path::new(own_sysroot.trim()).join("lib/rustlib/src/rust/library");
    let target = work.join("target");
    let flags = format!(
        "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked --remap-path-prefix={}=/rustc/library",
        source.display()
    );
    run(debian_cargo()
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .args(["build", "--quiet", "--locked", "--release", "--no-default-features"])
        .args(["--features", "panic-unwind compiler-builtins-mem", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target)
        .arg("--manifest-path")
        .arg(source.join("sysroot/Cargo.toml")))?;
    let sysroot = work.join("sysroot");
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries)?;
    for entry in fs::read_dir(target.join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        if let (Some("rlib"), Some(name)) = (path.extension().and_then(|e| e.to_str()), path.file_name()) {
            fs::copy(&path, libraries.join(name))?;
        }
    }
    // The target's linker is called rust-lld; Debian has it under its own name.
    let tools = sysroot.join("lib/rustlib").join(host).join("bin");
    fs::create_dir_all(&tools)?;
    link(Path::new(DEBIAN_LINKER), &tools.join("rust-lld"))
}

#[cfg(unix)]
fn link(original: &Path, name: &Path) -> Result<()> {
    std::os::unix::fs::symlink(original, name).with_context(|| format!("cannot make {}", name.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, name: &Path) -> Result<()> {
    bail!("{} is for Debian", name.display())
}
