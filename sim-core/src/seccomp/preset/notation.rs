use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::seccomp::Action;
use crate::seccomp::profile::{ArchMap, Comparison, Entry, Filter, Operator, Place, Placed, Profile};

/// Reads the notation; `None` if a line is not of it.
pub(super) fn read(text: &str) -> Option<Profile> {
    let mut profile = Profile::default();
    for (number, line) in (1..).zip(text.lines()) {
        let place = |part: &str| Place {
            line: number,
            column: u32::try_from(part.as_ptr().addr() - line.as_ptr().addr() + 1).unwrap_or_default(),
        };
        let names = |text: &str| -> Vec<Placed<String>> {
            text.split_whitespace().map(|name| Placed { value: name.to_string(), place: place(name) }).collect()
        };
        if line.is_empty() || line.starts_with('#') {
        } else if line.starts_with(' ') {
            profile.syscalls.last_mut()?.names.extend(names(line));
        } else if let Some(rest) = line.strip_prefix("default ") {
            let (action, errno) = action(rest)?;
            (profile.default_action, profile.default_errno_ret) = (Some(action), errno);
        } else if let Some(rest) = line.strip_prefix("native ") {
            let (native, with) = rest.split_once(" with ").unwrap_or((rest, ""));
            let abi = |name: &str| Placed { value: format!("SCMP_ARCH_{}", name.to_uppercase()), place: place(name) };
            let sub_architectures = with.split_whitespace().map(abi).collect();
            profile.arch_map.push(ArchMap { architecture: abi(native), sub_architectures });
        } else {
            let (head, first) = line.split_once(':')?;
            let mut entry = entry(head, place(head))?;
            entry.names = names(first);
            profile.syscalls.push(entry);
        }
    }
    Some(profile)
}

/// An action and its clauses.
fn entry(head: &str, place: Place) -> Option<Entry> {
    let mut clauses = head.split("; ");
    let (action, errno_ret) = action(clauses.next()?)?;
    let (mut includes, mut excludes, mut args) = (Filter::default(), Filter::default(), Vec::new());
    for clause in clauses {
        let mut words = clause.split(' ');
        let filter = match words.next()? {
            "when" => &mut includes,
            "unless" => &mut excludes,
            "where" => {
                args.push(comparison(words)?);
                continue;
            }
            _ => return None,
        };
        match words.next()? {
            "arches" => filter.architectures = words.map(ToString::to_string).collect(),
            "caps" => filter.capabilities = words.map(ToString::to_string).collect(),
            "kernel" => filter.min_kernel = Some(words.next()?.to_string()),
            _ => return None,
        }
    }
    Some(Entry { names: Vec::new(), name: None, action, errno_ret, errno: None, args, includes, excludes, place })
}

/// `ALLOW`, `ERRNO 1`.
fn action(text: &str) -> Option<(Action, Option<u32>)> {
    let (name, errno) = match text.split_once(' ') {
        Some((name, errno)) => (name, Some(errno.parse().ok()?)),
        None => (text, None),
    };
    Some((Action::from_name(name)?, errno))
}

/// `a0 == 16`, `a0 & 0x7e == 0x0`.
fn comparison<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Comparison> {
    let index = words.next()?.strip_prefix('a')?.parse().ok().filter(|&index| index < 6)?;
    let sign = words.next()?;
    let operator = Operator::ALL.iter().copied().find(|operator| operator.sign() == sign)?;
    let value = number(words.next()?)?;
    let value_two = match words.next() {
        Some("==") => number(words.next()?)?,
        _ => 0,
    };
    Some(Comparison { index, operator, value, value_two })
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::seccomp::profile::Operator;

    #[test]
    fn what_is_not_of_the_notation_is_refused() {
        let head = "default LOG\n";
        for line in [
            "  read",
            "ALLOW read",
            "PERMIT: read",
            "ALLOW; if x: read",
            "ALLOW; where a6 == 1: read",
            "ERRNO x: read",
        ] {
            assert_eq!(read(&alloc::format!("{head}{line}")), None, "{line}");
        }
        let profile = read("ALLOW; where a1 & 0x7e == 0x10; unless caps CAP_BPF: clone\n    fork\n").unwrap();
        let entry = &profile.syscalls[0];
        let argument = entry.args[0];
        assert_eq!(
            (argument.index, argument.operator, argument.value, argument.value_two),
            (1, Operator::MaskedEqual, 0x7e, 0x10)
        );
        assert_eq!((entry.names[1].place.line, entry.names[1].place.column), (2, 5));
    }
}
