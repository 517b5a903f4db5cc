use sim_core::capability::{CapSet, Capability};

/// The arguments of a call as strace prints them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arguments<'a>(pub(super) &'a [String]);

impl<'a> Arguments<'a> {
    /// One of them; empty if it is not there.
    pub(super) fn text(self, index: usize) -> &'a str {
        self.0.get(index).map_or("", String::as_str)
    }

    /// A number, whatever strace writes behind it.
    pub(super) fn number(self, index: usize) -> Option<i64> {
        number(self.text(index))
    }

    /// An id as a program passes it: -1 is 4294967295.
    pub(super) fn id(self, index: usize) -> Option<u32> {
        let number = self.number(index)?;
        u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
    }

    /// The names of flags.
    pub(super) fn names(self, index: usize) -> impl Iterator<Item = &'a str> {
        self.text(index).split('|').map(str::trim)
    }

    /// Whether a flag is among them.
    pub(super) fn has(self, index: usize, name: &str) -> bool {
        self.names(index).any(|flag| flag == name)
    }

    /// A string, which strace has not cut.
    pub(super) fn string(self, index: usize) -> Option<String> {
        let bytes = bytes(self.text(index))?;
        String::from_utf8(bytes).ok()
    }

    /// A field of a structure, as `80` of `{sin_port=htons(80), …}` for `sin_port=htons(`.
    pub(super) fn field(self, index: usize, begins: &str) -> Option<&'a str> {
        field(self.text(index), begins)
    }
}

/// What stands behind `begins`, up to the end of the field.
pub(super) fn field<'a>(text: &'a str, begins: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begins)?;
    Some(rest.split([',', '}', ')', ']']).next().unwrap_or_default().trim())
}

/// A number as strace writes it, perhaps with a product (`8192*1024`), a path or a comment.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.split(" /*").next()?.trim();
    let text = text.split('<').next()?;
    if text == "NULL" {
        return Some(0);
    }
    if let Some((one, other)) = text.split_once('*') {
        return number(one)?.checked_mul(number(other)?);
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let magnitude = match (digits.strip_prefix("0x"), digits.strip_prefix('0')) {
        (Some(hex), _) => i64::from_str_radix(hex, 16),
        (None, Some(octal)) if !octal.is_empty() => i64::from_str_radix(octal, 8),
        _ => digits.parse(),
    };
    Some(sign * magnitude.ok()?)
}

/// The bytes of a string as strace quotes it; nothing if it is none, or was cut.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::new();
    let mut rest = inside.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 11,
            b'f' => 12,
            b'x' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            first @ b'0'..=b'7' => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    if let Some(digit @ b'0'..=b'7') = rest.peek().copied() {
                        value = value * 8 + u32::from(digit - b'0');
                        rest.next();
                    }
                }
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
    Some(bytes)
}

/// A set as capset and capget show it: `1<<CAP_CHOWN|1<<CAP_KILL`, `0`, or a number.
pub(super) fn set(text: &str) -> Option<CapSet> {
    let mut set = CapSet::EMPTY;
    for part in text.split('|').map(str::trim) {
        set |= match part.strip_prefix("1<<") {
            Some(name) => {
                let numbered = || Capability::from_number(u8::try_from(number(name)?).ok()?);
                Capability::from_name(name).or_else(numbered)?.into()
            }
            None => CapSet::from_bits(number(part)?.cast_unsigned()),
        };
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::{bytes, number, set};

    #[test]
    fn numbers_strings_and_sets() {
        for (text, value) in [
            ("80", Some(80)),
            ("-1", Some(-1)),
            ("0x10", Some(16)),
            ("0755", Some(493)),
            ("0", Some(0)),
            ("8192*1024", Some(8_388_608)),
            ("3</etc/motd>", Some(3)),
            ("0x8 /* PER_LINUX32 */", Some(8)),
            ("NULL", Some(0)),
            ("", None),
            ("CAP_KILL", None),
            ("9223372036854775807*9", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
        assert_eq!(bytes(r#""\1\0\0\2a\x41\"\\\n\777""#), None);
        assert_eq!(
            bytes(r#""\1\0\0\2a\x41\"\\\n\3779""#).unwrap(),
            [1, 0, 0, 2, b'a', b'A', b'"', b'\\', 10, 255, b'9']
        );
        for text in ["", "\"", "\"abc\"...", "\"\\", "\"\\x4\"", "0x7ffd"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        let bits = |text| set(text).map(sim_core::capability::CapSet::bits);
        assert_eq!(bits("1<<CAP_CHOWN|1<<CAP_KILL|1<<0x29"), Some(0x200_0000_0021));
        assert_eq!((bits("0"), bits("0xff"), bits("1<<64"), bits("1<<CAP_X")), (Some(0), Some(255), None, None));
    }
}
