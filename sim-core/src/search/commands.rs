//! A fix as it is written or typed.

mod files;
mod kubernetes;
mod launcher;
mod options;
mod unit;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::edit::Edit;
use crate::engine::Engine;
use crate::scenario::{EngineText, Scenario};

/// What to write or to type so that `before` becomes `after`, in the words of the engine.
pub(super) fn commands(before: &Scenario, after: &Scenario, edits: &[Edit]) -> Vec<String> {
    let mut commands = Vec::new();
    if let (Some(old), Some(new)) = (&before.runtime, &after.runtime) {
        let EngineText(engine) = new.engine;
        match engine {
            Engine::Docker => options::options("docker", old, new, &mut commands),
            Engine::Podman => options::options("podman", old, new, &mut commands),
            Engine::Containerd | Engine::CriO => kubernetes::fragment(old, new, &mut commands),
            Engine::Systemd => unit::lines(old, new, &mut commands),
            Engine::Runc | Engine::Crun | Engine::Youki => options::config(old, new, &mut commands),
        }
    }
    launcher::launch(&before.process, &after.process, edits, &mut commands);
    files::files(before, after, &mut commands);
    for edit in edits {
        match edit {
            Edit::Upgrade(_) => commands.push(edit.to_string()),
            Edit::Setting(setting) => commands.push(format!("sysctl -w {setting}")),
            Edit::AllowCall(name) => commands.push(format!(
                "in the seccomp profile: {{\"names\": [\"{name}\"], \"action\": \"SCMP_ACT_ALLOW\"}}"
            )),
            Edit::AnswerEnosys(name) => commands.push(format!(
                "in the seccomp profile: {{\"names\": [\"{name}\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}} (ENOSYS: the program falls back)"
            )),
            Edit::MoveBefore { .. }
            | Edit::LeaveOut { .. }
            | Edit::Raise { .. }
            | Edit::Inherit { .. }
            | Edit::RaiseAmbient { .. }
            | Edit::KeepCaps { .. }
            | Edit::NoNewPrivsFirst { .. } => commands.push(format!("in the program: {edit}")),
            _ => {}
        }
    }
    if commands.is_empty() {
        commands.extend(edits.iter().map(ToString::to_string));
    }
    commands
}
