//! Blocks between lines of ``` or ~~~, as Markdown has them.

use super::containers::Documents;
use super::{Cursor, Found, part};

/// Takes a block with its fences; what is in it is read by itself. One that is not closed goes on to the end.
pub(super) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(fence) = cursor.line().and_then(fence_of) else { return false };
    let language = cursor.line().map(|line| line.trim().trim_start_matches(['`', '~']).trim().to_ascii_lowercase());
    cursor.advance();
    let inner = cursor.clone();
    while let Some(line) = cursor.line() {
        if closes(line, fence) {
            break;
        }
        cursor.advance();
    }
    let block = inner.until(cursor);
    cursor.advance();
    let mut inner = Cursor::new(block, inner.number());
    let mut end = inner.clone();
    end.advance_bytes(block.len());
    let is_yaml = language.is_some_and(|language| language.starts_with("yaml") || language.starts_with("yml"));
    if !is_yaml || !Documents::take_block(&mut inner, &end, found) {
        part(&mut inner, found);
    }
    true
}

/// The character of a fence and how often it stands there.
fn fence_of(line: &str) -> Option<(char, usize)> {
    let text = line.trim_start();
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = text.trim_start_matches(mark);
    let count = text.len() - rest.len();
    (count >= 3 && !rest.contains('`')).then_some((mark, count))
}

fn closes(line: &str, (mark, count): (char, usize)) -> bool {
    let text = line.trim();
    text.len() >= count && text.chars().all(|c| c == mark)
}
