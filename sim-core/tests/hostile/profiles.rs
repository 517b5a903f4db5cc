//! Profiles.

use sim_core::seccomp::profile::{Engine, MAX_SIZE, Note, Policy, Problem, Profile, ResolveError, Target, resolve};
use sim_core::seccomp::syscalls::Abi;

use super::peak;

const ENGINES: [Engine; 6] =
    [Engine::NONE, Engine::DOCKER, Engine::PODMAN, Engine::RUNC, Engine::CRUN, Engine::YOUKI];

/// A profile that logs what these entries do not name.
fn profile(entries: &str) -> String {
    format!("{{\"defaultAction\": \"SCMP_ACT_LOG\",\n\"syscalls\": [\n{entries}]}}")
}

fn resolved(profile: &Profile, engine: Engine) -> Result<Policy, ResolveError> {
    resolve(profile, &Target::new(Abi::X86_64, engine))
}

/// What was read, with no more than so many bytes of memory for each byte of text.
fn read(text: &str, factor: usize) -> Result<Profile, String> {
    let (read, held) = peak(|| Profile::read(text));
    assert!(held <= factor * text.len() + 4096, "{held} bytes for a text of {}", text.len());
    if let Err(error) = &read {
        let lines = text.bytes().filter(|byte| *byte == b'\n').count();
        assert!((1..=lines + 1).contains(&(error.line as usize)) && error.column >= 1, "{error:.200}");
        assert!(error.to_string().len() < 1000, "an error repeats no more than a piece of the text");
    }
    read.map_err(|error| error.to_string())
}

#[test]
fn fifty_megabytes_are_refused_before_they_are_looked_at() {
    for text in ["[", "{\"names\": [\"read\"]},", "\u{1f600}"].map(|part| part.repeat(50_000_000 / part.len())) {
        let (refused, held) = peak(|| Profile::read(&text));
        assert_eq!((refused.unwrap_err().line, held < 1024), (1, true));
    }
    assert!(Profile::read(vec![0xff; 50_000_000]).is_err());
    assert!(Profile::read(" ".repeat(MAX_SIZE)).unwrap_err().message.contains("EOF"), "so much is read");
}

#[test]
fn a_million_rules_of_an_entry_each_are_too_long() {
    let rules = "{\"name\":\"a\",\"action\":\"SCMP_ACT_LOG\"},".repeat(1_000_000);
    assert!(read(&profile(&rules), 1).unwrap_err().contains("at most 16777216 bytes"));
}

#[test]
fn many_entries_are_read_and_resolved() {
    let entry = "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}";
    let text = profile(&vec![entry; 100_000].join(",\n"));
    let read = read(&text, 40).unwrap();
    assert_eq!(read.syscalls.last().unwrap().place.line, 100_002);
    for engine in ENGINES {
        let policy = resolved(&read, engine).unwrap();
        let shadowed = policy.notes.iter().filter(|note| matches!(note, Note::Shadowed(_))).count();
        assert_eq!((shadowed, policy.tables[0].calls.len()), (99_999, 1));
    }
}

#[test]
fn a_million_names_are_a_million_rules() {
    let names = |name: &str, count: usize| {
        let names = vec![format!("\"{name}\""); count].join(",");
        profile(&format!("{{\"names\":[{names}],\"action\":\"SCMP_ACT_KILL\"}}"))
    };
    let known = read(&names("read", 1_000_000), 24).unwrap();
    let unknown = read(&names("no_call", 100_000), 24).unwrap();
    let (policy, held) = peak(|| resolved(&known, Engine::DOCKER).unwrap());
    assert!(policy.notes.len() == 999_999 && held < 200 << 20, "{held} bytes");
    assert_eq!(resolved(&unknown, Engine::CRUN).unwrap().notes.len(), 100_000);
}

#[test]
fn names_times_conditions_are_bounded() {
    let names = vec!["\"read\""; 10_000].join(",");
    let conditions: Vec<_> =
        (0..1000).map(|value| format!("{{\"index\":0,\"value\":{value},\"op\":\"SCMP_CMP_EQ\"}}")).collect();
    let text = profile(&format!(
        "{{\"names\":[{names}],\n\"action\":\"SCMP_ACT_KILL\",\"args\":[{}]}}",
        conditions.join(",")
    ));
    let read = read(&text, 24).unwrap();
    for engine in [Engine::NONE, Engine::DOCKER, Engine::YOUKI] {
        let refused = resolved(&read, engine).unwrap_err();
        assert_eq!((refused.place.unwrap().line, refused.problem), (3, Problem::TooManyRules));
    }
    let (policy, held) = peak(|| resolved(&read, Engine::CRUN).unwrap());
    assert!(
        policy.tables[0].calls[0].rules.len() == 6 && held < 16 << 20,
        "crun looks at six conditions; {held} bytes"
    );
}

