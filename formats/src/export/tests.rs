use saphyr_parser::{Event, Parser};
use sim_core::scenario::{Loaded, Options, Scenario};

use super::quote;
use super::{ExportError, Format, Tool, export, markdown, script};

/// What people must not be able to write.
const HOSTILE: &str = "/srv/'; rm -rf $HOME; `id` $(id) \"\\\nEND\n```\n| <img src=x> @all #1 %n \u{1b}[31m \u{202e}";

fn read(text: &str) -> Scenario {
    Loaded::read(text, &Options::default()).unwrap().scenario
}

fn hostile() -> Scenario {
    let path = serde_json::to_string(HOSTILE).unwrap();
    read(&format!(
        r#"{{ "title": {path}, "question": {path}, "process": {{ "uid": 1000, "gid": 1000 }},
             "files": {{ {path}: {{ "caps": "cap_net_raw=p", "uid": 7 }} }}, "steps": [ {{ "execve": {path} }} ] }}"#
    ))
}

#[test]
fn what_strangers_write_stays_a_word_of_the_shell() {
    let text = script(&hostile(), &Options::default(), None).unwrap().text;
    // Comments are single lines.
    let code: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let code = code.join("\n");
    let quoted = format!("\"$root\"{}", quote::word(HOSTILE));
    assert!(code.contains(&format!("cp -- \"$shell\" {quoted}\n")), "{text}");
    let rest = code.replace(&quoted, "").replace(&quote::word(&quote::one_line(&format!("execve of {HOSTILE}"))), "");
    assert!(!rest.contains("rm -rf"), "{rest}");
    for format in [Format::Docker, Format::Podman] {
        let text = export(&hostile(), &Options::default(), format).unwrap().text;
        let (_, line) = text.split_once("\ndocker run").or_else(|| text.split_once("\npodman run")).unwrap();
        assert_eq!(shlex::split(line).unwrap().last().map(String::as_str), Some(HOSTILE), "{text}");
    }
}

#[test]
fn a_path_must_lead_below_the_root() {
    for path in ["/srv/../../etc/passwd", "relative", "//etc", "/a/./b"] {
        let scenario =
            read(&format!(r#"{{ "files": {{ "{path}": {{}} }}, "steps": [ {{ "execve": "{path}" }} ] }}"#));
        let refused = script(&scenario, &Options::default(), None);
        assert!(matches!(refused, Err(ExportError::File { .. })), "{path}: {refused:?}");
    }
}

#[test]
fn yaml_says_what_is_meant() {
    for format in [Format::Pod, Format::PodPatch] {
        let text = export(&hostile(), &Options::default(), format).unwrap().text;
        let scalars: Vec<String> = Parser::new_from_str(&text)
            .filter_map(|event| match event.unwrap().0 {
                Event::Scalar(text, ..) => Some(text.into_owned()),
                _ => None,
            })
            .collect();
        let after = |key: &str| scalars.iter().skip_while(|scalar| *scalar != key).nth(1).map(String::as_str);
        assert_eq!(after("runAsUser"), Some("1000"));
        assert_eq!(after("add"), Some("ALL"));
        if format == Format::Pod {
            assert_eq!(after("command"), Some(HOSTILE));
        }
    }
}

#[test]
fn markdown_cannot_be_broken_out_of() {
    let text = markdown(&hostile(), &Options::default(), Some("https://example.org/#x>y`z")).unwrap().text;
    let fence = text.lines().rfind(|line| line.starts_with("```")).unwrap();
    let longest = text.lines().filter(|line| !line.starts_with(fence)).map(|line| line.matches('`').count()).max();
    assert!(fence.len() > 3 && longest.is_some(), "{text}");
    let outside = text.split(fence).next().unwrap();
    assert!(
        !outside.contains("<img") || outside.lines().all(|line| !line.contains("<img") || line.contains('`')),
        "{text}"
    );
    assert!(!outside.contains('\u{1b}') && !outside.contains('\u{202e}'), "{text}");
    assert!(outside.contains("&#64;all"), "{text}");
    assert!(text.contains("(<https://example.org/#x%3Ey%60z>)"), "{text}");
    assert_eq!(quote::code("a``b"), "```a``b```");
    assert_eq!(quote::code("`"), "`` ` ``");
    assert!(quote::fenced("", "````\n").starts_with("`````\n"));
}

#[test]
fn a_unit_doubles_what_systemd_expands() {
    assert_eq!(quote::unit("/bin/a b%h$HOME\n"), "\"/bin/a b%%h$$HOME\\x0a\"");
    let text = export(&hostile(), &Options::default(), Format::Unit).unwrap().text;
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with(['#', '[']) || line.contains('=')), "{text}");
}

#[test]
fn the_model_says_which_tool_can_begin() {
    let with = |text: &str, tool| script(&read(text), &Options::default(), Some(tool));
    // Under no_new_privs a file grants no more than was permitted, and setpriv leaves everything permitted.
    let limited = r#"{ "process": { "uid": 1000, "no_new_privs": true }, "files": { "/p": { "caps": "cap_net_raw=ep" } },
                       "steps": [ { "execve": "/p" } ] }"#;
    assert!(matches!(with(limited, Tool::Setpriv), Err(ExportError::Start(_))));
    assert!(with(limited, Tool::Capsh).is_ok());
    // capsh sets all ids of a kind to one.
    let apart =
        r#"{ "process": { "uid": [1000, 0, 0, 0] }, "files": { "/p": {} }, "steps": [ { "execve": "/p" } ] }"#;
    assert!(with(apart, Tool::Setpriv).is_ok());
    assert!(matches!(with(apart, Tool::Capsh), Err(ExportError::Start(_))));
}

#[test]
fn what_a_script_cannot_do_is_said_or_refused() {
    let left = r#"{ "process": { "uid": 1000 }, "steps": [ { "setuid": 0 } ] }"#;
    let exported = script(&read(left), &Options::default(), None).unwrap();
    assert_eq!(exported.left_out, ["Step 1, setuid(0), is left out: it is refused with EPERM and changes nothing."]);
    assert!(exported.text.contains("# LEFT OUT: Step 1"));
    let essential = r#"{ "steps": [ { "setresuid": [1000, 0, 0] } ] }"#;
    let refused = script(&read(essential), &Options::default(), None);
    assert!(matches!(refused, Err(ExportError::Step { number: 1, .. })), "{refused:?}");
    let many = format!(r#"{{ "steps": [ {} ] }}"#, vec![r#"{ "capget": {} }"#; 257].join(","));
    let refused = script(&read(&many), &Options::default(), None);
    assert!(matches!(refused, Err(ExportError::TooMany { found: 257, .. })), "{refused:?}");
}

#[test]
fn a_config_has_the_whole_process() {
    let text = r#"{ "process": { "uid": 1000, "gid": 100, "groups": [5], "permitted": "cap_kill", "bounding": "cap_kill,cap_chown",
                    "no_new_privs": true }, "files": { "/p": {} }, "steps": [ { "execve": "/p" } ] }"#;
    let exported = export(&read(text), &Options::default(), Format::Oci).unwrap().text;
    let config: serde_json::Value = serde_json::from_str(&exported).unwrap();
    let process = &config["process"];
    assert_eq!(process["user"], serde_json::json!({ "uid": 1000, "gid": 100, "additionalGids": [5] }));
    assert_eq!(process["capabilities"]["bounding"], serde_json::json!(["CAP_CHOWN", "CAP_KILL"]));
    assert_eq!(process["capabilities"]["permitted"], serde_json::json!(["CAP_KILL"]));
    assert_eq!(process["noNewPrivileges"], true);
}
