//! Draws cases: filters that are valid and others, stacks of them, and calls that do no harm whatever becomes of them.

use sim_core::kernel::Release;
use sim_core::seccomp::bpf::{Instruction, MAX_PATH, PATH_PENALTY, Program, opcode, weight};

use super::child::STEPS;
use super::steps::{Case, Entry, Pointer, Privilege, Step};

/// Numbers that follow from a seed (SplitMix64): the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn word(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below(bound.into())).unwrap_or_default()
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        let at = usize::try_from(self.below(among.len() as u64)).ok()?;
        among.get(at).copied()
    }
}

/// x86_64 calls that change nothing: read and write (of descriptor -1), sched_yield, getuid, getgid, geteuid, getegid,
/// getppid, personality (0xffffffff asks), uprobe, and numbers that no table has.
const X86_64: [u32; 15] = [0, 1, 24, 102, 104, 107, 108, 110, 110, 135, 336, 1000, 9999, 0x3fff_ffff, u32::MAX];
/// The same by the i386 table; break has never done anything.
const I386: [u32; 12] = [3, 4, 17, 24, 158, 47, 49, 64, 64, 136, 9999, u32::MAX];
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

pub(crate) fn case(random: &mut Random, release: Release, int80: bool) -> Case {
    let privilege = match random.below(20) {
        0..=15 => Privilege::Root,
        16..=18 => Privilege::NoNewPrivs,
        _ => Privilege::Nothing,
    };
    let filters = match random.below(10) {
        0..=6 => 1,
        7 | 8 => 2,
        _ => 2 + random.below(4),
    };
    let mut steps = Vec::new();
    if random.one_in(40) {
        fill(random, release, &mut steps);
    } else {
        steps.extend((0..filters).map(|_| installation(random)));
    }
    if random.one_in(100) {
        let pointer = if random.one_in(4) { Pointer::Null { length: 1 } } else { Pointer::Nowhere };
        steps.push(Step::Seccomp { operation: 0, flags: u32::from(random.one_in(5)), pointer });
    }
    while steps.len() < 18 {
        steps.push(call(random, int80));
    }
    steps.truncate(STEPS);
    Case { privilege, steps }
}

fn call(random: &mut Random, int80: bool) -> Step {
    let entry = if int80 && random.one_in(3) { Entry::Int80 } else { Entry::Syscall };
    let numbers: &[u32] = if entry == Entry::Int80 { &I386 } else { &X86_64 };
    let number = random.pick(numbers).unwrap_or_default();
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
    let x32 = entry == Entry::Syscall && number != 336 && random.one_in(5);
    let dirt = if random.one_in(8) { random.next() << 32 } else { 0 };
    *register = u64::from(if x32 { number | X32_BIT } else { number }) | dirt;
    Step::Call { entry, registers }
}

fn constant(random: &mut Random) -> u32 {
    match random.below(8) {
        0..=4 => random.pick(&CONSTANTS).unwrap_or_default(),
        5 => random.pick(&CONSTANTS).unwrap_or_default().wrapping_add(1),
        6 => random.word(32),
        _ => (random.next() & 0xffff_ffff) as u32,
    }
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
    let pointer = match random.below(200) {
        0 => Pointer::Nowhere,
        1 => Pointer::Null { length: u16::try_from(random.word(3)).unwrap_or_default() },
        2 => Pointer::Fault { length: u16::try_from(random.word(3)).unwrap_or_default() },
        3 => Pointer::Null { length: 4097 },
        _ => Pointer::Instructions(program(random)),
    };
    let operation = if random.one_in(300) { 4 + random.word(3) } else { 1 };
    Step::Seccomp { operation, flags, pointer }
}

/// A program, now and then with something wrong.
fn program(random: &mut Random) -> Vec<Instruction> {
    let length = usize::try_from(random.below(24)).unwrap_or_default();
    let mut program = Vec::with_capacity(length + 16);
    if random.one_in(3) {
        // Scratch memory may be read anywhere then.
        program.extend((0..16).map(|k| Instruction::statement(if k % 3 == 0 { opcode::STX } else { opcode::ST }, k)));
    }
    let end = end(random);
    for left in (0..length).rev().map(|behind| behind + end.len()) {
        program.push(instruction(random, u32::try_from(left).unwrap_or_default()));
    }
    if random.one_in(3) {
        program.extend(arithmetic(random));
    }
    program.extend(end);
    if random.one_in(6) {
        spoil(random, &mut program);
    }
    program
}

