//! Filters and capabilities as text.

use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::text::{MAX_TEXT, MAX_WORDS, TextError, TextFault, assemble, read, read_c_array, read_hex};
use sim_core::text::CapText;

use super::peak;

type Reader = fn(&str) -> Result<(), TextError>;

const READERS: [Reader; 3] = [
    |text| read(text, ByteOrder::Little).map(drop),
    |text| read_c_array(text).map(drop),
    |text| read_hex(text, None).map(drop),
];

#[test]
fn rubbish_is_refused_with_its_place() {
    let parts = [
        "(",
        ")",
        "{",
        "}",
        "~",
        ",",
        "0x",
        "\\x",
        "\"",
        "\n",
        ":",
        "a:",
        "a: b:",
        "0000: ",
        "#",
        "/*",
        "//",
        "=",
        "|",
        "<<",
        "é",
        "\u{1f600}",
        "\0",
        "\u{2028}",
        "BPF_STMT(",
        "{ .code = ",
        "(unsigned ",
        "if (",
        "return ",
        "mem[",
        "1+",
        "ffff,",
        "99999999999999999999 ",
        "offsetof(struct seccomp_data, ",
    ];
    for part in parts {
        let text = part.repeat((1 << 16) / part.len());
        for (index, reader) in READERS.iter().enumerate() {
            let (answer, held) = peak(|| reader(&text));
            assert!(held <= 72 * text.len() + 4096, "{held} bytes for {} of {part:?} in {index}", text.len());
            if let Err(error) = answer {
                let line = text.lines().nth(error.line - 1).unwrap_or_default();
                assert!((1..=line.chars().count() + 1).contains(&error.column), "{part:?} in {index}: {error}");
                assert!(error.to_string().len() < 1000);
            }
        }
    }
}

#[test]
fn words_and_bytes_are_bounded() {
    let words = "; ".repeat(MAX_WORDS + 1);
    let column = 2 * MAX_WORDS + 1;
    for reader in [|text: &str| read(text, ByteOrder::Little), read_c_array] {
        let (refused, held) = peak(|| reader(&words).unwrap_err());
        assert_eq!(
            (refused.column, refused.fault),
            (column, TextFault::TooMuch { what: "words and signs", max: MAX_WORDS })
        );
        assert!(held < 100 << 20, "{held} bytes");
    }
    let long = " ".repeat(MAX_TEXT + 1);
    for reader in READERS {
        let (refused, held) = peak(|| reader(&long).unwrap_err());
        assert_eq!((refused.line, refused.fault), (1, TextFault::TooMuch { what: "bytes of text", max: MAX_TEXT }));
        assert_eq!(held, 0);
    }
}

#[test]
fn lines_and_labels_are_bounded() {
    let error = read(&"return ALLOW\n".repeat(65_536), ByteOrder::Little).unwrap_err();
    assert_eq!(
        (error.line, error.fault.to_string().as_str()),
        (65_536, "there is too much: at most 65535 instructions")
    );
    let labels = (0..100_000).map(|number| format!("l{number}: ")).collect::<Vec<_>>().concat();
    assert_eq!(assemble(&format!("goto l99999\n{labels}return ALLOW")).unwrap().instructions().len(), 2);
    let error = assemble(&format!("{labels}l7: return ALLOW")).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 788891: the label l7 stands twice");
}

#[test]
fn long_capability_texts_are_read() {
    let text = "cap_kill,cap_chown=eip-e+e ".repeat(40_000);
    let (read, held) = peak(|| text.parse::<CapText>());
    assert_eq!((read.unwrap().to_string().as_str(), held), ("cap_chown,cap_kill=eip", 0));
    let error = format!("{text}é").parse::<CapText>().unwrap_err();
    assert_eq!(error.to_string(), "character 1080001: 'é' cannot stand here");
}
