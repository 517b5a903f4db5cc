use crate::finding::{Finding, Says};
use crate::read;

/// What the findings of a text say, in short.
fn said(text: &str) -> Vec<String> {
    let reading = read(text.as_bytes());
    assert_eq!(reading.misread, [], "{text}");
    reading.findings.iter().map(short).collect()
}

fn short(finding: &Finding) -> String {
    match &finding.says {
        Says::Calls(calls) => calls
            .iter()
            .map(|call| serde_json::to_string(call).unwrap())
            .collect::<Vec<_>>()
            .join(" ")
            .replace('"', ""),
        Says::Copy(copy) => {
            let owner = copy.owner.map(|owner| format!(" {owner:?}")).unwrap_or_default();
            let keeps = if copy.keeps_capabilities { "kept" } else { "lost" };
            format!("{} -> {} {keeps}{owner}", copy.from.as_deref().unwrap_or("?"), copy.to)
        }
        Says::Files(files) => files
            .iter()
            .map(|(path, file)| format!("{path} {:04o}", file.mode.0.bits()))
            .collect::<Vec<_>>()
            .join(" "),
        Says::Mount(mount) => format!("{} {} {}", mount.path, mount.nosuid, mount.noexec),
        Says::Sysctl(sysctl) => serde_json::to_string(sysctl).unwrap().replace('"', ""),
        Says::Process(process) => serde_json::to_string(process).unwrap().replace('"', ""),
        Says::Image(image) => format!("{:?} {:?} {:?} {:?}", image.from, image.user, image.command, image.ports),
        other => format!("{other:?}"),
    }
}

#[test]
fn setcap_is_calls() {
    assert_eq!(
        said("$ sudo setcap 'cap_net_raw,cap_kill+ep' /usr/bin/x"),
        ["{setcap:{path:/usr/bin/x,caps:cap_kill,cap_net_raw=ep}}"]
    );
    assert_eq!(
        said("setcap -r /x && setcap cap_chown=i /y"),
        ["{removexattr:{path:/x}}", "{setcap:{path:/y,caps:cap_chown=i}}"]
    );
    assert_eq!(said("setcap -n 1000 cap_chown=ep /y").len(), 1);
    assert_eq!(said("setcap -v cap_chown=ep /y"), [""; 0]);
    assert_eq!(said("setcap does not help"), [""; 0]);
    let reading = read(b"# setcap cap_nett_raw=ep /x\n");
    assert_eq!(
        reading.misread[0].to_string(),
        "line 1, column 1: setcap cap_nett_raw=ep: character 1: \"cap_nett_raw\" is no capability; write cap_net_raw, all, or a number below 64"
    );
    assert_eq!(said("$ setfattr -x security.capability /x"), ["{removexattr:{path:/x}}"]);
}

#[test]
fn modes_and_owners_change() {
    assert_eq!(said("$ chmod 4755 /x /y"), ["{chmod:{path:/x,mode:4755}} {chmod:{path:/y,mode:4755}}"]);
    for (letters, mode) in
        [("u+s", "4755"), ("g+s,o-x", "2754"), ("a-x", "0644"), ("=r", "0444"), ("+t", "1755"), ("u=rwx,go=", "0700")]
    {
        assert_eq!(
            said(&format!("$ chmod {letters} /x")),
            [format!("{{chmod:{{path:/x,mode:{mode}}}}}")],
            "{letters}"
        );
    }
    assert_eq!(said("chown -R 1000:1001 /data"), ["{chown:{path:/data,uid:1000,gid:1001}}"]);
    assert_eq!(said("chown root: /data"), ["{chown:{path:/data,uid:0,gid:0}}"]);
    assert_eq!(said("chgrp 7 /data"), ["{chown:{path:/data,uid:-1,gid:7}}"]);
    assert_eq!(said("chown fails with EPERM here"), [""; 0]);
}

#[test]
fn copies_keep_or_lose_the_attribute() {
    assert_eq!(said("$ cp /a/x /b/y"), ["/a/x -> /b/y lost"]);
    assert_eq!(said("$ cp -a /a/x /b/"), ["/a/x -> /b/x kept"]);
    assert_eq!(said("$ cp -p /a/x /a/y /b"), ["/a/x -> /b/x lost", "/a/y -> /b/y lost"]);
    assert_eq!(said("$ cp --preserve=mode,xattr /a/x /b/y"), ["/a/x -> /b/y kept"]);
    assert_eq!(said("$ mv /a/x /b/y"), ["/a/x -> /b/y kept"]);
    assert_eq!(
        said("$ install -o root -m 4755 ./x /usr/bin/x"),
        ["./x -> /usr/bin/x lost (0, 0)", "{chmod:{path:/usr/bin/x,mode:4755}}"]
    );
    assert_eq!(said("$ tar -C /opt -xzf a.tgz"), [""; 0]);
    assert_eq!(said("$ tar xzf a.tgz -C /opt"), ["? -> /opt lost"]);
    assert_eq!(said("$ tar --xattrs --xattrs-include='*' -x -f a.tar"), ["? -> . kept"]);
}

