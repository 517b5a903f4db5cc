use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Answers, Calls, Diagram, Difference, Undecided};
use crate::kernel::Release;
use crate::rule::Silent;
use crate::seccomp::bpf::{Instruction, MAX_PATH, Program, opcode, weight};
use crate::seccomp::compile::compile;
use crate::seccomp::equivalence::{Subject, difference};
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{
    CallPolicy, Condition, Engine, Manager, Operator, Origin, Policy, Rule, Runtime, Stub, TablePolicy, Target,
    resolve,
};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::text::assemble;
use crate::seccomp::{Action, Architecture, ByteOrder, Filter, FilterReturn, Flags, Mode, Seccomp, SeccompData};

const ALLOW: FilterReturn = FilterReturn::ALLOW;
const EPERM: FilterReturn = Action::Errno.with_data(1);

fn condition(argument: u8, operator: Operator, value: u64) -> Condition {
    Condition { argument, operator, value, mask: u64::MAX }
}

fn rule(conditions: &[Condition], action: FilterReturn) -> Rule {
    Rule { conditions: conditions.into(), action, origin: Origin::default() }
}

/// A policy that fails all calls but these.
fn policy(tables: Vec<(Abi, Vec<CallPolicy>)>) -> Policy {
    Policy {
        default_action: EPERM,
        bad_architecture_action: FilterReturn::KILL_PROCESS,
        tables: tables.into_iter().map(|(abi, calls)| TablePolicy { abi, stub: None, calls }).collect(),
        flags: Flags::default(),
        listener_path: None,
        entries: Vec::new(),
        notes: Vec::new(),
        ambiguities: Vec::new(),
    }
}

/// A call that a filter answers otherwise than its policy.
fn disagreement(policy: &Policy, program: &Program) -> Result<Option<Difference>, Undecided> {
    difference(&Subject::Policy(policy), &Subject::Program(program))
}

/// The filters that libseccomp 2.5.4 and 2.6.1 make of these two rules permit `a0 = 0, a1 = 1000`; neither rule does.
#[test]
fn libseccomps_smallest_wrong_filter_is_found() {
    let rules = vec![
        rule(&[condition(0, Operator::Greater, 1), condition(1, Operator::GreaterOrEqual, 1000)], ALLOW),
        rule(&[condition(0, Operator::LessOrEqual, 4096), condition(1, Operator::Less, 1)], ALLOW),
    ];
    let mut policy = policy(vec![(Abi::X86_64, vec![CallPolicy { number: 2, rules }])]);
    policy.bad_architecture_action = Action::KillThread.with_data(0);
    assert_eq!(disagreement(&policy, &compile(&policy).unwrap()), Ok(None));
    // The filter that 2.5.4 exports for them. The instruction 21 compares a0 with 1, but what is loaded there is a1.
    let exported: [(u16, u8, u8, u32); 30] = [
        (0x20, 0, 0, 0x4),
        (0x15, 0, 27, 0xc000_003e),
        (0x20, 0, 0, 0x0),
        (0x35, 0, 1, 0x4000_0000),
        (0x15, 0, 24, 0xffff_ffff),
        (0x15, 0, 21, 0x2),
        (0x20, 0, 0, 0x14),
        (0x25, 14, 0, 0x0),
        (0x15, 5, 0, 0x0),
        (0x20, 0, 0, 0x1c),
        (0x25, 16, 0, 0x0),
        (0x15, 0, 16, 0x0),
        (0x20, 0, 0, 0x18),
        (0x35, 13, 14, 0x1),
        (0x20, 0, 0, 0x10),
        (0x25, 5, 0, 0x1000),
        (0x20, 0, 0, 0x1c),
        (0x25, 3, 0, 0x0),
        (0x15, 0, 9, 0x0),
        (0x20, 0, 0, 0x18),
        (0x35, 0, 7, 0x1),
        (0x25, 0, 5, 0x1),
        (0x20, 0, 0, 0x1c),
        (0x25, 4, 0, 0x0),
        (0x15, 0, 2, 0x0),
        (0x20, 0, 0, 0x18),
        (0x35, 1, 0, 0x3e8),
        (0x06, 0, 0, 0x50001),
        (0x06, 0, 0, 0x7fff_0000),
        (0x06, 0, 0, 0x0),
    ];
    let instructions = exported.map(|(code, jt, jf, k)| Instruction { code, jt, jf, k });
    let wrong = Program::check(instructions.to_vec()).unwrap();
    let found = disagreement(&policy, &wrong).unwrap().unwrap();
    assert_eq!(found.call, SeccompData::call(Architecture::X86_64, 2, [0, 1000, 0, 0, 0, 0]));
    assert_eq!((found.left, found.right), (EPERM, ALLOW));
    let mut diagram = Diagram::new(ByteOrder::Little);
    let (policy, wrong) = (diagram.policy(&policy).unwrap(), diagram.program(&wrong).unwrap());
    let refused = diagram.excess(policy, wrong, Calls::ALL).unwrap().unwrap();
    assert_eq!(refused.call.args, [2, 1 << 32, 0, 0, 0, 0], "it refuses too much as well");
    let regions = diagram.differing_regions(policy, wrong, Calls::ALL, 100).unwrap();
    let texts: Vec<_> = regions.iter().map(|(region, _)| region.to_string()).collect();
    let expected = [
        "x86_64 && nr == 2 && args[0] <= 0x1 && args[1] in 0x3e8..=0xffffffff",
        "x86_64 && nr == 2 && args[0] <= 0x1 && args[1] >= 0x200000000",
        "x86_64 && nr == 2 && args[0] in 0x2..=0x1000 && args[1] in 0x100000000..=0x1ffffffff",
    ];
    assert_eq!(texts, expected);
}

