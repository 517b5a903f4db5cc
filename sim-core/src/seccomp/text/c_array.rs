use alloc::string::String;
use alloc::vec::Vec;

use super::token::{Token, shortened, tokens};
use super::{MAX_TEXT, MAX_WORDS, TextError, TextFault, c_names};
use crate::seccomp::bpf::Instruction;

/// How deep parentheses may stand in each other.
const DEEPEST: usize = 64;

/// Reads a program as it stands in C: `BPF_STMT(…)`, `BPF_JUMP(…)` and `{ 0x20, 0, 0, 0x4 }`, or `{ .code = 0x20, … }`,
/// alone or as the value of an array. Numbers may be sums, differences, unions, intersections and shifts of numbers and
/// of the kernel's constants; `offsetof(struct seccomp_data, …)` is known. Numbers of system calls are not.
///
/// ```
/// use sim_core::seccomp::text::read_c_array;
///
/// let program = read_c_array(
///     "struct sock_filter filter[] = {
///          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
///          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), /* else killed */
///          { 0x06, 0, 0, 0 },
///          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (1 & SECCOMP_RET_DATA)),
///      };",
/// )?;
/// assert_eq!((program[0].k, program[1].k, program[3].k), (4, 0xc000_003e, 0x0005_0001));
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn read_c_array(text: &str) -> Result<Vec<Instruction>, TextError> {
    if text.len() > MAX_TEXT {
        return Err(TextError::new(1, 1, TextFault::TooMuch { what: "bytes of text", max: MAX_TEXT }));
    }
    let blank = without_comments(text);
    let (mut words, mut left) = (Vec::new(), MAX_WORDS);
    for (number, line) in (1..).zip(blank.lines()) {
        words.extend(tokens(line, number, &mut left)?);
    }
    let end = words.last().map_or((1, 1), |last| (last.line, last.column + last.text.chars().count()));
    let mut reader = Reader { words: &words, end, depth: 0 };
    reader.skip_declaration();
    let mut program = Vec::new();
    loop {
        match reader.peek() {
            "" | "}" | ";" => return reader.finish(program),
            "," => reader.words = reader.words.split_first().map_or(&[], |(_, rest)| rest),
            _ if program.len() >= Instruction::MAX_COUNT => {
                let fault = TextFault::TooMuch { what: "instructions", max: Instruction::MAX_COUNT };
                return Err(reader.next("an instruction")?.fault(fault));
            }
            _ => program.push(reader.instruction()?),
        }
    }
}

/// The text with blanks in place of comments and directives, so that places stay the same.
fn without_comments(text: &str) -> String {
    let mut blank = String::with_capacity(text.len());
    let (mut characters, mut inside) = (text.chars().peekable(), None);
    let mut line_is_empty = true;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (inside, character, next) {
            (None, '/', Some('*')) => inside = Some('*'),
            (None, '/', Some('/')) => inside = Some('/'),
            (None, '#', _) if line_is_empty => inside = Some('/'),
            (Some('/'), '\n', _) => inside = None,
            (Some('*'), '*', Some('/')) => {
                characters.next();
                blank.push_str("  ");
                inside = None;
                continue;
            }
            _ => {}
        }
        line_is_empty = character == '\n' || line_is_empty && character.is_whitespace();
        blank.push(if inside.is_none() || character == '\n' { character } else { ' ' });
    }
    blank
}

struct Reader<'s, 'a> {
    words: &'s [Token<'a>],
    end: (usize, usize),
    depth: usize,
}

type Parsed<T> = Result<T, TextError>;

