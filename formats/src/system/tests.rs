use sim_core::scenario::Process;

use crate::finding::{Finding, Reading, Says, TextForm};
use crate::read;

fn reading(text: &str) -> Reading {
    let reading = read(text.as_bytes());
    assert_eq!(reading.misread, [], "{text}");
    reading
}

/// The only finding of a text.
fn one(text: &str) -> Finding {
    let mut findings = reading(text).findings;
    assert_eq!(findings.len(), 1, "{text}: {findings:?}");
    findings.remove(0)
}

fn process(text: &str) -> Process {
    match one(text).says {
        Says::Process(process) => *process,
        other => panic!("{text}: {other:?}"),
    }
}

/// A process as the format writes it, without quotation marks.
fn written(text: &str) -> String {
    serde_json::to_string(&process(text)).unwrap().replace('"', "")
}

fn files(text: &str) -> Vec<String> {
    match one(text).says {
        Says::Files(files) => files
            .iter()
            .map(|(path, file)| format!("{path} {}", serde_json::to_string(file).unwrap().replace('"', "")))
            .collect(),
        other => panic!("{text}: {other:?}"),
    }
}

fn misread(text: &str) -> Vec<String> {
    read(text.as_bytes()).misread.iter().map(ToString::to_string).collect()
}

#[test]
fn a_status_is_a_process() {
    let text = "\
Name:\tserver
Umask:\t0022
State:\tS (sleeping)
Pid:\t7
PPid:\t1
TracerPid:\t0
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
FDSize:\t64
Groups:\t27 1000
CapInh:\t0000000000000000
CapPrm:\t0000000000002000
CapEff:\t0000000000002000
CapBnd:\t00000000a80425fb
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
voluntary_ctxt_switches:\t100
";
    let found = one(text);
    assert_eq!((found.line, found.last_line, found.form), (1, 18, TextForm::Status));
    assert!(found.recognised.contains(&"process server".to_owned()));
    assert_eq!(
        found.assumed,
        ["Filters of system calls are in force, and the text does not show them; they are left out."]
    );
    assert_eq!(
        written(text),
        "{uid:1000,gid:1000,groups:[27,1000],permitted:0000000000002000,effective:0000000000002000,\
        inheritable:0000000000000000,bounding:00000000a80425fb,ambient:0000000000000000,no_new_privs:true}"
    );
}

#[test]
fn several_processes_are_told_apart() {
    let text = "\
/proc/1/status:CapPrm:\t00000000a80425fb
/proc/1/status:CapEff:\t00000000a80425fb
/proc/77/status:CapPrm:\t0000000000000000
/proc/77/status:CapEff:\t0000000000000000
";
    let found = reading(text).findings;
    assert_eq!(found.iter().map(|found| (found.line, found.last_line)).collect::<Vec<_>>(), [(1, 2), (3, 4)]);
    assert_eq!(found[1].recognised[0], "/proc/77/status");
    let text = "CapEff: 0000000000000001\nCapEff: 0000000000000002\n";
    assert_eq!(reading(text).findings.len(), 2);
    assert!(reading(text).findings[0].assumed.is_empty());
    assert_eq!(written("There I see `CapBnd: 0000000000000400` and no more."), "{bounding:0000000000000400}");
    // As a remark or a quotation.
    assert_eq!(written("> CapBnd:\t0000000000000400"), "{bounding:0000000000000400}");
}

#[test]
fn what_is_wrong_in_a_status_has_a_place() {
    assert_eq!(
        misread("Uid:\t1 2 3\n CapBnd:\t00zz\n"),
        [
            "line 1, column 6: Uid: four ids were expected: real, effective, saved, filesystem",
            "line 2, column 10: CapBnd: character 3, 'z', is no hexadecimal digit",
        ]
    );
    assert_eq!(misread("CapEff: 0\nSeccomp:\t9\n").len(), 1);
}

#[test]
fn getcap_is_read_in_all_its_forms() {
    let text = "\
/usr/bin/ping cap_net_raw=ep
/usr/bin/with space cap_chown,cap_kill=eip
/usr/bin/old = cap_net_bind_service+ep
/usr/bin/v3 cap_net_raw=ep [rootid=100000]
./x =ep
";
    let files = files(text);
    assert_eq!(files.len(), 5);
    assert_eq!(
        files[0],
        "/usr/bin/ping {caps:{revision:2,permitted:0000000000002000,inheritable:0000000000000000,effective:true}}"
    );
    assert!(files[1].starts_with("/usr/bin/with space {") && files[3].contains("rootid:100000"), "{files:?}");
    assert_eq!(
        misread("/x cap_net_row=ep"),
        [
            "line 1, column 1: after the path, character 1: \"cap_net_row\" is no capability; write cap_net_raw, all, or a number below 64"
        ]
    );
    assert_eq!(reading("/usr/bin = nothing").findings, []);
}

