//! What each engine hands to execve, row by row: the name of a case is its source, a commit, an advisory or a measurement.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of tests may say what it expects"
)]

use sim_core::capability::CapSet;
use sim_core::rule::{Rule, SetName, Trace};
use sim_core::runtime::{Handed, Refused, hand};
use sim_core::scenario::{Loaded, Options, ProcessResult, Simulation};

const DOCKER: u64 = 0xa804_25fb;
const PODMAN: u64 = 0x8004_05fb;
const CRIO: u64 = 0x5fb;
const ALL: u64 = 0x1ff_ffff_ffff;
const NBS: u64 = 0x400;

/// A request, as the format has it without braces, and what comes of it.
fn asked(request: &str) -> (Loaded, Result<Handed, Refused>, Trace) {
    let text =
        format!(r#"{{ "runtime": {{ {request} }}, "files": {{ "/x": {{}} }}, "steps": [ {{ "execve": "/x" }} ] }}"#);
    let loaded = Loaded::read(&text, &Options::default()).unwrap_or_else(|error| panic!("{request}: {error}"));
    let entry = loaded.scenario.runtime.clone().unwrap();
    let release = loaded.world.system.release;
    let mut trace = Trace::new();
    let answer = hand(&entry.request(release, release.capabilities()), &mut trace);
    (loaded, answer, trace)
}

fn sets(request: &str) -> [u64; 5] {
    let (_, answer, _) = asked(request);
    let handed = answer.unwrap_or_else(|refused| panic!("{request}: {}", refused.rule.id));
    let Handed { permitted, effective, inheritable, bounding, ambient, .. } = handed;
    [permitted, effective, inheritable, bounding, ambient].map(CapSet::bits)
}

/// Permitted, effective, inheritable, bounding and ambient set of each request.
#[track_caller]
fn check(source: &str, rows: &[(&str, [u64; 5])]) {
    for (request, expected) in rows {
        assert_eq!(sets(request), *expected, "{source}: {request}");
    }
}

/// The bounding sets.
#[track_caller]
fn check_lists(source: &str, rows: &[(&str, u64)]) {
    for (request, expected) in rows {
        assert_eq!(sets(request)[3], *expected, "{source}: {request}");
    }
}

#[track_caller]
fn refused(request: &str, rule: &str, about: &str) {
    let refused = asked(request).1.unwrap_err();
    assert_eq!((refused.rule.id, refused.about.as_str()), (rule, about), "{request}");
}

/// The thread after execve of an ordinary file.
fn after(request: &str) -> ProcessResult {
    let (loaded, ..) = asked(request);
    let result = loaded.run();
    assert_eq!(result.steps[0].errno, None, "{request}: {:?}", result.steps[0]);
    result.steps[0].process.clone()
}

// Section 1: the default lists.

#[test]
fn moby_defaults_go() {
    check_lists(
        "daemon/pkg/oci/caps/defaults.go",
        &[
            (r#""engine": "docker""#, DOCKER),
            (r#""engine": "docker", "version": "1.13""#, DOCKER),
            (r#""engine": "docker", "version": "20.10", "user": "1000""#, DOCKER),
        ],
    );
}

#[test]
fn containerd_default_unix_caps() {
    check_lists(
        "pkg/oci/spec.go, defaultUnixCaps",
        &[(r#""engine": "containerd""#, DOCKER), (r#""engine": "containerd", "version": "1.4""#, DOCKER)],
    );
}

#[test]
fn common_f39f2a3f_a3328f26_and_c700408f() {
    check_lists(
        "containers-common, v0.51.0 and v0.52.0",
        &[
            (r#""engine": "podman", "version": "4.3.1""#, DOCKER),
            (r#""engine": "podman", "version": "4.4.0""#, 0x8000_05fb),
            (r#""engine": "podman", "version": "4.4.4""#, 0x8000_05fb),
            (r#""engine": "podman", "version": "4.5.0""#, PODMAN),
            (r#""engine": "podman""#, PODMAN),
        ],
    );
}

#[test]
fn crio_63b9f4ec98() {
    check_lists(
        "cri-o, v1.18.0",
        &[
            (r#""engine": "cri-o", "version": "1.17.5""#, 0x4_25fb),
            (r#""engine": "cri-o", "version": "1.18.0""#, CRIO),
            (r#""engine": "cri-o""#, CRIO),
        ],
    );
}

#[test]
fn runc_spec_crun_spec_youki_spec() {
    let list = 0x2000_0420;
    check(
        "the example of each",
        &[
            (r#""engine": "runc""#, [list, list, 0, list, 0]),
            (r#""engine": "runc", "version": "1.1.5""#, [list, list, 0, list, list]),
            (r#""engine": "runc", "version": "1.1.1""#, [list, list, list, list, list]),
            (r#""engine": "crun""#, [list, list, 0, list, list]),
            (r#""engine": "crun", "version": "1.4.3""#, [list, list, list, list, list]),
            (r#""engine": "youki""#, [list, list, list, list, list]),
        ],
    );
}

#[test]
fn configured_lists_stand_in_place_of_the_engines() {
    check_lists(
        "containers.conf(5), crio.conf(5), config.json",
        &[
            (r#""engine": "podman", "default_capabilities": ["CAP_KILL"]"#, 0x20),
            (r#""engine": "podman", "default_capabilities": ["CAP_KILL"], "cap_add": ["all"]"#, ALL),
            (r#""engine": "cri-o", "default_capabilities": ["KILL"], "cap_add": ["NET_BIND_SERVICE"]"#, 0x420),
            (r#""engine": "runc", "default_capabilities": ["CAP_KILL"]"#, 0x20),
        ],
    );
}

// Section 1: companion sysctls.

#[test]
fn moby_dae652e2e5_and_containerd_4bb7ad20a() {
    let wide = Some([0, 2_147_483_647]);
    for (request, port, ping) in [
        (r#""engine": "docker", "version": "19.03""#, None, None),
        (r#""engine": "docker", "version": "20.10""#, Some(0), wide),
        (r#""engine": "docker", "host_network": true"#, None, None),
        (r#""engine": "docker", "sysctl": { "net.ipv4.ip_unprivileged_port_start": 1024 }"#, None, wide),
        (r#""engine": "containerd", "version": "1.7.9""#, None, None),
        (r#""engine": "containerd", "version": "2.0""#, Some(0), wide),
        (r#""engine": "containerd", "host_network": true"#, None, None),
        (r#""engine": "podman""#, None, Some([0, 0])),
        (r#""engine": "podman", "host_network": true"#, None, None),
        (r#""engine": "cri-o""#, None, None),
    ] {
        let handed = asked(request).1.unwrap();
        assert_eq!((handed.ip_unprivileged_port_start, handed.ping_group_range), (port, ping), "{request}");
    }
}

// Section 2: the five sets.

#[test]
fn moby_15ff09395c_and_3aef732e61() {
    let user = |version: &str| format!(r#""engine": "docker", "version": "{version}", "user": "1000""#);
    check(
        "moby, v18.04.0-ce and v25.0.0",
        &[
            (&user("18.03.1-ce"), [DOCKER, DOCKER, DOCKER, DOCKER, 0]),
            (&user("18.04.0-ce"), [0, 0, DOCKER, DOCKER, 0]),
            (&user("24.0.9"), [0, 0, 0, DOCKER, 0]),
            (&user("25.0.0"), [DOCKER, DOCKER, 0, DOCKER, 0]),
        ],
    );
    // User 0 was never emptied, whatever it is called.
    check(
        "moby, v24.0.0",
        &[
            (r#""engine": "docker", "version": "24.0""#, [DOCKER, DOCKER, 0, DOCKER, 0]),
            (r#""engine": "docker", "version": "24.0", "user": "admin", "uid": 0"#, [DOCKER, DOCKER, 0, DOCKER, 0]),
        ],
    );
}

#[test]
fn cve_2022_24769() {
    check(
        "moby, v20.10.14",
        &[
            (r#""engine": "docker", "version": "20.10.13""#, [DOCKER, DOCKER, DOCKER, DOCKER, 0]),
            (r#""engine": "docker", "version": "20.10.14""#, [DOCKER, DOCKER, 0, DOCKER, 0]),
            (r#""engine": "docker", "version": "20.10.13", "user": "1000""#, [0, 0, DOCKER, DOCKER, 0]),
            (r#""engine": "docker", "version": "20.10.14", "user": "1000""#, [0, 0, 0, DOCKER, 0]),
        ],
    );
}

#[test]
fn ghsa_c9cp_9c75_9v8c() {
    let list = [DOCKER, DOCKER, DOCKER, DOCKER, 0];
    let emptied = [DOCKER, DOCKER, 0, DOCKER, 0];
    check(
        "containerd, v1.5.11 and v1.6.2",
        &[
            (r#""engine": "containerd", "version": "1.5.10""#, list),
            (r#""engine": "containerd", "version": "1.5.11""#, emptied),
            (r#""engine": "containerd", "version": "1.6.0""#, list),
            (r#""engine": "containerd", "version": "1.6.1", "user": "1000""#, list),
            (r#""engine": "containerd", "version": "1.6.2", "user": "1000""#, emptied),
        ],
    );
}

#[test]
fn cve_2022_27649() {
    let list = [DOCKER, DOCKER, DOCKER, DOCKER, 0];
    let emptied = [DOCKER, DOCKER, 0, DOCKER, 0];
    check(
        "podman, v3.4.5, v4.0.3",
        &[
            (r#""engine": "podman", "version": "3.4.4""#, list),
            (r#""engine": "podman", "version": "3.4.5""#, emptied),
            (r#""engine": "podman", "version": "4.0.2""#, list),
            (r#""engine": "podman", "version": "4.0.3""#, emptied),
        ],
    );
}

#[test]
fn podman_bce8f851c1_and_9ebde6e03a() {
    let user = |version: &str| {
        format!(r#""engine": "podman", "version": "{version}", "user": "1000", "cap_add": ["NET_BIND_SERVICE"]"#)
    };
    check(
        "podman, v2.2.0 and v3.0.0",
        &[
            (&user("2.0.6"), [0, 0, 0, DOCKER, 0]),
            (&user("2.2.0"), [NBS, NBS, DOCKER, DOCKER, NBS]),
            (&user("3.0.0"), [NBS, NBS, NBS, DOCKER, NBS]),
            (&user("5.0"), [NBS, NBS, NBS, PODMAN, NBS]),
        ],
    );
}

#[test]
fn cve_2022_27652_and_its_option() {
    let list = [CRIO, CRIO, CRIO, CRIO, 0];
    let emptied = [CRIO, CRIO, 0, CRIO, 0];
    check(
        "cri-o, v1.24.0, v1.24.3, v1.25.0",
        &[
            (r#""engine": "cri-o", "version": "1.23.5""#, list),
            (r#""engine": "cri-o", "version": "1.24.0""#, emptied),
            (r#""engine": "cri-o", "version": "1.24.3""#, list),
            (r#""engine": "cri-o", "version": "1.25.0""#, emptied),
            (r#""engine": "cri-o", "version": "1.26.0", "add_inheritable_capabilities": true"#, list),
            (r#""engine": "cri-o", "user": "1000""#, emptied),
        ],
    );
}

#[test]
fn cve_2016_8867() {
    check(
        "moby, v1.12.2 and v1.12.3",
        &[
            (r#""engine": "docker", "version": "1.12.1", "user": "1000""#, [DOCKER, DOCKER, DOCKER, DOCKER, 0]),
            (r#""engine": "docker", "version": "1.12.2", "user": "1000""#, [DOCKER; 5]),
            (r#""engine": "docker", "version": "1.12.3", "user": "1000""#, [DOCKER, DOCKER, DOCKER, DOCKER, 0]),
        ],
    );
    assert_eq!(after(r#""engine": "docker", "version": "1.12.2", "user": "1000""#).effective.bits(), DOCKER);
}

#[test]
fn moby_a38b96b8cd_and_c1c973e81b() {
    check_lists(
        "moby, v20.10.0 and v23.0.0",
        &[
            (r#""engine": "docker", "version": "19.03", "privileged": true"#, ALL),
            (r#""engine": "docker", "version": "20.10", "privileged": true"#, 0x3f_ffff_ffff),
            (r#""engine": "docker", "version": "20.10", "cap_add": ["ALL"]"#, 0x3f_ffff_ffff),
            (r#""engine": "docker", "version": "23.0", "privileged": true"#, ALL),
        ],
    );
    refused(r#""engine": "docker", "version": "20.10", "cap_add": ["BPF"]"#, "docker.unavailable-name", "CAP_BPF");
}

// Section 3: adding and dropping.

/// What is added, dropped and written beside, and what four engines make of it.
type Row<'a> = (&'a str, &'a str, &'a str, [Result<u64, &'a str>; 4]);

/// The one-glance table: what is added and dropped, and the list of Docker, Podman, containerd and CRI-O.
#[test]
fn conflicts_at_one_glance() {
    let admin = 1 << 12;
    let x = r#"["NET_ADMIN"]"#;
    let all = r#"["ALL"]"#;
    let rows: [Row<'_>; 5] = [
        (x, x, "", [Ok(DOCKER | admin), Err("podman.add-and-drop"), Ok(DOCKER), Ok(CRIO)]),
        (all, all, "", [Ok(ALL), Err("podman.all-and-all"), Ok(0), Ok(0)]),
        (all, x, "", [Ok(ALL - admin), Ok(ALL - admin), Ok(ALL - admin), Ok(ALL - admin)]),
        (x, all, "", [Ok(admin), Ok(admin), Ok(admin), Ok(admin)]),
        ("[]", x, r#", "privileged": true"#, [Ok(ALL), Ok(ALL), Ok(ALL), Ok(ALL)]),
    ];
    for (add, drop, more, expected) in rows {
        for (engine, expected) in ["docker", "podman", "containerd", "cri-o"].into_iter().zip(expected) {
            let request = format!(r#""engine": "{engine}", "cap_add": {add}, "cap_drop": {drop}{more}"#);
            let list = asked(&request).1.map(|handed| handed.bounding.bits());
            assert_eq!(list.map_err(|refused| refused.rule.id), expected, "{request}");
        }
    }
}

#[test]
fn named_adds_outlive_all_dropped_and_added() {
    let both = r#""cap_add": ["ALL", "KILL"], "cap_drop": ["ALL"]"#;
    for (engine, list) in [("docker", ALL), ("containerd", 0x20), ("cri-o", 0x20)] {
        assert_eq!(sets(&format!(r#""engine": "{engine}", {both}"#))[3], list, "{engine}");
    }
    refused(&format!(r#""engine": "podman", {both}"#), "podman.all-and-all", "ALL");
}

#[test]
fn moby_80d7bfd54d() {
    let both = r#""cap_add": ["ALL", "KILL"], "cap_drop": ["ALL"]"#;
    check_lists(
        "moby, v19.03.0",
        &[
            (&format!(r#""engine": "docker", "version": "18.09", {both}"#), 0x20),
            (&format!(r#""engine": "docker", "version": "19.03", {both}"#), ALL),
            (r#""engine": "docker", "version": "19.03", "cap_drop": ["CAP_KILL"]"#, DOCKER - 0x20),
            (r#""engine": "docker", "version": "18.09", "cap_drop": ["kill"]"#, DOCKER - 0x20),
        ],
    );
    let prefixed = r#""engine": "docker", "version": "18.09", "cap_drop": ["CAP_KILL"]"#;
    refused(prefixed, "docker.prefixed-name", "CAP_KILL");
}

#[test]
fn common_50fafc8e() {
    check_lists(
        "containers-common, v0.38.2",
        &[
            (r#""engine": "podman", "version": "3.1", "cap_add": ["ALL"], "cap_drop": ["KILL"]"#, ALL),
            (r#""engine": "podman", "version": "3.2", "cap_add": ["ALL"], "cap_drop": ["KILL"]"#, ALL - 0x20),
            (r#""engine": "podman", "version": "3.1", "cap_add": ["ALL"], "cap_drop": ["ALL"]"#, 0),
        ],
    );
}

#[test]
fn names_that_nobody_knows() {
    let request = |engine: &str, key: &str| format!(r#""engine": "{engine}", "{key}": ["SYS_TYPO"]"#);
    for key in ["cap_add", "cap_drop"] {
        for (engine, rule) in [
            ("docker", "docker.unknown-name"),
            ("podman", "podman.unknown-name"),
            ("cri-o", "cri-o.unknown-name"),
            ("crun", "crun.unknown-refused"),
            ("youki", "youki.unknown-name"),
        ] {
            refused(&request(engine, key), rule, "SYS_TYPO");
        }
        assert_eq!(sets(&request("containerd", key))[3], DOCKER);
        assert_eq!(sets(&request("runc", key))[3], 0x2000_0420);
    }
    refused(r#""engine": "runc", "version": "0.1.1", "cap_add": ["SYS_TYPO"]"#, "runc.unknown-refused", "SYS_TYPO");
    assert_eq!(sets(r#""engine": "crun", "version": "1.28", "cap_add": ["SYS_TYPO"]"#)[3], 0x2000_0420);
}

#[test]
fn names_that_the_kernel_does_not_know() {
    let ask = |engine: &str| {
        let runtime = format!(r#""engine": "{engine}", "cap_add": ["CHECKPOINT_RESTORE"]"#);
        let text = format!(r#"{{ "kernel": "5.8", "runtime": {{ {runtime} }}, "steps": [] }}"#);
        let result = Loaded::read(&text, &Options::default()).unwrap().run().runtime.unwrap();
        result.refused.map(|refused| refused.rule)
    };
    let answers = ["docker", "podman", "cri-o", "containerd", "runc"].map(ask);
    let expected =
        [Some("docker.unavailable-name"), Some("podman.unknown-name"), Some("cri-o.unknown-name"), None, None];
    assert_eq!(answers, expected);
}

#[test]
fn containerd_puts_cap_before_every_name() {
    check_lists(
        "internal/cri/opts/spec_opts.go, WithCapabilities",
        &[
            (r#""engine": "containerd", "cap_add": ["NET_ADMIN"]"#, DOCKER | 1 << 12),
            (r#""engine": "containerd", "cap_add": ["CAP_NET_ADMIN"]"#, DOCKER),
            (r#""engine": "containerd", "cap_drop": ["CAP_KILL"]"#, DOCKER),
            (r#""engine": "cri-o", "cap_add": ["CAP_NET_ADMIN"]"#, CRIO | 1 << 12),
        ],
    );
}

#[test]
fn a_daemon_has_no_more_to_give_than_it_has() {
    let host = r#""host_bounding": "0000003fffffffff""#;
    refused(&format!(r#""engine": "docker", "cap_add": ["BPF"], {host}"#), "docker.unavailable-name", "CAP_BPF");
    check_lists(
        "the engine's own sets",
        &[
            (&format!(r#""engine": "docker", "privileged": true, {host}"#), 0x3f_ffff_ffff),
            (&format!(r#""engine": "podman", "cap_add": ["BPF", "KILL"], {host}"#), PODMAN),
            (&format!(r#""engine": "podman", "privileged": true, {host}"#), 0x3f_ffff_ffff),
            (&format!(r#""engine": "containerd", "privileged": true, {host}"#), 0x3f_ffff_ffff),
            (&format!(r#""engine": "containerd", "version": "1.4", "privileged": true, {host}"#), ALL),
        ],
    );
}

// Section 3: what Podman looks at besides.

#[test]
fn podman_looks_at_the_text_of_the_user() {
    let root = [PODMAN, PODMAN, 0, PODMAN, 0];
    let other = [0, 0, 0, PODMAN, 0];
    check(
        "pkg/specgen/generate/security_linux.go",
        &[
            (r#""engine": "podman", "user": "root""#, root),
            (r#""engine": "podman", "user": "0:1000""#, root),
            (r#""engine": "podman", "user": "admin", "uid": 0"#, other),
            (r#""engine": "podman", "user": "00""#, other),
            (r#""engine": "podman", "keep_id": true, "uid": 1000"#, other),
            (r#""engine": "podman", "user": "root", "keep_id": true"#, root),
        ],
    );
    // After execve it is root all the same, if its id is 0.
    assert_eq!(after(r#""engine": "podman", "user": "admin", "uid": 0"#).effective.bits(), PODMAN);
}

#[test]
fn podman_and_the_label_of_the_image() {
    check_lists(
        "io.containers.capabilities",
        &[
            (r#""engine": "podman", "image_label": """#, 0),
            (r#""engine": "podman", "image_label": "KILL,CAP_CHOWN""#, 0x21),
            (r#""engine": "podman", "image_label": "KILL,NET_ADMIN""#, PODMAN),
            (r#""engine": "podman", "image_label": "NET_ADMIN", "cap_add": ["NET_ADMIN"]"#, 1 << 12),
            (r#""engine": "podman", "image_label": "KILL", "privileged": true"#, ALL),
            (r#""engine": "docker", "image_label": "KILL""#, DOCKER),
        ],
    );
    refused(r#""engine": "podman", "image_label": "SYS_TYPO""#, "podman.unknown-name", "SYS_TYPO");
    // The label does not cut what is added for a user other than root.
    let cut = r#""engine": "podman", "image_label": "", "user": "1000", "cap_add": ["KILL"]"#;
    assert_eq!(sets(cut), [0x20, 0x20, 0x20, 0, 0x20]);
}

// Section 6: Kubernetes.

#[test]
fn validate_security_context() {
    let pod = r#""engine": "containerd", "kubernetes": true, "no_new_privileges": true"#;
    refused(&format!(r#"{pod}, "privileged": true"#), "kubernetes.privileged-without-escalation", "privileged");
    let literal = format!(r#"{pod}, "cap_add": ["CAP_SYS_ADMIN"]"#);
    refused(&literal, "kubernetes.sys-admin-without-escalation", "CAP_SYS_ADMIN");
    assert!(asked(&format!(r#"{pod}, "cap_add": ["SYS_ADMIN"]"#)).1.unwrap().no_new_privs);
    assert!(asked(&pod.replace("containerd", "cri-o")).1.unwrap().no_new_privs);
}

#[test]
fn a_privileged_container_of_cri_o_keeps_everything_as_any_user() {
    let request = r#""engine": "cri-o", "privileged": true, "user": "1000""#;
    assert_eq!(sets(request), [ALL; 5]);
    assert_eq!(after(request).effective.bits(), ALL);
    assert_eq!(after(&request.replace("cri-o", "containerd")).effective.bits(), 0);
}

// What was measured on the engines themselves: inheritable, permitted, effective, bounding, ambient after execve.

#[test]
fn measured_on_podman_4_3_1_and_docker_20_10_24() {
    // That Podman read a containers.conf with the 11 of later ones.
    let names = r#"["CHOWN","DAC_OVERRIDE","FOWNER","FSETID","KILL","NET_BIND_SERVICE","SETFCAP","SETGID","SETPCAP","SETUID","SYS_CHROOT"]"#;
    let podman = format!(r#""engine": "podman", "version": "4.3.1", "default_capabilities": {names}"#);
    let docker = r#""engine": "docker", "version": "20.10.24""#;
    let rows: [(String, [u64; 5], bool); 8] = [
        (podman.clone(), [0, PODMAN, PODMAN, PODMAN, 0], false),
        (format!(r#"{podman}, "user": "1024""#), [0, 0, 0, PODMAN, 0], false),
        (
            format!(r#"{podman}, "user": "1024", "cap_add": ["net_bind_service"]"#),
            [NBS, NBS, NBS, PODMAN, NBS],
            false,
        ),
        (format!(r#"{podman}, "user": "1024", "cap_drop": ["all"]"#), [0, 0, 0, 0, 0], false),
        (format!(r#"{podman}, "user": "1000", "privileged": true"#), [0, 0, 0, ALL, 0], false),
        (docker.to_owned(), [0, DOCKER, DOCKER, DOCKER, 0], false),
        (format!(r#"{docker}, "user": "1024", "cap_add": ["net_bind_service"]"#), [0, 0, 0, DOCKER, 0], false),
        (format!(r#"{docker}, "user": "1024", "no_new_privileges": true"#), [0, 0, 0, DOCKER, 0], true),
    ];
    for (request, expected, no_new_privs) in rows {
        let process = after(&request);
        let [permitted, effective, inheritable, bounding, ambient] = process.sets().map(|(_, set)| set.bits());
        assert_eq!([inheritable, permitted, effective, bounding, ambient], expected, "{request}");
        assert_eq!(process.no_new_privs, no_new_privs, "{request}");
    }
}

#[test]
fn systemd_units() {
    let unit = |user: &str, unit: &str| format!(r#""engine": "systemd"{user}, "unit": {{ {unit} }}"#);
    let user = r#", "user": "www", "uid": 33, "gid": 33"#;
    let ambient = after(&unit(user, r#""ambient": "cap_net_bind_service""#));
    assert_eq!(ambient.sets().map(|(_, set)| set.bits()), [NBS, NBS, NBS, ALL, NBS]);
    assert_eq!(ambient.securebits, 0);
    let bounded = after(&unit(user, r#""ambient": "cap_net_bind_service", "bounding": "cap_kill""#));
    assert_eq!(bounded.sets().map(|(_, set)| set.bits()), [0, 0, 0, 0x20, 0]);
    let root = after(&unit("", r#""bounding": "cap_kill""#));
    assert_eq!(root.sets().map(|(_, set)| set.bits()), [0x20, 0x20, 0, 0x20, 0]);
    let noroot = after(&unit(user, r#""securebits": ["noroot", "noroot_locked"]"#));
    assert_eq!((noroot.securebits, noroot.effective.bits()), (3, 0));
    let filtered = after(&unit(user, r#""implies_no_new_privileges": true"#));
    assert!(!filtered.no_new_privs);
    assert_eq!(filtered.inheritable.bits(), 1 << 8 | 1 << 21);
    let of_user = after(&unit(user, r#""user_manager": true, "implies_no_new_privileges": true"#));
    assert!(of_user.no_new_privs);
    for (settings, rule) in [
        (r#""ambient": "cap_net_bind_service""#, "systemd.user-manager-ambient"),
        (r#""bounding": "cap_kill""#, "systemd.user-manager-bounding"),
        (r#""securebits": ["noroot"]"#, "systemd.user-manager-securebits"),
    ] {
        let request = unit(user, &format!(r#""user_manager": true, {settings}"#));
        assert_eq!(asked(&request).1.unwrap_err().rule.id, rule);
    }
}

/// Every engine and a grid of requests: the runtime's own calls lead where the engine says.
#[test]
fn every_road_leads_to_what_is_handed() {
    let versions = [
        ("docker", &["1.12.2", "18.03", "20.10.13", "24.0", "29.0"][..]),
        ("containerd", &["1.6.1", "2.2"]),
        ("podman", &["2.0", "2.2", "3.0", "4.4", "5.7"]),
        ("cri-o", &["1.17", "1.24.3", "1.34"]),
        ("runc", &["1.4"]),
        ("crun", &["1.4.3"]),
        ("youki", &["0.7"]),
        ("systemd", &["257"]),
    ];
    let users = ["", r#", "user": "0""#, r#", "user": "1000:1000", "groups": [5, 6]"#];
    let wishes = [
        "",
        r#", "cap_add": ["NET_ADMIN", "KILL"]"#,
        r#", "cap_add": ["ALL"]"#,
        r#", "cap_drop": ["ALL"]"#,
        r#", "cap_drop": ["SETPCAP", "CHOWN"]"#,
        r#", "privileged": true"#,
        r#", "no_new_privileges": true"#,
    ];
    let units = [
        "",
        r#", "unit": { "bounding": "cap_kill,cap_setpcap" }"#,
        r#", "unit": { "ambient": "cap_kill,cap_sys_admin", "securebits": ["keep_caps"] }"#,
        r#", "unit": { "ambient": "cap_setuid", "bounding": "cap_setuid", "implies_no_new_privileges": true }"#,
        r#", "unit": { "securebits": ["noroot", "no_setuid_fixup"], "bounding": "none" }"#,
    ];
    let mut compared = 0;
    for (engine, versions) in versions {
        for version in versions {
            for user in users {
                let more: &[&str] = if engine == "systemd" { &units } else { &wishes };
                for more in more {
                    let request = format!(r#""engine": "{engine}", "version": "{version}"{user}{more}"#);
                    compare_road(&request);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, (18 * 7 + 5) * 3);
}

fn compare_road(request: &str) {
    let (loaded, answer, _) = asked(request);
    let handed = answer.unwrap();
    let simulation = Simulation::new(loaded.world);
    let refused: Vec<_> = simulation.prologue().iter().filter_map(|step| step.refusal).collect();
    // The ambient list of an example is not raised without the inheritable one.
    let ambient = handed.ambient & handed.inheritable;
    assert_eq!(refused.len(), (handed.ambient - ambient).iter().count(), "{request}: {refused:?}");
    let thread = &simulation.world().thread.credentials;
    let there = [thread.permitted, thread.effective, thread.inheritable, thread.bounding, thread.ambient];
    let told = [handed.permitted, handed.effective, handed.inheritable, handed.bounding, ambient];
    for (set, (there, told)) in SetName::THREAD.into_iter().zip(there.into_iter().zip(told)) {
        assert_eq!(there, told, "{request}: {set}");
    }
    let seen = simulation.process(thread);
    assert_eq!((seen.uid, seen.gid, seen.groups), ([handed.uid; 4], [handed.gid; 4], handed.groups), "{request}");
    assert_eq!(thread.no_new_privs, handed.no_new_privs, "{request}");
}

#[test]
fn every_refusal_is_reported_by_a_rule_of_its_engine() {
    for rule in Rule::all().filter(|rule| !rule.is_kernels()) {
        let (engine, _) = rule.id.split_once('.').unwrap();
        for change in [rule.since_engine, rule.until_engine].into_iter().flatten() {
            assert!(engine == "oci" || change.engine.name() == engine, "{}: {}", rule.id, change.id);
        }
    }
}
