use sim_core::capability::{CapSet, Capability};
use sim_core::scenario::{RuntimeEntry, SetText};

use crate::finding::{Container, Reading, Says};
use crate::read;

fn containers(reading: &Reading) -> Vec<&Container> {
    let mut containers = Vec::new();
    for finding in &reading.findings {
        if let Says::Container(container) = &finding.says {
            containers.push(&**container);
        }
    }
    containers
}

fn runtime(text: &str) -> RuntimeEntry {
    let reading = read(text.as_bytes());
    assert_eq!(reading.misread, [], "{text}");
    containers(&reading)[0].runtime.clone()
}

fn set(names: &[&str]) -> SetText {
    names.iter().map(|name| Capability::from_name(name).unwrap()).collect::<CapSet>().into()
}

#[test]
fn a_service_is_what_its_settings_say() {
    let text = "\
# /etc/systemd/system/web.service
[Unit]
Description=A server
User=nobody of this section

[Service]
Type=simple
User=1024
Group=1024
SupplementaryGroups=27 28
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE \\
    CAP_NET_RAW
; a remark
NoNewPrivileges=yes
SecureBits=keep-caps noroot
ExecStartPre=+/bin/chown x /run
ExecStart=-/usr/bin/server --port \"80\"

[Install]
WantedBy=multi-user.target

Then it fails.
";
    let reading = read(text.as_bytes());
    let [container] = containers(&reading)[..] else { panic!("{reading:?}") };
    let entry = &container.runtime;
    assert_eq!((entry.user.as_deref(), entry.groups.as_slice()), (Some("1024:1024"), [27, 28].as_slice()));
    assert!(entry.no_new_privileges);
    let unit = entry.unit.as_ref().unwrap();
    assert_eq!(
        (unit.ambient, unit.bounding),
        (Some(set(&["net_bind_service"])), Some(set(&["net_bind_service", "net_raw"])))
    );
    assert_eq!(unit.securebits.0.names().collect::<Vec<_>>(), ["noroot", "keep_caps"]);
    assert!(!unit.user_manager && !unit.implies_no_new_privileges);
    assert_eq!(container.command, ["/usr/bin/server", "--port", "80"]);
    assert_eq!((reading.findings[0].line, reading.findings[0].last_line), (2, 21));
}

#[test]
fn settings_take_away_and_imply() {
    let unit =
        runtime("[Service]\nUser=app\nPrivateDevices=yes\nProtectClock=true\nSystemCallFilter=@system-service\n")
            .unit
            .unwrap();
    let SetText::Set(bounding) = unit.bounding.unwrap() else { panic!() };
    for name in ["mknod", "sys_rawio", "sys_time", "wake_alarm"] {
        assert!(!bounding.contains(Capability::from_name(name).unwrap()), "{name}");
    }
    assert!(unit.implies_no_new_privileges);
    let unit = runtime("[Service]\nUser=app\nPrivateDevices=no\nSystemCallFilter=\n").unit.unwrap();
    assert_eq!((unit.bounding, unit.implies_no_new_privileges), (None, false));
    assert!(runtime("[Service]\nDynamicUser=yes\nExecStart=/bin/x\n").no_new_privileges);
}

#[test]
fn lines_without_their_section_are_a_unit_too() {
    let entry = runtime("I added this:\n\nAmbientCapabilities=CAP_NET_RAW\nUser=1000\n\nand it works");
    assert_eq!((entry.unit.unwrap().ambient, entry.user.as_deref()), (Some(set(&["net_raw"])), Some("1000")));
}

#[test]
fn prefixes_change_what_applies() {
    let text = "[Service]\nUser=1000\nAmbientCapabilities=CAP_KILL\nExecStart=PREFIX/bin/x\n";
    let of = |prefix: &str| runtime(&text.replace("PREFIX", prefix));
    assert_eq!((of("+").user, of("+").unit.unwrap().ambient), (None, None));
    assert_eq!((of("!").user, of("!").unit.unwrap().ambient), (None, Some(set(&["kill"]))));
    assert_eq!(of("!!").user.as_deref(), Some("1000"));
}

#[test]
fn the_manager_of_a_user_is_recognised_wherever_it_is_named() {
    for text in [
        "$ systemctl --user start x\n[Service]\nExecStart=/bin/x\n",
        "[Service]\nExecStart=/bin/x\n\n$ journalctl --user -u x\n",
        "# /home/me/.config/systemd/user/x.service\n[Service]\nExecStart=/bin/x\n",
    ] {
        assert!(runtime(text).unit.unwrap().user_manager, "{text}");
    }
}

#[test]
fn what_is_no_setting_has_a_place() {
    let reading = read(b"[Service]\nAmbientCapabilities=CAP_NET\nNoNewPrivileges=perhaps\nSecureBits=x\n");
    let lines: Vec<usize> = reading.misread.iter().map(|misread| misread.line).collect();
    assert_eq!(lines, [2, 3, 4]);
}
