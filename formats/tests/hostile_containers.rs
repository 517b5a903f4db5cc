//! Texts about containers that are cut off, huge or made to cost much: each ends in an answer or an error with its place.
//!
//! Work is counted by what is held and found, not by a clock: work that grows with the square of the text would not end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may say what it expects")]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "texts are made as they read")]

use formats::container::{
    MAX_FINDINGS, MAX_TEXT, read_commands, read_compose, read_document, read_inspect, read_lists, read_oci_config,
    read_pods,
};
use formats::{Reading, Says};

type Reader = fn(&str) -> Reading;

const READERS: [(&str, Reader); 7] = [
    ("commands", read_commands),
    ("lists", read_lists),
    ("compose", read_compose),
    ("inspect", read_inspect),
    ("pods", read_pods),
    ("config", read_oci_config),
    ("document", read_document),
];

/// What `work` answers, and how many bytes it held at most at one time.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let mut answer = None;
    let measured = allocation_counter::measure(|| answer = Some(work()));
    (answer.unwrap(), usize::try_from(measured.bytes_max).unwrap())
}

/// Every place is one in the text, and nothing that is shown has control characters or is long.
fn check_places(text: &str, reading: &Reading) {
    let lines = text.split('\n').count();
    for misread in &reading.misread {
        assert!((1..=lines).contains(&misread.line) && misread.column >= 1, "{misread}");
        assert!(misread.message.len() < 1000 && !misread.message.chars().any(char::is_control), "{misread}");
    }
    for finding in &reading.findings {
        assert!(1 <= finding.line && finding.line <= finding.last_line && finding.last_line <= lines);
        for phrase in finding.recognised.iter().chain(&finding.assumed) {
            assert!(phrase.len() < 1000 && !phrase.chars().any(char::is_control), "{phrase:?}");
        }
    }
}

#[test]
fn more_than_is_read_is_refused_by_its_length() {
    let text = " ".repeat(MAX_TEXT + 1);
    for (name, read) in READERS {
        let (reading, held) = peak(|| read(&text));
        assert!(reading.findings.is_empty() && held < 10_000, "{name}: {held}");
        assert_eq!(reading.misread.len(), 1, "{name}");
    }
}

#[test]
fn ten_thousand_containers_are_all_read() {
    const COUNT: usize = 10_000;
    let containers: String = (0..COUNT)
        .map(|number| format!("  - name: c{number}\n    image: x\n    securityContext: {{runAsUser: {number}}}\n"))
        .collect();
    let services: String =
        (0..COUNT).map(|number| format!("  s{number}:\n    image: x\n    cap_add: [KILL]\n")).collect();
    let objects: Vec<_> =
        (0..COUNT).map(|number| format!("{{\"Name\": \"/c{number}\", \"HostConfig\": {{}}}}")).collect();
    let texts = [
        format!(
            "spec:\n  securityContext: {{fsGroup: 1, supplementalGroups: [1, 2, 3]}}\n  containers:\n{containers}"
        ),
        format!("services:\n{services}"),
        format!("[{}]", objects.join(",")),
        "kind: Pod\nspec: {containers: [{name: a}]}\n---\n".repeat(COUNT),
    ];
    for text in &texts {
        let reading = read_document(text);
        assert_eq!((reading.findings.len(), reading.misread.len()), (COUNT, 0));
        check_places(text, &reading);
    }
    let commands = "docker run --cap-add KILL x\n".repeat(COUNT);
    assert_eq!(read_commands(&commands).findings.len(), COUNT);
    let on_one_line = "docker run x;".repeat(COUNT);
    assert_eq!(read_commands(&on_one_line).findings.len(), COUNT);
}

#[test]
fn no_more_findings_than_the_bound() {
    let reading = read_lists(&"[KILL]\n".repeat(MAX_FINDINGS + 7));
    assert_eq!((reading.findings.len(), reading.misread.len()), (MAX_FINDINGS, 1));
    let reading = read_commands(&"docker run x\n".repeat(MAX_FINDINGS + 7));
    assert_eq!((reading.findings.len(), reading.misread.len()), (MAX_FINDINGS, 1));
    let reading = read_pods(&format!("containers:\n{}", "- {}\n".repeat(MAX_FINDINGS + 7)));
    assert_eq!((reading.findings.len(), reading.misread.len()), (MAX_FINDINGS, 1));
}

