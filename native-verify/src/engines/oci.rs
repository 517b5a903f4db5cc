use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::asked::{Asked, Example, Run, What};
use super::engine::EngineName;
use super::image;
use super::seen::Answer;
use crate::sys;

/// An engine that can be asked; what it needs has been started.
pub(super) struct Started {
    name: EngineName,
    daemon: Option<std::process::Child>,
}

/// How long a container may take, in seconds.
const LIMIT: &str = "120";

/// A containers.conf that says nothing.
const NO_CONFIGURATION: &str = "/tmp/containers.conf";

/// The profile that some requests ask for.
const PROFILE: &str = "/tmp/profile.json";

/// What Docker calls the image.
const IMAGE: &str = "box";

impl Started {
    /// Starts what the engine needs.
    pub(super) fn new(name: EngineName) -> Result<Self> {
        let mut started = Self { name, daemon: None };
        fs::write(NO_CONFIGURATION, "")?;
        let profile = json!({
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{ "names": ["swapon"], "action": "SCMP_ACT_ERRNO" }],
        });
        fs::write(PROFILE, profile.to_string())?;
        if name == EngineName::Docker {
            started.daemon = Some(daemon()?);
            wait_for_daemon()?;
            import()?;
        }
        Ok(started)
    }

    /// Starts a container, waits for it, and says what came of it.
    ///
    /// Docker 26 loses the output of some containers that end at once, on a machine with much to do: it is asked again.
    pub(super) fn ask(&self, asked: &Asked, number: usize) -> Result<Answer> {
        const TRIES: usize = 5;
        let nothing = Answer::Unclear(String::new());
        let mut answer = nothing.clone();
        for _ in 0..TRIES {
            answer = self.ask_once(asked, number)?;
            if answer != nothing {
                break;
            }
        }
        Ok(answer)
    }

    fn ask_once(&self, asked: &Asked, number: usize) -> Result<Answer> {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", LIMIT, self.name.name()]);
        let of_runtime = self.name.is_runtime();
        let name = format!("box{number}");
        let bundle = Path::new("/tmp").join(&name);
        match &asked.what {
            What::Run(run) => {
                if run.own_defaults {
                    command.env("CONTAINERS_CONF", NO_CONFIGURATION);
                }
                command.args(["run", "--rm"]).args(options(run, self.name));
                match self.name {
                    EngineName::Podman => command.args(["--rootfs", image::FOLDER]),
                    _ => command.arg(IMAGE),
                };
                command.args(asked.program.arguments());
            }
            What::Config(config) => {
                fs::create_dir(&bundle)?;
                let document = config.document(image::FOLDER, &asked.program.arguments());
                write_config(&document, &bundle)?;
            }
            What::Example(example) => {
                fs::create_dir(&bundle)?;
                let document = self.example(*example, &asked.program.arguments(), &bundle)?;
                write_config(&document, &bundle)?;
            }
        }
        if of_runtime {
            if self.name == EngineName::Crun {
                command.arg("--cgroup-manager=disabled");
            }
            command.args(["run", "--bundle"]).arg(&bundle).arg(&name);
        }
        let output = command.output().with_context(|| format!("cannot start {}", self.name.name()))?;
        if of_runtime {
            fs::remove_dir_all(&bundle)?;
            if !output.status.success() {
                // It may have been made, and not started.
                let _ = Command::new(self.name.name()).args(["delete", "--force", &name]).output();
            }
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (printed, errors) = (text(&output.stdout), text(&output.stderr));
        Ok(Answer::read(output.status.success(), &printed, &errors, asked.program.path(), of_runtime))
    }

    /// The example that the runtime itself writes, with another program and user.
    #[expect(clippy::indexing_slicing, reason = "keys that every runtime writes, of objects")]
    fn example(&self, example: Example, arguments: &[String], bundle: &Path) -> Result<Value> {
        let name = self.name.name();
        let output = Command::new(name).arg("spec").current_dir(bundle).output()?;
        ensure!(output.status.success(), "{name} spec: {}", String::from_utf8_lossy(&output.stderr));
        let mut document: Value = serde_json::from_str(&fs::read_to_string(bundle.join(CONFIG))?)?;
        let process = &mut document["process"];
        process["terminal"] = json!(false);
        process["args"] = json!(arguments);
        process["user"] = json!({ "uid": example.id, "gid": example.id });
        process["noNewPrivileges"] = json!(example.no_new_privileges);
        // Limits are raised by who has CAP_SYS_RESOURCE only.
        process["rlimits"] = json!([]);
        document["root"]["path"] = json!(image::FOLDER);
        Ok(document)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let Some(daemon) = &mut self.daemon else { return };
        if let Ok(pid) = daemon.id().try_into() {
            sys::terminate(pid);
        }
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            match daemon.try_wait() {
                Ok(None) => thread::sleep(PAUSE),
                _ => return,
            }
        }
        // Whatever else is left goes with the pid namespace.
        let _ = daemon.kill();
        let _ = daemon.wait();
    }
}

/// How long the daemon may take to begin, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

fn write_config(document: &Value, bundle: &Path) -> Result<()> {
    fs::write(bundle.join(CONFIG), document.to_string()).context("cannot write a config.json")
}

/// What a bundle's configuration is called.
const CONFIG: &str = "config.json";

/// The options of a request, as both engines read them.
fn options(run: &Run, engine: EngineName) -> Vec<String> {
    let network = if run.host_network { "host" } else { "none" };
    let mut options = vec![format!("--network={network}"), "--ulimit=nofile=1024:1024".to_owned()];
    if engine == EngineName::Podman {
        // It would write the user into the image, and the next container would find it there.
        let without = ["--passwd=false", "--cgroups=disabled", "--ulimit=nproc=1024:1024"];
        options.extend(without.map(str::to_owned));
    }
    options.extend(run.user.iter().map(|user| format!("--user={user}")));
    options.extend(run.cap_add.iter().map(|name| format!("--cap-add={name}")));
    options.extend(run.cap_drop.iter().map(|name| format!("--cap-drop={name}")));
    if run.privileged {
        options.push("--privileged".to_owned());
    }
    if run.no_new_privileges {
        options.push("--security-opt=no-new-privileges".to_owned());
    }
    if run.profile {
        options.push(format!("--security-opt=seccomp={PROFILE}"));
    }
    if run.mapped {
        options.extend(["uid", "gid"].map(|kind| format!("--{kind}map=0:{}:{}", Run::MAPPED, Run::IDS)));
    }
    options
}

/// Docker's daemon, without a bridge and without a change of any firewall.
fn daemon() -> Result<std::process::Child> {
    let log = fs::File::create("/tmp/dockerd.log")?;
    let mut command = Command::new("dockerd");
    command.args(["--iptables=false", "--bridge=none", "--storage-driver=vfs"]);
    command.stdout(log.try_clone()?).stderr(log).spawn().context("cannot start dockerd")
}

fn wait_for_daemon() -> Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if Command::new("docker").arg("version").output()?.status.success() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    let log = fs::read_to_string("/tmp/dockerd.log").unwrap_or_default();
    bail!("dockerd does not answer: {}", log.lines().last().unwrap_or_default())
}

/// Gives Docker the image, the attributes of its files included.
fn import() -> Result<()> {
    let archive = "/tmp/image.tar";
    for (program, arguments) in [
        ("tar", &["--xattrs", "--xattrs-include=*", "-C", image::FOLDER, "-cf", archive, "."][..]),
        ("docker", &["import", archive, IMAGE][..]),
    ] {
        let output = Command::new(program).args(arguments).output()?;
        if !output.status.success() {
            bail!("{program}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    Ok(())
}
