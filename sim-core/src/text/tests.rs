use alloc::string::ToString;

use super::{CapText, ParseStatusError, Status, StatusField, parse_getcap_line};
use crate::capability::ParseCapSetError;
use crate::file::VfsCaps;

/// What libcap 2.66 makes of each text; `None` where it answers EINVAL.
const LIBCAP: &[(&str, Option<&str>)] = &[
    ("", Some("=")),
    ("=", Some("=")),
    ("all=ep", Some("=ep")),
    ("=ep", Some("=ep")),
    ("=pie", Some("=eip")),
    ("cap_net_raw+ep", Some("cap_net_raw=ep")),
    ("cap_chown,cap_kill=ep cap_net_raw+i", Some("cap_net_raw=i cap_chown,cap_kill+ep")),
    ("=ep cap_chown-ep", Some("=ep cap_chown-ep")),
    ("cap_kill=i cap_chown+ep", Some("cap_kill=i cap_chown+ep")),
    ("cap_chown=ep cap_kill=ei cap_fowner=ip", Some("cap_fowner=ip cap_kill+ei cap_chown+ep")),
    ("all=p cap_chown+e cap_kill-p", Some("=p cap_chown+e cap_kill-p")),
    ("=eip cap_sys_admin-e", Some("=eip cap_sys_admin-e")),
    ("41=p", Some("= 41+p")),
    ("63=p 62=i", Some("= 62+i 63+p")),
    ("= cap_chown+p 50+i", Some("cap_chown=p 50+i")),
    ("40,41=p", Some("cap_checkpoint_restore=p 41+p")),
    ("=ep 41-ep", Some("=ep")),
    ("0=p", Some("cap_chown=p")),
    ("0x1=p", Some("cap_dac_override=p")),
    ("010=p", Some("cap_setpcap=p")),
    ("=p =i", Some("=i")),
    ("cap_chown=p = cap_kill=p", Some("cap_kill=p")),
    ("cap_net_raw=p cap_net_raw=i", Some("cap_net_raw=i")),
    ("cap_chown=p-i+e", Some("cap_chown=ep")),
    ("cap_net_raw+e-e", Some("=")),
    ("cap_chown=", Some("=")),
    ("all-e", Some("=")),
    ("all=p-p", Some("=")),
    ("cap_chown,all=p", Some("=p")),
    ("CAP_Net_Raw=ep", Some("cap_net_raw=ep")),
    ("\tcap_chown=pp \n", Some("cap_chown=p")),
    ("64+p", None),
    ("a,b=p", None),
    ("net_raw=p", None),
    ("cap_chown, cap_kill=p", None),
    ("cap_chown,=p", None),
    (",cap_chown=p", None),
    ("+p", None),
    ("-p", None),
    ("=p+i", None),
    ("x==p", None),
    ("cap_net_raw=ep=i", None),
    ("cap_chown+p=i", None),
    ("CAP_NET_RAW=EP", None),
    ("cap_chown", None),
    ("cap_chown+", None),
    ("+0=p", None),
];

#[test]
fn capability_text_as_libcap_reads_and_writes_it() {
    for (text, expected) in LIBCAP {
        let ours = text.parse::<CapText>().ok().map(|sets| sets.to_string());
        assert_eq!(ours.as_deref(), *expected, "{text:?}");
    }
}

#[test]
fn errors_of_capability_text_name_the_place() {
    let check = |text: &str, message: &str| {
        let error = text.parse::<VfsCaps>().unwrap_err().to_string();
        assert!(error.starts_with(message), "{text:?}: {error}");
    };
    check("cap_chown=p cap_nett_raw+i", "character 13: \"cap_nett_raw\" is no capability");
    check("cap_chown=p +i", "character 13: which capabilities?");
    check("cap_chown", "character 10: =, + or - is missing");
    check("cap_chown+", "character 11: flags are missing");
    check("cap_chown=pé", "character 12: 'é' cannot stand here");
}

#[test]
fn setcap_wants_one_flag_for_all() {
    let file = |text: &str| text.parse::<VfsCaps>().map(|caps| caps.to_string()).map_err(|e| e.to_string());
    assert_eq!(file("cap_net_raw=eip"), Ok("cap_net_raw=eip".to_string()));
    assert!(file("cap_net_raw=i cap_kill=ei").unwrap_err().contains("one effective flag"));
    assert!(file("cap_chown=ep cap_kill=p").is_err());
    // The flag without a capability is an empty attribute that counts; getcap shows it as "=".
    let flag_only: VfsCaps = "cap_net_raw=e".parse().unwrap();
    assert!(flag_only.effective() && flag_only.permitted.is_empty());
    assert_eq!(flag_only.to_string(), "=");
}

#[test]
fn lines_of_getcap_old_and_new() {
    let check = |line: &str, path: &str, caps: &str| {
        let entry = parse_getcap_line(line).unwrap();
        assert_eq!((entry.path.as_str(), entry.caps.to_string().as_str()), (path, caps), "{line}");
    };
    check("/usr/bin/ping cap_net_raw=ep", "/usr/bin/ping", "cap_net_raw=ep");
    check("/usr/bin/ping = cap_net_raw+ep", "/usr/bin/ping", "cap_net_raw=ep");
    check("/bin/x cap_net_raw=ep [rootid=1000]", "/bin/x", "cap_net_raw=ep [rootid=1000]");
    check("/opt/my file cap_chown=p cap_kill+i", "/opt/my file", "cap_kill=i cap_chown+p");
    check("/bin/x =", "/bin/x", "=");
    for line in ["", "/bin/x", "cap_net_raw=ep", "/bin/x cap_nett_raw=ep", "/bin/x cap_kill=p [rootid=x]"] {
        assert!(parse_getcap_line(line).is_err(), "{line:?}");
    }
}

#[test]
fn status_lines() {
    let text = "Name:\tsh\nUid:\t1000\t0\t0\t0\nGroups:\t4 24 \nCapInh:\t0000000000000400\nCapPrm:\t0000000000000001\n\
                CapEff:\t0000000000000002\nCapBnd:\t0000000000000004\nCapAmb:\t0000000000000008\nNoNewPrivs:\t1\n";
    let status = Status::parse(text).unwrap();
    assert_eq!(status.uid, Some([1000, 0, 0, 0]));
    assert_eq!(status.groups.as_deref(), Some([4, 24].as_slice()));
    let bits = |set: Option<crate::capability::CapSet>| set.unwrap().bits();
    let sets = [status.permitted, status.effective, status.inheritable, status.bounding, status.ambient];
    assert_eq!(sets.map(bits), [1, 2, 0x400, 4, 8]);
    assert_eq!((status.no_new_privs, status.recognised), (Some(true), 8));
    let grepped = Status::parse("/proc/1/status:CapEff:\t00000000a80425fb\n").unwrap();
    assert_eq!(grepped.effective.unwrap().bits(), 0xa804_25fb);
}

#[test]
fn errors_of_status_lines_name_the_place() {
    let check = |text: &str, line, reason| {
        let error = Status::parse(text).unwrap_err();
        assert_eq!(error, ParseStatusError { line, field: error.field.clone(), reason });
    };
    let not_hex = ParseCapSetError::NotHex { character: 'g', at: 16 };
    check("Name: x\nCapBnd: 000000000000000g", 2, StatusField::Set(not_hex));
    check("Uid: 1 2 3", 1, StatusField::FourIds);
    check("Uid: 1 2 3 x", 1, StatusField::Id("x".to_string()));
    check("NoNewPrivs: 2", 1, StatusField::Bool);
    check("CapEff: 0\nCapEff: 1", 2, StatusField::Twice);
}
