//! Dockerfiles: what their instructions do to files, and what they say of the container.

use super::files::owner_of;
use super::report;
use super::shell::{Line, joined};
use crate::finding::{FileCopy, Finding, Image, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// The instructions.
const INSTRUCTIONS: [&str; 18] = [
    "FROM",
    "RUN",
    "COPY",
    "ADD",
    "USER",
    "ENTRYPOINT",
    "CMD",
    "EXPOSE",
    "ENV",
    "ARG",
    "WORKDIR",
    "LABEL",
    "VOLUME",
    "SHELL",
    "HEALTHCHECK",
    "STOPSIGNAL",
    "ONBUILD",
    "MAINTAINER",
];

/// Takes the instructions of a Dockerfile, whole or in part.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    if cursor.line().and_then(instruction).is_none_or(|(name, rest)| !begins(name, rest)) {
        return false;
    }
    let (mut stages, mut image, mut is_any) = (Vec::new(), Image::default(), false);
    let (mut first, mut last) = (cursor.number(), cursor.number());
    while let Some(line) = cursor.line() {
        if instruction(line).is_none() {
            let text = line.trim();
            if text.starts_with('#') || text.is_empty() && is_followed(cursor) {
                cursor.advance();
                continue;
            }
            break;
        }
        let start = cursor.number();
        let mut end = cursor.clone();
        let text = joined(&mut end, true);
        let lines = (start, end.number().saturating_sub(1).max(start));
        if let Some((name, rest)) = instruction(&text) {
            match name {
                "FROM" => {
                    stages.push(std::mem::take(&mut image));
                    image.from =
                        rest.split_ascii_whitespace().find(|word| !word.starts_with("--")).map(str::to_owned);
                    (first, is_any) = (start, true);
                }
                "USER" => (image.user, is_any) = (Some(rest.trim().to_owned()), true),
                "ENTRYPOINT" => {
                    image.command = command_of(rest);
                    is_any = true;
                }
                "CMD" => {
                    image.command.extend(command_of(rest));
                    is_any = true;
                }
                "EXPOSE" => {
                    let port = |word: &str| word.split('/').next().and_then(|port| port.parse::<u16>().ok());
                    image.ports.extend(rest.split_ascii_whitespace().filter_map(port).take(100));
                }
                "COPY" | "ADD" => copy(rest, lines, found),
                "RUN" => {
                    let rest = rest.trim_start();
                    let options =
                        rest.split(' ').take_while(|word| word.starts_with("--")).map(|word| word.len() + 1).sum();
                    report(&Line::of(rest.get(options..).unwrap_or_default()), lines, TextForm::Dockerfile, found);
                }
                _ => {}
            }
        }
        last = lines.1;
        *cursor = end;
    }
    if is_any {
        let mut recognised = Vec::new();
        recognised.extend(image.from.iter().map(|from| format!("FROM {from}")));
        recognised.extend(image.user.iter().map(|user| format!("USER {user}")));
        recognised.extend((!image.command.is_empty()).then(|| format!("starts {}", image.command.join(" "))));
        let mut assumed = Vec::new();
        if stages.iter().any(|stage| stage.from.is_some()) {
            assumed.push("Only the last stage makes the image; paths of earlier ones are their own.".to_owned());
        }
        if image.user.is_none() {
            assumed.push("The image this one is made of is assumed to have no USER.".to_owned());
        }
        let says = Says::Image(Box::new(image));
        found.push(Finding { line: first, last_line: last, form: TextForm::Dockerfile, says, recognised, assumed });
    }
    true
}

/// The instruction of a line and what follows it.
fn instruction(line: &str) -> Option<(&'static str, &str)> {
    let (name, rest) = line.trim().split_once(char::is_whitespace)?;
    let name = INSTRUCTIONS.into_iter().find(|known| *known == name)?;
    Some((name, rest))
}

/// Whether a text begins here that is certainly a Dockerfile: "USER" and "RUN" in capitals may stand in prose too.
fn begins(name: &str, rest: &str) -> bool {
    let words = rest.split_ascii_whitespace().count();
    match name {
        "FROM" => words == 1 || rest.contains(" AS ") || rest.contains(" as ") || rest.starts_with("--"),
        "RUN" | "COPY" | "ADD" => words >= 2,
        "USER" => words == 1,
        "ENTRYPOINT" | "CMD" => rest.trim_start().starts_with('['),
        _ => false,
    }
}

fn is_followed(cursor: &Cursor<'_>) -> bool {
    let mut next = cursor.clone();
    for _ in 0..4 {
        next.advance();
        match next.line().map(str::trim) {
            Some("") => {}
            Some(line) if line.starts_with('#') => {}
            Some(line) => return instruction(line).is_some(),
            None => return false,
        }
    }
    false
}

/// `["program", "argument"]`, or a line for the shell.
fn command_of(text: &str) -> Vec<String> {
    let text = text.trim();
    if text.starts_with('[')
        && let Ok(words) = serde_json::from_str::<Vec<String>>(text)
    {
        return words;
    }
    ["/bin/sh", "-c", text].map(str::to_owned).into()
}

fn copy(text: &str, lines: (usize, usize), found: &mut Found) {
    let (options, paths): (Vec<&str>, Vec<&str>) =
        text.split_ascii_whitespace().partition(|word| word.starts_with("--"));
    let Some((target, sources)) = paths.split_last() else { return };
    let mut assumed = vec![
        "COPY keeps capabilities as BuildKit and buildah do; the older builder and kaniko lose them.".to_owned(),
    ];
    let owner = options.iter().find_map(|option| option.strip_prefix("--chown=")).map(|owner| {
        let (uid, gid) = owner_of(owner, false, &mut assumed);
        // A user without a group has that of the same number, or the number of the user.
        (uid, if gid == u32::MAX { uid } else { gid })
    });
    let is_folder = target.ends_with('/') || sources.len() > 1 || *target == ".";
    for source in sources.iter().take(100) {
        let name = source.rsplit('/').next().unwrap_or(source);
        let to = if is_folder { format!("{}/{name}", target.trim_end_matches('/')) } else { (*target).to_owned() };
        let copy = FileCopy { from: Some((*source).to_owned()), to, keeps_capabilities: true, owner };
        let recognised = vec![format!("COPY of {source}")];
        let says = Says::Copy(copy);
        let assumed = assumed.clone();
        found.push(Finding {
            line: lines.0,
            last_line: lines.1,
            form: TextForm::Dockerfile,
            says,
            recognised,
            assumed,
        });
    }
}
