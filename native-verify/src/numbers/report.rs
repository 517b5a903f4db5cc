use std::fmt;

use serde::Serialize;

use super::costs::{Counts, Executed};
use super::kernel::{CallTimes, Filtered};
use super::turns::{Time, Times};

/// Everything that was measured. Its text is Markdown.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The release of libseccomp.
    pub(super) libseccomp: String,
    /// The profile's names that it does not know, which are left out.
    pub(super) unknown_names: Vec<String>,
    /// libseccomp's filter, that of its tree, ours.
    pub(super) counts: [Counts; 3],
    /// Ours with all names.
    pub(super) whole: Counts,
    pub(super) times: Times,
    pub(super) calls: Vec<CallTimes>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { libseccomp, unknown_names, counts, whole, times, calls } = self;
        f.write_str(
            "Docker's default profile on x86_64 with x86 and x32. All three filters are proven to answer every call alike. \
             Executed instructions are counted over the numbers 0 to 334 and 424 to 471 without arguments. A time is the \
             least of many, with the median in brackets; all take turns on one processor. The tree is libseccomp's \
             optimisation 2.\n\n",
        )?;
        writeln!(f, "| | libseccomp {libseccomp} | its tree | ours |\n|---|--:|--:|--:|")?;
        let mut row = |what: &str, cells: [String; 3]| writeln!(f, "| {what} | {} |", cells.join(" | "));
        row(
            "executed instructions a call on x86_64, average / maximum",
            counts.each_ref().map(|c| executed(&c.x86_64)),
        )?;
        row("the same with the numbers of x86", counts.each_ref().map(|c| executed(&c.x86)))?;
        row("always allowed calls that the kernel caches, x86_64 and x86", counts.each_ref().map(cached))?;
        row("instructions in the filter", counts.each_ref().map(|c| c.instructions.to_string()))?;
        row("weight in the kernel's limit", counts.each_ref().map(|c| c.weight.to_string()))?;
        let [text @ .., ours] = times.from_text;
        let [first, tree] = times.from_rules.map(|rules| beside(rules, ours));
        row("compilation from the rules alone", [first, tree, "–".to_owned()])?;
        let [first, tree] = text.map(|text| beside(text, ours));
        row("compilation from the profile's text, which ours reads for all", [first, tree, time(ours)])?;
        row("our proof that the filter is the policy", times.validation.map(time))?;
        for CallTimes { call, without, filtered } in calls {
            let what =
                format!("{call} in the kernel, {:.0} ({:.0}) ns without a filter", without.best, without.median);
            row(&what, filtered.each_ref().map(|filtered| over(filtered, without)))?;
        }
        row("verdict in the model by the filter", times.filter_verdict.map(nanoseconds))?;
        row(
            "verdict in the model by the policy",
            ["–".to_owned(), "–".to_owned(), nanoseconds(times.policy_verdict)],
        )?;
        writeln!(
            f,
            "\nThis libseccomp does not know {} of the profile's names, or not on all three architectures, and they are left \
             out: {}. With all names, ours has {} instructions, and executes {} a call on x86_64.",
            unknown_names.len(),
            unknown_names.join(", "),
            whole.instructions,
            executed(&whole.x86_64)
        )
    }
}

fn executed(Executed { average, maximum, .. }: &Executed) -> String {
    format!("{average:.2} / {maximum}")
}

fn cached(Counts { x86_64, x86, .. }: &Counts) -> String {
    let of = |executed: &Executed| format!("{} of {}", executed.cached, executed.always_allowed);
    format!("{}, {}", of(x86_64), of(x86))
}

/// Best and median.
fn time(Time { best, median }: Time) -> String {
    format!("{:.3} ({:.3}) ms", best / 1e6, median / 1e6)
}

/// The same, and how many times `ours` it is.
fn beside(theirs: Time, ours: Time) -> String {
    format!(
        "{}: {:.0} ({:.0}) times ours from the text",
        time(theirs),
        theirs.best / ours.best,
        theirs.median / ours.median
    )
}

fn nanoseconds(Time { best, median }: Time) -> String {
    format!("{best:.1} ({median:.1}) ns")
}

/// Best and median, the ratio to no filter, and how many instructions it took.
fn over(Filtered { time, executed }: &Filtered, without: &Time) -> String {
    format!(
        "{:.0} ({:.0}) ns, {:.2} of none; {executed} instructions",
        time.best,
        time.median,
        time.best / without.best
    )
}