/// Nine aliases to the line above, thirty lines: written out it would be 9^30 words.
fn bomb(begin: &str) -> String {
    let mut text = format!("a0: &a0 {begin}\n");
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    text
}

#[test]
fn a_bomb_is_no_larger_than_its_text() {
    let lists = bomb("[KILL]");
    let items = bomb("{spec: {containers: [{name: x}]}}").replace('[', "{items: [").replace("]\n", "]}\n");
    let merges = (1..40).fold("m0: &m0 {x: y}\n".to_owned(), |text, level| {
        let below = level - 1;
        text + &format!("m{level}: &m{level} {{<<: [*m{below}, *m{below}, *m{below}]}}\n")
    });
    let texts = [
        format!("{lists}services:\n  x: {{image: y, cap_add: *a29, command: *a29, sysctls: *a29}}\n"),
        format!("{lists}spec: {{containers: [{{name: x, securityContext: {{capabilities: {{add: *a29}}}}}}]}}\n"),
        format!("{items}items: [*a29]\n"),
        format!("{merges}services:\n  x: *m39\n  y: {{<<: *m39, image: z}}\n"),
        format!("{lists}ociVersion: 1\nlinux: {{seccomp: *a29}}\n"),
    ];
    for text in texts {
        let (reading, held) = peak(|| read_document(&text));
        assert!(held < 4 << 20, "{held} bytes held for {}", text.len());
        assert!(reading.findings.len() <= 7_000, "{}", reading.findings.len());
        check_places(&text, &reading);
    }
}

#[test]
fn what_is_shared_by_many_is_read_within_a_bound() {
    // Half of the text is a list that each of many containers would read again.
    let many = 20_000;
    let text = format!(
        "a: &a [{}]\nservices:\n{}",
        "KILL, ".repeat(many),
        (0..many).map(|number| format!("  s{number}: {{image: x, cap_add: *a}}\n")).collect::<String>()
    );
    let (reading, held) = peak(|| read_compose(&text));
    assert!(held < 200 * text.len(), "{held} bytes for {}", text.len());
    assert!(reading.misread.iter().any(|misread| misread.message.contains("aliases")), "{:?}", reading.misread);
    let names = reading.findings.iter().map(|finding| match &finding.says {
        Says::Container(container) => container.runtime.cap_add.len(),
        other => panic!("{other:?}"),
    });
    assert!(names.sum::<usize>() < 64 * many);
    let groups = format!(
        "spec:\n  securityContext: {{supplementalGroups: [{}]}}\n  containers:\n{}",
        "1, ".repeat(many),
        "  - {name: x}\n".repeat(many)
    );
    let (reading, held) = peak(|| read_pods(&groups));
    assert!(held < 200 * groups.len(), "{held} bytes for {}", groups.len());
    check_places(&groups, &reading);
}

#[test]
fn texts_of_one_part_repeated_end_in_bounded_memory() {
    let parts = [
        "docker run ",
        "docker run -u \"",
        "docker run '",
        "docker run $(",
        "podman run \\\n",
        "docker run `",
        "[",
        "{",
        "]",
        "{\"a\":",
        "[1,",
        "\"",
        "\"a\":\"b\",",
        "- ",
        "? ",
        ": ",
        "a: ",
        "a:\n",
        "a: b\n",
        "&a ",
        "*a ",
        "!t ",
        "--- ",
        "---\n",
        "--- [\n",
        "--- \"\n",
        "# x\n",
        "|\n",
        "<<: ",
        "'",
        "%",
        "\t",
        "\r",
        "\r\n",
        "\n",
        " ",
        "\0",
        "\u{7}",
        "\u{1b}[31m",
        "\u{2028}",
        "\u{feff}",
        "é",
        "\u{10ffff}",
        "[KILL] ",
        "[KILL]\n",
        "services: {",
        "containers: [",
        "-p 1-65535 ",
        "x",
        "{}",
        "[]",
        "{[",
        "a: &a [*a]\n",
        "\\",
        "docker run -p 1-900 -p 1-900 x;",
    ];
    for part in parts {
        let text = part.repeat((1 << 15) / part.len());
        for (name, read) in READERS {
            let (reading, held) = peak(|| read(&text));
            assert!(held <= 400 * text.len(), "{name}: {held} bytes for {} of {part:?}", text.len());
            check_places(&text, &reading);
        }
    }
}

