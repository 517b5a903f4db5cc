//! Texts as people paste them, and what is read of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of tests may say what it expects"
)]

use formats::container::{
    read_commands, read_compose, read_document, read_inspect, read_lists, read_oci_config, read_pods,
};
use formats::{AskedProfile, Container, Finding, Mount, Reading, Says, TextForm};

/// The only finding's container.
fn container(reading: &Reading) -> &Container {
    let [Finding { says: Says::Container(container), .. }] = reading.findings.as_slice() else {
        panic!("not one container: {reading:#?}")
    };
    container
}

/// What the engine is asked for, as a scenario writes it, and what was not understood.
fn check(reading: &Reading, runtime: &str, misread: &[&str]) {
    let container = container(reading);
    assert_eq!(serde_json::to_string(&container.runtime).unwrap(), runtime);
    let found: Vec<_> = reading.misread.iter().map(ToString::to_string).collect();
    assert_eq!(found, misread, "{runtime}");
}

fn run(line: &str, runtime: &str) {
    check(&read_commands(line), runtime, &[]);
}

fn assumes(reading: &Reading, part: &str) {
    let assumed = &reading.findings[0].assumed;
    assert!(assumed.iter().any(|sentence| sentence.contains(part)), "{part:?} is not in {assumed:#?}");
}

