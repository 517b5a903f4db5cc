use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::AGREE;
use crate::evidence::Evidence;

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// Where the sum goes; written anew, so name it among the others too to add to it.
    #[arg(value_name = "OUT")]
    into: PathBuf,
    /// Files of evidence, as `--evidence` writes them, all of the same kernel.
    #[arg(required = true, value_name = "IN")]
    from: Vec<PathBuf>,
}

/// Adds up the evidence of several runs.
pub(crate) fn merge(arguments: &MergeArguments) -> Result<u8> {
    let mut sum: Option<Evidence> = None;
    for path in &arguments.from {
        let evidence = Evidence::read(path)?;
        println!("{}: {evidence}", path.display());
        match &mut sum {
            Some(sum) => sum.add(evidence, path)?,
            None => sum = Some(evidence),
        }
    }
    if let Some(sum) = sum {
        sum.write(&arguments.into)?;
        println!("Wrote {}: {sum}", arguments.into.display());
    }
    Ok(AGREE)
}
