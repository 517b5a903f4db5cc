//! Building the page: a folder that any server can serve.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::scenarios;
use crate::shell::run;
use crate::wasm::{Compiler, TARGET};

/// The whole page.
const SITE: &str = "target/web/site";
/// Apart from the other target folder, for the compiler may be another one.
const BUILD: &str = "target/web/cargo";
/// The page is for school laptops and phones: at most so many bytes of WebAssembly, compressed.
const MAX_COMPRESSED: usize = 350 * 1024;
/// The program that judges filters of system calls and container engines too is loaded only where a scenario has any. It has
/// the table of system calls, the compiler, and the engines with their rules; it takes what it takes, and 3 % more.
const MAX_WITH_FILTERS: usize = 468 * 1024;
/// The doctor reads every kind of text and searches for fixes; it is loaded when somebody pastes something or compares
/// engines. It takes what it takes, and 3 % more.
const MAX_DOCTOR: usize = 818 * 1024;
/// The scenarios stand in the page beside the program: at most so many bytes, compressed.
const MAX_SCENARIOS: usize = 50 * 1024;

/// Builds the page and gives its folder.
pub(crate) fn build() -> Result<PathBuf> {
    let compiler = Compiler::find()?;
    println!("WebAssembly: {compiler}");
    let site = PathBuf::from(SITE);
    if site.exists() {
        fs::remove_dir_all(&site).with_context(|| format!("cannot empty {SITE}"))?;
    }
    fs::create_dir_all(&site)?;
    compile(&compiler, &["--package", "web", "--features", "filters"], "web", "filters", &site)?;
    compile(&compiler, &["--package", "web"], "web", "app", &site)?;
    compile(&compiler, &["--package", "web-doctor"], "web_doctor", "doctor", &site)?;
    fs::write(site.join("index.html"), with_scenarios(&fs::read_to_string("web/index.html")?)?)?;
    for entry in fs::read_dir("web/static")? {
        let entry = entry?;
        fs::copy(entry.path(), site.join(entry.file_name()))?;
    }
    check_sizes(&site)?;
    Ok(site)
}

/// Compiles one of the programs, and makes the glue between the browser and it.
fn compile(compiler: &Compiler, package: &[&str], file: &str, name: &str, site: &Path) -> Result<()> {
    run(compiler
        .cargo()
        .args(["build", "--locked", "--profile", "page", "--target", TARGET])
        .args(["--target-dir", BUILD])
        .args(package))?;
    let wasm = Path::new(BUILD).join(TARGET).join("page").join(file).with_extension("wasm");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&wasm)
        .out_name(name)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The library leaves it out unless told; without it the glue does not find its own program.
        .omit_default_module_path(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(site))
        .with_context(|| format!("cannot make the browser's glue for {}", wasm.display()))
}

/// Puts the scenarios into the page as data, each under the name by which the program finds it.
fn with_scenarios(index: &str) -> Result<String> {
    let mut data = String::new();
    for (slug, path) in scenarios::scenarios(Path::new("scenarios"))? {
        // JSON has `<` in strings alone, where it may be written so; then nothing ends the element early.
        let text = fs::read_to_string(path)?.replace('<', "\\u003c");
        writeln!(data, "    <script type=\"application/json\" id=\"scenario:{slug}\">{}</script>", text.trim_end())?;
    }
    let (head, rest) = index.split_once("  </head>").context("web/index.html has no head")?;
    Ok(format!("{head}{data}  </head>{rest}"))
}

fn check_sizes(site: &Path) -> Result<()> {
    check_size("program", &site.join("app_bg.wasm"), MAX_COMPRESSED)?;
    check_size("program that judges filters and engines", &site.join("filters_bg.wasm"), MAX_WITH_FILTERS)?;
    check_size("doctor", &site.join("doctor_bg.wasm"), MAX_DOCTOR)?;
    check_size("scenarios", &site.join("index.html"), MAX_SCENARIOS)
}

fn check_size(part: &str, file: &Path, most: usize) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let compressed = encoder.finish()?.len();
    println!("The page's {part}: {} bytes, {compressed} compressed (at most {most}).", bytes.len());
    if compressed > most {
        bail!("the page's {part} takes more than {most} bytes compressed");
    }
    Ok(())
}