#[test]
fn options_of_docker_run() {
    run("docker run alpine", r#"{"engine":"docker"}"#);
    run("docker run --user 1000 alpine id", r#"{"engine":"docker","user":"1000"}"#);
    run("docker run -u1000:0 alpine", r#"{"engine":"docker","user":"1000:0"}"#);
    run("docker run -itu nobody alpine", r#"{"engine":"docker","user":"nobody","uid":1000,"gid":1000}"#);
    run("docker run -u=app:staff x", r#"{"engine":"docker","user":"app","uid":1000,"gid":1000}"#);
    run("docker run --user app:0 x", r#"{"engine":"docker","user":"app:0","uid":1000}"#);
    run(
        "docker run --cap-add=NET_ADMIN --cap-add cap_sys_time --cap-drop all x",
        r#"{"engine":"docker","cap_add":["NET_ADMIN","cap_sys_time"],"cap_drop":["all"]}"#,
    );
    run("docker run --privileged x", r#"{"engine":"docker","privileged":true}"#);
    run("docker run --privileged=false x", r#"{"engine":"docker"}"#);
    run("docker run --security-opt=no-new-privileges x", r#"{"engine":"docker","no_new_privileges":true}"#);
    run("docker run --security-opt no-new-privileges:true x", r#"{"engine":"docker","no_new_privileges":true}"#);
    run("docker run --security-opt no-new-privileges=false x", r#"{"engine":"docker"}"#);
    run(
        "docker run --sysctl net.ipv4.ip_unprivileged_port_start=0 x",
        r#"{"engine":"docker","sysctl":{"net.ipv4.ip_unprivileged_port_start":0}}"#,
    );
    run("docker run --network=host x", r#"{"engine":"docker","host_network":true}"#);
    run("docker run --net host x", r#"{"engine":"docker","host_network":true}"#);
    run("docker run --group-add 5 --group-add=20 x", r#"{"engine":"docker","groups":[5,20]}"#);
    run("docker run -d -e A=B -p 80:80 --name=web --restart always -w /x x", r#"{"engine":"docker"}"#);
    run("docker --context far -D container create --read-only x", r#"{"engine":"docker"}"#);
}

#[test]
fn options_of_podman() {
    run("podman run --cap-add NET_RAW,SYS_TIME x", r#"{"engine":"podman","cap_add":["NET_RAW","SYS_TIME"]}"#);
    run("podman run --cap-drop=all --userns host x", r#"{"engine":"podman","cap_drop":["all"]}"#);
    run(
        "podman run --userns=keep-id x",
        r#"{"engine":"podman","user":"1000:1000","user_namespace":"container","keep_id":true}"#,
    );
    run(
        "podman run --userns=keep-id -u 0 x",
        r#"{"engine":"podman","user":"0","user_namespace":"container","keep_id":true}"#,
    );
    let reading = read_commands("podman run --userns keep-id:uid=200,gid=210 x");
    let namespace = container(&reading).user_namespace.clone().unwrap();
    assert_eq!(namespace.uid_map.unwrap(), "0 100000 200\n200 1000 1\n201 100200 65336");
    assert_eq!(namespace.gid_map.unwrap(), "0 100000 210\n210 1000 1\n211 100210 65326");
    let reading = read_commands("podman run --uidmap 0:100000:65536 --uidmap 65536:5:1 x");
    let namespace = container(&reading).user_namespace.clone().unwrap();
    assert_eq!(namespace.uid_map, Some("0 100000 65536\n65536 5 1".to_owned()));
    assert_eq!(namespace.gid_map, namespace.uid_map, "Podman takes one map for both");
}

#[test]
fn who_calls_podman_shows_in_the_prompt() {
    let user = read_commands("[me@host ~]$ podman run x");
    let namespace = container(&user).user_namespace.clone().unwrap();
    assert_eq!((namespace.owner, namespace.uid_map.as_deref()), (Some(1000), Some("0 1000 1\n1 100000 65536")));
    assumes(&user, "Podman is rootless");
    for before in ["# ", "root@host:~# ", "$ sudo ", "[me@host ~]$ sudo -E "] {
        let root = read_commands(&format!("{before}podman run x"));
        assert!(container(&root).user_namespace.is_none(), "{before}");
    }
    assumes(&read_commands("podman run x"), "called by root");
}

#[test]
fn exec_has_its_own_user() {
    let reading = read_commands("docker exec -it --user root --privileged web bash -l");
    check(&reading, r#"{"engine":"docker","user":"root","privileged":true}"#, &[]);
    let container = container(&reading);
    assert!(container.is_exec);
    assert_eq!(
        (container.name.as_deref(), container.command.as_slice()),
        (Some("web"), ["bash", "-l"].map(String::from).as_slice())
    );
    let latest = read_commands("podman exec -l id");
    assert_eq!(self::container(&latest).command, ["id"]);
}

#[test]
fn commands_stand_in_other_text() {
    let text = "Hi all,\nI run it so:\n\n    $ sudo docker run --rm \\\n        -u 1000:1000 \\\n        --cap-add NET_ADMIN alpine \\\n        sh -c 'id && ip link' 2>&1 | tee log\n\nand get docker: Error response from daemon.\n";
    let reading = read_commands(text);
    check(&reading, r#"{"engine":"docker","user":"1000:1000","cap_add":["NET_ADMIN"]}"#, &[]);
    assert_eq!((reading.findings[0].line, reading.findings[0].last_line), (4, 7));
    assert_eq!(container(&reading).command, ["sh", "-c", "id && ip link"]);

    let starts = |text: &str| read_commands(text).findings.len();
    for text in [
        "user@host:~/src$ docker run x",
        "> docker run x",
        "* `docker run x`",
        "1. docker run x",
        "cd /tmp && docker run x",
        "FOO=1 /usr/bin/docker run x",
        "sudo -u me podman run x",
        "- run: docker run x",
        "docker run x > out.txt",
    ] {
        assert_eq!(starts(text), 1, "{text}");
    }
    for text in [
        "When I docker run x it fails",
        "docker runs x",
        "mydocker run x",
        "use `docker run` for it",
        "docker ps",
        "docker compose run x",
    ] {
        assert_eq!(starts(text), 0, "{text}");
    }
    assert_eq!(starts("docker run a; docker run b && podman run c"), 3);
    assert_eq!(starts("for i in 1 2; do docker run x; done"), 1);
    let windows = read_commands("docker run `\r\n  --privileged ^\r\n  x\r\n");
    check(&windows, r#"{"engine":"docker","privileged":true}"#, &[]);
    let second_prompt = read_commands("$ docker run \\\n> --privileged x\n");
    check(&second_prompt, r#"{"engine":"docker","privileged":true}"#, &[]);
}

#[test]
fn what_a_shell_replaces_is_assumed() {
    for user in ["$(id -u):$(id -g)", "\"$(id -u):$(id -g)\"", "${UID}:${GID}"] {
        let reading = read_commands(&format!("docker run -u {user} -v $(pwd):/x img cmd"));
        check(&reading, r#"{"engine":"docker","user":"1000","gid":1000}"#, &[]);
        assert_eq!(container(&reading).command, ["cmd"]);
        assumes(&reading, "is taken to be 1000");
    }
}

#[test]
fn entrypoint_and_command() {
    let command = |line: &str| container(&read_commands(line)).command.clone();
    assert_eq!(command("docker run --entrypoint /bin/sh x -c 'a b'"), ["/bin/sh", "-c", "a b"]);
    assert_eq!(command("docker run --entrypoint 'a b' x"), ["a b"]);
    assert_eq!(command("podman run --entrypoint 'a b' x c"), ["a b", "c"]);
    assert_eq!(command(r#"podman run --entrypoint '["a", "b c"]' x"#), ["a", "b c"]);
    assert_eq!(command("docker run --entrypoint '' x ls"), ["ls"]);
    assumes(&read_commands("docker run x ls"), "no entrypoint of its own");
    assumes(&read_commands("docker run x"), "The program is the image's");
}

#[test]
fn ports_mounts_and_profiles() {
    let of = |line: &str| container(&read_commands(line)).clone();
    assert_eq!(
        of("docker run -p 8080:80/tcp -p 127.0.0.1:1:443 -p 53 -p [::1]:2:3 -p 5-7:5-7 x").ports,
        [80, 443, 53, 3, 5, 6, 7]
    );
    assert_eq!(of("docker run -p 1-65535 x").ports.len(), 1000);
    let mount = |path: &str, nosuid, noexec| Mount { path: path.to_owned(), nosuid, noexec };
    assert_eq!(
        of("podman run -v /a:/b:ro,nosuid --tmpfs /run:exec x").mounts,
        [mount("/b", true, false), mount("/run", true, false)]
    );
    assert_eq!(of("docker run -v /a:/b:ro -v /c x").mounts, []);
    assert_eq!(of("docker run x").profile, AskedProfile::Default);
    assert_eq!(of("docker run --security-opt seccomp=unconfined x").profile, AskedProfile::Unconfined);
    assert_eq!(of("docker run --security-opt seccomp=./p.json x").profile, AskedProfile::File("./p.json".to_owned()));
    assumes(&read_commands("docker run --security-opt seccomp=./p.json x"), "./p.json is not in the text");
    assumes(&read_commands("docker run --security-opt apparmor=unconfined x"), "AppArmor");
}

#[test]
fn what_is_not_understood_has_its_place() {
    let misread =
        |line: &str| -> Vec<String> { read_commands(line).misread.iter().map(ToString::to_string).collect() };
    assert_eq!(
        misread("docker run --rm -p 99999 x"),
        [r#"line 1, column 17: "99999" names no port from 0 to 65535"#]
    );
    assert_eq!(
        misread("docker run --cap-add"),
        [
            "line 1, column 12: --cap-add needs a value",
            "line 1, column 12: the image should follow; the command ends here"
        ]
    );
    assert_eq!(misread("docker run --rm"), ["line 1, column 12: the image should follow; the command ends here"]);
    assert_eq!(
        misread("x; docker run -u \"a"),
        [
            "line 1, column 18: this quote is not closed; the command is read up to it",
            "line 1, column 15: -u needs a value"
        ]
    );
    assert_eq!(misread("docker run \\\n --sysctl a x"), ["line 2, column 2: --sysctl is written NAME=VALUE"]);
    assert_eq!(
        misread("docker run --sysctl net.ipv4.ip_unprivileged_port_start=no x"),
        [r#"line 1, column 12: net.ipv4.ip_unprivileged_port_start is a port from 0 to 65535, not "no""#]
    );
    assert_eq!(misread("docker run -z x"), ["line 1, column 12: -z is no option that is known here"]);
    assert_eq!(
        misread("docker run --cap-add A,B x"),
        [
            r#"line 1, column 12: Docker takes "A,B" for one name, which it does not know; give --cap-add once for each"#
        ]
    );
    assert_eq!(misread("docker run --privileged=x y"), ["line 1, column 12: --privileged is true or false"]);
    assumes(
        &read_commands("docker run --frob x"),
        "--frob is not known here and is left out; it is taken to have no value, so x",
    );
    assumes(&read_commands("docker run --frob=1 x"), "--frob is not known here");
    assumes(&read_commands("docker run —privileged x"), "The dash of —privileged is taken for --");
}

#[test]
fn services_of_compose() {
    let text = "
x-base: &base
  cap_drop: [ALL]
  security_opt: [no-new-privileges:true, seccomp:unconfined]
services:
  web:
    <<: *base
    image: nginx:${TAG:-1}
    user: \"1000:1000\"
    cap_add:
      - NET_BIND_SERVICE
    command: nginx -g 'daemon off;'
    ports: ['8080:80', {target: 443, published: 1}]
    sysctls:
      - net.ipv4.ip_unprivileged_port_start=0
    network_mode: host
    userns_mode: host
    group_add: [5]
";
    let reading = read_compose(text);
    check(
        &reading,
        r#"{"engine":"docker","user":"1000:1000","groups":[5],"cap_add":["NET_BIND_SERVICE"],"cap_drop":["ALL"],"no_new_privileges":true,"host_network":true,"sysctl":{"net.ipv4.ip_unprivileged_port_start":0}}"#,
        &[],
    );
    let web = container(&reading);
    assert_eq!(
        (web.name.as_deref(), web.image.as_deref(), web.ports.as_slice()),
        (Some("web"), Some("nginx:1"), [80, 443].as_slice())
    );
    assert_eq!(
        (web.command.as_slice(), &web.profile),
        (["nginx", "-g", "daemon off;"].map(String::from).as_slice(), &AskedProfile::Unconfined)
    );
    assert_eq!((reading.findings[0].line, reading.findings[0].last_line), (6, 18));
    assert_eq!(read_document(text), reading, "it is recognised");
    assumes(&reading, "The variable TAG");
    assert_eq!(read_compose("services:\n  a: {image: x}\n  b: {image: y}\n  c:\n").findings.len(), 2);
}

#[test]
fn a_service_alone() {
    let expected = r#"{"engine":"docker","cap_add":["SYS_TIME"],"privileged":true}"#;
    for text in [
        "image: x\ncap_add: [SYS_TIME]\nprivileged: true\n",
        "web:\n  image: x\n  cap_add:\n  - SYS_TIME\n  privileged: yes\n",
        "    image: x\n    cap_add:\n      - SYS_TIME\n    privileged: true\n",
    ] {
        check(&read_compose(text), expected, &[]);
        check(&read_document(text), expected, &[]);
    }
    check(&read_compose("user: $UID\nimage: x"), r#"{"engine":"docker","user":"1000","gid":1000}"#, &[]);
    check(
        &read_compose("image: x\ncap_add: NET_RAW\nprivileged: 'true'\nports: [x]"),
        r#"{"engine":"docker","cap_add":["NET_RAW"],"privileged":true}"#,
        &[
            "line 2, column 10: cap_add is a list, not a single value",
            "line 3, column 13: privileged is true or false without quotes; it is read as if it had none",
            r#"line 4, column 9: "x" names no port from 0 to 65535"#,
        ],
    );
}

#[test]
fn what_docker_inspect_prints() {
    let text = r#"[
    {
        "Id": "4b0e", "Name": "/web", "Path": "/entry", "Args": ["-x"],
        "HostConfig": {
            "NetworkMode": "host", "CapAdd": ["NET_ADMIN"], "CapDrop": ["ALL"], "Privileged": false, "UsernsMode": "",
            "SecurityOpt": ["no-new-privileges", "seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"],
            "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "80"}, "GroupAdd": ["7"],
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
        },
        "Config": {"User": "1000:1000", "Image": "nginx", "Cmd": ["x"]}
    }
]
"#;
    let expected = r#"{"engine":"docker","user":"1000:1000","groups":[7],"cap_add":["NET_ADMIN"],"cap_drop":["ALL"],"no_new_privileges":true,"host_network":true,"sysctl":{"net.ipv4.ip_unprivileged_port_start":80},"seccomp":{"profile":{"defaultAction":"SCMP_ACT_ALLOW"}}}"#;
    let reading = read_inspect(text);
    check(&reading, expected, &[]);
    let web = container(&reading);
    assert_eq!(
        (web.name.as_deref(), web.command.as_slice()),
        (Some("web"), ["/entry", "-x"].map(String::from).as_slice())
    );
    assert_eq!((web.ports.as_slice(), &web.profile), ([80].as_slice(), &AskedProfile::Given));
    assert_eq!(read_document(text), reading);
    let minified: String = text.lines().map(str::trim).collect();
    check(&read_document(&minified), expected, &[]);
    let two = text.replacen('[', "[{\"HostConfig\": {}},", 1);
    assert_eq!(read_inspect(&two).findings.len(), 2);
}

#[test]
fn a_part_of_inspect() {
    for text in [
        "\"CapAdd\": [\"NET_RAW\"],\n\"CapDrop\": null,\n\"Privileged\": true,\n",
        "{\"HostConfig\": {\"CapAdd\": [\"NET_RAW\"], \"Privileged\": true}}",
        "            \"HostConfig\": {\n \"CapAdd\": [\"NET_RAW\"],\n \"Privileged\": true },\n",
    ] {
        check(&read_document(text), r#"{"engine":"docker","cap_add":["NET_RAW"],"privileged":true}"#, &[]);
    }
    let cut = read_document("[{\"HostConfig\": {\"CapAdd\": [\"NET_RAW\"],\n \"Privileged\": true, \"Bin");
    check(
        &cut,
        r#"{"engine":"docker","cap_add":["NET_RAW"],"privileged":true}"#,
        &["line 2, column 22: the text in quotes is not ended on its line"],
    );
    let image = read_inspect(r#"[{"Id": "x", "Config": {"User": "app", "Entrypoint": ["/app"]}}]"#);
    check(&image, r#"{"engine":"docker","user":"app","uid":1000,"gid":1000}"#, &[]);
    assumes(&image, "This is an image");
}

#[test]
fn podman_tells_what_holds() {
    let text = r#"[{"Name": "web", "Path": "sh", "Args": [], "EffectiveCaps": ["CAP_NET_RAW"],
        "BoundingCaps": ["CAP_CHOWN", "CAP_NET_RAW", "CAP_FROB"], "HostConfig": {"CapAdd": ["CAP_NET_RAW"]},
        "Config": {"User": "1000"}}]"#;
    let reading = read_inspect(text);
    check(
        &reading,
        r#"{"engine":"podman","user":"1000","cap_add":["CAP_NET_RAW"]}"#,
        &[r#"line 2, column 25: BoundingCaps has "CAP_FROB", which is no capability"#],
    );
    let exact = serde_json::to_string(container(&reading).exact.as_deref().unwrap()).unwrap();
    assert_eq!(
        exact,
        r#"{"uid":1000,"gid":0,"permitted":"0000000000002000","effective":"0000000000002000","inheritable":"0000000000002000","bounding":"0000000000002001","ambient":"0000000000002000"}"#
    );
    let root = read_inspect(&text.replace("1000", "").replace(", \"CAP_FROB\"", ""));
    let exact = container(&root).exact.clone().unwrap();
    assert!(exact.ambient.unwrap().resolve(sim_core::capability::CapSet::EMPTY).is_empty());
}

#[test]
fn lists_in_brackets() {
    let one = read_lists("[NET_ADMIN SYS_TIME]");
    check(&one, r#"{"engine":"docker","cap_add":["NET_ADMIN","SYS_TIME"]}"#, &[]);
    assumes(&one, "HostConfig.CapAdd");
    let asked = "$ docker inspect -f '{{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}}' web\n[ALL] [CAP_KILL]\n";
    check(&read_lists(asked), r#"{"engine":"docker","cap_add":["CAP_KILL"],"cap_drop":["ALL"]}"#, &[]);
    let empty = "docker inspect --format={{.HostConfig.CapAdd}} web\n[]";
    check(&read_lists(empty), r#"{"engine":"docker"}"#, &[]);
    assert_eq!(read_lists("[]\n[the words]\n[x] CAP\n[root@host ~]# NET_ADMIN\n"), Reading::default());
    let effective = read_lists("# podman inspect --format '{{json .EffectiveCaps}}' x\n[\"CAP_KILL\"]\n");
    assert!(matches!(&effective.findings[0].says, Says::Process(process) if process.effective.is_some()));
    let unknown = read_lists("\n[NET_ADMIN FROB]\n");
    assert_eq!(unknown.misread[0].to_string(), "line 2, column 1: \"FROB\" is no capability that is known here");
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      hostNetwork: true
      securityContext:
        runAsUser: 1000
        runAsGroup: 3000
        fsGroup: 2000
        supplementalGroups: [5]
        seccompProfile: {type: RuntimeDefault}
        sysctls:
        - name: net.ipv4.ip_unprivileged_port_start
          value: \"0\"
      initContainers:
      - name: init
        image: busybox
        securityContext:
          runAsUser: 0
          seccompProfile: {type: Unconfined}
      containers:
      - name: app
        image: nginx
        command: [/nginx]
        args: [-g, daemon off;]
        ports: [{containerPort: 80}]
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
            add: [\"NET_BIND_SERVICE\"]
";

#[test]
fn each_container_of_a_pod_has_its_own_and_the_pods_fields() {
    let reading = read_pods(DEPLOYMENT);
    let texts: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| {
            let Says::Container(container) = &finding.says else { panic!() };
            assert_eq!(finding.form, TextForm::Pod);
            (
                container.name.clone().unwrap(),
                serde_json::to_string(&container.runtime).unwrap(),
                container.profile.clone(),
            )
        })
        .collect();
    let shared = r#""groups":[5,2000]"#;
    let sysctl = r#""sysctl":{"net.ipv4.ip_unprivileged_port_start":0}"#;
    assert_eq!(
        texts,
        [
            (
                "init".to_owned(),
                format!(
                    r#"{{"engine":"containerd","kubernetes":true,"user":"0:3000",{shared},"host_network":true,{sysctl}}}"#
                ),
                AskedProfile::Unconfined
            ),
            (
                "app".to_owned(),
                format!(
                    r#"{{"engine":"containerd","kubernetes":true,"user":"1000:3000",{shared},"cap_add":["NET_BIND_SERVICE"],"cap_drop":["ALL"],"no_new_privileges":true,"host_network":true,{sysctl}}}"#
                ),
                AskedProfile::Default
            ),
        ]
    );
    assert!(reading.misread.is_empty(), "{:?}", reading.misread);
    assumes(&reading, "containerd");
    assert_eq!(read_document(DEPLOYMENT), reading);
    let lines: Vec<_> = reading.findings.iter().map(|finding| (finding.line, finding.last_line)).collect();
    assert_eq!(lines, [(19, 23), (25, 34)]);
}

#[test]
fn kinds_with_pods_and_without() {
    let spec = "{containers: [{name: a, image: b}, {name: c, image: d}], ephemeralContainers: [{name: e}]}";
    for text in [
        format!("kind: Pod\nspec: {spec}"),
        format!("kind: Job\nspec: {{template: {{spec: {spec}}}}}"),
        format!("kind: CronJob\nspec: {{jobTemplate: {{spec: {{template: {{spec: {spec}}}}}}}}}"),
        format!("kind: PodTemplate\ntemplate: {{spec: {spec}}}"),
        format!("kind: List\nitems: [{{kind: Service}}, {{kind: Pod, spec: {spec}}}]"),
        format!("spec: {spec}"),
        spec.to_owned(),
        format!(
            "{{\"kind\": \"Pod\", \"spec\": {}}}",
            r#"{"containers": [{"name": "a"}, {"name": "c"}, {"name": "e"}]}"#
        ),
        "kind: Pod\nspec: {containers: [{name: a}]}\n---\n---\nkind: ConfigMap\napiVersion: v1\n---\nspec: {containers: [{name: a}, {name: b}]}\n".to_owned(),
    ] {
        let reading = read_document(&text);
        assert_eq!((reading.findings.len(), reading.misread.as_slice()), (3, [].as_slice()), "{text}");
        assert!(reading.findings.iter().all(|finding| finding.form == TextForm::Pod));
    }
    assert_eq!(read_document("kind: Service\napiVersion: v1\nspec: {ports: [{port: 80}]}\n"), Reading::default());
}

#[test]
fn parts_of_pods() {
    let expected =
        r#"{"engine":"containerd","kubernetes":true,"user":"1000:5","cap_drop":["ALL"],"no_new_privileges":true}"#;
    let fields = "{runAsUser: 1000, runAsGroup: 5, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";
    for text in [
        format!("securityContext: {fields}"),
        fields.to_owned(),
        format!("- name: a\n  image: b\n  securityContext: {fields}\n"),
        format!("name: a\nimage: b\nsecurityContext: {fields}\n"),
        format!("image: {{repository: x}}\npodSecurityContext: {{runAsUser: 0}}\nsecurityContext: {fields}\n"),
        format!("containers:\n- securityContext: {fields}\n"),
    ] {
        check(&read_document(&text), expected, &[]);
    }
    check(
        &read_document("securityContext:\n  fsGroup: 7\n  runAsUser: 1\n"),
        r#"{"engine":"containerd","kubernetes":true,"user":"1","groups":[7]}"#,
        &[],
    );
}

#[test]
fn what_kubernetes_refuses_or_passes_over() {
    let pod = |context: &str, own: &str| {
        let text =
            format!("spec:\n  securityContext: {{{context}}}\n  containers:\n  - securityContext: {{{own}}}\n");
        read_pods(&text).misread.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        pod("capabilities: {add: [KILL]}", ""),
        [
            "line 2, column 35: capabilities has no effect here: it belongs into the securityContext of a container, not of the pod"
        ]
    );
    assert_eq!(
        pod("", "fsGroup: 1"),
        [
            "line 4, column 32: fsGroup has no effect here: it belongs into the securityContext of the pod, not of a container"
        ]
    );
    assert_eq!(
        pod("", "allowPrivilegeEscalation: false, privileged: true"),
        ["line 4, column 49: Kubernetes refuses allowPrivilegeEscalation: false beside privileged: true"]
    );
    let sys_admin =
        |name: &str| pod("", &format!("allowPrivilegeEscalation: false, capabilities: {{add: [{name}]}}"));
    assert_eq!(sys_admin("CAP_SYS_ADMIN").len(), 1);
    assert_eq!(sys_admin("SYS_ADMIN").len(), 0, "the check looks for the other text");
    assert_eq!(
        pod("runAsNonRoot: true", "runAsUser: 0"),
        ["line 4, column 34: the kubelet does not start this: runAsNonRoot is true and runAsUser is 0"]
    );
    assert_eq!(
        pod("seccompProfile: {type: None}", "runAsUser: -1"),
        [
            "line 4, column 34: runAsUser is a number from 0 to 4294967295, not \"-1\"",
            "line 2, column 37: seccompProfile.type is RuntimeDefault, Unconfined or Localhost, not \"None\"",
        ]
    );
    let somebody = read_pods("spec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: x}]\n");
    check(&somebody, r#"{"engine":"containerd","kubernetes":true,"user":"1000"}"#, &[]);
    assumes(&somebody, "runAsNonRoot demands");
}

#[test]
fn config_json_is_exact() {
    let text = "{
\t\"ociVersion\": \"1.0.2\",
\t\"process\": {
\t\t\"user\": {\"uid\": 1000, \"gid\": 1001, \"additionalGids\": [5]},
\t\t\"args\": [\"sh\"],
\t\t\"capabilities\": {\"bounding\": [\"CAP_KILL\", \"CAP_CHOWN\"], \"effective\": [\"CAP_KILL\"], \"permitted\": [\"CAP_KILL\"]},
\t\t\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],
\t\t\"noNewPrivileges\": true
\t},
\t\"mounts\": [{\"destination\": \"/tmp\", \"options\": [\"nosuid\", \"noexec\"]}],
\t\"linux\": {
\t\t\"namespaces\": [{\"type\": \"network\"}, {\"type\": \"user\"}],
\t\t\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}],
\t\t\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}],
\t\t\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\"}
\t}
}
";
    let reading = read_oci_config(text);
    check(
        &reading,
        r#"{"engine":"runc","user":"1000:1001","groups":[5],"no_new_privileges":true,"default_capabilities":["CAP_KILL","CAP_CHOWN"],"user_namespace":"container","seccomp":{"profile":{"defaultAction":"SCMP_ACT_ALLOW"}}}"#,
        &[],
    );
    let found = container(&reading);
    assert_eq!(
        serde_json::to_string(found.exact.as_deref().unwrap()).unwrap(),
        r#"{"uid":1000,"gid":1001,"groups":[5],"permitted":"0000000000000020","effective":"0000000000000020","inheritable":"0000000000000000","bounding":"0000000000000021","ambient":"0000000000000000","no_new_privs":true,"user_ns":"container","seccomp":[{"profile":{"defaultAction":"SCMP_ACT_ALLOW"}}]}"#
    );
    assert_eq!(found.user_namespace.clone().unwrap().uid_map.unwrap(), "0 1000 1");
    assert_eq!(found.mounts, [Mount { path: "/tmp".to_owned(), nosuid: true, noexec: true }]);
    assert_eq!(read_document(text), reading);
    let wrong = read_oci_config(
        "{\"ociVersion\": \"1\", \"process\": {\n\"capabilities\": {\"effective\": [\"CAP_KILL\"], \"ambient\": [\"CAP_CHOWN\"]}}}",
    );
    assert_eq!(
        wrong.misread[0].to_string(),
        "line 2, column 17: effective has capabilities that permitted does not have: the kernel refuses the runtime's capset(2)"
    );
    assumes(&wrong, "Ambient capabilities that are not both");
}

#[test]
fn what_stands_before_an_error_is_read() {
    let cut = |lines: usize| DEPLOYMENT.lines().take(lines).flat_map(|line| [line, "\n"]).collect::<String>();
    let reading = read_pods(&(cut(26) + "        command: [/nginx, \"x\n"));
    assert_eq!(reading.findings.len(), 2);
    assert_eq!(reading.misread.len(), 1, "{:?}", reading.misread);
    let reading = read_pods(&(cut(26) + "\t- broken: [\n---\nspec:\n  containers: [{name: x}]\n"));
    assert_eq!(reading.findings.len(), 3, "reading goes on at the next document");
    assert_eq!(reading.misread.len(), 1);
    assert_eq!((reading.misread[0].line, reading.findings[2].line), (26, 30));
}
