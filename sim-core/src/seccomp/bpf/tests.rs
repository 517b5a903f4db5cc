use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{CheckError, Fault, Instruction, Program, Steps, always_allows, check, opcode, weight};
use crate::kernel::Release;
use crate::rule::Silent;
use crate::seccomp::text::assemble;
use crate::seccomp::{Architecture, SeccompData};

const ALLOW: Instruction = Instruction::statement(0x06, 0x7fff_0000);

fn fault(program: &[Instruction]) -> Option<Fault> {
    check(program).err().map(|error: CheckError| error.fault)
}

/// The fault of one instruction before a return.
fn alone(code: u16, k: u32) -> Option<Fault> {
    fault(&[Instruction::statement(code, k), ALLOW])
}

/// What a program of statements returns for getppid(0x11, 2).
fn returned(statements: &str) -> u32 {
    let data = SeccompData::call(Architecture::X86_64, 110, [0x11, 2, 0, 0, 0, 0]);
    assemble(statements).unwrap().run(&data, &mut Silent).returned.0
}

#[test]
fn e18_to_e24_codes_and_constants() {
    assert_eq!(alone(opcode::LD_ABS, 2), Some(Fault::Offset { offset: 2 }));
    assert_eq!(alone(opcode::LD_ABS, 60), None);
    assert_eq!(alone(opcode::LD_ABS, 64), Some(Fault::Offset { offset: 64 }));
    assert_eq!(alone(opcode::LD_ABS, 0xffff_f000), Some(Fault::Offset { offset: 0xffff_f000 }));
    for code in [0x28, 0x30, 0x40, 0xb1, 0x94, 0x9c] {
        let found = alone(code, 4).unwrap();
        assert_eq!((found, found.is_classic()), (Fault::Code { code }, false), "classic BPF has it");
    }
    assert_eq!(alone(opcode::DIV_K, 0), Some(Fault::DivisionByZero));
    assert_eq!(alone(opcode::LSH_K, 32), Some(Fault::Shift { by: 32 }));
    assert_eq!(alone(opcode::RSH_K, 31), None);
    assert_eq!(alone(opcode::ST, 16), Some(Fault::Memory { index: 16 }));
}

#[test]
fn e25_to_e27_what_is_ignored_and_what_is_not() {
    assert_eq!(fault(&[Instruction { code: 0x20, jt: 200, jf: 255, k: 0 }, ALLOW]), None);
    assert_eq!(fault(&[Instruction { code: 0x16, jt: 9, jf: 9, k: 77 }]), None);
    let unreachable = [ALLOW, Instruction::statement(0x28, 0), ALLOW];
    assert_eq!(fault(&unreachable), Some(Fault::Code { code: 0x28 }));
}

#[test]
fn e28_to_e31_scratch_memory_is_checked_in_one_pass() {
    let accepted = |text: &str| match assemble(text) {
        Ok(_) => true,
        Err(error) => {
            assert!(error.to_string().contains("may not have been written"), "{error}");
            false
        }
    };
    assert!(accepted("goto 2\n A = mem[3]\n return ALLOW"), "after ja everything counts as written");
    assert!(!accepted("return ALLOW\n A = mem[3]\n return ALLOW"), "after ret it does not");
    let on_both_ways = "if (A == 1) goto 3\n mem[0] = A\n goto 4\n mem[0] = X\n A = mem[0]\n return A";
    assert!(accepted(on_both_ways));
    assert!(!accepted("if (A == 1) goto 2\n mem[0] = A\n A = mem[0]\n return A"), "one branch only");
    // Line 5 is reached only from line 3, but what the return before it had not written flows on to it.
    let behind_a_return = "if (A == 1) goto 2\n goto 4\n mem[0] = A\n goto 5\n return ALLOW\n A = mem[0]\n return A";
    assert!(!accepted(behind_a_return));
}

