use sim_core::kernel::Release;
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::{Instruction, Program, Steps, always_allows, opcode, weight};
use sim_core::seccomp::region::{Diagram, Undecided};
use sim_core::seccomp::{Action, Architecture, ByteOrder, FilterReturn, SeccompData};

use super::texts::check_round_trips;

/// So many instructions are followed by the exact procedure; more take long.
const MOST_FOLLOWED: usize = 24;

/// Any instructions: what the check accepts runs in no more steps than it has instructions, and is answered alike by the
/// interpreter, the exact procedure and the kernel's cache.
///
/// The first 64 bytes are a call, the rest are instructions: as they are, or, if the call's number is odd, bent to what
/// the check may accept.
pub fn program(bytes: &[u8]) {
    let Some((call, rest)) = bytes.split_first_chunk::<64>() else { return };
    let data = call_of(*call);
    let order = data.arch.byte_order();
    let (chunks, _) = rest.as_chunks::<8>();
    let mut instructions: Vec<_> = chunks.iter().map(|chunk| Instruction::from_bytes(*chunk, order)).collect();
    if data.nr % 2 == 1 {
        bend(&mut instructions);
    }
    check_round_trips(&instructions, order);
    let Ok(program) = Program::check(instructions) else { return };
    let answer = run(&program, &data, order);
    assert!(weight(&program, Release::NEWEST) as usize <= 5 * program.instructions().len() + 3);
    check_cache(&program, &data);
    if program.instructions().len() <= MOST_FOLLOWED {
        follow(&program, &data, answer, order);
    }
}

/// A call as the kernel shows it to a filter, of an architecture that has a name or not.
fn call_of(bytes: [u8; 64]) -> SeccompData {
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
    let (nr, token) = (long(0) as u32, (long(0) >> 32) as u32);
    let known = Architecture::ALL.get(token as usize % 64).copied();
    let arch = known.unwrap_or(Architecture::from_token(token));
    let args = std::array::from_fn(|index| long(16 + 8 * index));
    SeccompData { instruction_pointer: long(8), ..SeccompData::call(arch, nr, args) }
}

/// Makes codes known, jumps short and offsets whole, and returns at the end.
fn bend(instructions: &mut Vec<Instruction>) {
    let known: Vec<u16> = (0..=0xff).filter(|code| opcode::is_known(*code)).collect();
    let length = instructions.len();
    for (index, Instruction { code, jt, jf, k }) in instructions.iter_mut().enumerate() {
        *code = known[usize::from(*code) % known.len()];
        let left = length - index;
        match *code {
            opcode::LD_ABS => *k = *k % 16 * 4,
            opcode::LD_MEM | opcode::LDX_MEM | opcode::ST | opcode::STX => *k %= 16,
            opcode::LSH_K | opcode::RSH_K => *k %= 32,
            opcode::JA => *k %= left as u32,
            code if opcode::is_conditional(code) => {
                (*jt, *jf) = ((usize::from(*jt) % left) as u8, (usize::from(*jf) % left) as u8);
            }
            _ => {}
        }
    }
    instructions.push(Instruction::statement(opcode::RET_A, 0));
}

/// The word that it returns, and that it does so by going forward.
fn run(program: &Program, data: &SeccompData, order: ByteOrder) -> FilterReturn {
    let mut steps = Steps::default();
    let run = program.run_in(data, order, &mut steps);
    assert_eq!(run, program.run_in(data, order, &mut Silent));
    assert_eq!(run.executed, steps.0.len());
    assert!((1..=program.instructions().len()).contains(&run.executed));
    assert!(steps.0.windows(2).all(|pair| pair[0].index < pair[1].index), "it goes back");
    assert!(steps.0.iter().all(|step| program.instructions()[step.index] == step.instruction));
    run.returned
}

/// Words that the cache answers for are ALLOW whatever the arguments are.
fn check_cache(program: &Program, data: &SeccompData) {
    if !always_allows(program, data.arch, data.nr) {
        return;
    }
    let patterns =
        [data.args, [0; 6], [u64::MAX; 6], data.args.map(|argument| !argument), data.args.map(u64::swap_bytes)];
    for args in patterns {
        for instruction_pointer in [data.instruction_pointer, 0, u64::MAX] {
            let call = SeccompData { instruction_pointer, ..SeccompData::call(data.arch, data.nr, args) };
            assert_eq!(program.run(&call, &mut Silent).returned, FilterReturn::ALLOW);
        }
    }
}

/// The exact procedure answers as the interpreter does, and knows no call that the cache is wrong about.
fn follow(program: &Program, data: &SeccompData, answer: FilterReturn, order: ByteOrder) {
    let mut diagram = Diagram::new(order);
    let Ok(answers) = diagram.program(program) else { return };
    assert_eq!(diagram.answer(answers, data), answer);
    let told = (|| -> Result<(), Undecided> {
        let stacked = diagram.stacked(&[answers, answers])?;
        let together = if answer.action() == Action::Allow { FilterReturn::ALLOW } else { answer };
        assert_eq!(diagram.answer(stacked, data), together);
        let effective = diagram.effective(answers)?;
        let acts = if let Action::Unknown(_) = answer.action() { Action::KillProcess } else { answer.action() };
        assert_eq!(diagram.answer(effective, data).action(), acts);
        if always_allows(program, data.arch, data.nr) {
            let (by, numbered) = (diagram.by(data.arch)?, diagram.numbered(data.nr)?);
            let (within, allow) = (diagram.both(by, numbered)?, diagram.always(FilterReturn::ALLOW)?);
            assert_eq!(diagram.difference(answers, allow, within)?, None, "it is cached");
        }
        Ok(())
    })();
    assert!(matches!(told, Ok(()) | Err(Undecided::TooComplex)), "{told:?}");
}