#[test]
fn users_change_in_order() {
    let su = "{execve:/bin/su} {setgroups:[1000]} {setgid:1000} {setuid:1000} {execve:/bin/sh} {execve:/opt/x}";
    assert_eq!(said("# su - app -c '/opt/x -v'"), ["/bin/su 4755", su]);
    let sudo = "{execve:/usr/bin/sudo} {setgroups:[1001]} {setgid:1001} {setuid:1001} {execve:/opt/x}";
    assert_eq!(said("$ sudo -u 1001 /opt/x"), ["/usr/bin/sudo 4755", sudo]);
    assert_eq!(said("gosu 7:8 /opt/x"), ["{setgroups:[8]} {setgid:8} {setuid:7} {execve:/opt/x}"]);
    assert_eq!(said("sudo fails for me"), [""; 0]);
    assert_eq!(said("su and sudo lose them"), [""; 0]);
}

#[test]
fn setpriv_makes_its_calls() {
    let text = "$ setpriv --reuid 1000 --regid=1000 --clear-groups --inh-caps=+net_raw --ambient-caps +net_raw --bounding-set=-kill --nnp /opt/x";
    assert_eq!(
        said(text),
        [
            "{prctl:[PR_SET_NO_NEW_PRIVS,1]} {prctl:[PR_CAPBSET_DROP,cap_kill]} {setresgid:[1000,1000,1000]} {setgroups:[]} \
        {prctl:[PR_SET_KEEPCAPS,1]} {setresuid:[1000,1000,1000]} {capset:{effective:0000000000002000,permitted:0000000000002000,inheritable:0000000000002000}} \
        {prctl:[PR_CAP_AMBIENT,PR_CAP_AMBIENT_RAISE,cap_net_raw]} {execve:/opt/x}"
        ]
    );
    assert_eq!(said("setpriv --dump"), [""; 0]);
}

#[test]
fn capsh_does_its_options_in_order() {
    let text = "capsh --keep=1 --inh=cap_net_raw --user=app --addamb=cap_net_raw -- -c ./x";
    assert_eq!(
        said(text),
        [
            "{prctl:[PR_SET_KEEPCAPS,1]} {capset:{effective:00000000000020c0,permitted:00000000000020c0,inheritable:0000000000002000}} \
        {setgroups:[1000]} {setgid:1000} {prctl:[PR_SET_KEEPCAPS,1]} {setuid:1000} {prctl:[PR_SET_KEEPCAPS,0]} \
        {prctl:[PR_CAP_AMBIENT,PR_CAP_AMBIENT_RAISE,cap_net_raw]} {execve:/bin/bash} {execve:./x}"
        ]
    );
    assert_eq!(
        said("capsh --drop=cap_kill --uid=7 --"),
        ["{prctl:[PR_CAPBSET_DROP,cap_kill]} {setuid:7} {execve:/bin/bash}"]
    );
    assert_eq!(said("$ capsh --print"), [""; 0]);
    assert_eq!(said("$ capsh --decode=00000000a80425fb"), [""; 0]);
}

#[test]
fn namespaces_tracers_mounts_and_settings() {
    assert_eq!(
        said("$ unshare -Ur ./x"),
        ["{unshare:{flags:[CLONE_NEWUSER],user_ns:child}} {write_map:{user_ns:child,file:setgroups,text:deny}} \
        {write_map:{user_ns:child,file:uid_map,text:0 1000 1}} {write_map:{user_ns:child,file:gid_map,text:0 1000 1}} {execve:./x}"]
    );
    assert_eq!(said("$ unshare -n"), ["{unshare:{flags:[CLONE_NEWNET]}}"]);
    assert_eq!(said("$ strace -f -o log ping -c1 x"), ["{traced:{tracer_has_sys_ptrace:false}}", "{execve:ping}"]);
    assert_eq!(said("# mount -o remount,nosuid,noexec /home"), ["/home true true"]);
    assert_eq!(
        said("# sysctl -w net.ipv4.ip_unprivileged_port_start=0"),
        ["{net.ipv4.ip_unprivileged_port_start:0}"]
    );
    assert_eq!(
        said("# echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start"),
        ["{net.ipv4.ip_unprivileged_port_start:80}"]
    );
    assert_eq!(said("$ /opt/x --flag"), ["{execve:/opt/x}"]);
    assert_eq!(said("/opt/x is the program"), [""; 0]);
    assert_eq!(said("$ uname -r\n6.1.0-18-amd64\n").len(), 1);
}

#[test]
fn a_dockerfile_is_read_in_order() {
    let text = r#"FROM golang:1.22 AS build
COPY . /src
RUN go build -o /server /src && setcap cap_net_bind_service=+ep /server

FROM alpine:3.20
# a remark
RUN apk add --no-cache libcap \
    # another
    && adduser -D app \
    && chown app /data
COPY --from=build --chown=1000:1000 /server /usr/bin/
USER app
EXPOSE 80/tcp 443
ENTRYPOINT ["/usr/bin/server"]
CMD ["-v"]
"#;
    assert_eq!(
        said(text),
        [
            ". -> /src kept",
            "{setcap:{path:/server,caps:cap_net_bind_service=ep}}",
            r#"Some("alpine:3.20") Some("app") ["/usr/bin/server", "-v"] [80, 443]"#,
            "{chown:{path:/data,uid:1000,gid:-1}}",
            "/server -> /usr/bin/server kept (1000, 1000)",
        ]
    );
    assert_eq!(said("USER 1000\n"), [r#"None Some("1000") [] []"#]);
    assert_eq!(said("RUN away as fast as you can")[..], [""; 0]);
}
