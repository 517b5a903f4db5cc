//! The whole script.

use std::fmt::Write as _;

use sim_core::scenario::Scenario;

use super::super::{Exported, quote};
use super::Tool;
use super::emit::{Emitted, First};
use super::plan::Plan;

/// Puts the parts together.
pub(super) fn text(scenario: &Scenario, plan: Plan, emitted: &Emitted, files: &str) -> Exported {
    let mut left_out = plan.left_out;
    left_out.extend(emitted.left_out.iter().cloned());
    let mut text = String::from("#!/bin/sh\n");
    let mut comment = |said: &str| {
        let _ = writeln!(text, "# {}", quote::one_line(said));
    };
    if let Some(title) = &scenario.title {
        comment(title);
    }
    comment("Made by eperm. Save it as a file and run it as root: sh FILE [setpriv|capsh]");
    comment("It needs util-linux, libcap2-bin and attr, and works in namespaces and on a tmpfs of its own.");
    comment("Programs are stood in for by copies of the shell, which print their own lines of /proc/PID/status.");
    comment("Every path is below \"$root\", which stands for the root of the scenario.");
    if plan.start.world.system.release != sim_core::kernel::Release::NEWEST {
        comment(&format!(
            "It is about Linux {}; another release may answer otherwise.",
            plan.start.world.system.release
        ));
    }
    for reason in &left_out {
        comment(&format!("LEFT OUT: {reason}"));
    }
    for reason in &emitted.cannot {
        comment(&format!("One tool alone begins it: {reason}."));
    }
    let default = emitted.starts.first().map_or(Tool::Capsh, |(tool, _)| *tool);
    let _ = write!(text, "{}", BEGIN.replace("DEFAULT", default.name()));
    if let Some(port) = plan.scenario.sysctl.ip_unprivileged_port_start {
        let _ = writeln!(text, "echo {port} >/proc/sys/net/ipv4/ip_unprivileged_port_start");
    }
    if let Some([first, last]) = plan.scenario.sysctl.ping_group_range {
        let _ = writeln!(text, "echo {first} {last} >/proc/sys/net/ipv4/ping_group_range");
    }
    let _ = write!(text, "\n# The files of the scenario.\n{files}");
    for (index, (caps, tools)) in emitted.capable.iter().enumerate() {
        let number = index + 1;
        let _ = writeln!(
            text,
            "\n# Tools in which the state of a step survives, for they have what it holds as file capabilities."
        );
        let _ = writeln!(text, "mkdir \"$tools\"/{number}");
        for tool in tools {
            let _ = writeln!(text, "cp -L -- \"$(command -v {tool})\" \"$tools\"/{number}/{tool}");
            let _ = writeln!(text, "setcap {} \"$tools\"/{number}/{tool}", quote::word(caps));
        }
    }
    for (index, part) in emitted.parts.iter().enumerate() {
        let part = format!(". \"$steps\"/lib.sh\n{part}");
        let end = delimiter(&part);
        let _ = write!(text, "\ncat >\"$steps\"/{}.sh <<'{end}'\n{part}{end}\n", index + 1);
    }
    starts(emitted, &mut text);
    Exported { text, left_out }
}

/// The functions that start, and the call of one.
fn starts(emitted: &Emitted, text: &mut String) {
    match &emitted.first {
        First::Program(program, arguments) => {
            for (tool, words) in &emitted.starts {
                let run = match tool {
                    Tool::Setpriv => format!("exec setpriv {words} -- \"$@\""),
                    Tool::Capsh => {
                        format!("program=$1\n    shift\n    exec capsh {words} --shell=\"$program\" -- \"$@\"")
                    }
                };
                let _ = write!(text, "\nwith_{}() {{\n    {run}\n}}\n", tool.name());
            }
            let _ = writeln!(text, "\nwith_\"$with\" {}", format!("{program} {arguments}").trim_end());
        }
        First::Capsh(arguments) => {
            for (tool, words) in &emitted.starts {
                let _ = write!(text, "\nwith_{}() {{\n    exec {} {words} \"$@\"\n}}\n", tool.name(), tool.name());
            }
            let _ = writeln!(text, "\nwith_\"$with\" {arguments}");
        }
    }
}

/// A line that the text does not have.
fn delimiter(text: &str) -> String {
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

/// What every script begins with.
const BEGIN: &str = r#"
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
if [ "${1-}" != --inside ]; then
    exec unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc /bin/sh "$0" --inside "${1-DEFAULT}"
fi
with=${2-DEFAULT}
mount -t tmpfs -o mode=0755 none /mnt
root=/mnt/root steps=/mnt/steps tools=/mnt/tools shell=$(readlink -f /bin/sh)
export root steps tools shell
mkdir "$root" "$steps" "$tools"

cat >"$steps"/lib.sh <<'END'
# The state of this very shell.
status() {
    while IFS= read -r line; do
        case $line in Uid:* | Gid:* | Groups:* | NoNewPrivs:* | Cap*) printf '%s\n' "$line" ;; esac
    done </proc/$$/status
}
# Which step comes now.
say() {
    printf '\n%s. %s\n' "$1" "$2"
}
# Runs a command and says how it went.
try() {
    if said=$("$@" 2>&1); then printf 'permitted\n'; else printf 'refused: %s\n' "$said"; fi
}
END
"#;
