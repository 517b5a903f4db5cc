use sim_core::seccomp::check::Argument;

use super::constants::constant;

/// How the list of arguments ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End<'a> {
    /// With its parenthesis; what is behind it.
    Closed(&'a str),
    /// `<unfinished ...>`
    Unfinished,
    /// It does not end.
    Open,
}

/// More than a call has; clone with names and `socketcall` decoded stay below.
const MOST: usize = 16;

/// Splits what is behind the opening parenthesis at its commas. What is in brackets, strings, comments and paths behind
/// descriptors stays together.
pub(super) fn arguments(text: &str) -> (Vec<String>, End<'_>) {
    let mut found = Vec::new();
    let (mut depth, mut from, mut paths) = (0_usize, 0, true);
    let add = |found: &mut Vec<String>, from: usize, to: usize| {
        let argument = text.get(from..to).unwrap_or_default().trim();
        if !argument.is_empty() && found.len() < MOST {
            found.push(argument.to_owned());
        }
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        match byte {
            b'"' => at += string(rest),
            b'/' if rest.starts_with("/*") => at += rest.find("*/").map_or(rest.len(), |end| end + 1),
            b'<' if rest.starts_with("<unfinished ...>") || rest.starts_with("<detached ...>") => {
                add(&mut found, from, at);
                return (found, End::Unfinished);
            }
            b'<' if paths && at > from && rest.get(1..2) != Some("<") => match path(rest) {
                Some(length) => at += length,
                // Where one does not end, none behind it does.
                None => paths = false,
            },
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                add(&mut found, from, at);
                return (found, End::Closed(text.get(at + 1..).unwrap_or_default()));
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                add(&mut found, from, at);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    (found, End::Open)
}

/// The offset of the quotation mark that ends a string.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// The offset of the bracket that ends the path behind a descriptor, as in `3<TCP:[10.0.0.1:22->10.0.0.2:40]>`.
fn path(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let ends = |at: usize| {
        let closes = bytes.get(at) == Some(&b'>') && bytes.get(at - 1) != Some(&b'-');
        closes && matches!(bytes.get(at + 1), None | Some(b',' | b')' | b']' | b'}' | b' ' | b'(' | b'|' | b'>'))
    };
    (1..bytes.len()).find(|&at| ends(at))
}

/// What is known of a value, and whether names were translated for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) argument: Argument,
    pub(super) named: bool,
}

/// The value of an argument: a number, names of flags, or what is not known.
pub(super) fn value(text: &str) -> Value {
    let (mut sum, mut named, mut half) = (0_u64, false, false);
    for part in text.split('|') {
        let Some(found) = part_value(part.trim()) else {
            return Value { argument: Argument::Unknown, named: false };
        };
        named |= found.named;
        match found.argument {
            Argument::Known(value) => sum |= value,
            Argument::LowerHalf(value) => (sum, half) = (sum | u64::from(value), true),
            Argument::Unknown => return Value { argument: Argument::Unknown, named: false },
        }
    }
    let lower = u32::try_from(sum & 0xffff_ffff).unwrap_or_default();
    Value { argument: if half { Argument::LowerHalf(lower) } else { Argument::Known(sum) }, named }
}

fn part_value(part: &str) -> Option<Value> {
    let plain = |argument: Argument| Some(Value { argument, named: false });
    // `-X verbose` writes the name behind the number, and a descriptor's path stands there too.
    let part = part.split(" /*").next().unwrap_or_default();
    let part = match part.find('<') {
        Some(at) if part.ends_with('>') => part.get(..at).unwrap_or_default(),
        _ => part,
    };
    if part == "NULL" {
        return plain(Argument::Known(0));
    }
    if let Some(digits) = part.strip_prefix('-') {
        // Of a negative number the program may have set the lower half of the register only.
        let value = digits.parse::<i64>().ok()?.checked_neg()?;
        return plain(match i32::try_from(value) {
            Ok(value) => Argument::LowerHalf(value.cast_unsigned()),
            Err(_) => Argument::Known(value.cast_unsigned()),
        });
    }
    if part.starts_with(|c: char| c.is_ascii_digit()) {
        return plain(Argument::Known(number(part)?));
    }
    if part == "AT_FDCWD" {
        return plain(Argument::LowerHalf((-100_i32).cast_unsigned()));
    }
    constant(part).map(|value| Value { argument: Argument::Known(value), named: true })
}

/// A number as in C: decimal, `0x…`, or octal with a leading 0.
fn number(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0') {
        Some("") => Some(0),
        Some(digits) => u64::from_str_radix(digits, 8).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{End, arguments, value};
    use sim_core::seccomp::check::Argument::{self, Known, LowerHalf, Unknown};

    #[test]
    fn lists_are_split_at_their_commas() {
        let split = |text: &str, parts: &[&str], behind: &str| {
            let (found, end) = arguments(text);
            assert_eq!((found, end), (parts.iter().map(|&part| part.to_owned()).collect(), End::Closed(behind)));
        };
        split(") = 0", &[], " = 0");
        split("3, \"a, \\\"b)\", {x=1, y=[2, 3]}) = 0", &["3", "\"a, \\\"b)\"", "{x=1, y=[2, 3]}"], " = 0");
        split(
            "[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 5",
            &["[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]", "0", "NULL"],
            " = 5",
        );
        split("3</tmp/a, b)c>, 1) = 0", &["3</tmp/a, b)c>", "1"], " = 0");
        split("3<TCP:[1.2.3.4:5->6.7.8.9:10]>, 1) = 0", &["3<TCP:[1.2.3.4:5->6.7.8.9:10]>", "1"], " = 0");
        split("{effective=1<<CAP_CHOWN|1<<CAP_KILL}) = 0", &["{effective=1<<CAP_CHOWN|1<<CAP_KILL}"], " = 0");
        split("0x7ffd /* 35, vars) */, 2) = 0", &["0x7ffd /* 35, vars) */", "2"], " = 0");
        assert_eq!(arguments("-1,  <unfinished ...>"), (vec!["-1".to_owned()], End::Unfinished));
        for open in ["", "3, \"abc", "[1, 2", "1 /* "] {
            assert_eq!(arguments(open).1, End::Open, "{open}");
        }
    }

    #[test]
    fn values_are_numbers_names_or_not_known() {
        let plain: [(&str, Argument); 14] = [
            ("NULL", Known(0)),
            ("0", Known(0)),
            ("0644", Known(0o644)),
            ("0x20008", Known(0x20008)),
            ("0x8 /* PER_LINUX32 */|0x20000 /* UNAME26 */", Known(0x20008)),
            ("18446744073709551615", Known(u64::MAX)),
            ("-1", LowerHalf(u32::MAX)),
            ("-4294967297", Known(0xffff_fffe_ffff_ffff)),
            ("3</etc/motd>", Known(3)),
            ("AT_FDCWD</tmp>", LowerHalf(0xffff_ff9c)),
            ("\"text\"", Unknown),
            ("{a=1}", Unknown),
            ("1x", Unknown),
            ("O_RDONLY|O_NOBODY_KNOWS", Unknown),
        ];
        for (text, argument) in plain {
            let found = value(text);
            assert_eq!((found.argument, found.named), (argument, false), "{text}");
        }
        for (text, number) in [
            ("PER_LINUX32|UNAME26", 0x20008),
            ("CLONE_NEWNS|CLONE_NEWUSER", 0x1002_0000),
            ("CLONE_VM|0x1", 0x101),
            ("AF_VSOCK", 40),
        ] {
            let found = value(text);
            assert_eq!((found.argument, found.named), (Known(number), true), "{text}");
        }
    }
}
