//! Which rows the table of capabilities has: alike ones share a row unless each is asked for.

use sim_core::capability::{CapSet, Capability};

/// What a capability looks like in every set that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sets {
    /// Permitted, effective, inheritable, bounding, ambient before the step.
    pub(crate) before: [CapSet; 5],
    /// The file's permitted and inheritable set.
    pub(crate) file: [CapSet; 2],
    /// The five after the step.
    pub(crate) after: [CapSet; 5],
}

/// How many rows may be alike before they share one.
const FEW: usize = 3;

/// One row of the table: one capability, or several that are alike.
pub(crate) type Row = Vec<Capability>;

impl Sets {
    fn union(&self) -> CapSet {
        self.before.iter().chain(&self.file).chain(&self.after).fold(CapSet::EMPTY, |all, set| all | *set)
    }

    fn pattern(&self, capability: Capability) -> u16 {
        let sets = self.before.iter().chain(&self.file).chain(&self.after);
        sets.fold(0, |bits, set| bits << 1 | u16::from(set.contains(capability)))
    }

    /// Every capability that the kernel knows or any set holds, a row each.
    pub(crate) fn every_row(&self, known: CapSet) -> Vec<Row> {
        (known | self.union()).iter().map(|capability| vec![capability]).collect()
    }

    /// A row for each in `focus` and for each that is not like many others; then the others that some set holds.
    pub(crate) fn rows_of_interest(&self, focus: CapSet) -> Vec<Row> {
        let mut alike: Vec<(u16, Row)> = Vec::new();
        for capability in self.union() - focus {
            let pattern = self.pattern(capability);
            match alike.iter_mut().find(|(known, _)| *known == pattern) {
                Some((_, row)) => row.push(capability),
                None => alike.push((pattern, vec![capability])),
            }
        }
        let (many, few): (Vec<_>, Vec<_>) = alike.into_iter().partition(|(_, row)| row.len() > FEW);
        let single = few.into_iter().flat_map(|(_, row)| row).fold(focus, |all, capability| all | capability.into());
        single.into_iter().map(|capability| vec![capability]).chain(many.into_iter().map(|(_, row)| row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Sets;
    use sim_core::capability::{CapSet, Capability};

    #[test]
    fn alike_rows_are_one_and_the_focus_stands_alone() {
        let bounding = CapSet::from_bits(0x8004_05fb);
        let mut sets = Sets { file: [CapSet::from_bits(0x400), CapSet::EMPTY], ..Sets::default() };
        sets.before[3] = bounding;
        sets.after[3] = bounding;
        let rows = sets.rows_of_interest(CapSet::EMPTY);
        let shape: Vec<_> = rows.iter().map(Vec::len).collect();
        assert_eq!(shape, [1, 10]);
        assert_eq!(rows[0], [Capability::NET_BIND_SERVICE]);
        let with_focus = sets.rows_of_interest(Capability::KILL.into());
        assert_eq!(with_focus.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 9]);
        assert_eq!(with_focus[0], [Capability::KILL]);
    }

    #[test]
    fn every_row_has_those_that_are_held_but_unknown_too() {
        let unknown = Capability::from_number(50).unwrap();
        let sets = Sets { file: [unknown.into(), CapSet::EMPTY], ..Sets::default() };
        assert_eq!(sets.every_row(CapSet::up_to(Capability::LAST_NAMED)).len(), 42);
        assert_eq!(Sets::default().rows_of_interest(CapSet::EMPTY), Vec::<super::Row>::new());
    }
}
