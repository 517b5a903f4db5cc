use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::capability::CapSet;

/// What came of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The engine refuses to make it; what it says.
    Refused(String),
    /// The runtime fails on the way to execve; what it says.
    NotStarted(String),
    /// The kernel refuses to execute the program; what the runtime says.
    NotExecuted(String),
    /// It runs, and this is its first process.
    Runs(Seen),
    /// It did something that none of these is; a failure of the harness or of the machine.
    Unclear(String),
}

/// The first process of a container, as its `/proc/1/status` shows it, and two settings of its network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Inheritable, permitted, effective, bounding, ambient: the lines in their order, in hexadecimal without zeros.
    pub(crate) sets: [String; 5],
    pub(crate) uid: [u32; 4],
    pub(crate) gid: [u32; 4],
    pub(crate) groups: Vec<u32>,
    pub(crate) no_new_privs: bool,
    /// 0 without a filter, 2 with one.
    pub(crate) seccomp: u8,
    pub(crate) port_start: u16,
    pub(crate) ping_groups: [u32; 2],
}

/// A set as the rows have it.
pub(super) fn digits(set: CapSet) -> String {
    format!("{:x}", set.bits())
}

impl Seen {
    /// Reads what the container printed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let lines: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(':')).collect();
        let set = |name: &str| {
            let bits = u64::from_str_radix(lines.get(name)?.trim(), 16).ok()?;
            Some(format!("{bits:x}"))
        };
        let ids =
            |name: &str| lines.get(name)?.split_whitespace().map(|id| id.parse().ok()).collect::<Option<Vec<u32>>>();
        let number = |name: &str| lines.get(name)?.trim().parse::<u8>().ok();
        let mut settings = text.lines().filter(|line| !line.contains(':'));
        let port_start = settings.next()?.trim().parse().ok()?;
        let ping: Vec<u32> = settings.next()?.split_whitespace().filter_map(|id| id.parse().ok()).collect();
        Some(Self {
            sets: [set("CapInh")?, set("CapPrm")?, set("CapEff")?, set("CapBnd")?, set("CapAmb")?],
            uid: ids("Uid")?.try_into().ok()?,
            gid: ids("Gid")?.try_into().ok()?,
            groups: ids("Groups")?,
            no_new_privs: number("NoNewPrivs")? == 1,
            seccomp: number("Seccomp")?,
            port_start,
            ping_groups: ping.try_into().ok()?,
        })
    }
}

impl Answer {
    /// What an engine's exit and texts mean.
    ///
    /// `of_runtime` says that a runtime was asked directly: it refuses nothing but by failing.
    pub(super) fn read(success: bool, output: &str, errors: &str, program: &str, of_runtime: bool) -> Self {
        if success {
            return Seen::read(output).map_or_else(|| Self::Unclear(first_lines(output)), Self::Runs);
        }
        let text = first_lines(errors);
        let has = |part: &str| errors.contains(part);
        // runc, crun, and the shell that a container begins with.
        let of_exec = [
            format!("exec {program}: operation not permitted"),
            format!("exec: \"{program}\": operation not permitted"),
            format!("exec container process `{program}`: Operation not permitted"),
            format!("{program}: Operation not permitted"),
        ];
        if of_exec.iter().any(|part| has(part)) {
            return Self::NotExecuted(text);
        }
        let says = ["OCI runtime", "runc create failed", "unable to start container process", "crun:"];
        if of_runtime && !text.is_empty() || says.iter().any(|part| has(part)) && !has("unknown capability") {
            return Self::NotStarted(text);
        }
        if has("Error") || has("docker:") { Self::Refused(text) } else { Self::Unclear(text) }
    }
}

/// Enough of what was printed to see what it is.
fn first_lines(text: &str) -> String {
    const LENGTH: usize = 300;
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("See '"));
    // runc alone says everything in its log; Docker repeats there what it says.
    let said: Vec<_> = lines().filter(|line| !line.contains("level=")).collect();
    let logged = || lines().next_back().map(|line| line.split_once(" msg=").map_or(line, |(_, message)| message));
    let said = if said.is_empty() { logged().into_iter().collect() } else { said };
    said.join(" | ").chars().take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Seen};

    const PRINTED: &str = "Name:\tbusybox\nUid:\t1024\t1024\t1024\t1024\nGid:\t0\t0\t0\t0\nGroups:\t0 50 \n\
        CapInh:\t0000000000000000\nCapPrm:\t0000000000000400\nCapEff:\t0000000000000400\nCapBnd:\t00000000a80425fb\n\
        CapAmb:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n0\n0\t2147483647\n";

    #[test]
    fn a_status_is_read() {
        let seen = Seen::read(PRINTED).unwrap();
        assert_eq!(seen.sets, ["0", "400", "400", "a80425fb", "400"]);
        assert_eq!((seen.uid, &seen.groups[..]), ([1024; 4], &[0, 50][..]));
        assert!(seen.no_new_privs && seen.seccomp == 2);
        assert_eq!((seen.port_start, seen.ping_groups), (0, [0, 2_147_483_647]));
        assert_eq!(Seen::read("Uid:\t0\t0\t0\t0\n"), None);
    }

    #[test]
    fn refusals_are_told_apart() {
        let read = |errors: &str| Answer::read(false, "", errors, "/bin/effective", false);
        let unknown =
            read("docker: Error response from daemon: invalid CapAdd: unknown capability: \"CAP_NOT_ONE\".");
        assert!(matches!(unknown, Answer::Refused(_)), "{unknown:?}");
        let caps = read(
            "docker: Error response from daemon: OCI runtime create failed: unable to apply caps: operation not permitted",
        );
        assert!(matches!(caps, Answer::NotStarted(_)), "{caps:?}");
        let exec = read("crun: exec container process `/bin/effective`: Operation not permitted");
        assert!(matches!(exec, Answer::NotExecuted(_)), "{exec:?}");
        assert!(matches!(read("killed"), Answer::Unclear(_)));
    }
}