#[test]
fn a_hundred_thousand_conditions_on_one_call() {
    let condition =
        |value: usize| format!("{{\"index\":0,\"value\":{},\"op\":\"SCMP_CMP_NE\"}}", value.wrapping_mul(7919));
    let conditions = (0..100_000).map(condition).collect::<Vec<_>>().join(",\n");
    let entry =
        |more: &str| format!("{{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{conditions}{more}]}}");
    // The second rule begins with all conditions of the first.
    let text = profile(&format!("{},{}", entry(""), entry(",{\"index\":0,\"value\":7,\"op\":\"SCMP_CMP_LT\"}")));
    let read = read(&text, 24).unwrap();
    let all = resolved(&read, Engine::NONE).unwrap();
    assert_eq!(
        (all.tables[0].calls[0].rules.len(), all.notes.len()),
        (1, 1),
        "the first rule holds wherever the second does"
    );
    let split = resolved(&read, Engine::RUNC).unwrap();
    assert_eq!(split.tables[0].calls[0].rules.len(), 100_001);
    assert!(resolved(&read, Engine::CRUN).unwrap().tables[0].calls[0].rules.len() <= 6);
}

#[test]
fn huge_strings_are_kept_or_refused() {
    let huge = "x".repeat(4 << 20);
    let named = read(&profile(&format!("{{\"names\":[\"{huge}\"],\"action\":\"SCMP_ACT_KILL\"}}")), 3).unwrap();
    assert!(matches!(resolved(&named, Engine::DOCKER).unwrap().notes[..], [Note::UnknownName(_)]));
    for key in ["action", "op", "errnoRet", "args", "names"] {
        let entry = format!("{{\"names\":[\"read\"],\"{key}\":\"{huge}\"}}");
        assert!(read(&profile(&entry), 4).unwrap_err().starts_with("line 3, column "));
    }
    let twice = format!("{{\"{huge}\": 1, \"{huge}\": 2}}");
    assert_eq!(
        read(&twice, 4).unwrap_err(),
        format!("line 1, column 1: the key \"{}\" stands here twice", "x".repeat(80))
    );
    let escaped = format!("{{\"defaultAction\": \"{}\"}}", "\\ud83d\\ude00".repeat(1 << 18));
    assert!(read(&escaped, 4).unwrap_err().contains("an action is one of"));
}

#[test]
fn keys_that_stand_twice_are_found_among_many() {
    let keys: Vec<_> = (0..300_000).map(|number| format!("\"{number}\":0")).collect();
    let once = read(&format!("{{\"defaultAction\": \"SCMP_ACT_LOG\",\n{}}}", keys.join(",")), 24).unwrap();
    assert_eq!(once.unknown_keys.len(), 300_000);
    let twice = read(&format!("{{{},\"7\":0}}", keys.join(",")), 24).unwrap_err();
    assert_eq!(twice, "line 1, column 1: the key \"7\" stands here twice");
    let equal = read(&format!("{{{}}}", vec!["\"a\":0"; 300_000].join(",")), 24).unwrap_err();
    assert!(equal.contains("twice"));
}

#[test]
fn bombs_of_nesting_cost_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":[", "]}]")] {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        for inside in ["\"names\": [\"read\"], \"x\":", "\"args\":", "\"includes\":", "\"names\":"] {
            let closed = format!("{{{inside} {open}0{close}, \"action\": \"SCMP_ACT_KILL\"}}");
            let _ = read(&profile(&closed), 3);
            assert!(read(&profile(closed.split_at(closed.len() / 2).0), 3).is_err());
        }
    }
}

#[test]
fn numbers_beyond_their_width_are_refused() {
    let digits = "9".repeat(1 << 20);
    let numbers = ["18446744073709551616", "-1", "1.0", "1e3", "1e400", "1e-400", "NaN", "0x7", "01", &digits];
    for number in numbers {
        let entry = format!("{{\"names\":[\"read\"],\"args\":[{{\"value\":{number},\n\"index\":0,\"op\":0}}]}}");
        let error = read(&profile(&entry), 4).unwrap_err();
        assert!(error.starts_with("line 3, column "), "{number:.30}: {error}");
        assert!(
            read(&profile(&format!("{{\"names\":[\"read\"],\"errnoRet\":{number}}}")), 4).is_err(),
            "{number:.30}"
        );
    }
    let largest = "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":4294967295,\"args\":[{\"index\":5,\"op\":\"SCMP_CMP_EQ\",\"value\":18446744073709551615}]}";
    assert_eq!(read(&profile(largest), 40).unwrap().syscalls[0].args[0].value, u64::MAX);
}
