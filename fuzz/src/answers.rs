use ::doctor::{Options, diagnose};

/// An answer to any text is bounded, names places in it, and lets no control character through.
pub fn doctor(bytes: &[u8]) {
    let options = Options { most_edits: 1, ..Options::default() };
    let diagnosis = diagnose(bytes, &options);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(
        diagnosis
            .recognised
            .iter()
            .all(|part| part.line >= 1 && part.line <= part.last_line && part.last_line <= lines)
    );
    assert!(diagnosis.misread.iter().all(|unread| unread.line >= 1 && unread.column >= 1));
    let markdown = diagnosis.markdown();
    assert!(!markdown.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{markdown:?}");
    for case in &diagnosis.cases {
        assert!(!case.verdict.is_empty() && case.link.starts_with(&options.playground), "{case:?}");
        // Whatever is proposed was simulated.
        assert!(case.fixes.iter().all(|fix| !fix.commands.is_empty()), "{case:?}");
    }
}
