//! A module of sim-core uses only the floors below its own.

use super::Breach;

/// From the top; modules of one floor do not use each other.
const FLOORS: [&[&str]; 12] = [
    &["search", "least"],
    &["scenario"],
    &["runtime"],
    &["text", "execve", "calls", "access", "seccomp"],
    &["permission"],
    &["file", "outcome", "system"],
    &["rule"],
    &["credentials"],
    &["kernel"],
    &["engine"],
    &["capability"],
    &["json"],
];

const SOURCE: &str = "sim-core/src/";

pub(super) fn check(name: &str, text: &str) -> Vec<Breach> {
    let Some(path) = name.strip_prefix(SOURCE) else { return Vec::new() };
    let module = path.split(['/', '.']).next().unwrap_or_default();
    let Some(own) = floor(module) else { return Vec::new() };
    if path.ends_with("tests.rs") {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        for used in code.split("crate::").skip(1) {
            let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if used != module && floor(used).is_some_and(|floor| floor <= own) {
                breaches.push(format!("{name}:{}: {module} uses {used}, which is not below it", index + 1));
            }
        }
    }
    breaches
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_what_is_below_may_be_used() {
        let found = |name: &str, line: &str| check(name, line).len();
        assert_eq!(found("sim-core/src/execve/mod.rs", "use crate::rule::Rule;\n"), 0);
        assert_eq!(found("sim-core/src/execve/mod.rs", "use crate::execve::open;\n"), 0);
        assert_eq!(found("sim-core/src/rule/mod.rs", "use crate::execve::open;\n"), 1);
        assert_eq!(found("sim-core/src/access/bind.rs", "use crate::calls::prctl;\n"), 1);
        assert_eq!(found("sim-core/src/outcome.rs", "x(crate::scenario::Step)\n"), 1);
        assert_eq!(found("sim-core/src/rule/tests.rs", "use crate::execve::open;\n"), 0);
        assert_eq!(found("sim-core/src/rule/a.rs", "#[cfg(test)]\nuse crate::execve::open;\n"), 0);
        assert_eq!(found("src/main.rs", "use crate::execve::open;\n"), 0);
    }
}
