use alloc::vec::Vec;

use super::Undecided;
use super::diagram::{Answers, Calls, Diagram};
use super::word::{Bit, Test, Word};
use crate::seccomp::profile::{Condition, Operator, Policy, Reason, Rule};
use crate::seccomp::{Architecture, SeccompData};

impl Diagram {
    /// The answers of a policy.
    ///
    /// ```
    /// use sim_core::seccomp::compile::compile;
    /// use sim_core::seccomp::preset::Preset;
    /// use sim_core::seccomp::profile::{Engine, Target, resolve};
    /// use sim_core::seccomp::region::Diagram;
    /// use sim_core::seccomp::{ByteOrder, syscalls::Abi};
    ///
    /// let policy = resolve(&Preset::Docker.profile(), &Target::new(Abi::X86_64, Engine::DOCKER)).unwrap();
    /// let program = compile(&policy).unwrap();
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// assert_eq!(diagram.policy(&policy)?, diagram.program(&program)?, "the same answer to every call");
    /// # Ok::<(), sim_core::seccomp::region::Undecided>(())
    /// ```
    pub fn policy(&mut self, policy: &Policy) -> Result<Answers, Undecided> {
        self.compactly(|diagram| diagram.tables(policy))
    }

    fn tables(&mut self, policy: &Policy) -> Result<Answers, Undecided> {
        let mut architectures: Vec<Architecture> = Vec::new();
        for table in &policy.tables {
            let architecture = table.abi.architecture();
            if !architectures.contains(&architecture) {
                architectures.push(architecture);
            }
        }
        let mut answers = self.always(policy.bad_architecture_action)?;
        for architecture in architectures {
            let by = self.by(architecture)?;
            let own = self.numbers(policy, architecture)?;
            answers = self.choose(by, own, answers)?;
        }
        Ok(answers)
    }

    /// The answers to calls by an architecture.
    fn numbers(&mut self, policy: &Policy, architecture: Architecture) -> Result<Answers, Undecided> {
        let mut answers = self.always(policy.bad_architecture_action)?;
        let mut last = answers;
        for start in starts(policy, architecture) {
            let data = SeccompData::call(architecture, start, [0; 6]);
            let own = match policy.verdict(&data) {
                verdict if matches!(verdict.reason, Reason::Stub(_) | Reason::BadArchitecture) => {
                    self.always(verdict.action)?
                }
                _ => {
                    let rules = policy.table(&data).map_or(&[][..], |table| table.rules(start));
                    let default = self.always(policy.default_action)?;
                    self.rules(rules, default)?
                }
            };
            if own != last {
                let from = self.numbered_from(start)?;
                answers = self.choose(from, own, answers)?;
                last = own;
            }
        }
        Ok(answers)
    }

    /// The action of the first rule that holds.
    fn rules(&mut self, rules: &[Rule], default: Answers) -> Result<Answers, Undecided> {
        rules.iter().rev().try_fold(default, |otherwise, rule| {
            let holds = self.rule(rule)?;
            let action = self.always(rule.action)?;
            self.choose(holds, action, otherwise)
        })
    }

    /// The calls for which all conditions of a rule hold.
    pub fn rule(&mut self, rule: &Rule) -> Result<Calls, Undecided> {
        rule.conditions.iter().try_fold(Calls::ALL, |calls, condition| {
            let holds = self.condition(condition)?;
            self.both(calls, holds)
        })
    }

    /// The calls for which a condition holds.
    pub fn condition(&mut self, condition: &Condition) -> Result<Calls, Undecided> {
        let Condition { argument, operator, value, mask } = *condition;
        let halves = [Word::Low(argument), Word::High(argument)];
        let bits = halves.into_iter().flat_map(Word::bits);
        // As in `Condition::holds`, an argument that does not exist is 0.
        let asked = bits
            .enumerate()
            .map(|(index, bit)| if argument < 6 && mask >> index & 1 != 0 { bit } else { Bit::Known(false) });
        let (test, opposite) = match operator {
            Operator::Equal | Operator::MaskedEqual => (Test::Equal, false),
            Operator::NotEqual => (Test::Equal, true),
            Operator::Greater => (Test::Greater, false),
            Operator::LessOrEqual => (Test::Greater, true),
            Operator::GreaterOrEqual => (Test::GreaterOrEqual, false),
            Operator::Less => (Test::GreaterOrEqual, true),
        };
        let calls = Calls(self.test(test, asked, value)?);
        if opposite { self.complement(calls) } else { Ok(calls) }
    }
}

/// The numbers at which the rules change, from 0.
fn starts(policy: &Policy, architecture: Architecture) -> Vec<u32> {
    let mut starts: Vec<u32> = Vec::from([0, u32::MAX]);
    // x32's bit, in numbers with and without the highest.
    starts.extend((1..4).map(|quarter| quarter * SeccompData::X32_BIT));
    for table in policy.tables.iter().filter(|table| table.abi.architecture() == architecture) {
        let calls = table.calls.iter().map(|call| call.number);
        let stub = table.stub.iter().flat_map(|stub| [stub.last, 0]);
        starts.extend(calls.chain(stub).flat_map(|number| [Some(number), number.checked_add(1)]).flatten());
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}