#[test]
fn deep_nesting_is_refused_with_its_place() {
    let deep = |open: &str, close: &str| open.repeat(200) + &close.repeat(200);
    for text in [deep("[", "]"), deep("{\"a\":", "}"), deep("- ", ""), deep("{a: ", "}"), deep("a: [", "]")] {
        let reading = read_document(&text);
        assert_eq!(reading.misread.len(), 1, "{text}");
        check_places(&text, &reading);
    }
    let fine = format!("x: {}\nservices: {{a: {{image: b}}}}\n", "[".repeat(100) + &"]".repeat(100));
    assert_eq!(read_document(&fine).findings.len(), 1);
}

#[test]
fn long_brackets_are_cut_off_before_they_are_kept() {
    let text = format!("services: {{a: {{image: b}}}}\nx: {{{}}}\n", "b: c, ".repeat(1 << 20));
    let (reading, held) = peak(|| read_document(&text));
    assert_eq!((reading.findings.len(), reading.misread.len()), (1, 1));
    assert_eq!((reading.misread[0].line, reading.misread[0].column), (2, 4));
    assert!(held < 1 << 20, "{held}");
}

#[test]
fn control_characters_are_not_handed_on() {
    let text = "services:\n  \"a\\e[31m\":\n    image: \"x\\a\\u202e\"\n    user: \"\\e\"\n    cap_add: [\"\\0\"]\n    ports: [\"\\b\"]\n";
    let reading = read_compose(text);
    assert_eq!((reading.findings.len(), reading.misread.len()), (1, 1));
    check_places(text, &reading);
    let Says::Container(container) = &reading.findings[0].says else { panic!() };
    assert_eq!(container.name.as_deref(), Some("a\\u{1b}[31m"));
    assert_eq!(container.image.as_deref(), Some("x\\u{7}\\u{202e}"));
    let command = "docker run --name \u{1b}[31m -u \u{7} --frob\u{1} --sysctl \u{2}=\u{3} -z\u{4} \u{5} \u{6}\n";
    check_places(command, &read_commands(command));
}

#[test]
fn every_beginning_of_a_text_is_borne() {
    let texts = [
        "kind: Pod\nmetadata: {name: 'x'}\nspec:\n  containers:\n  - name: \"é\\u00e9\"\n    securityContext: &a\n      capabilities: {add: [KILL]}\n  - *a\n---\nservices: {a: {image: b}}\n",
        "[{\"Name\": \"/é\\ud83d\\ude00\", \"HostConfig\": {\"CapAdd\": null, \"Privileged\": true}, \"Config\": {\"User\": \"1\"}}]",
        "$ sudo docker run -it -u \"$(id -u)\" --cap-add=KILL \\\n  é sh -c 'x; y' # z\n[KILL] [CHOWN]\n",
    ];
    for text in texts {
        for (end, _) in text.char_indices() {
            let begun = text.get(..end).unwrap();
            for (_, read) in READERS {
                check_places(begun, &read(begun));
            }
        }
    }
}

#[test]
fn twenty_megabytes_are_read_whole() {
    let pod = "kind: Pod\nspec:\n  containers:\n  - name: a\n    image: b\n    env:\n    - {name: LONG, value: \"VALUE\"}\n---\n";
    let pods = pod.replace("VALUE", &"x".repeat(20_000)).repeat(1_100);
    assert!(pods.len() > 20 << 20);
    let reading = read_document(&pods);
    assert_eq!((reading.findings.len(), reading.misread.len()), (1_100, 0));
    let log = "openat(AT_FDCWD, \"/etc/docker/daemon.json\", O_RDONLY) = 3\n".repeat(400_000);
    assert!(log.len() > 20 << 20);
    let (reading, held) = peak(|| read_commands(&log));
    assert!(reading == Reading::default() && held < 10_000, "{held}");
}
