//! Draws cases: filters that are valid and others, stacks of them, and calls that do no harm whatever becomes of them.

mod full;
mod program;
mod random;

pub(crate) use random::Random;

use sim_core::kernel::{Release, changes};
use sim_core::seccomp::bpf::{Instruction, opcode};

use super::child::STEPS;
use super::steps::{Case, Company, Entry, FORK, Pointer, Privilege, Step};

/// x86_64 calls that change nothing: read and write (of descriptor -1), sched_yield, getuid, getgid, geteuid, getegid,
/// getppid, personality (0xffffffff asks), numbers that no table has, uretprobe and uprobe, which fail
/// where the kernel has put no probe; uretprobe kills then.
const X86_64: [u32; 16] = [0, 1, 24, 102, 104, 107, 108, 110, 110, 135, 335, 336, 1000, 9999, 0x3fff_ffff, u32::MAX];
/// The same by the i386 table; break has never done anything.
const I386: [u32; 12] = [3, 4, 17, 24, 158, 47, 49, 64, 64, 136, 9999, u32::MAX];
const URETPROBE: u32 = 335;
/// The release that brought pidfd_getfd, by which a supervisor takes a listener.
const PIDFD_GETFD: (u16, u16) = (5, 6);

/// Whether uretprobe is asked: between the release that brought it and the one that exempts it, stable kernels exempt
/// it at a time that is not known exactly.
pub(crate) fn asks_uretprobe(release: Release) -> bool {
    const BROUGHT: (u16, u16) = (6, 11);
    release.has(&changes::SECCOMP_URETPROBE) || release.numbers() < BROUGHT
}

const X32_BIT: u32 = 0x4000_0000;

/// Constants that calls and filters have in common, so that comparisons are close.
const CONSTANTS: [u32; 22] = [
    0,
    1,
    2,
    3,
    5,
    39,
    64,
    102,
    110,
    135,
    336,
    1000,
    0xc000_003e,
    0x4000_0003,
    0x4000_0000,
    0x7fff_ffff,
    0x8000_0000,
    u32::MAX,
    0xffff,
    0x1_0000,
    31,
    0x7fff_0000,
];

/// Draws the case of this number, of at least 18 steps: the same for the same seed.
pub(crate) fn case(seed: u64, number: u64, release: Release, int80: bool) -> Case {
    let random = &mut Random::of(seed, number);
    let privilege = match random.below(20) {
        0..=15 => Privilege::Root,
        16..=18 => Privilege::NoNewPrivs,
        _ => Privilege::Nothing,
    };
    let company = match random.below(24) {
        0 | 1 => Company::Tracer,
        2 if privilege != Privilege::Nothing => Company::Thread,
        3 if privilege != Privilege::Nothing && release.numbers() >= PIDFD_GETFD => Company::Supervisor,
        _ => Company::Nobody,
    };
    let filters = match random.below(10) {
        0..=6 => 1,
        7 | 8 => 2,
        _ => 2 + random.below(4),
    };
    let mut steps = Vec::new();
    if random.one_in(40) {
        full::fill(random, release, &mut steps);
    } else {
        steps.extend((0..filters).map(|_| installation(random)));
    }
    if company == Company::Supervisor {
        steps.insert(0, notifying(random));
    }
    if company == Company::Thread {
        for step in &mut steps {
            if let Step::Seccomp { flags, .. } = step {
                // TSYNC, and often TSYNC_ESRCH.
                *flags |= random.pick(&[0, 1, 1, 0x11]).unwrap_or_default();
            }
        }
    }
    if random.one_in(50) {
        // Two listeners.
        steps.extend([allowing(8), allowing(8)]);
    }
    if random.one_in(40) {
        if random.one_in(3) {
            // A filter that lets the call come so far.
            steps = vec![allowing(0)];
        }
        let pointer = if random.one_in(4) { Pointer::Null { length: 1 } } else { Pointer::Nowhere };
        steps.push(Step::Seccomp { operation: 0, flags: u32::from(random.one_in(5)), pointer });
    }
    let fork = (company == Company::Nobody && random.one_in(8)).then(|| 4 + random.below(14));
    while steps.len() < 18 {
        steps.push(match fork {
            Some(at) if at == steps.len() as u64 => Step::Call { entry: Entry::Syscall, registers: FORK },
            _ => call(random, release, int80),
        });
    }
    steps.truncate(STEPS);
    Case { privilege, company, steps }
}

