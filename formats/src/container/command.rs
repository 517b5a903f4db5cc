use sim_core::engine::Engine;

use super::draft::{Draft, truth};
use super::notes::{Notes, shown};
use super::options::{GLOBAL_VALUES, Takes, long_name, takes};
use super::words::{Command, Word, each_command};
use super::{is_too_long, json};
use crate::{Reading, TextForm};

/// Reads every `docker run`, `create` and `exec`, and Podman's, that stands in a text as a command; what else is there is
/// passed over. The text may have prompts, `sudo`, and lines that go on with `\`.
///
/// ```
/// use formats::{Says, container};
///
/// let text = "$ docker run --rm -u 1000 --cap-add NET_ADMIN alpine ip link add dummy0 type dummy";
/// let reading = container::read_commands(text);
/// let Says::Container(container) = &reading.findings[0].says else { panic!() };
/// assert_eq!((container.runtime.user.as_deref(), container.command[0].as_str()), (Some("1000"), "ip"));
/// ```
pub fn read_commands(text: &str) -> Reading {
    let mut notes = Notes::default();
    if !is_too_long(text, &mut notes) {
        each_command(text, ["docker", "podman"], |command| {
            read_command(&command, &mut notes);
            !notes.is_full()
        });
    }
    notes.finish()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Start,
    Exec,
}

fn read_command(command: &Command, notes: &mut Notes) {
    let mut words = command.words.iter().peekable();
    let Some(program) = words.next() else { return };
    let (engine, form) = if program.text.ends_with("podman") {
        (Engine::Podman, TextForm::PodmanCommand)
    } else {
        (Engine::Docker, TextForm::DockerCommand)
    };
    let mut draft = Draft::new(form, engine, program.place);
    let verb = loop {
        let Some(word) = words.next() else { return };
        match word.text.as_str() {
            "run" | "create" => break Verb::Start,
            "exec" => break Verb::Exec,
            "container" => {}
            option if GLOBAL_VALUES.contains(&option) => {
                let value = words.next();
                draft.assume(format!(
                    "{} {} has no part in the model and is left out.",
                    shown(option),
                    shown(value.map_or("", |value| &value.text))
                ));
            }
            option if option.starts_with('-') => {}
            _ => return,
        }
    };
    if words.peek().is_none() && command.open_quote.is_none() {
        // Prose that only names the command.
        return;
    }
    draft.container.is_exec = verb == Verb::Exec;
    draft.recognise(format!(
        "{} {}",
        draft.container.runtime.engine.0.name(),
        if verb == Verb::Exec { "exec" } else { "run" }
    ));
    if let Some(place) = command.open_quote {
        notes.misread(place, "this quote is not closed; the command is read up to it");
    }
    let mut options = Options {
        draft,
        entrypoint: None,
        namespace: None,
        is_latest: false,
        maps: [Vec::new(), Vec::new()],
        is_rootfs: false,
    };
    while let Some(word) = words.next_if(|word| is_option(&word.text)) {
        let text = word.text.replace(['–', '—'], "--");
        if text == "--" {
            break;
        }
        if text != word.text && !word.text.starts_with('-') {
            options.draft.assume(format!("The dash of {} is taken for --.", shown(&word.text)));
        }
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let value = match (takes(name), value) {
                (Some(Takes::Value), None) => {
                    let Some(value) = words.next() else {
                        notes.misread(word.place, format!("--{} needs a value", shown(name)));
                        break;
                    };
                    Some(value.text.as_str())
                }
                (None, None) => {
                    assume_flag(&mut options.draft, name, words.peek());
                    None
                }
                (None, Some(_)) => {
                    options.draft.assume(format!("The option --{} is not known here and is left out.", shown(name)));
                    value
                }
                (_, value) => value,
            };
            options.apply(name, value, word, notes);
            continue;
        }
        let mut letters = text.strip_prefix('-').unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            let is_latest = letter == 'l' && options.draft.container.is_exec;
            let Some(name) = (if is_latest { Some("latest") } else { long_name(letter) }) else {
                notes.misread(word.place, format!("-{} is no option that is known here", shown(&letter.to_string())));
                break;
            };
            if takes(name) != Some(Takes::Value) {
                options.apply(name, None, word, notes);
                continue;
            }
            let rest = letters.as_str();
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            match Some(rest).filter(|rest| !rest.is_empty()).or_else(|| words.next().map(|word| word.text.as_str())) {
                Some(value) => options.apply(name, Some(value), word, notes),
                None => notes.misread(word.place, format!("-{letter} needs a value")),
            }
            break;
        }
    }
    let rest: Vec<&Word> = words.collect();
    options.finish(&rest, command, verb, notes);
}

fn is_option(word: &str) -> bool {
    word.starts_with(['–', '—']) || (word.starts_with('-') && word.len() > 1)
}

