use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use formats::export::{self, ExportError, Exported, Format, Tool};
use sim_core::scenario::{Options, Scenario};

use crate::Status;
use crate::input::{Input, scenario};
use crate::run::printable;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to write.
    #[arg(value_enum)]
    format: FormatName,
    /// A scenario file, or - for standard input.
    path: PathBuf,
    /// The tool that a script begins with; the one that can and is easier to read if left out.
    #[arg(long, value_enum)]
    with: Option<ToolName>,
    /// The address of the same in the playground, for Markdown.
    #[arg(long, value_name = "URL")]
    link: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// A shell script with setpriv, capsh and unshare, to be run as root.
    Script,
    /// A line of docker run.
    Docker,
    /// A line of podman run.
    Podman,
    /// A pod of Kubernetes.
    Pod,
    /// A strategic merge patch of a Deployment.
    PodPatch,
    /// A service of systemd.
    Unit,
    /// The config.json of an OCI runtime.
    Oci,
    /// The scenario with all that the model answers as expectation, for eperm run.
    Test,
    /// Markdown for an issue's thread.
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ToolName {
    Setpriv,
    Capsh,
}

/// Writes a scenario as something else.
pub(crate) fn export(arguments: &Arguments, out: &mut impl Write) -> Result<Status> {
    let Arguments { format, path, with, link } = arguments;
    if with.is_some() && *format != FormatName::Script {
        bail!("--with belongs to script");
    }
    if link.is_some() && *format != FormatName::Markdown {
        bail!("--link belongs to markdown");
    }
    let Input { read, .. } = scenario(path);
    let loaded = read.with_context(|| path.display().to_string())?;
    let Exported { text, left_out } = written(&loaded.scenario, arguments)?;
    write!(out, "{text}")?;
    out.flush()?;
    for reason in &left_out {
        eprintln!("eperm: {}", printable(reason));
    }
    Ok(Status::Held)
}

fn written(scenario: &Scenario, arguments: &Arguments) -> Result<Exported, ExportError> {
    let options = Options::default();
    let format = match arguments.format {
        FormatName::Script => {
            let with = arguments.with.map(|tool| match tool {
                ToolName::Setpriv => Tool::Setpriv,
                ToolName::Capsh => Tool::Capsh,
            });
            return export::script(scenario, &options, with);
        }
        FormatName::Markdown => return export::markdown(scenario, &options, arguments.link.as_deref()),
        FormatName::Docker => Format::Docker,
        FormatName::Podman => Format::Podman,
        FormatName::Pod => Format::Pod,
        FormatName::PodPatch => Format::PodPatch,
        FormatName::Unit => Format::Unit,
        FormatName::Oci => Format::Oci,
        FormatName::Test => Format::Test,
    };
    export::export(scenario, &options, format)
}