#[test]
fn listings_have_modes_and_owners() {
    let text = "\
total 12
-rwsr-xr-x. 1 root root  277936 Apr  8  2024 /usr/bin/sudo
drwxrwxrwt+ 9 root root    4096 Nov 25 02:00 /tmp
-rwSr-s--T  1 0 7 12 2024-01-01 12:00 x y
-rw-r----- 1 app nogroup 1 2024-01-01 12:00:00.000000000 +0000 'b'
crw-rw-rw- 1 root root 1, 3 Nov 25 02:00 /dev/null
lrwxrwxrwx 1 root root 7 Nov 25 02:00 /bin -> usr/bin
";
    assert_eq!(
        files(text),
        [
            "/usr/bin/sudo {mode:4755}",
            "/tmp {mode:1777,directory:true}",
            "x y {gid:7,mode:7650}",
            "b {uid:1000,gid:65534,mode:0640}",
        ]
    );
    let assumed = one(text).assumed;
    assert_eq!(assumed[0], "The user app is assumed to have the id 1000.");
    assert_eq!(reading("-rwxr-xr-x is a mode\n- a list of things here now\n").findings, []);
}

#[test]
fn stat_says_mode_and_owner() {
    let text = "  File: /usr/bin/sudo
  Size: 277936    \tBlocks: 544        IO Block: 4096   regular file
Device: 8,1\tInode: 1234        Links: 1
Access: (4755/-rwsr-xr-x)  Uid: (    0/    root)   Gid: (    7/      lp)
Access: 2024-01-01 12:00:00.000000000 +0000
";
    assert_eq!(files(text), ["/usr/bin/sudo {gid:7,mode:4755}"]);
    assert_eq!(files("755 0 0 /x"), ["/x {}"]);
    assert_eq!(files("4755 root:staff /x"), ["/x {gid:1000,mode:4755}"]);
    assert_eq!(files("-rwxr-x--- root root /x"), ["/x {mode:0750}"]);
    assert_eq!(reading("755 is a mode of /x").findings, []);
}

#[test]
fn mounts_have_options() {
    for text in [
        "/dev/sda2 on /home type ext4 (rw,nosuid,nodev,noexec,relatime)",
        "/dev/sda2 /home ext4 rw,nosuid,noexec 0 0",
        "/home /dev/sda2 ext4 rw,nosuid,noexec",
        "\u{251c}\u{2500}/home /dev/sda2 ext4 rw,nosuid,noexec",
    ] {
        let Says::Mount(mount) = one(text).says else { panic!("{text}") };
        assert_eq!((mount.path.as_str(), mount.nosuid, mount.noexec), ("/home", true, true), "{text}");
    }
    assert_eq!(reading("I mounted it on /home type of thing (see below)").findings, []);
}

#[test]
fn capsh_is_read_in_its_forms() {
    let today = "\
Current: cap_net_raw=ep cap_kill+i
Bounding set =cap_chown,cap_net_raw
Ambient set =cap_kill
Current IAB: !cap_setuid,^cap_kill
Securebits: 021/0x11/5'b10001 (no-new-privs=1)
 secure-noroot: yes (unlocked)
 secure-no-suid-fixup: no (unlocked)
 secure-keep-caps: yes (unlocked)
 secure-no-ambient-raise: no (unlocked)
uid=1000(app) euid=0(root)
gid=1000(app)
groups=27(sudo),1000(app)
Guessed mode: HYBRID (4)
";
    assert_eq!(
        written(today),
        "{uid:[1000,0,0,0],gid:1000,groups:[27,1000],permitted:0000000000002000,effective:0000000000002000,\
        inheritable:0000000000000020,bounding:0000000000002001,ambient:0000000000000020,securebits:17,no_new_privs:true}"
    );
    assert_eq!((one(today).line, one(today).last_line), (1, 13));
    let older = "\
Current: = cap_chown,cap_kill+ep
Bounding set =cap_chown,cap_kill,40
Securebits: 00/0x0/1'b0
 secure-noroot: no (unlocked)
uid=0(root)
gid=0(root)
groups=
";
    assert_eq!(
        written(older),
        "{uid:0,gid:0,permitted:0000000000000021,effective:0000000000000021,inheritable:0000000000000000,bounding:0000010000000021}"
    );
    assert_eq!(misread("Bounding set =cap_chown,cap_x\n"), ["line 1, column 15: \"cap_x\" is no capability"]);
    assert_eq!(reading("Current: state of things").findings, []);
}

