use alloc::string::String;
use alloc::vec::Vec;

use crate::kernel::Release;
use crate::rule::Silent;
use crate::seccomp::bpf::{Program, Steps, always_allows, cache_length};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::text::statements;
use crate::seccomp::{FilterReturn, SeccompData};

/// What a filter does with a call, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// What the filter answers.
    pub returned: FilterReturn,
    /// How many of its instructions lead to the answer.
    pub instructions: usize,
    /// Whether the kernel answers from its cache of allowed calls, so that no instruction is executed.
    pub cached: bool,
}

/// An instruction on the way to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// Its number, from 0.
    pub index: usize,
    /// What it does.
    pub statement: String,
    /// What A holds before it.
    pub a: u32,
}

impl Execution {
    /// Runs a filter on a call, on a machine of this native architecture and kernel.
    pub fn new(program: &Program, native: Abi, call: &SeccompData, release: Release) -> Self {
        let run = program.run_in(call, native.architecture().byte_order(), &mut Silent);
        let length = cache_length(native, call.arch, release).unwrap_or_default();
        let cached = call.nr < length && always_allows(program, call.arch, call.nr);
        Self { returned: run.returned, instructions: run.executed, cached }
    }

    /// How many instructions are executed for the call: none if it is answered from the cache.
    pub const fn executed(&self) -> usize {
        if self.cached { 0 } else { self.instructions }
    }

    /// The instructions that lead to the answer, in order.
    ///
    /// ```
    /// use sim_core::seccomp::{Architecture, SeccompData, explanation::Execution, syscalls::Abi, text::assemble};
    ///
    /// let program = assemble("A = sys_number\n if (A == 39) goto 3\n return KILL\n return ALLOW")?;
    /// let getpid = SeccompData::call(Architecture::X86_64, 39, [0; 6]);
    /// let path: Vec<_> = Execution::path(&program, Abi::X86_64, &getpid).into_iter().map(|step| step.statement).collect();
    /// assert_eq!(path, ["A = sys_number", "if (A == 0x27) goto 0003", "return ALLOW"]);
    /// # Ok::<(), sim_core::seccomp::text::TextError>(())
    /// ```
    pub fn path(program: &Program, native: Abi, call: &SeccompData) -> Vec<PathStep> {
        let order = native.architecture().byte_order();
        let mut steps = Steps::default();
        let _ = program.run_in(call, order, &mut steps);
        let text = statements(program.instructions(), order);
        let lines: Vec<&str> = text.lines().collect();
        let statement = |index: usize| lines.get(index).and_then(|line| line.split_once(": ")).map(|(_, text)| text);
        let step =
            |index: usize, a: u32| PathStep { index, statement: statement(index).unwrap_or_default().into(), a };
        steps.0.iter().map(|found| step(found.index, found.registers.a)).collect()
    }
}
