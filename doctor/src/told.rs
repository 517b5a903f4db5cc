//! What kinds of text are called.

use formats::TextForm;

/// A kind of text, as `a docker command`.
pub(crate) fn form(form: TextForm) -> &'static str {
    match form {
        TextForm::DockerCommand => "a docker command",
        TextForm::PodmanCommand => "a podman command",
        TextForm::Compose => "a service of a compose file",
        TextForm::DockerInspect => "docker inspect",
        TextForm::PodmanInspect => "podman inspect",
        TextForm::Pod => "a container of a pod",
        TextForm::OciConfig => "an OCI config.json",
        TextForm::Unit => "a systemd unit",
        TextForm::Status => "/proc/PID/status",
        TextForm::Getcap => "getcap",
        TextForm::Listing => "ls -l",
        TextForm::Capsh => "capsh --print",
        TextForm::Iab => "an IAB text",
        TextForm::Id => "id",
        TextForm::Profile => "a seccomp profile",
        TextForm::Strace => "strace",
        TextForm::Audit => "audit records",
        TextForm::ErrorMessage => "an error message",
        TextForm::Command => "a command",
        TextForm::Dockerfile => "a Dockerfile",
        TextForm::Version => "a version",
        TextForm::Scenario => "a scenario",
        _ => "something else",
    }
}
