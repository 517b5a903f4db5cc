//! The tools for filters as people and programs use them. `SNAPSHOTS=overwrite cargo test` accepts what they print now.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use std::path::PathBuf;

use snapbox::cmd::{Command, OutputAssert, cargo_bin};
use snapbox::{file, str};

fn seccomp(arguments: &[&str]) -> Command {
    Command::new(cargo_bin!("eperm")).arg("seccomp").args(arguments)
}

fn stdout(result: &OutputAssert) -> Vec<u8> {
    result.get_output().stdout.clone()
}

fn json(result: &OutputAssert) -> serde_json::Value {
    serde_json::from_slice(&result.get_output().stdout).unwrap()
}

/// A file of a test's own.
fn written(name: &str, bytes: &[u8]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("seccomp");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

const LS: &str = "tests/profiles/article/ls.json";
const LS_L: &str = "tests/profiles/article/ls-long.json";

/// Two rules with different actions apply to dup2(6), and no release knows the other call.
const AMBIGUOUS: &str = r#"{
  "defaultAction": "SCMP_ACT_ALLOW",
  "syscalls": [
    {"names": ["dup2"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_GT"}]},
    {"names": ["dup2", "dup4"], "action": "SCMP_ACT_ERRNO", "errnoRet": 9,
     "args": [{"index": 0, "value": 10, "op": "SCMP_CMP_LT"}]}
  ]
}"#;

#[test]
fn compile_proves_and_warns() {
    let docker = seccomp(&["compile", "--preset", "docker"]).assert().code(0);
    docker.stdout_eq(str![[r#"
preset docker, as docker makes it, for x86_64, x86, x32
  [..] instructions, [..] bytes
  Weight: [..] on Linux 6.18; all filters of a thread may weigh 32768, each counting 4 more
  Proven: it answers every call as the profile says

"#]]);
    let result = seccomp(&["compile", "-", "--arch", "x86_64", "--arch", "x86", "--format", "c"]).stdin(AMBIGUOUS);
    let result = result.assert().code(0);
    result.stderr_eq(file!["snapshots/seccomp-compile.txt"]).stdout_eq(str![[r#"
struct sock_filter filter[] = {
    { 0x20, 0, 0, 0x00000004 }, /* 0000: A = arch */
...
    { 0x06, 0, 0, 0x00000000 }, /* [..]: return KILL */
};

"#]]);
    let line = json(&seccomp(&["compile", "-", "--json"]).stdin(AMBIGUOUS).assert().code(0));
    assert_eq!((&line["validated"], &line["ambiguities"][0]["call"]["name"]), (&true.into(), &"dup2".into()));
    assert_eq!(line["ambiguities"][0]["rules"][1]["line"], 4);
}

#[test]
fn what_is_compiled_reads_back_in_every_form() {
    let raw = stdout(&seccomp(&["compile", LS, "-o", "-"]).assert().code(0));
    assert_eq!(raw.len() % 8, 0);
    for form in ["raw", "hex", "c", "asm", "listing"] {
        let text = stdout(&seccomp(&["compile", LS, "--no-validate", "--format", form]).assert().code(0));
        let path = written(&format!("ls.{form}"), &text);
        let again = stdout(&seccomp(&["disasm", &path, "--format", "raw"]).assert().code(0));
        assert_eq!(again, raw, "{form}");
        seccomp(&["diff", &path, LS]).assert().code(0);
    }
    let listing = stdout(&seccomp(&["disasm", "-"]).stdin(raw.clone()).assert().code(0));
    let assembled = stdout(&seccomp(&["asm", "-"]).stdin(listing).assert().code(0));
    assert_eq!(assembled, raw);
}

#[test]
fn big_endian_filters_keep_their_byte_order() {
    let raw = stdout(&seccomp(&["compile", "--preset", "docker", "--arch", "s390x", "-o", "-"]).assert().code(0));
    assert_eq!(raw.get(..8), Some(&[0, 0x20, 0, 0, 0, 0, 0, 4][..]));
    let path = written("docker.s390x.bpf", &raw);
    seccomp(&["diff", &path, "preset:docker", "--arch", "s390x"]).assert().code(0);
    for tool in [&["diff", &path, "preset:docker"][..], &["cost", &path], &["explain", &path, "--syscall", "read"]] {
        let result = seccomp(tool).assert().code(2);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        let expected = "this filter is not for the byte order of x86_64; --arch names another machine\n";
        assert!(error.ends_with(expected), "{error}");
    }
    seccomp(&["explain", &path, "--arch", "s390x", "--syscall", "read"]).assert().code(0);
    let statements = stdout(&seccomp(&["disasm", &path, "--format", "asm"]).assert().code(0));
    let path = written("docker.s390x.txt", &statements);
    seccomp(&["diff", &path, "preset:docker", "--arch", "s390x"]).assert().code(0);
}

#[test]
fn disasm_tells_whether_a_filter_installs() {
    let text = "A = arch\nif (A != ARCH_X86_64) goto kill\nA = sys_number\nif (A == 257) goto kill\n\
                A = args[1]\nA &= 3\nreturn A\nkill: return KILL_PROCESS\n";
    seccomp(&["disasm", "-"]).stdin(text).assert().code(0).stdout_eq(file!["snapshots/seccomp-disasm.txt"]);
    let refused = seccomp(&["disasm", "-"]).stdin("A = len\nA <<= 32\nreturn A\n").assert().code(1);
    refused.stdout_eq(file!["snapshots/seccomp-disasm-refused.txt"]);
    let line = json(&seccomp(&["disasm", "-", "--json"]).stdin("A = 7\n").assert().code(1));
    assert_eq!((&line["errno"], &line["rule"]), (&"EINVAL".into(), &"seccomp.invalid-program".into()));
    let rubbish = seccomp(&["disasm", "-"]).stdin("x86_64 forever\n").assert().code(2);
    assert!(String::from_utf8_lossy(&rubbish.get_output().stderr).contains("standard input: line 1, column 1"));
}

#[test]
fn asm_has_placed_errors() {
    let error = |text: &'static str, code: i32| {
        let result = seccomp(&["asm", "-"]).stdin(text).assert().code(code);
        assert!(result.get_output().stdout.is_empty());
        String::from_utf8_lossy(&result.get_output().stderr).into_owned()
    };
    assert_eq!(
        error("A = arch\nif (A = 4) goto 3\n", 2),
        "eperm: standard input: line 2, column 7: a comparison should stand here, not \"=\"\n"
    );
    let refused = error("A = 1\nA /= 0\nreturn A\n", 1);
    assert!(refused.starts_with("eperm: standard input: line 2, column 1: the kernel would refuse it"), "{refused}");
    let unchecked = seccomp(&["asm", "-", "--unchecked"]).stdin("A = 1\nA /= 0\nreturn A\n").assert().code(1);
    assert_eq!(unchecked.get_output().stdout.len(), 24);
}

#[test]
fn the_profile_of_ls_and_that_of_ls_l_differ_by_ten_calls() {
    seccomp(&["diff", LS, LS_L]).assert().code(1).stdout_eq(file!["snapshots/seccomp-diff-ls.txt"]);
    let subset = seccomp(&["diff", "--subset", LS, LS_L]).assert().code(0);
    subset.stdout_eq("Yes: left permits at most what right permits.\n");
    let not = seccomp(&["diff", "--subset", LS_L, LS]).assert().code(1);
    not.stdout_eq(str![[r#"
No: lstat on x86_64: left ALLOW, right ERRNO(1)
  left:  tests/profiles/article/ls-long.json:39:90: syscalls[1].names[7] decides: ALLOW
  right: tests/profiles/article/ls.json: no rule names the call; the default action decides

"#]]);
    seccomp(&["diff", &format!("{LS_L},{LS}"), LS]).assert().code(0);
    let line = json(&seccomp(&["diff", "--json", LS, LS_L]).assert().code(1));
    assert_eq!((&line["relation"], &line["differing_calls"]), (&"right_permits_more".into(), &10.into()));
}

#[test]
fn docker_and_podman_by_default() {
    let diff = seccomp(&["diff", "preset:docker", "preset:podman"]).assert().code(1);
    diff.stdout_eq(file!["snapshots/seccomp-diff-presets.txt"]);
    let same = seccomp(&["diff", "preset:docker", "preset:docker", "--right-caps", "default,chown"]).assert().code(0);
    assert!(String::from_utf8_lossy(&same.get_output().stdout).contains("Equal: both answer every call alike."));
}

#[test]
fn resolve_shows_what_the_engines_make_of_it() {
    let arguments = [
        "resolve", "--preset", "docker", "--arch", "x86_64", "--caps", "default", "--kernel", "4.4", "--kernel",
        "6.18",
    ];
    let engines = ["--engine", "docker", "--engine", "docker+crun", "--engine", "docker+youki"];
    let all: Vec<&str> = arguments.into_iter().chain(engines).collect();
    seccomp(&all).assert().code(0).stdout_eq(file!["snapshots/seccomp-resolve.txt"]);
    let line = json(&seccomp(&["resolve", LS, "--engine", "all", "--arch", "x86_64", "--json"]).assert().code(0));
    assert_eq!(line["cells"].as_array().unwrap().len(), 10, "two sets of capabilities, five engines");
    assert_eq!(line["cells"][0]["calls"]["read"], serde_json::json!(["ALLOW"]));
    let refused = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "errnoRet": 5}]}"#;
    let cells =
        seccomp(&["resolve", "-", "--arch", "x86_64", "--caps", "none", "--engine", "runc", "--engine", "crun"]);
    let cells = cells.stdin(refused).assert().code(1);
    assert!(String::from_utf8_lossy(&cells.get_output().stdout).contains("refused: standard input: line 1"));
}

#[test]
fn cost_is_counted() {
    let two = "A = sys_number\nif (A == 0) goto yes\nif (A == 1) goto yes\nreturn KILL\nyes: return ALLOW\n";
    let cost = seccomp(&["cost", "-", "--worst", "2"]).stdin(two).assert().code(0);
    cost.stdout_eq(file!["snapshots/seccomp-cost.txt"]);
    let both = json(&seccomp(&["cost", "-", "preset:docker", "--json"]).stdin(two).assert().code(0));
    assert_eq!((&both["filters"][0]["average"], &both["filters"][0]["calls"]), (&"4.00".into(), &383.into()));
    assert!(both["filters"][1]["cached"].as_u64().unwrap() > 300);
    let counts = written("counts", b"read 3 # often\n\npersonality 1\n");
    let line = json(&seccomp(&["cost", "preset:docker", "--calls", &counts, "--json"]).assert().code(0));
    let filter = &line["filters"][0];
    assert_eq!((&filter["calls"], &filter["cached"]), (&4.into(), &3.into()));
    assert!(filter["maximum"].as_u64().unwrap() <= 18, "{filter}");
    let wrong = written("wrong-counts", b"read 3\nraed 4\n");
    let error = seccomp(&["cost", "preset:docker", "--calls", &wrong]).assert().code(2);
    assert!(String::from_utf8_lossy(&error.get_output().stderr).contains("line 2: x86_64 has no call \"raed\""));
}

#[test]
fn explain_names_the_rule() {
    let calls = "openat, personality(8), mount, x86:socketcall(1), uprobe";
    let explained = seccomp(&["explain", "--preset", "docker", "--syscall", calls]).assert().code(1);
    explained.stdout_eq(file!["snapshots/seccomp-explain.txt"]);
    let text = "A = args[0] >> 32\nif (A != 0) goto no\nA = args[0]\nif (A < 8) goto yes\n\
                no: return TRAP(3)\nyes: return ALLOW\n";
    let path = seccomp(&["explain", "-", "--syscall", "lseek(9)", "--path"]).stdin(text).assert().code(1);
    path.stdout_eq(file!["snapshots/seccomp-explain-path.txt"]);
    let line = json(&seccomp(&["explain", LS, "--syscall", "read", "--json"]).assert().code(0));
    assert_eq!((&line["rule"]["line"], &line["filter"]["cached"]), (&24.into(), &true.into()));
    let error = seccomp(&["explain", LS, "--syscall", "read, raed"]).assert().code(2);
    error.stderr_eq("eperm: --syscall \"read, raed\": column 7: there is no call \"raed\"\n");
}

#[test]
fn a_profile_that_cannot_be_read_is_told_with_its_place() {
    let text = "{\n  \"defaultAction\": \"SCMP_ACT_DENY\"\n}";
    for tool in [&["compile", "-"][..], &["resolve", "-"], &["diff", "-", LS], &["cost", "-"]] {
        let result = seccomp(tool).stdin(text).assert().code(2);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(error.starts_with("eperm: standard input: line 2, column 20: defaultAction:"), "{tool:?}: {error}");
    }
    seccomp(&["compile", "tests/profiles/nowhere.json"]).assert().code(2);
}
