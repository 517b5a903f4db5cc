//! Steps that are no change of credentials, as commands.

use sim_core::calls::SetId;
use sim_core::capability::CapSet;
use sim_core::scenario::{
    AttributeArguments, Call, ChmodArguments, ChownArguments, FileChange, PathOperation, ProcessOperation,
    SetcapArguments, TruncateArguments, WriteArguments,
};

use super::super::quote;
use super::files::setcap;

/// A command of the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The tool, by its name.
    pub(super) tool: &'static str,
    /// Its arguments as the shell reads them.
    pub(super) arguments: String,
}

/// The command for a call, or why there is none. Harmless forms only.
pub(super) fn command(call: &Call, all: CapSet) -> Result<Command, String> {
    let make = |tool, arguments: String| Ok(Command { tool, arguments });
    match call {
        Call::FileChange(change) => file_change(change, all),
        Call::Bind { port } => make("perl", bind(*port)),
        Call::Process(ProcessOperation::Sethostname(_)) => make("hostname", "eperm".to_owned()),
        Call::Path(PathOperation::Mkdir(arguments)) => {
            let mode = arguments.mode.0;
            make("mkdir", format!("-m {mode} -- {}", path(&arguments.path)?))
        }
        _ => Err("it has no harmless command that asks for just this".to_owned()),
    }
}

fn file_change(change: &FileChange, all: CapSet) -> Result<Command, String> {
    let file = path(change.path())?;
    let make = |tool, arguments: String| Ok(Command { tool, arguments });
    match change {
        FileChange::Chown(ChownArguments { uid, gid, .. }) => {
            let id = |id: u32| if id == SetId::KEEP { String::new() } else { id.to_string() };
            let group = if *gid == SetId::KEEP { String::new() } else { format!(":{gid}") };
            if *uid == SetId::KEEP && *gid == SetId::KEEP {
                return Err("chown(1) makes no call where nothing is to change".to_owned());
            }
            make("chown", format!("{}{group} {file}", id(*uid)))
        }
        FileChange::Chmod(ChmodArguments { mode, .. }) => make("chmod", format!("{} {file}", mode.0)),
        FileChange::Setcap(SetcapArguments { caps, .. }) => {
            let (tool, arguments) = setcap(caps, all)?;
            make(tool, format!("{arguments} {file}"))
        }
        FileChange::Removexattr(AttributeArguments { .. }) => {
            make("setfattr", format!("-x security.capability {file}"))
        }
        FileChange::Getxattr(AttributeArguments { .. }) => {
            make("getfattr", format!("--absolute-names -e hex -n security.capability {file}"))
        }
        FileChange::Write(WriteArguments { bytes, .. }) => {
            make("dd", format!("if=/dev/zero of={file} conv=notrunc bs=1 count={}", (*bytes).min(1024)))
        }
        FileChange::Truncate(TruncateArguments { size, .. }) if *size >= 0 && *size <= 1 << 20 => {
            make("truncate", format!("-c -s {size} {file}"))
        }
        FileChange::Truncate(_) => Err("truncate(1) does not take this size".to_owned()),
    }
}

/// A path of the scenario as the script has it.
pub(super) fn path(path: &str) -> Result<String, String> {
    check_path(path)?;
    Ok(format!("\"$root\"{}", quote::word(path)))
}

/// A path must lead into the folder that stands for the root.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let Some(rest) = path.strip_prefix('/') else { return Err("the path does not begin at the root".to_owned()) };
    if path.contains('\0') {
        return Err("a path cannot hold a byte 0".to_owned());
    }
    if rest.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err("the path has parts that are empty, . or ..".to_owned());
    }
    if rest.split('/').any(|name| name.len() > 255) || path.len() > 3000 {
        return Err("the path, or a name in it, is too long".to_owned());
    }
    Ok(())
}

fn bind(port: u16) -> String {
    let program = format!(
        "use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) or die \"$!\\n\"; bind($s, sockaddr_in({port}, INADDR_ANY)) or die \"bind: $!\\n\""
    );
    format!("-e {}", quote::word(&program))
}