/// The end of a program: a return, or twelve bits of A as an errno, so that all arithmetic before can be seen.
fn end(random: &mut Random) -> Vec<Instruction> {
    if random.one_in(2) {
        return vec![returning(random)];
    }
    let shift = random.pick(&[0, 0, 0, 12, 20]).unwrap_or_default();
    vec![
        Instruction::statement(opcode::RSH_K, shift),
        Instruction::statement(opcode::AND_K, 0xfff),
        Instruction::statement(opcode::OR_K, 0x0005_0000),
        Instruction::statement(opcode::RET_A, 0),
    ]
}

/// Something into A, something into X, and one of both.
fn arithmetic(random: &mut Random) -> [Instruction; 3] {
    const OF_BOTH: [u16; 9] = [
        opcode::ADD_X,
        opcode::SUB_X,
        opcode::MUL_X,
        opcode::DIV_X,
        opcode::OR_X,
        opcode::AND_X,
        opcode::XOR_X,
        opcode::LSH_X,
        opcode::RSH_X,
    ];
    let first = match random.below(2) {
        0 => Instruction::statement(opcode::LD_ABS, offset(random)),
        _ => Instruction::statement(opcode::LD_IMM, constant(random)),
    };
    let by = if random.one_in(2) { random.word(70) } else { constant(random) };
    let code = random.pick(&OF_BOTH).unwrap_or(opcode::ADD_X);
    [first, Instruction::statement(opcode::LDX_IMM, by), Instruction::statement(code, 0)]
}

/// An instruction with `left` others behind it.
fn instruction(random: &mut Random, left: u32) -> Instruction {
    match random.below(20) {
        0..=5 => Instruction::statement(opcode::LD_ABS, offset(random)),
        6..=11 => {
            let code = random.pick(&CONDITIONS).unwrap_or(opcode::JEQ_K);
            let skip = |random: &mut Random| u8::try_from(random.word(left.min(6))).unwrap_or_default();
            let (jt, jf) = (skip(random), skip(random));
            Instruction::jump(code, constant(random), jt, jf)
        }
        12 => Instruction::statement(opcode::JA, random.word(left.min(4))),
        13 => returning(random),
        _ => {
            let code = random.pick(&OTHERS).unwrap_or(opcode::TAX);
            let k = match code {
                opcode::LD_MEM | opcode::LDX_MEM | opcode::ST | opcode::STX => random.word(16),
                opcode::LSH_K | opcode::RSH_K => random.word(32),
                opcode::DIV_K => constant(random).max(1),
                _ => constant(random),
            };
            let garbage = |random: &mut Random| u8::try_from(random.word(256)).unwrap_or_default();
            let noise = random.one_in(10);
            let (jt, jf) = if noise { (garbage(random), garbage(random)) } else { (0, 0) };
            Instruction { code, jt, jf, k }
        }
    }
}

const CONDITIONS: [u16; 10] = [
    opcode::JEQ_K,
    opcode::JEQ_K,
    opcode::JGT_K,
    opcode::JGE_K,
    opcode::JSET_K,
    opcode::JSET_K,
    opcode::JEQ_X,
    opcode::JGT_X,
    opcode::JGE_X,
    opcode::JSET_X,
];

const OTHERS: [u16; 29] = [
    opcode::LD_IMM,
    opcode::LDX_IMM,
    opcode::ST,
    opcode::STX,
    opcode::LD_MEM,
    opcode::LDX_MEM,
    opcode::LD_LEN,
    opcode::LDX_LEN,
    opcode::TAX,
    opcode::TXA,
    opcode::NEG,
    opcode::ADD_K,
    opcode::ADD_X,
    opcode::SUB_K,
    opcode::SUB_X,
    opcode::MUL_K,
    opcode::MUL_X,
    opcode::DIV_K,
    opcode::DIV_X,
    opcode::OR_K,
    opcode::OR_X,
    opcode::AND_K,
    opcode::AND_X,
    opcode::XOR_K,
    opcode::XOR_X,
    opcode::LSH_K,
    opcode::LSH_X,
    opcode::RSH_K,
    opcode::RSH_X,
];

fn offset(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => 0,
        1 => 4,
        _ => 4 * random.word(16),
    }
}

/// A return. Few kill: each death costs a process.
fn returning(random: &mut Random) -> Instruction {
    let data = match random.below(6) {
        0 => 0,
        1 => 4095,
        2 => random.word(0x1_0000),
        _ => random.word(40),
    };
    let action = match random.below(100) {
        0..=39 => return Instruction::statement(opcode::RET_K, 0x7fff_0000),
        40..=42 => 0x7fff_0000,
        43..=70 => 0x0005_0000,
        71..=78 => 0x0003_0000,
        79..=84 => 0x7ff0_0000,
        85..=89 => 0x7fc0_0000,
        90 | 91 => 0x7ffc_0000,
        92 => 0x8000_0000,
        93 => 0,
        94 => random.word(0x1_0000) << 16,
        95 => return Instruction::statement(opcode::RET_K, constant(random)),
        _ => return Instruction::statement(opcode::RET_A, constant(random)),
    };
    Instruction::statement(opcode::RET_K, action | data)
}

