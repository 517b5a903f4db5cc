use sim_core::seccomp::bpf::Program;

/// A filter, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) name: &'static str,
    pub(super) program: Program,
}

impl Compiled {
    pub(super) const fn new(name: &'static str, program: Program) -> Self {
        Self { name, program }
    }
}