fn call(random: &mut Random, release: Release, int80: bool) -> Step {
    let entry = if int80 && random.one_in(3) { Entry::Int80 } else { Entry::Syscall };
    let numbers: &[u32] = if entry == Entry::Int80 { &I386 } else { &X86_64 };
    let number =
        random.pick(numbers).filter(|number| *number != URETPROBE || asks_uretprobe(release)).unwrap_or(9999);
    let mut registers = [0; 7];
    for register in &mut registers {
        let low = constant(random);
        let high = if random.one_in(2) { 0 } else { constant(random) };
        *register = u64::from(high) << 32 | u64::from(low);
    }
    let [register, first, ..] = &mut registers;
    let asks = match entry {
        Entry::Int80 => [3, 4, 136].contains(&number),
        Entry::Syscall => [0, 1, 135].contains(&number),
    };
    if asks {
        // Descriptor -1, or "what is the personality?".
        *first |= 0xffff_ffff;
    }
    let x32 = entry == Entry::Syscall && ![335, 336].contains(&number) && random.one_in(5);
    let dirt = if random.one_in(8) { random.next() << 32 } else { 0 };
    *register = u64::from(if x32 { number | X32_BIT } else { number }) | dirt;
    Step::Call { entry, registers }
}

pub(super) fn constant(random: &mut Random) -> u32 {
    match random.below(8) {
        0..=4 => random.pick(&CONSTANTS).unwrap_or_default(),
        5 => random.pick(&CONSTANTS).unwrap_or_default().wrapping_add(1),
        6 => random.word(32),
        _ => (random.next() & 0xffff_ffff) as u32,
    }
}

/// A filter that asks its listener about one call, or about all others.
fn notifying(random: &mut Random) -> Step {
    let number = random.pick(&X86_64).unwrap_or_default();
    let (jt, jf) = if random.one_in(2) { (0, 1) } else { (1, 0) };
    let pointer = Pointer::Instructions(vec![
        Instruction::statement(opcode::LD_ABS, 0),
        Instruction::jump(opcode::JEQ_K, number, jt, jf),
        Instruction::statement(opcode::RET_K, 0x7fc0_0000),
        Instruction::statement(opcode::RET_K, 0x7fff_0000),
    ]);
    Step::Seccomp { operation: 1, flags: 8, pointer }
}

/// A filter that allows everything.
fn allowing(flags: u32) -> Step {
    let pointer = Pointer::Instructions(vec![Instruction::statement(opcode::RET_K, 0x7fff_0000)]);
    Step::Seccomp { operation: 1, flags, pointer }
}

fn installation(random: &mut Random) -> Step {
    let flags = match random.below(40) {
        0 => random.word(0x80),
        1 => 0x09,
        2 => 0x19,
        3 => 0x08,
        4 => 0x01,
        5 => 0x02,
        _ => 0,
    };
    let pointer = match random.below(100) {
        0 => Pointer::Nowhere,
        1 => Pointer::Null { length: u16::try_from(random.word(3)).unwrap_or_default() },
        2 => Pointer::Fault { length: u16::try_from(random.word(3)).unwrap_or_default() },
        3 => Pointer::Null { length: 4097 },
        _ => Pointer::Instructions(program::program(random)),
    };
    let operation = if random.one_in(300) { 4 + random.word(3) } else { 1 };
    Step::Seccomp { operation, flags, pointer }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::Release;

    use super::case;

    #[test]
    fn a_case_depends_on_seed_and_number_only() {
        let draw = |seed, number| case(seed, number, Release::NEWEST, true);
        assert_eq!(draw(1, 7), draw(1, 7));
        assert_ne!(draw(1, 7), draw(1, 8));
        assert_ne!(draw(1, 7), draw(2, 7));
        // Neither is a seed the number of another's case.
        assert_ne!(draw(1, 2), draw(2, 1));
    }
}