#[test]
fn every_preset_is_compiled_exactly_for_every_engine() {
    for preset in Preset::ALL {
        let manager = if preset == Preset::Docker { Manager::Moby } else { Manager::ContainersCommon };
        for runtime in [Runtime::None, Runtime::Runc, Runtime::Crun] {
            for abi in [Abi::X86_64, Abi::AARCH64, Abi::S390X, Abi::PPC64LE, Abi::RISCV64, Abi::LOONGARCH64] {
                let policy = resolve(&preset.profile(), &Target::new(abi, Engine::new(manager, runtime))).unwrap();
                let program = compile(&policy).unwrap();
                assert_eq!(disagreement(&policy, &program), Ok(None), "{} {abi}", preset.name());
            }
        }
    }
}

/// 2^40 ways through a program are 40 steps, for they join again.
#[test]
fn ways_that_join_are_followed_once() {
    let mut instructions = Vec::new();
    for bit in 0..40 {
        instructions.push(Instruction::statement(opcode::LD_ABS, 16 + bit / 8 * 4));
        instructions.push(Instruction::jump(opcode::JSET_K, 1 << (bit % 32), 0, 1));
        instructions.push(Instruction::jump(opcode::JEQ_K, 77, 0, 0));
    }
    instructions.push(Instruction::statement(opcode::RET_K, ALLOW.0));
    let mut diagram = Diagram::new(ByteOrder::Little);
    let answers = diagram.program(&Program::check(instructions).unwrap()).unwrap();
    assert_eq!(answers, diagram.always(ALLOW).unwrap());
}

#[test]
fn what_is_not_followed_is_told() {
    let error = |text: &str| Diagram::new(ByteOrder::Little).program(&assemble(text).unwrap()).unwrap_err();
    let sum = "A = args[0]\n X = A\n A = args[1]\n A += X\n if (A == 3) goto 6\n return KILL\n return ALLOW";
    assert_eq!(error(sum), Undecided::TwoWords { instruction: 3 });
    let compared = "A = args[0]\n X = A\n A = args[1]\n if (A > X) goto 5\n return KILL\n return ALLOW";
    assert_eq!(error(compared), Undecided::TwoWords { instruction: 3 });
    assert_eq!(error("A = args[0]\n return A"), Undecided::ReturnsWord { instruction: 1 });
    assert_eq!(error("A = args[0]\n A *= 3\n return A"), Undecided::Computes { instruction: 1 });
    let divided = "A = args[0]\n X = A\n A /= X\n return ALLOW";
    assert_eq!(error(divided), Undecided::TwoWords { instruction: 2 });
    // What is computed and does not decide is no hindrance.
    let unused = "A = args[0]\n A *= 3\n A = sys_number\n return ALLOW";
    assert!(Diagram::new(ByteOrder::Little).program(&assemble(unused).unwrap()).is_ok());
}