#[test]
fn getpcaps_and_iab_are_read() {
    for text in [
        "17169: cap_net_raw=ep",
        "Capabilities for `17169': = cap_net_raw+ep",
        "17169: = cap_net_raw+ep",
        "Capabilities for '17169': cap_net_raw=ep",
    ] {
        assert_eq!(
            written(text),
            "{permitted:0000000000002000,effective:0000000000002000,inheritable:0000000000000000}",
            "{text}"
        );
    }
    assert_eq!(
        written("!cap_chown,^cap_net_raw,%cap_kill,cap_setuid"),
        "{inheritable:00000000000020a0,bounding:000001fffffffffe,ambient:0000000000002000}"
    );
    assert_eq!(
        misread("^cap_net_row"),
        ["line 1, column 1: \"^cap_net_row\" is no capability; write !cap_chown, ^cap_kill or cap_setuid"]
    );
    assert_eq!(reading("1: = x").findings, []);
    assert_eq!(reading("12: cap\n").findings, []);
}

#[test]
fn id_is_read() {
    assert_eq!(
        written("uid=1000(app) gid=1000(app) groups=1000(app),27(sudo) context=x"),
        "{uid:1000,gid:1000,groups:[27]}"
    );
    assert_eq!(written("uid=0 gid=0 euid=7(x) groups=0"), "{uid:[0,7,7,7],gid:0}");
    assert_eq!(misread("uid=x gid=0"), ["line 1, column 1: \"x\" is no id; ids are numbers from 0 to 4294967295"]);
}

#[test]
fn settings_are_read() {
    let Says::Sysctl(sysctl) = one("net.ipv4.ip_unprivileged_port_start = 80").says else { panic!() };
    assert_eq!(sysctl.ip_unprivileged_port_start, Some(80));
    let Says::Sysctl(sysctl) = one("net.ipv4.ping_group_range = 0\t2147483647").says else { panic!() };
    assert_eq!(sysctl.ping_group_range, Some([0, 0x7fff_ffff]));
    assert_eq!(misread("net.ipv4.ping_group_range = 0").len(), 1);
    assert_eq!(misread("net.ipv4.ping_group_range = 0 4294967295").len(), 1);
    assert_eq!(
        one("net.ipv4.tcp_rmem = 4096 131072 6291456").assumed,
        ["net.ipv4.tcp_rmem is not modelled; it is left out."]
    );
    assert_eq!(misread("net.ipv4.ip_unprivileged_port_start = 70000").len(), 1);
}

#[test]
fn versions_are_read() {
    let cases = [
        ("Docker version 20.10.14, build a224086", "docker 20.10.14"),
        ("- Docker: 25.0.3", "docker 25.0.3"),
        ("Server Version: 24.0.7", "docker 24.0.7"),
        ("Server: Docker Engine - Community\n Engine:\n  Version:          20.10.24\n", "docker 20.10.24"),
        ("podman version 4.3.1", "podman 4.3.1"),
        ("Client:       Podman Engine\nVersion:      4.9.4\n", "podman 4.9.4"),
        ("containerd containerd.io 1.6.28 ae07eda36dd25f8a1b98dfbf587313b99c0190bb", "containerd 1.6.28"),
        ("containerd github.com/containerd/containerd v1.7.2 0cae528", "containerd 1.7.2"),
        ("node1  Ready  v1.28.2  Ubuntu  containerd://1.7.2", "containerd 1.7.2 kubernetes"),
        ("Container Runtime Version:  cri-o://1.24.6", "cri-o 1.24.6 kubernetes"),
        ("crio version 1.24.6", "cri-o 1.24.6"),
        ("runc version 1.1.12", "runc 1.1.12"),
        ("crun version 1.8.5", "crun 1.8.5"),
        ("systemd 252 (252.22-1~deb12u1)", "systemd 252.0"),
        ("Linux host 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian x86_64 GNU/Linux", "6.1"),
        ("Linux version 5.10.0-28-amd64 (debian-kernel@lists.debian.org)", "5.10"),
        ("Kernel Version: 5.15.0-91-generic", "5.15"),
        ("* kernel 6.8", "6.8"),
        ("$ uname -r\n6.18.44-cloud-amd64\n", "6.18"),
    ];
    for (text, expected) in cases {
        let said = match one(text).says {
            Says::Kernel(release) => serde_json::to_string(&release).unwrap().replace('"', ""),
            Says::Engine(entry) => {
                let suffix = if entry.kubernetes { " kubernetes" } else { "" };
                format!("{} {}{suffix}", entry.engine.0.name(), entry.version())
            }
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(said, expected, "{text}");
    }
    for text in [
        "Docker is fine",
        "kernel: oops",
        "docker-compose version 1.29.2, build 5becea4c",
        "systemd starts 3 units",
        "runc 7",
        "Linux 2 Go",
    ] {
        assert_eq!(reading(text).findings, [], "{text}");
    }
    assert_eq!(misread("Linux version 2.6.32-5-amd64 (x)").len(), 1, "before the first release that is modelled");
}
