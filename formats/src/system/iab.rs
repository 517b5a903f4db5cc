//! The text of an inheritable, ambient and bounding tuple, as cap_iab(3) has it: `!cap_chown,^cap_net_raw,cap_kill`.

use sim_core::capability::{CapSet, Capability};
use sim_core::scenario::Process;

use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// The three sets; that of blocked ones is what is taken out of the bounding set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Iab {
    pub(crate) inheritable: CapSet,
    pub(crate) ambient: CapSet,
    pub(crate) blocked: CapSet,
}

impl Iab {
    /// Reads the text: `!` takes out of the bounding set, `^` raises in the ambient and inheritable set, `%` or nothing in
    /// the inheritable one. The word that is no capability is the error.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        let mut iab = Self::default();
        for word in text.trim().split(',').filter(|word| !word.is_empty()) {
            let name = word.trim_start_matches(['!', '^', '%']);
            let (signs, _) = word.split_at_checked(word.len() - name.len()).unwrap_or(("", word));
            let capability = match name.strip_prefix("cap_") {
                Some(_) => Capability::from_name(name),
                None => name.parse().ok().and_then(Capability::from_number),
            };
            let set = CapSet::from(capability.ok_or_else(|| word.to_owned())?);
            if signs.contains('!') {
                iab.blocked |= set;
            }
            if signs.contains('^') {
                iab.ambient |= set;
            }
            if signs.is_empty() || signs.contains(['%', '^']) {
                iab.inheritable |= set;
            }
        }
        Ok(iab)
    }

    /// Says it of a process.
    pub(crate) fn apply(self, process: &mut Process) {
        let all = CapSet::up_to(Capability::LAST_NAMED);
        process.inheritable = Some(self.inheritable.into());
        process.ambient = Some(self.ambient.into());
        if !self.blocked.is_empty() {
            process.bounding = Some((all - self.blocked).into());
        }
    }
}

/// Takes a line that is such a text and nothing else, with a sign in it.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(text) = cursor.line().map(str::trim) else { return false };
    let text = text.strip_prefix("IAB:").unwrap_or(text).trim();
    let is_word =
        |word: &str| word.trim_start_matches(['!', '^', '%']).starts_with("cap_") && !word.contains([' ', '=']);
    if !text.contains(['!', '^', '%']) || text.len() > 4096 || !text.split(',').all(is_word) {
        return false;
    }
    let number = cursor.number();
    match Iab::of(text) {
        Ok(iab) => {
            let mut process = Process::default();
            iab.apply(&mut process);
            found.push(Finding {
                line: number,
                last_line: number,
                form: TextForm::Iab,
                says: Says::Process(Box::new(process)),
                recognised: vec![text.chars().take(300).collect()],
                assumed: Vec::new(),
            });
        }
        Err(word) => found.misread_at(
            number,
            1,
            format!("{word:?} is no capability; write !cap_chown, ^cap_kill or cap_setuid"),
        ),
    }
    cursor.advance();
    true
}
