use alloc::vec::Vec;

use super::{Condition, Effect, Rule, Witness};

/// One report of the deciding code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A rule applied.
    Applied {
        /// The rule.
        rule: &'static Rule,
        /// What it did.
        effect: Effect,
    },
    /// A rule was tried and did not apply.
    NotApplied {
        /// The rule.
        rule: &'static Rule,
        /// The condition that failed.
        failed: Condition,
    },
}

impl Event {
    /// The rule that was tried.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::Applied { rule, .. } | Self::NotApplied { rule, .. } => rule,
        }
    }
}

/// A witness that keeps every report, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    events: Vec<Event>,
}

impl Trace {
    /// An empty trace.
    pub const fn new() -> Self {
        Self { events: Vec::new() }
    }

    /// Every report, in the order in which the rules were tried.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Takes over the reports of what happened next.
    pub fn append(&mut self, mut next: Self) {
        self.events.append(&mut next.events);
    }

    /// The rules that applied, each once, in order.
    pub fn applied_rules(&self) -> Vec<&'static Rule> {
        let mut rules = Vec::new();
        for event in &self.events {
            if let Event::Applied { rule, .. } = event
                && !rules.contains(rule)
            {
                rules.push(*rule);
            }
        }
        rules
    }
}

impl Witness for Trace {
    fn applied(&mut self, rule: &'static Rule, effect: Effect) {
        self.events.push(Event::Applied { rule, effect });
    }

    fn not_applied(&mut self, rule: &'static Rule, failed: Condition) {
        self.events.push(Event::NotApplied { rule, failed });
    }
}
