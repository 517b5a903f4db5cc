//! Building the page: a folder that any server can serve.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::run;
use crate::wasm::{Compiler, TARGET};

/// The whole page.
const SITE: &str = "target/web/site";
/// Apart from the other target folder, for the compiler may be another one.
const BUILD: &str = "target/web/cargo";
/// The page is for school laptops and phones: at most so many bytes of WebAssembly, compressed.
const MAX_COMPRESSED: usize = 350 * 1024;

/// Builds the page and gives its folder.
pub(crate) fn build() -> Result<PathBuf> {
    let compiler = Compiler::find()?;
    println!("WebAssembly: {compiler}");
    run(compiler
        .cargo()
        .args(["build", "--locked", "--package", "web", "--profile", "page", "--target", TARGET])
        .args(["--target-dir", BUILD]))?;

    let site = PathBuf::from(SITE);
    if site.exists() {
        fs::remove_dir_all(&site).with_context(|| format!("cannot empty {SITE}"))?;
    }
    fs::create_dir_all(&site)?;
    bind(&Path::new(BUILD).join(TARGET).join("page/web.wasm"), &site)?;
    fs::copy("web/index.html", site.join("index.html"))?;
    for entry in fs::read_dir("web/static")? {
        let entry = entry?;
        fs::copy(entry.path(), site.join(entry.file_name()))?;
    }
    check_size(&site.join("app_bg.wasm"))?;
    Ok(site)
}

/// Makes the glue between the browser and the program.
fn bind(wasm: &Path, site: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("app")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The library leaves it out unless told; without it the glue does not find its own program.
        .omit_default_module_path(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(site))
        .with_context(|| format!("cannot make the browser's glue for {}", wasm.display()))
}

fn check_size(wasm: &Path) -> Result<()> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let compressed = encoder.finish()?.len();
    println!("The page's program: {} bytes, {compressed} compressed (at most {MAX_COMPRESSED}).", bytes.len());
    if compressed > MAX_COMPRESSED {
        bail!("the page's program has grown beyond {MAX_COMPRESSED} bytes compressed");
    }
    Ok(())
}
