//! Steps that are no change of credentials, as commands.

use sim_core::calls::SetId;
use sim_core::capability::CapSet;
use sim_core::scenario::{
    AttributeArguments, AttributeName, Call, ChmodArguments, ChownArguments, FileChange, OpenArguments, OpenFlag,
    PathOperation, ProcessOperation, SetcapArguments, SetxattrArguments, SocketArguments, SystemOperation, TimesText,
    TruncateArguments, UtimensatArguments, WriteArguments,
};
use sim_core::text::HexBytes;

use super::super::quote;

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
        Call::System(SystemOperation::Socket(arguments)) => make("perl", perl(&socket(*arguments)?, "")),
        Call::Path(operation) => path_operation(operation),
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
        // setcap(8) would raise cap_setfcap on its own if it is permitted.
        FileChange::Setcap(SetcapArguments { caps, .. }) => {
            make("setfattr", format!("-n security.capability -v 0x{} {file}", HexBytes(&caps.to_bytes(all))))
        }
        FileChange::Removexattr(AttributeArguments { .. }) => {
            make("setfattr", format!("-x security.capability {file}"))
        }
        FileChange::Getxattr(AttributeArguments { .. }) => {
            make("getfattr", format!("--absolute-names -e hex -n security.capability {file}"))
        }
        FileChange::Write(WriteArguments { bytes, .. }) => {
            // At its end, so that a program that is written to still runs.
            make("dd", format!("if=/dev/zero of={file} oflag=append conv=notrunc bs=1 count={}", (*bytes).min(1024)))
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

fn path_operation(operation: &PathOperation) -> Result<Command, String> {
    let make = |tool, arguments: String| Ok(Command { tool, arguments });
    match operation {
        PathOperation::Mkdir(arguments) => {
            make("mkdir", format!("-m {} -- {}", arguments.mode.0, path(&arguments.path)?))
        }
        PathOperation::Open(OpenArguments { path: opened, flags }) => {
            if !opened.starts_with('/') || opened.starts_with("/proc/") {
                return Err("a setting of the machine is left alone".to_owned());
            }
            let names: Vec<_> = flags.iter().map(|flag| open_flag(*flag)).collect();
            let program = format!("use Fcntl; sysopen(my $f, $ARGV[0], {}) or die \"$!\\n\"", names.join("|"));
            make("perl", perl(&program, &path(opened)?))
        }
        PathOperation::Setxattr(SetxattrArguments { path: file, name }) => {
            make("setfattr", format!("-n {} -v eperm {}", attribute(*name), path(file)?))
        }
        PathOperation::Utimensat(UtimensatArguments { path: file, times }) => {
            let times = match times {
                TimesText::Now => "undef, undef",
                TimesText::Given => "1, 1",
            };
            let program = format!("utime({times}, $ARGV[0]) or die \"$!\\n\"");
            make("perl", perl(&program, &path(file)?))
        }
        _ => Err("it has no harmless command that asks for just this".to_owned()),
    }
}

fn open_flag(flag: OpenFlag) -> &'static str {
    match flag {
        OpenFlag::ReadOnly => "O_RDONLY",
        OpenFlag::WriteOnly => "O_WRONLY",
        OpenFlag::ReadWrite => "O_RDWR",
        // Fcntl does not export O_NOATIME by itself.
        OpenFlag::NoAtime => "Fcntl::O_NOATIME()",
    }
}

fn attribute(name: AttributeName) -> &'static str {
    match name {
        AttributeName::Trusted => "trusted.eperm",
        AttributeName::User => "user.eperm",
    }
}

fn socket(arguments: SocketArguments) -> Result<String, String> {
    let written = serde_json::to_value(arguments).unwrap_or_default();
    let name = |key: &str| written.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let (domain, kind) = (name("domain"), name("type"));
    let protocol = match (domain.as_str(), kind.as_str()) {
        ("AF_INET", _) if name("protocol") == "IPPROTO_ICMP" => "1",
        ("AF_INET", _) if name("protocol") == "IPPROTO_ICMPV6" => "58",
        ("AF_INET", "SOCK_RAW") => "255",
        ("AF_INET", "SOCK_STREAM" | "SOCK_DGRAM") => "0",
        _ => return Err("perl has no name for this kind of socket".to_owned()),
    };
    Ok(format!("use Socket; socket(my $s, {domain}, {kind}, {protocol}) or die \"$!\\n\""))
}

fn bind(port: u16) -> String {
    let program = format!(
        "use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) or die \"$!\\n\"; bind($s, sockaddr_in({port}, INADDR_ANY)) or die \"$!\\n\""
    );
    perl(&program, "")
}

fn perl(program: &str, argument: &str) -> String {
    format!("-e {} {argument}", quote::word(program)).trim_end().to_owned()
}
