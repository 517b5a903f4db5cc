//! The compiler: a policy becomes a filter in classic BPF.
//!
//! All that decides, architecture, number and the halves of arguments, is a switch over a 32-bit word: runs of values with
//! equal answers, found by a binary search that reaches frequent values sooner. Switches that ask the same are one. So an
//! allowed call is found with few instructions, all of which the kernel understands when it fills its cache of allowed
//! calls. [`difference`](super::equivalence::difference) proves a filter, without a look at how it was made.
//!
//! ```
//! use sim_core::seccomp::compile::compile;
//! use sim_core::seccomp::preset::Preset;
//! use sim_core::seccomp::profile::{Engine, Target, resolve};
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let policy = resolve(&Preset::Docker.profile(), &Target::new(Abi::X86_64, Engine::CRUN.with_moby())).unwrap();
//! let program = compile(&policy).unwrap();
//! assert!(program.instructions().len() < 450);
//! ```

mod decide;
mod emit;
mod graph;

#[cfg(test)]
pub(super) mod tests;

use alloc::vec::Vec;

use self::decide::Decider;
use self::graph::{Graph, Node, NodeId, Run, Word};
use super::bpf::{CheckError, Program};
use super::profile::{Policy, TablePolicy};
use super::{Architecture, ByteOrder, SeccompData};

/// Why a policy cannot be made a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A kernel has one byte order.
    #[error("the policy has architectures of both byte orders; one kernel has one")]
    ByteOrders,
    /// There is nothing to test.
    #[error("the policy has no architecture")]
    NoArchitecture,
    /// The conditions of a call need more work than is done for one filter.
    #[error("the conditions on the arguments of one call are too many to untangle")]
    TooComplex,
    /// The kernel would refuse the filter.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// Makes a filter that answers every call as the policy does.
pub fn compile(policy: &Policy) -> Result<Program, CompileError> {
    let order = byte_order(policy)?;
    let mut graph = Graph::default();
    let mut decider = Decider::new(policy.default_action, order);
    let mut architectures: Vec<(Architecture, NodeId)> = Vec::new();
    for table in &policy.tables {
        let architecture = table.abi.architecture();
        if architectures.iter().all(|(known, _)| *known != architecture) {
            let numbers = numbers(policy, architecture, &mut graph, &mut decider)?;
            architectures.push((architecture, numbers));
        }
    }
    let bad = graph.add(Node::Return(policy.bad_architecture_action));
    Ok(Program::check(emit::emit(&graph, &architectures, bad))?)
}

fn byte_order(policy: &Policy) -> Result<ByteOrder, CompileError> {
    let mut orders = policy.tables.iter().map(|table| table.abi.architecture().byte_order());
    let first = orders.next().ok_or(CompileError::NoArchitecture)?;
    if orders.all(|order| order == first) { Ok(first) } else { Err(CompileError::ByteOrders) }
}

/// The switch over the numbers of an architecture.
fn numbers(
    policy: &Policy,
    architecture: Architecture,
    graph: &mut Graph,
    decider: &mut Decider,
) -> Result<NodeId, CompileError> {
    let tables: Vec<&TablePolicy> =
        policy.tables.iter().filter(|table| table.abi.architecture() == architecture).collect();
    // Between two of these the answer is the same. Bit 30 parts x32 from x86_64, and -1 is a number of its own.
    let mut starts: Vec<u32> = Vec::from([0, 1, 1 << 30, 1 << 31, 3 << 30, u32::MAX]);
    for table in &tables {
        let numbers = table.calls.iter().map(|call| call.number).chain(table.stub.map(|stub| stub.last));
        starts.extend(numbers.flat_map(|number| [number, number.saturating_add(1)]));
    }
    #[expect(
        clippy::stable_sort_primitive,
        reason = "they are in order but at few places; this sort makes use of it"
    )]
    starts.sort();
    starts.dedup();
    let mut runs: Vec<Run> = Vec::with_capacity(starts.len());
    for (index, &start) in starts.iter().enumerate() {
        let data = SeccompData::call(architecture, start, [0; 6]);
        let node = if policy.stub(&data).is_some() {
            graph.add(Node::Return(policy.verdict(&data).action))
        } else if let Some(table) = policy.table(&data) {
            decider.rules(table.rules(start), graph)?
        } else {
            graph.add(Node::Return(policy.bad_architecture_action))
        };
        let end = starts.get(index + 1).map_or(1 << 32, |&next| u64::from(next));
        let weight = weight(&tables, start, end);
        match runs.last_mut() {
            Some(last) if last.node == node => last.weight += weight,
            _ => runs.push(Run { start, node, weight }),
        }
    }
    Ok(graph.switch(Word::NUMBER, runs))
}

/// How often numbers in a range are to be expected: those of the first table often, of others seldom, beyond them hardly.
fn weight(tables: &[&TablePolicy], start: u32, end: u64) -> u64 {
    let mut weight = 1;
    for (index, table) in tables.iter().enumerate() {
        if let (Some(first), Some(last)) = (table.calls.first(), table.calls.last()) {
            let (low, high) = (u64::from(first.number.max(start)), end.min(u64::from(last.number) + 1));
            weight += high.saturating_sub(low) * if index == 0 { 64 } else { 1 };
        }
    }
    weight
}