#[test]
fn e32_ends_and_jumps() {
    let jump = |program: &[Instruction]| fault(program);
    assert_eq!(jump(&[Instruction::statement(0x20, 0)]), Some(Fault::NoReturn));
    assert_eq!(jump(&[Instruction::statement(0x05, 0)]), Some(Fault::Jump { target: 1, last: 0 }));
    assert_eq!(jump(&[Instruction::statement(0x0e, 0)]), Some(Fault::Code { code: 0x0e }));
    assert_eq!(jump(&[Instruction::jump(0x15, 0, 1, 0), ALLOW]), Some(Fault::Jump { target: 2, last: 1 }));
    assert_eq!(jump(&[Instruction::jump(0x15, 0, 0, 1), ALLOW]), Some(Fault::Jump { target: 2, last: 1 }));
    let far = Instruction::statement(0x05, u32::MAX);
    assert_eq!(jump(&[far, ALLOW]), Some(Fault::Jump { target: 0x1_0000_0000, last: 1 }));
    assert_eq!(jump(&[Instruction::statement(0x106, 0), ALLOW]), Some(Fault::Code { code: 0x106 }));
}

#[test]
fn e36_lengths() {
    assert_eq!(fault(&[]), Some(Fault::Length { length: 0 }));
    assert_eq!(fault(&vec![ALLOW; 4096]), None);
    assert_eq!(fault(&vec![ALLOW; 4097]), Some(Fault::Length { length: 4097 }));
}

#[test]
fn e37_to_e39_arithmetic() {
    assert_eq!(returned("X = 0\n A = 5\n A /= X\n return ALLOW"), 0);
    assert_eq!(returned("X = 33\n A = 3\n A <<= X\n return A"), 6);
    assert_eq!(returned("X = 32\n A = 291\n A >>= X\n return A"), 0x123);
    assert_eq!(returned("return A"), 0);
    assert_eq!(returned("A = X\n return A"), 0);
    assert_eq!(returned("A = len\n return A"), 64);
    assert_eq!(returned("X = len\n A = X\n return A"), 64);
    assert_eq!(returned("A = 1\n A = -A\n return A"), u32::MAX);
    assert_eq!(returned("A = 0\n A -= 1\n return A"), u32::MAX);
    assert_eq!(returned("A = 0x10000\n A *= 0x10001\n return A"), 0x1_0000);
    assert_eq!(returned("A = 0x80000000\n if (A > 1) goto 3\n return 7\n return 8"), 8);
    assert_eq!(returned("A = 0x80000000\n if (A & 0x80000000) goto 3\n return 7\n return 8"), 8);
    assert_eq!(returned("A = args[0]\n mem[15] = A\n X = mem[15]\n A += X\n A ^= 1\n return A"), 0x23);
    assert_eq!(returned("X = 7\n mem[2] = X\n A = mem[2]\n A |= 8\n A &= X\n A /= 2\n return A"), 3);
}

#[test]
fn e40_to_e50_how_many_copies_fit() {
    let copies = |mut body: Vec<Instruction>| {
        body.push(ALLOW);
        let each = weight(&Program::check(body).unwrap(), Release::NEWEST);
        // The first may weigh 32768, each later one 4 more.
        (32_768 - each) / (each + 4) + 1
    };
    let conditional = |code: u16, k: u32, jt: u8, jf: u8| {
        let mut body = vec![Instruction::jump(code, k, jt, jf); 2047];
        body.push(Instruction::statement(0x20, 0));
        body
    };
    assert_eq!(copies(vec![Instruction::statement(0x20, 0); 4095]), 7);
    assert_eq!(copies(vec![ALLOW; 4095]), 3);
    assert_eq!(copies(vec![]), 3641);
    assert_eq!(copies(conditional(0x15, 5, 0, 0)), 15);
    assert_eq!(copies(conditional(0x15, 0x8000_0000, 0, 0)), 7);
    assert_eq!(copies(conditional(0x45, 5, 0, 1)), 7);
    assert_eq!(copies(conditional(0x15, 5, 0, 1)), 15);
    assert_eq!(copies(conditional(0x15, 5, 1, 1)), 7);
    assert_eq!(copies(conditional(0x15, 0x8000_0000, 1, 1)), 5);
    let divisions = copies(vec![Instruction::statement(0x3c, 0); 2047]);
    assert_eq!(divisions, 3);
}