#[test]
fn what_another_process_decides_is_more_than_a_refusal_and_less_than_a_permission() {
    let mut diagram = Diagram::new(ByteOrder::Little);
    let ranks: [&[u32]; 3] = [
        &[0x8000_0000, 0, 0x3_0001, 0x5_0000, 0x5_0001, 0x6_0000],
        &[0x7fc0_0000, 0x7ff0_0001],
        &[0x7ffc_0000, 0x7fff_0000],
    ];
    let all = || ranks.iter().enumerate().flat_map(|(rank, words)| words.iter().map(move |&word| (rank, word)));
    for ((left, a), (right, b)) in all().flat_map(|first| all().map(move |second| (first, second))) {
        let [a, b] = [a, b].map(|word| diagram.always(FilterReturn(word)).unwrap());
        let excess = diagram.excess(a, b, Calls::ALL).unwrap();
        assert_eq!(excess.is_some(), left > right);
    }
}

/// 16 words of memory, each with one of two values, are 65,536 states.
#[test]
fn states_are_limited() {
    let mut instructions = Vec::new();
    for word in 0..16 {
        instructions.push(Instruction::statement(opcode::LD_IMM, 1));
        instructions.push(Instruction::statement(opcode::ST, word));
        instructions.push(Instruction::statement(opcode::LD_ABS, 16));
        instructions.push(Instruction::jump(opcode::JSET_K, 1 << word, 0, 2));
        instructions.push(Instruction::statement(opcode::LD_IMM, 2));
        instructions.push(Instruction::statement(opcode::ST, word));
    }
    instructions.push(Instruction::statement(opcode::RET_K, ALLOW.0));
    let program = Program::check(instructions).unwrap();
    assert_eq!(Diagram::new(ByteOrder::Little).program(&program), Err(Undecided::TooComplex));
}

/// A call is looked for only where it is asked for.
#[test]
fn only_some_calls_count() {
    let mut diagram = Diagram::new(ByteOrder::Little);
    let text = "A = arch\n if (A != ARCH_I386) goto 3\n return KILL\n return ALLOW";
    let kill = diagram.program(&assemble(text).unwrap()).unwrap();
    let allow = diagram.always(ALLOW).unwrap();
    let by = [Architecture::X86_64, Architecture::I386].map(|one| diagram.by(one).unwrap());
    assert_eq!(diagram.difference(kill, allow, by[0]), Ok(None));
    let nine = diagram.numbered(9).unwrap();
    let found = diagram.either(by[0], by[1]).and_then(|by| diagram.both(by, nine));
    let found = diagram.difference(kill, allow, found.unwrap()).unwrap().unwrap();
    assert_eq!(found.to_string(), "x86 call 9 (0, 0, 0, 0, 0, 0): KILL against ALLOW");
    assert_eq!(diagram.by_any(&[Architecture::I386, Architecture::X86_64]), diagram.either(by[0], by[1]));
}

/// Whether two arguments have a bit in common takes 2^64 nodes in the order in which bits are asked here.
#[test]
fn what_is_too_complex_is_told() {
    let bit =
        |argument, bit: u32| Condition { argument, operator: Operator::MaskedEqual, value: 1 << bit, mask: 1 << bit };
    let rules = (0..64).map(|n| rule(&[bit(0, n), bit(1, n)], ALLOW)).collect();
    let policy = policy(vec![(Abi::X86_64, vec![CallPolicy { number: 2, rules }])]);
    assert_eq!(Diagram::new(ByteOrder::Little).policy(&policy), Err(Undecided::TooComplex));
}

/// Values at which comparisons of 64 bits go wrong.
const VALUES: [u64; 12] = [
    0,
    1,
    2,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_0000_0000,
    u64::MAX,
];

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![3 => proptest::sample::select(&VALUES[..]), 1 => any::<u64>(), 2 => 0..8_u64]
}

fn conditions(width: u64) -> impl Strategy<Value = Vec<Condition>> {
    let one = (0..3_u8, proptest::sample::select(Operator::ALL), value(), value());
    let one = one.prop_map(move |(argument, operator, value, mask)| {
        let mask = if operator == Operator::MaskedEqual { mask & width } else { width };
        Condition { argument, operator, value: value & mask, mask }
    });
    proptest::collection::vec(one, 0..4)
}

