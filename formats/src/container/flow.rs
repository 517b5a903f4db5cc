//! How long a list or mapping in brackets is. The parser of YAML keeps all of one before it tells of its beginning, so
//! one that is too long is cut off before it is parsed.

/// The longest list or mapping in brackets of a YAML text, in bytes: 1 MiB.
pub(super) const MAX_FLOW: usize = 1 << 20;

/// The byte at which the text is to be cut, because what stands in brackets there is too long.
pub(super) fn too_long(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut begin = 0;
    let mut depth = 0_usize;
    let mut before = b'\n';
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if depth > 0 && at - begin > MAX_FLOW {
            return Some(begin);
        }
        let is_blank = |byte: u8| byte.is_ascii_whitespace();
        let begins_word = is_blank(before) || b"[{,:".contains(&before);
        match byte {
            b'#' if is_blank(before) => at = end_of_line(bytes, at),
            b'[' | b'{' if depth > 0 || begins_word => {
                begin = if depth == 0 { at } else { begin };
                depth += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' if depth > 0 && begins_word => at = end_of_quote(bytes, at, begin + MAX_FLOW),
            // Neither `- ` at the beginning of a line nor `---` can stand in brackets: these were none.
            b'-' if depth > 0
                && begins_line(bytes, at)
                && bytes.get(at + 1).is_some_and(|next| b" \t\r\n-".contains(next)) =>
            {
                depth = 0;
            }
            _ => {}
        }
        before = bytes.get(at).copied().unwrap_or(b'\n');
        at += 1;
    }
    None
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end)
}

/// The quote that ends the one here; where none comes up to `limit`, that.
fn end_of_quote(bytes: &[u8], at: usize, limit: usize) -> usize {
    let quote = bytes.get(at).copied().unwrap_or(b'"');
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end).copied().filter(|byte| *byte != quote && end <= limit) {
        end += if byte == b'\\' && quote == b'"' { 2 } else { 1 };
    }
    end
}

fn begins_line(bytes: &[u8], at: usize) -> bool {
    let near = bytes.get(at.saturating_sub(256)..at).unwrap_or_default();
    near.iter().rev().find(|byte| **byte != b' ').is_none_or(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::{MAX_FLOW, too_long};

    #[test]
    fn only_what_is_in_brackets_and_long_is_cut() {
        let long = "x, ".repeat(MAX_FLOW / 2);
        let cut = |before: &str, after: &str| too_long(&format!("{before}{long}{after}"));
        assert_eq!(cut("a: [", "]"), Some(3));
        assert_eq!(cut("a: [b]\nc: [[], {a: \"]\"}, ", "]"), Some(10));
        assert_eq!(cut("a: [ # ]\n", "]"), Some(3));
        assert_eq!(cut("a: [\"\\\"]\", ", "]"), Some(3));
        for before in ["", "a[", "a: [b]\n", "a: '[' is b\nc: [\n- ", "# [\n", "a: [b\n---\n"] {
            assert_eq!(cut(before, ""), None, "{before}");
        }
    }
}