/// Changes something, so that the program may be invalid.
fn spoil(random: &mut Random, program: &mut Vec<Instruction>) {
    let at = usize::try_from(random.below(program.len() as u64)).unwrap_or_default();
    let Some(instruction) = program.get_mut(at) else { return };
    match random.below(8) {
        0 => instruction.code = u16::try_from(random.word(0x100)).unwrap_or_default(),
        1 => instruction.code = u16::try_from(random.word(0x1_0000)).unwrap_or_default(),
        2 => instruction.jt = u8::try_from(random.word(256)).unwrap_or_default(),
        3 => instruction.jf = u8::try_from(random.word(40)).unwrap_or_default(),
        4 => instruction.k = constant(random),
        5 => instruction.k = random.word(80),
        6 => *instruction = Instruction::statement(opcode::LD_MEM, random.word(18)),
        _ => program.truncate(at),
    }
}

/// Filters until exactly as many as fit are installed, or one instruction more.
fn fill(random: &mut Random, release: Release, steps: &mut Vec<Step>) {
    let mut left = MAX_PATH;
    let mut add = |program: Vec<Instruction>, most: u32| {
        let weight = Program::check(program.clone()).map_or(u32::MAX, |program| weight(&program, release));
        if weight > most {
            return None;
        }
        let pointer = Pointer::Instructions(program);
        steps.push(Step::Seccomp { operation: 1, flags: 0, pointer });
        left = left.saturating_sub(weight + PATH_PENALTY);
        Some(left)
    };
    let mut room = MAX_PATH;
    while let Some(now) = add(long(random), room) {
        room = now;
    }
    while room > LONGEST_PLAIN {
        room = add(plain(LONGEST_PLAIN), room).unwrap_or(0);
    }
    let last = room + random.word(2);
    if last > LIGHTEST {
        add(plain(last), u32::MAX);
    }
}

/// What a program of one return weighs.
const LIGHTEST: u32 = 5;
/// What the longest program of loads weighs.
const LONGEST_PLAIN: u32 = LIGHTEST + 4095;

/// A program of this weight that allows everything.
fn plain(weight: u32) -> Vec<Instruction> {
    let loads = usize::try_from(weight - LIGHTEST).unwrap_or_default();
    let mut program = vec![Instruction::statement(opcode::LD_ABS, 0); loads];
    program.push(Instruction::statement(opcode::RET_K, 0x7fff_0000));
    program
}

/// A program of nearly the longest length, of a few kinds of instruction, that allows everything.
fn long(random: &mut Random) -> Vec<Instruction> {
    let kinds: Vec<_> = (0..=random.below(3)).map(|_| heavy(random)).collect();
    let length = 2000 + usize::try_from(random.below(2090)).unwrap_or_default();
    let mut program = vec![Instruction::statement(opcode::LDX_IMM, 1)];
    program.extend(kinds.iter().cycle().take(length));
    // The longest jump above leaves one instruction out.
    program.extend([Instruction::statement(opcode::RET_K, 0x7fff_0000); 2]);
    program
}

/// Kinds of instruction that weigh differently.
fn heavy(random: &mut Random) -> Instruction {
    const KINDS: [u16; 11] = [
        opcode::LD_ABS,
        opcode::RET_K,
        opcode::DIV_X,
        opcode::JEQ_K,
        opcode::JGT_K,
        opcode::JGE_K,
        opcode::JSET_K,
        opcode::JEQ_X,
        opcode::JGT_X,
        opcode::JGE_X,
        opcode::JSET_X,
    ];
    let code = random.pick(&KINDS).unwrap_or(opcode::LD_ABS);
    let (jt, jf) = random.pick(&[(0, 0), (0, 1), (1, 0), (1, 1)]).unwrap_or_default();
    match code {
        opcode::LD_ABS | opcode::DIV_X => Instruction::statement(code, 0),
        opcode::RET_K => Instruction::statement(code, 0x7fff_0000),
        _ => Instruction::jump(code, random.pick(&[5, 0x7fff_ffff, 0x8000_0000, u32::MAX]).unwrap_or(5), jt, jf),
    }
}
