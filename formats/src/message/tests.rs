use std::collections::BTreeSet;

use super::*;

#[test]
fn every_example_is_of_its_row() {
    let mut wrong = Vec::new();
    for row in MESSAGES {
        assert!(!row.examples.is_empty() && !row.patterns.is_empty(), "{}", row.id);
        for example in row.examples {
            match failure_of(example) {
                Some((failure, _)) if failure.id == row.id => {}
                other => wrong.push(format!("{}: {example}: {:?}", row.id, other.map(|(failure, _)| failure.id))),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_call_is_one_of_the_format() {
    for row in MESSAGES.iter().filter(|row| row.call.is_some()) {
        let some =
            row.examples.iter().any(|example| read_message(example).is_some_and(|failure| failure.call.is_some()));
        assert!(some, "{}: none of its examples gives {:?}", row.id, row.call);
    }
}

#[test]
fn patterns_are_in_lower_case_and_ids_unique() {
    let mut ids = BTreeSet::new();
    for row in MESSAGES {
        assert!(ids.insert(row.id), "{} stands twice", row.id);
        assert!(row.about.ends_with('.'), "{}", row.id);
        for pattern in row.patterns {
            assert!(!pattern.starts_with('{') || pattern.starts_with("{path}"), "{pattern}");
            assert_eq!(*pattern, pattern.to_lowercase());
        }
    }
}