fn calls_of(abi: Abi) -> impl Strategy<Value = Vec<CallPolicy>> {
    let width = if abi.is_64_bit() { u64::MAX } else { u64::from(u32::MAX) };
    let base = if abi == Abi::X32 { SeccompData::X32_BIT } else { 0 };
    let actions = [ALLOW, Action::Log.with_data(0), Action::Errno.with_data(7), Action::Trace.with_data(3)];
    let rules = (conditions(width), proptest::sample::select(actions.to_vec()));
    let rules = proptest::collection::vec(rules.prop_map(|(conditions, action)| rule(&conditions, action)), 1..5);
    proptest::collection::btree_map(0..12_u32, rules, 0..6).prop_map(move |calls| {
        calls.into_iter().map(|(number, rules)| CallPolicy { number: base + number, rules }).collect()
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    let abis = [[Abi::X86_64, Abi::X86, Abi::X32], [Abi::AARCH64, Abi::ARM, Abi::RISCV64]];
    let big = [Abi::S390X, Abi::S390, Abi::PPC64];
    proptest::sample::select([abis.as_slice(), &[big]].concat()).prop_flat_map(|abis| {
        let stub = proptest::option::of((0..14_u32, any::<bool>()));
        let table = |abi: Abi| (calls_of(abi), stub.clone());
        (table(abis[0]), table(abis[1]), table(abis[2]), 1..4_usize).prop_map(move |(a, b, c, count)| {
            let mut policy = policy(Vec::new());
            for (abi, (calls, stub)) in abis.into_iter().zip([a, b, c]).take(count) {
                let stub = stub.map(|(last, zero)| Stub { last, zero });
                policy.tables.push(TablePolicy { abi, stub, calls });
            }
            policy
        })
    })
}

fn order(policy: &Policy) -> ByteOrder {
    policy.tables[0].abi.architecture().byte_order()
}

fn data() -> impl Strategy<Value = SeccompData> {
    let archs = [
        Architecture::X86_64,
        Architecture::I386,
        Architecture::AARCH64,
        Architecture::ARM,
        Architecture::RISCV64,
        Architecture::S390X,
        Architecture::S390,
        Architecture::PPC64,
    ];
    let number = prop_oneof![
        6 => 0..15_u32,
        3 => (0..15_u32).prop_map(|number| number | SeccompData::X32_BIT),
        1 => any::<u32>(),
        1 => Just(u32::MAX),
    ];
    let args = (value(), value(), value());
    (proptest::sample::select(archs.to_vec()), number, args, value()).prop_map(|(arch, nr, (a, b, c), pointer)| {
        SeccompData { instruction_pointer: pointer, ..SeccompData::call(arch, nr, [a, b, c, 0, 0, 0]) }
    })
}

/// An instruction of any kind; jumps lead at most 6 ahead.
fn instruction() -> impl Strategy<Value = Instruction> {
    let k = prop_oneof![value().prop_map(|v| u32::try_from(v & 0xffff_ffff).unwrap()), 0..16_u32];
    let offset = proptest::sample::select(vec![0, 4, 8, 12, 16, 16, 20, 24, 28, 32]);
    let jumps = [opcode::JEQ_K, opcode::JGT_K, opcode::JGE_K, opcode::JSET_K];
    let jumps_x = [opcode::JEQ_X, opcode::JGT_X, opcode::JGE_X, opcode::JSET_X];
    let bits = [opcode::AND_K, opcode::OR_K, opcode::XOR_K, opcode::AND_K];
    let shifts = [opcode::LSH_K, opcode::RSH_K, opcode::LD_MEM, opcode::LDX_MEM, opcode::ST, opcode::STX];
    let any_k = [opcode::LD_IMM, opcode::LDX_IMM, opcode::ADD_K, opcode::MUL_K, opcode::RET_K];
    let any_x = [opcode::TAX, opcode::TXA, opcode::NEG, opcode::LD_LEN, opcode::RET_A, opcode::DIV_X];
    let more_x = [opcode::AND_X, opcode::OR_X, opcode::XOR_X, opcode::LSH_X, opcode::RSH_X, opcode::SUB_X];
    let statement = Instruction::statement;
    let select = |codes: &[u16]| proptest::sample::select(codes.to_vec());
    let jump = |codes: &[u16]| {
        (select(codes), k.clone(), 0..6_u8, 0..6_u8).prop_map(|(code, k, jt, jf)| Instruction::jump(code, k, jt, jf))
    };
    prop_oneof![
        8 => offset.prop_map(move |k| statement(opcode::LD_ABS, k)),
        10 => jump(&jumps),
        1 => jump(&jumps_x),
        3 => (select(&bits), k.clone()).prop_map(move |(code, k)| statement(code, k)),
        2 => (select(&shifts), 0..3_u32).prop_map(move |(code, k)| statement(code, k)),
        1 => (select(&any_k), k.clone()).prop_map(move |(code, k)| statement(code, k)),
        1 => (select(&[&any_x[..], &more_x[..]].concat()), Just(0)).prop_map(move |(code, k)| statement(code, k)),
    ]
}

/// Instructions that belong together: a word goes through a register, arithmetic or memory before it is compared.
fn idiom() -> impl Strategy<Value = Vec<Instruction>> {
    let statement = Instruction::statement;
    let offset = proptest::sample::select(vec![0, 16, 20, 24]);
    let test = proptest::sample::select(vec![opcode::JEQ_X, opcode::JGT_X, opcode::JGE_X, opcode::JSET_X]);
    let by = 1..32_u32;
    let k = prop_oneof![0..9_u32, proptest::sample::select(vec![0x7fff_ffff, 0x8000_0000, u32::MAX])];
    (0..6, offset, test, by, k, 0..6_u8, 0..6_u8).prop_map(move |(kind, offset, test, by, k, jt, jf)| {
        let load = statement(opcode::LD_ABS, offset);
        let with_k = Instruction::jump(test & !0x08, k, jt, jf);
        let with_x = Instruction::jump(test, 0, jt, jf);
        match kind {
            0 => vec![load, statement(opcode::TAX, 0), statement(opcode::LD_IMM, k), with_x],
            1 => vec![load, statement(opcode::LDX_IMM, k), with_x],
            2 => vec![load, statement(opcode::RSH_K, by), with_k],
            3 => vec![load, statement(opcode::LSH_K, by), statement(opcode::RSH_K, by / 2), with_k],
            4 => vec![load, statement(opcode::ST, by % 16), statement(opcode::LD_MEM, by % 16), with_k],
            _ => {
                vec![load, statement(opcode::XOR_K, k), statement(opcode::AND_K, 0x105), statement(opcode::RET_A, 0)]
            }
        }
    })
}

/// Programs that the kernel accepts.
fn programs() -> impl Strategy<Value = Program> {
    let part = prop_oneof![6 => instruction().prop_map(|one| vec![one]), 1 => idiom()];
    proptest::collection::vec(part, 1..30).prop_filter_map("refused", |parts| {
        // Without a load first much would be decided by A = 0.
        let mut instructions = vec![Instruction::statement(opcode::LD_ABS, 0)];
        instructions.extend(parts.concat());
        instructions.extend([0, ALLOW.0, EPERM.0, 9, 3, 4, 5].map(|k| Instruction::statement(opcode::RET_K, k)));
        Program::check(instructions).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_program_answers_as_the_machine(program in programs(), calls in proptest::collection::vec(data(), 60)) {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut diagram = Diagram::new(order);
            let Ok(answers) = diagram.program(&program) else { continue };
            for data in &calls {
                prop_assert_eq!(diagram.answer(answers, data), program.run_in(data, order, &mut Silent).returned);
            }
        }
    }

    #[test]
    fn a_difference_is_one(
        first in programs(),
        second in programs(),
        at in any::<prop::sample::Index>(),
        k in 0..8_u32,
    ) {
        // A program and itself with one constant changed, and two that have nothing to do with each other.
        let mut changed = first.instructions().to_vec();
        at.get_mut(&mut changed).k = k;
        let seconds = [Program::check(changed).ok(), Some(second)];
        for second in seconds.into_iter().flatten() {
            let mut diagram = Diagram::new(ByteOrder::Little);
            let (Ok(a), Ok(b)) = (diagram.program(&first), diagram.program(&second)) else { continue };
            if let Some(found) = diagram.difference(a, b, Calls::ALL).unwrap() {
                let run = |program: &Program| program.run_in(&found.call, ByteOrder::Little, &mut Silent).returned;
                prop_assert_eq!([found.left, found.right], [&first, &second].map(run));
                prop_assert!(found.left != found.right);
            } else {
                prop_assert_eq!(a, b);
            }
        }
    }

    #[test]
    fn regions_hold_every_call_once(
        first in programs(),
        second in programs(),
        calls in proptest::collection::vec(data(), 60),
    ) {
        let mut diagram = Diagram::new(ByteOrder::Little);
        let (Ok(a), Ok(b)) = (diagram.program(&first), diagram.program(&second)) else { return Ok(()) };
        let by = diagram.by(Architecture::X86_64).unwrap();
        let within = diagram.complement(by).unwrap();
        // Random masks on random words can part calls into more regions than are listed.
        let Ok(regions) = diagram.regions(a, within, 10_000) else { return Ok(()) };
        let Ok(differing) = diagram.differing_regions(a, b, Calls::ALL, 10_000) else { return Ok(()) };
        for data in &calls {
            let held = regions.iter().filter(|(region, _)| region.contains(data));
            let held: Vec<_> = held.map(|(_, word)| *word).collect();
            let answer = diagram.answer(a, data);
            prop_assert_eq!(held, if data.arch == Architecture::X86_64 { vec![] } else { vec![answer] });
            let held = differing.iter().filter(|(region, _)| region.contains(data));
            let held: Vec<_> = held.map(|(_, words)| *words).collect();
            let both = [answer, diagram.answer(b, data)];
            prop_assert_eq!(held, if both[0] == both[1] { vec![] } else { vec![both] });
        }
    }

    #[test]
    fn a_stack_answers_as_the_machine(
        programs in proptest::collection::vec(programs(), 1..4),
        calls in proptest::collection::vec(data(), 40),
    ) {
        let filter = |program: Program| Filter { program: Arc::new(program), weight: 0, log: false, listener: false };
        let seccomp = Seccomp { mode: Mode::Filter, filters: programs.into_iter().map(filter).collect() };
        let mut diagram = Diagram::new(ByteOrder::Little);
        let Ok(answers) = diagram.stack(&seccomp) else { return Ok(()) };
        for data in &calls {
            let returned = seccomp.run_in(data, ByteOrder::Little, &mut Silent).returned;
            prop_assert_eq!(diagram.answer(answers, data), returned);
        }
    }

    #[test]
    fn a_policy_is_compiled_exactly(policy in policies(), calls in proptest::collection::vec(data(), 60)) {
        let program = compile(&policy).unwrap();
        prop_assert_eq!(disagreement(&policy, &program), Ok(None));
        prop_assert!(weight(&program, Release::NEWEST) <= MAX_PATH);
        let mut diagram = Diagram::new(order(&policy));
        let answers = diagram.policy(&policy).unwrap();
        for data in &calls {
            let action = policy.verdict(data).action;
            prop_assert_eq!(diagram.answer(answers, data), action);
            prop_assert_eq!(program.run_in(data, order(&policy), &mut Silent).returned, action);
        }
    }

    #[test]
    fn sets_of_calls_are_those_of_their_conditions(
        first in conditions(u64::MAX),
        second in conditions(u64::MAX),
        calls in proptest::collection::vec(data(), 40),
    ) {
        let mut diagram = Diagram::new(ByteOrder::Little);
        let (first, second) = (rule(&first, ALLOW), rule(&second, ALLOW));
        let (a, b) = (diagram.rule(&first).unwrap(), diagram.rule(&second).unwrap());
        let sets = [diagram.both(a, b), diagram.either(a, b), diagram.complement(a)].map(Result::unwrap);
        let answers = sets.map(|set| Answers(set.0));
        for data in &calls {
            let (a, b) = (first.holds(&data.args), second.holds(&data.args));
            let held = answers.map(|answers| diagram.answer(answers, data).0 == 1);
            prop_assert_eq!(held, [a && b, a || b, !a]);
        }
        for (set, holds) in sets.into_iter().zip([(true, true), (true, false), (false, true)]) {
            let Some(data) = diagram.example(set).unwrap() else { continue };
            let (a, b) = (first.holds(&data.args), second.holds(&data.args));
            let held = match holds { (true, true) => a && b, (true, false) => a || b, _ => !a };
            prop_assert!(held);
        }
    }
}