impl<'a> Reader<'_, 'a> {
    fn peek(&self) -> &'a str {
        self.words.first().map_or("", |token| token.text)
    }

    fn next(&mut self, expected: &'static str) -> Parsed<Token<'a>> {
        let Some((first, rest)) = self.words.split_first() else {
            let fault = TextFault::Expected { expected, found: String::new() };
            return Err(TextError::new(self.end.0, self.end.1, fault));
        };
        self.words = rest;
        Ok(*first)
    }

    fn sign(&mut self, sign: &'static str) -> Parsed<()> {
        let token = self.next(sign)?;
        if token.text == sign { Ok(()) } else { Err(token.expected(sign)) }
    }

    /// Goes behind `… = {`, if there is one before the first instruction.
    fn skip_declaration(&mut self) {
        let sign = self.words.iter().position(|token| token.text == "=");
        let first = self.words.iter().position(|token| ["{", "BPF_STMT", "BPF_JUMP"].contains(&token.text));
        let brace = |at: usize| self.words.get(at).is_some_and(|token| token.text == "{");
        let rest = match (sign, first) {
            (Some(sign), Some(first)) if sign < first && brace(first) => first + 1,
            // A bare outer brace: the next is an instruction again.
            (_, Some(0))
                if brace(0)
                    && self.words.get(1).is_some_and(|token| ["{", "BPF_STMT", "BPF_JUMP"].contains(&token.text)) =>
            {
                1
            }
            _ => 0,
        };
        self.words = self.words.get(rest..).unwrap_or_default();
    }

    /// What stands behind the last instruction: a brace and a semicolon at most.
    fn finish(mut self, program: Vec<Instruction>) -> Parsed<Vec<Instruction>> {
        for sign in ["}", ";"] {
            if self.peek() == sign {
                self.next(sign)?;
            }
        }
        match self.words.first() {
            Some(more) => Err(more.expected("the end")),
            None => Ok(program),
        }
    }

    fn instruction(&mut self) -> Parsed<Instruction> {
        let first = self.next("an instruction")?;
        let instruction = match first.text {
            "BPF_STMT" => {
                self.sign("(")?;
                let code = self.limited(0xffff)?;
                self.sign(",")?;
                let k = self.limited(0xffff_ffff)?;
                self.sign(")")?;
                [code, 0, 0, k]
            }
            "BPF_JUMP" => {
                self.sign("(")?;
                let code = self.limited(0xffff)?;
                self.sign(",")?;
                let k = self.limited(0xffff_ffff)?;
                self.sign(",")?;
                let jt = self.limited(0xff)?;
                self.sign(",")?;
                let jf = self.limited(0xff)?;
                self.sign(")")?;
                [code, jt, jf, k]
            }
            "{" => self.fields()?,
            _ => return Err(first.expected("BPF_STMT(…), BPF_JUMP(…) or { code, jt, jf, k }")),
        };
        let [code, jt, jf, k] = instruction;
        let byte = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        Ok(Instruction { code: u16::try_from(code).unwrap_or(u16::MAX), jt: byte(jt), jf: byte(jf), k })
    }

    /// Inside of braces: four values in order or by name; what is left out is 0.
    fn fields(&mut self) -> Parsed<[u32; 4]> {
        const NAMES: [(&str, u64); 4] = [("code", 0xffff), ("jt", 0xff), ("jf", 0xff), ("k", 0xffff_ffff)];
        let (mut values, mut place) = ([0; 4], 0);
        while self.peek() != "}" {
            if self.peek() == "." {
                self.sign(".")?;
                let name = self.next("code, jt, jf or k")?;
                let known = NAMES.iter().position(|(known, _)| *known == name.text);
                place = known.ok_or_else(|| name.expected("code, jt, jf or k"))?;
                self.sign("=")?;
            }
            let (Some((_, max)), Some(value)) = (NAMES.get(place), values.get_mut(place)) else {
                return Err(self.next("}")?.expected("}"));
            };
            *value = self.limited(*max)?;
            place += 1;
            if self.peek() != "}" {
                self.sign(",")?;
            }
        }
        self.sign("}")?;
        Ok(values)
    }

    fn limited(&mut self, max: u64) -> Parsed<u32> {
        let Some(place) = self.words.first().copied() else {
            return self.next("a number").map(|_| 0);
        };
        let value = self.expression(0)?;
        let fits = u32::try_from(value).ok().filter(|value| u64::from(*value) <= max);
        fits.ok_or_else(|| place.fault(TextFault::Number { found: alloc::format!("{value}"), max }))
    }

    /// Operators of at least this strength, as C has them.
    fn expression(&mut self, weakest: u8) -> Parsed<u64> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self
                .next("a number")?
                .fault(TextFault::TooMuch { what: "nested parentheses", max: DEEPEST }));
        }
        let mut value = self.operand()?;
        while let Some(strength) = strength(self.peek()).filter(|strength| *strength >= weakest) {
            let operator = self.next("an operator")?;
            let right = self.expression(strength + 1)?;
            let result = match operator.text {
                "|" => Some(value | right),
                "^" => Some(value ^ right),
                "&" => Some(value & right),
                "+" => value.checked_add(right),
                "-" => value.checked_sub(right),
                "*" => value.checked_mul(right),
                "<<" => u32::try_from(right).ok().filter(|by| *by < 32).map(|by| value << by),
                _ => u32::try_from(right).ok().filter(|by| *by < 64).map(|by| value >> by),
            };
            let max = u32::MAX.into();
            value = result.ok_or_else(|| operator.fault(TextFault::Number { found: "the result".into(), max }))?;
        }
        self.depth -= 1;
        Ok(value)
    }

    fn operand(&mut self) -> Parsed<u64> {
        let token = self.next("a number")?;
        match token.text {
            "(" => {
                // A cast changes nothing that fits.
                if ["__u32", "uint32_t", "unsigned", "__u16", "uint16_t"].contains(&self.peek()) {
                    while self.peek() != ")" {
                        self.next(")")?;
                    }
                    self.sign(")")?;
                    return self.operand_inside();
                }
                let value = self.expression(0)?;
                self.sign(")")?;
                Ok(value)
            }
            "~" => self.operand_inside().map(|value| !value & 0xffff_ffff),
            "offsetof" => self.offset(),
            _ if token.is_number() => token.number(u64::from(u32::MAX)),
            _ if token.is_word() => {
                c_names::value(token.text).ok_or_else(|| token.fault(TextFault::Name { name: shortened(token.text) }))
            }
            _ => Err(token.expected("a number")),
        }
    }

    /// An operand below another, counted against bombs of `~~~~`.
    fn operand_inside(&mut self) -> Parsed<u64> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self
                .next("a number")?
                .fault(TextFault::TooMuch { what: "nested parentheses", max: DEEPEST }));
        }
        let value = self.operand();
        self.depth -= 1;
        value
    }

    /// Behind `offsetof`.
    fn offset(&mut self) -> Parsed<u64> {
        self.sign("(")?;
        self.sign("struct")?;
        self.sign("seccomp_data")?;
        self.sign(",")?;
        let name = self.next("a field of struct seccomp_data")?;
        let (offset, array) =
            c_names::field(name.text).ok_or_else(|| name.expected("nr, arch, instruction_pointer or args"))?;
        let mut index = 0;
        if array && self.peek() == "[" {
            self.sign("[")?;
            index = self.next("an index from 0 to 5")?.number(5)?;
            self.sign("]")?;
        }
        self.sign(")")?;
        Ok(offset + 8 * index)
    }
}

/// How strongly an operator binds.
fn strength(operator: &str) -> Option<u8> {
    match operator {
        "|" => Some(1),
        "^" => Some(2),
        "&" => Some(3),
        "<<" | ">>" => Some(4),
        "+" | "-" => Some(5),
        "*" => Some(6),
        _ => None,
    }
}
