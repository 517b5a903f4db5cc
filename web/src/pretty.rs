//! JSON with a line for each value.

/// Breaks compact JSON into lines as serde_json's pretty printer does, which would be a second copy of everything that
/// writes a scenario.
pub(crate) fn pretty(compact: &str) -> String {
    let mut lines = String::with_capacity(compact.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    let mut characters = compact.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if in_string => {
                in_string = escaped || character != '"';
                escaped = !escaped && character == '\\';
                lines.push(character);
            }
            '{' | '[' => {
                lines.push(character);
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    lines.push(end);
                } else {
                    depth += 1;
                    begin_line(&mut lines, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                begin_line(&mut lines, depth);
                lines.push(character);
            }
            ',' => {
                lines.push(character);
                begin_line(&mut lines, depth);
            }
            ':' => lines.push_str(": "),
            _ => {
                in_string = character == '"';
                lines.push(character);
            }
        }
    }
    lines
}

fn begin_line(lines: &mut String, depth: usize) {
    lines.push('\n');
    for _ in 0..depth {
        lines.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use sim_core::scenario::{Loaded, Options};

    use super::pretty;
    use crate::gallery::gallery;

    #[test]
    fn every_exhibit_is_written_as_serde_json_does() {
        for exhibit in gallery() {
            let scenario = Loaded::read(exhibit.text(), &Options::default()).unwrap().scenario;
            let lines = pretty(&serde_json::to_string(&scenario).unwrap());
            assert_eq!(lines, serde_json::to_string_pretty(&scenario).unwrap(), "{}", exhibit.slug);
        }
    }

    #[test]
    fn what_stands_in_strings_stays() {
        let value = serde_json::json!({ "a{[:,]}": ["\"{", "\\", [], {}, 1.5, null], "\\\"": { "é": "," } });
        assert_eq!(pretty(&value.to_string()), serde_json::to_string_pretty(&value).unwrap());
    }
}
