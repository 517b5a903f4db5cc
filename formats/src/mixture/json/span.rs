//! How far a value of JSON goes, and which keys its object has; in one pass and without keeping the value.

/// The deepest nesting that is followed.
const DEEPEST: usize = 128;
/// So many keys of the outermost object are remembered.
const MOST_KEYS: usize = 64;

/// A value of JSON at the beginning of a text.
#[derive(Debug, Default)]
pub(super) struct Span {
    /// Where it ends, in bytes; where it breaks off, if it is not whole.
    pub(super) end: usize,
    /// Where it breaks off, and why.
    pub(super) fault: Option<(usize, &'static str)>,
    /// The keys of the outermost object; of the first one in a list.
    pub(super) keys: Vec<String>,
    /// Whether it is a list.
    pub(super) is_list: bool,
}

impl Span {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut scan = Scan { text, at: 0, open: Vec::new(), span: Self::default() };
        scan.span.is_list = text.first() == Some(&b'[');
        if let Err(message) = scan.value() {
            scan.span.fault = Some((scan.at, message));
        }
        scan.span.end = scan.at;
        scan.span
    }
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    /// The closing brackets that are awaited.
    open: Vec<u8>,
    span: Span,
}

type Scanned<T = ()> = Result<T, &'static str>;

impl Scan<'_> {
    /// A value with all that is in it.
    fn value(&mut self) -> Scanned {
        loop {
            self.blank();
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    if self.open.len() >= DEEPEST {
                        return Err("JSON nested deeper than 128 levels is not read");
                    }
                    self.open.push(if bracket == b'{' { b'}' } else { b']' });
                    self.blank();
                    if self.peek() == self.open.last().copied() {
                        self.at += 1;
                        self.open.pop();
                    } else {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'"') => self.string().map(|_| ())?,
                Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.word()?,
                None => return Err("the JSON ends here, before its closing bracket"),
                Some(_) => return Err("no value of JSON begins here"),
            }
            if !self.behind_a_value()? {
                return Ok(());
            }
        }
    }

    /// Closing brackets and a comma; whether another value follows.
    fn behind_a_value(&mut self) -> Scanned<bool> {
        while let Some(awaited) = self.open.last().copied() {
            self.blank();
            match self.peek() {
                Some(byte) if byte == awaited => {
                    self.at += 1;
                    self.open.pop();
                }
                Some(b',') => {
                    self.at += 1;
                    self.blank();
                    return self.key().map(|()| true);
                }
                None => return Err("the JSON ends here, before its closing bracket"),
                Some(_) if awaited == b'}' => return Err("`,` or `}` was expected here"),
                Some(_) => return Err("`,` or `]` was expected here"),
            }
        }
        Ok(false)
    }

    /// In an object a key and its colon; nothing in a list.
    fn key(&mut self) -> Scanned {
        if self.open.last() != Some(&b'}') {
            return Ok(());
        }
        if self.peek().is_none() {
            return Err("the JSON ends here, before its closing bracket");
        }
        if self.peek() != Some(b'"') {
            return Err("a key in quotation marks was expected here");
        }
        let (start, end) = self.string()?;
        let is_outermost = self.open.as_slice() == b"}" || self.open.as_slice() == b"]}";
        if is_outermost && self.span.keys.len() < MOST_KEYS && end - start <= 64 {
            let key = self.text.get(start..end).unwrap_or_default();
            self.span.keys.push(String::from_utf8_lossy(key).into_owned());
        }
        self.blank();
        match self.peek() {
            Some(b':') => self.at += 1,
            None => return Err("the JSON ends here, before its closing bracket"),
            Some(_) => return Err("`:` was expected here"),
        }
        Ok(())
    }

    /// A string; where its text begins and ends.
    fn string(&mut self) -> Scanned<(usize, usize)> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(b'\n') | None => return Err("the closing quotation mark is missing before here"),
                Some(_) => self.at += 1,
            }
            self.at = self.at.min(self.text.len());
        }
        self.at += 1;
        Ok((start, self.at - 1))
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Scanned {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
        let word = rest.get(..length).unwrap_or_default();
        let is_number = word.first().is_some_and(|byte| !byte.is_ascii_alphabetic())
            && word.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
        if !is_number && ![b"true".as_slice(), b"false", b"null"].contains(&word) {
            return Err("no value of JSON begins here");
        }
        self.at += length;
        Ok(())
    }

    fn blank(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> (usize, Option<usize>) {
        let span = Span::of(text.as_bytes());
        (span.end, span.fault.map(|(at, _)| at))
    }

    #[test]
    fn a_value_ends_where_it_is_closed() {
        for text in [r"{}", r"[]", r#"{"a":[1,-2.5e3,{"b":null}],"c":"}\"]"}"#, "[\n{ \"x\" : true } ,[ ]\n]"] {
            assert_eq!(span(&format!("{text} and prose }}")), (text.len(), None), "{text}");
        }
        let keys = Span::of(br#"[{"Id": 1, "Config": {"User": ""}}, {"x": 1}]"#).keys;
        assert_eq!(keys, ["Id", "Config", "x"]);
    }

    #[test]
    fn a_broken_value_has_a_place() {
        for (text, at) in [
            ("{\"a\": [1, 2", 11),
            ("{\"a\" 1}", 5),
            ("{\"a\": 1,\nprose", 9),
            ("{\"a\": \"x\ny\"}", 8),
            ("{\"a\": tru}", 6),
            ("{\"a\": 1]", 7),
            ("{\"a\\", 4),
            ("[1,]", 3),
            ("{", 1),
        ] {
            assert_eq!(span(text), (at, Some(at)), "{text}");
        }
        let deep = "[".repeat(200);
        assert_eq!(span(&deep).1, Some(129));
    }
}
