use anyhow::Result;
use clap::Args;

use crate::{page, serve};

/// Arguments of `play`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The port on 127.0.0.1; 0 for any free one.
    #[arg(long, default_value_t = 8008)]
    port: u16,
}

/// Builds the page and serves it until the person stops it.
pub(crate) fn play(arguments: &Arguments) -> Result<()> {
    let site = page::build()?;
    let served = serve::serve(&site, arguments.port)?;
    println!("The playground is on {} (Ctrl-C stops it).", served.url);
    served.wait()
}
