//! Everything that must hold, in stages: cheap ones first. CI runs this and nothing else.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::shell::{cargo, run};
use crate::{page, serve, setup, tidy, verify};

/// Arguments of `test`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Run this stage alone.
    #[arg(long, value_enum, conflicts_with = "from")]
    only: Option<Stage>,
    /// Begin with this stage.
    #[arg(long, value_enum)]
    from: Option<Stage>,
}

/// A part of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Stage {
    /// Install what is missing.
    Setup,
    /// The habits of the house.
    Tidy,
    /// cargo fmt.
    Format,
    /// clippy, warnings denied.
    Lint,
    /// The documentation, warnings denied.
    Docs,
    /// Unit and doc tests, the scenarios, the tables, the command line.
    Test,
    /// The model against the running kernel.
    Verify,
    /// The page in a browser, the wasm build before it.
    Page,
}

/// Runs the stages and tells how long each took.
pub(crate) fn test(arguments: &Arguments) -> Result<()> {
    let mut times = Vec::new();
    for stage in Stage::value_variants().iter().copied().filter(|stage| arguments.asks_for(*stage)) {
        println!("\n== {} ==", stage.name());
        let start = Instant::now();
        stage.run().with_context(|| {
            format!("the stage {0} failed; `cargo xtask test --only {0}` repeats it", stage.name())
        })?;
        times.push((stage, start.elapsed()));
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("\nEverything holds.");
    for (stage, time) in times {
        println!("  {:<8} {:>5} s", stage.name(), time.as_secs());
    }
    println!("  {:<8} {:>5} s", "total", total.as_secs());
    Ok(())
}

impl Arguments {
    fn asks_for(&self, stage: Stage) -> bool {
        self.only.is_none_or(|only| only == stage) && self.from.is_none_or(|from| from <= stage)
    }
}

impl Stage {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Setup => setup::everything(),
            Self::Tidy => tidy::tidy(),
            Self::Format => run(cargo().args(["fmt", "--all", "--check"])),
            Self::Lint => lint(),
            Self::Docs => run(cargo().env("RUSTDOCFLAGS", "-D warnings").args([
                "doc",
                "--quiet",
                "--workspace",
                "--no-deps",
                "--locked",
            ])),
            Self::Test => run(cargo().args(["test", "--quiet", "--workspace", "--locked"])),
            Self::Verify => verify::verify(&verify::Arguments { cases: 4000, seed: 1 }),
            Self::Page => page_in_a_browser(),
        }
    }
}

fn lint() -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    let all = ["--workspace", "--all-targets", "--features", "native-verify/libseccomp"];
    run(cargo().args(["clippy", "--quiet", "--locked"]).args(all).args(deny))?;
    // It is built without where libseccomp is not installed, and for other kernels.
    run(cargo().args(["clippy", "--quiet", "--package", "native-verify", "--all-targets", "--locked"]).args(deny))?;
    // Who links the model alone gets it without serde; the smaller program of the page has it without filters.
    let model = ["clippy", "--quiet", "--package", "sim-core", "--no-default-features", "--locked"];
    run(cargo().args(model).args(deny))?;
    run(cargo().args(model).args(["--features", "serde"]).args(deny))
}

/// Builds the page, serves it as `play` does, and lets a browser answer what the command answers.
fn page_in_a_browser() -> Result<()> {
    let site = page::build()?;
    let served = serve::serve(&site, 0)?;
    run(cargo().args(["build", "--quiet", "--locked", "--package", "eperm"]))?;
    setup::node_modules()?;
    let command = Path::new("target/debug/eperm").with_extension(std::env::consts::EXE_EXTENSION);
    let command = std::path::absolute(command)?;
    run(Command::new("node")
        .args(["--test", "--test-reporter=spec"])
        .current_dir(setup::PAGE_TESTS)
        .env("EPERM_URL", &served.url)
        .env("EPERM_BIN", command)
        .env("CHROMIUM", setup::browser()?))
}