#[test]
fn a_division_weighed_less_before_4_16() {
    let program = assemble("X = 1\n A /= X\n return ALLOW").unwrap();
    let at = |release: &str| weight(&program, release.parse().unwrap());
    assert_eq!((at("4.15"), at("4.16")), (3 + 1 + 1 + 2, 3 + 1 + 5 + 2));
}

#[test]
fn e84_what_the_cache_knows() {
    let cached = |text: &str, nr: u32| always_allows(&assemble(text).unwrap(), Architecture::X86_64, nr);
    assert!(cached("return ALLOW", 1));
    assert!(!cached("return 0x7fff0001", 1), "data spoil it");
    assert!(!cached("return LOG", 1));
    assert!(!cached("A = 0x7fff0000\n return A", 1));
    assert!(cached("A = arch\n if (A != ARCH_X86_64) goto 3\n return ALLOW\n return KILL", 1));
    assert!(cached("A = sys_number\n A &= 0xff\n if (A > 200) goto 4\n return ALLOW\n return KILL", 0x1_0001));
    assert!(!cached("A = instruction_pointer\n return ALLOW", 1));
    assert!(!cached("X = 1\n return ALLOW", 1));
    assert!(cached("goto 2\n return KILL\n return ALLOW", 1));
}

#[test]
fn steps_show_the_registers_before_each_instruction() {
    let program =
        assemble("A = sys_number\n if (A == 110) goto 3\n return KILL\n mem[4] = A\n return ALLOW").unwrap();
    let mut steps = Steps::default();
    let run = program.run(&SeccompData::call(Architecture::X86_64, 110, [0; 6]), &mut steps);
    let indices: Vec<_> =
        steps.0.iter().map(|step| (step.index, step.registers.a, step.registers.memory[4])).collect();
    assert_eq!(indices, [(0, 0, 0), (1, 110, 0), (3, 110, 0), (4, 110, 110)]);
    assert_eq!(run.executed, steps.0.len());
}

/// Any instruction, most of them nearly right.
fn instruction() -> impl Strategy<Value = Instruction> {
    let code = prop_oneof![9 => prop::sample::select(opcode::ALL), 1 => any::<u16>()];
    let k = prop_oneof![0..70_u32, Just(0x8000_0000), any::<u32>()];
    (code, 0..6_u8, 0..6_u8, k).prop_map(|(code, jt, jf, k)| Instruction { code, jt, jf, k })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_program_makes_the_machine_panic(
        mut body in prop::collection::vec(instruction(), 0..30), nr: u32, arch: u32, args: [u64; 6]
    ) {
        body.push(ALLOW);
        let data = SeccompData::call(Architecture::from_token(arch), nr, args);
        // A program that nobody has checked: it is run all the same.
        let unchecked = Program { instructions: body.clone() };
        let run = unchecked.run(&data, &mut Silent);
        prop_assert!(run.executed <= body.len());
        always_allows(&unchecked, data.arch, nr);
        weight(&unchecked, Release::NEWEST);
        if let Err(error) = check(&body) {
            prop_assert!(error.instruction.is_none_or(|index| index < body.len()));
        }
    }

    #[test]
    fn what_the_cache_allows_is_allowed(
        mut body in prop::collection::vec(instruction(), 0..12), nr in 0..6_u32, args: [u64; 6]
    ) {
        body.push(ALLOW);
        if let Ok(program) = Program::check(body) {
            let run = program.run(&SeccompData::call(Architecture::X86_64, nr, args), &mut Silent);
            if always_allows(&program, Architecture::X86_64, nr) {
                prop_assert_eq!(run.returned.0, 0x7fff_0000);
            }
        }
    }
}