/// Says what is made of an option that is not known: whether it has a value, nobody can tell.
fn assume_flag(draft: &mut Draft, name: &str, next: Option<&&Word>) {
    let next = next.map_or_else(|| "what follows".to_owned(), |word| shown(&word.text));
    draft.assume(format!(
        "The option --{} is not known here and is left out; it is taken to have no value, so {next} is not its own.",
        shown(name)
    ));
}

struct Options {
    draft: Draft,
    entrypoint: Option<Vec<String>>,
    /// `--userns`; what it means depends on `--user`.
    namespace: Option<String>,
    /// `podman exec --latest`, which names no container.
    is_latest: bool,
    /// `--uidmap` and `--gidmap`, as lines of a map.
    maps: [Vec<String>; 2],
    is_rootfs: bool,
}

impl Options {
    fn apply(&mut self, name: &str, value: Option<&str>, word: &Word, notes: &mut Notes) {
        let draft = &mut self.draft;
        let text = value.unwrap_or_default();
        let flag = value.map_or(Some(true), truth);
        let result = match name {
            "user" => {
                draft.user(text);
                Ok(())
            }
            "cap-add" | "cap-drop" => {
                draft.recognise(format!("--{name} {}", shown(text)));
                self.capabilities(name, text)
            }
            "privileged" => flag.map(|flag| self.privileged(flag)).ok_or("--privileged is true or false".to_owned()),
            "security-opt" => draft.security_opt(text),
            "sysctl" => match text.split_once('=') {
                Some((name, value)) => draft.sysctl(name, value),
                None => Err("--sysctl is written NAME=VALUE".to_owned()),
            },
            "userns" => {
                self.namespace = Some(text.to_owned());
                Ok(())
            }
            "uidmap" | "gidmap" => self.map(usize::from(name == "gidmap"), text),
            "subuidname" | "subgidname" => {
                self.namespace = Some("auto".to_owned());
                Ok(())
            }
            "network" | "net" => {
                draft.network(text);
                Ok(())
            }
            "publish" => draft.publish(text),
            "expose" => {
                if let Ok(port) = text.split('/').next().unwrap_or_default().parse() {
                    draft.port(port);
                }
                Ok(())
            }
            "group-add" => {
                draft.group(text);
                Ok(())
            }
            "entrypoint" => {
                draft.recognise(format!("entrypoint {}", shown(text)));
                self.entrypoint = Some(entrypoint(text, draft.is_podman()));
                Ok(())
            }
            "name" => {
                draft.name(text);
                Ok(())
            }
            "volume" => {
                self.volume(text);
                Ok(())
            }
            "tmpfs" => {
                self.tmpfs(text);
                Ok(())
            }
            "mount" => {
                self.mount(text);
                Ok(())
            }
            "read-only" => {
                draft.recognise("read-only root file system");
                Ok(())
            }
            "latest" => {
                self.is_latest = true;
                Ok(())
            }
            "rootfs" => {
                self.is_rootfs = flag == Some(true);
                Ok(())
            }
            "runtime" => {
                draft.assume(format!("The runtime {} is taken to do as the engine's usual one.", shown(text)));
                Ok(())
            }
            "pod" => {
                draft.assume(format!("The pod {} is taken to change nothing.", shown(text)));
                Ok(())
            }
            "seccomp-policy" => {
                draft.assume("--seccomp-policy is left out: the image's profile is not in the text.");
                Ok(())
            }
            "pid" | "ipc" | "uts" | "cgroupns" if text == "host" => {
                draft.recognise(format!("--{name} host"));
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(message) = result {
            notes.misread(word.place, message);
        }
    }

    fn capabilities(&mut self, name: &str, text: &str) -> Result<(), String> {
        let names: Vec<_> =
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let is_one = !self.draft.is_podman() && names.len() > 1;
        let names = if is_one { vec![text.to_owned()] } else { names };
        let runtime = &mut self.draft.container.runtime;
        match name {
            "cap-add" => runtime.cap_add.extend(names),
            _ => runtime.cap_drop.extend(names),
        }
        if is_one {
            let text = shown(text);
            return Err(format!(
                "Docker takes {text:?} for one name, which it does not know; give --{name} once for each"
            ));
        }
        Ok(())
    }

    fn privileged(&mut self, flag: bool) {
        self.draft.recognise(if flag { "--privileged" } else { "--privileged=false" });
        self.draft.container.runtime.privileged = flag;
    }

    /// `INSIDE:OUTSIDE:COUNT`.
    fn map(&mut self, which: usize, text: &str) -> Result<(), String> {
        let numbers: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
        let line = match numbers.as_deref() {
            Some([inside, outside]) => format!("{inside} {outside} 1"),
            Some([inside, outside, count]) => format!("{inside} {outside} {count}"),
            _ => {
                return Err(format!(
                    "a map is written INSIDE:OUTSIDE:COUNT with numbers here, not {:?}",
                    shown(text)
                ));
            }
        };
        self.draft.recognise(format!("{} {}", if which == 0 { "--uidmap" } else { "--gidmap" }, shown(text)));
        if let Some(map) = self.maps.get_mut(which) {
            map.push(line);
        }
        Ok(())
    }

    /// `SOURCE:PATH:OPTIONS`.
    fn volume(&mut self, text: &str) {
        let mut parts = text.rsplitn(3, ':');
        if let (Some(options), Some(path), Some(_)) = (parts.next(), parts.next(), parts.next()) {
            self.draft.mount(path, options.split(','));
        }
    }

    /// `PATH:OPTIONS`; both engines mount it with nosuid and noexec unless it says otherwise.
    fn tmpfs(&mut self, text: &str) {
        let (path, options) = text.split_once(':').unwrap_or((text, ""));
        self.draft.mount(path, ["nosuid", "noexec"].into_iter().chain(options.split(',')));
    }

    /// `type=tmpfs,destination=PATH,OPTION`.
    fn mount(&mut self, text: &str) {
        let is_path = |key: &&str| matches!(*key, "destination" | "dst" | "target");
        let path = text.split(',').filter_map(|part| part.split_once('=')).find(|(key, _)| is_path(key));
        if let Some((_, path)) = path {
            self.draft.mount(path, text.split(','));
        }
    }

    fn finish(mut self, rest: &[&Word], command: &Command, verb: Verb, notes: &mut Notes) {
        if let Some(mode) = &self.namespace {
            self.draft.user_namespace(mode);
        }
        let [uid_map, gid_map] = &self.maps;
        if !(uid_map.is_empty() && gid_map.is_empty()) {
            // Podman takes one map for both where only one is given.
            let uids = if uid_map.is_empty() { gid_map } else { uid_map }.join("\n");
            let gids = if gid_map.is_empty() { uid_map } else { gid_map }.join("\n");
            self.draft.own_namespace(&uids, &gids, 0);
        }
        let latest;
        let split = if self.is_latest {
            latest = Word { text: "latest".to_owned(), place: self.draft.place() };
            Some((&latest, rest))
        } else {
            rest.split_first().map(|(image, arguments)| (*image, arguments))
        };
        let Some((image, arguments)) = split else {
            let place = command.words.last().map_or(self.draft.place(), |word| word.place);
            let what = if verb == Verb::Exec { "the container and the command" } else { "the image" };
            if command.open_quote.is_none() {
                notes.misread(place, format!("{what} should follow; the command ends here"));
            }
            return notes.found(self.draft.finish(command.last_line));
        };
        let draft = &mut self.draft;
        match verb {
            Verb::Exec => {
                draft.name(&image.text);
                draft.recognise(format!("container {}", shown(&image.text)));
                draft.assume("The container is taken to have been started without options; exec has its own user and privileges.");
            }
            Verb::Start => {
                draft.image(&image.text);
                draft.recognise(format!(
                    "{} {}",
                    if self.is_rootfs { "root file system" } else { "image" },
                    shown(&image.text)
                ));
            }
        }
        let arguments = arguments.iter().map(|word| word.text.clone());
        let has_entrypoint = self.entrypoint.is_some();
        draft.container.command = self.entrypoint.take().unwrap_or_default().into_iter().chain(arguments).collect();
        if let Some(program) = draft.container.command.first().cloned() {
            draft.recognise(format!("command {}", shown(&program)));
            if !has_entrypoint && verb == Verb::Start {
                draft.assume(format!(
                    "The image is taken to have no entrypoint of its own: {} is the program.",
                    shown(&program)
                ));
            }
        } else {
            draft.assume("The program is the image's, which is not in the text.");
        }
        draft.assume_users_of_image();
        rootless(draft, &command.before);
        notes.found(self.draft.finish(command.last_line));
    }
}

/// Whether Podman is called by a user, as far as the text before it shows.
fn rootless(draft: &mut Draft, before: &str) {
    if !draft.is_podman() || draft.container.runtime.user_namespace.is_some() {
        return;
    }
    let is_of_root = before.contains("sudo") || before.contains("doas") || before.ends_with('#');
    if is_of_root {
        return;
    }
    if before.ends_with('$') {
        draft.own_namespace("0 1000 1\n1 100000 65536", "0 1000 1\n1 100000 65536", 1000);
        draft.assume(
            "The prompt is a user's, so Podman is rootless: the user is taken to have id 1000, and the ids from 100000 on in /etc/subuid.",
        );
    } else {
        draft.assume(
            "Podman is taken to be called by root; called by a user, all is within that user's own namespace.",
        );
    }
}

/// The words of an entrypoint: to Podman a list in JSON is its words; else it is one word to both.
fn entrypoint(text: &str, is_podman: bool) -> Vec<String> {
    let list = if is_podman { json::list_of_texts(text) } else { None };
    list.unwrap_or_else(|| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] })
}
