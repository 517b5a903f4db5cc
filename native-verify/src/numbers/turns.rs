use std::fs::File;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;
use sim_core::rule::Silent;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::profile::{Profile, resolve};
use sim_core::seccomp::{Architecture, FilterReturn, SeccompData};

use super::Case;
use super::compiled::Compiled;
use super::costs::calls;
use super::libseccomp::Rules;

/// Times of the model's own work and of libseccomp's, in the order of the filters: libseccomp, its tree, ours.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    /// From the profile's text to the filter. libseccomp's has the text read by our reader.
    pub(super) from_text: [Time; 3],
    /// libseccomp's from the rules, with names looked up and entries chosen already.
    pub(super) from_rules: [Time; 2],
    /// The proof that the filter is the policy, for every call.
    pub(super) validation: [Time; 3],
    /// What becomes of one call, by the policy.
    pub(super) policy_verdict: Time,
    /// What becomes of one call, by the filter.
    pub(super) filter_verdict: [Time; 3],
}

/// In nanoseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Time {
    pub(super) best: f64,
    pub(super) median: f64,
}

impl Time {
    /// The least and the middle of what was measured.
    pub(super) fn of(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or(f64::NAN);
        Self { best: at(0), median: at(times.len() / 2) }
    }
}

/// Measures everything in turn.
pub(super) fn measure(case: &Case, filters: &[Compiled; 3], rounds: u32) -> Result<Times> {
    let nowhere = File::options().write(true).open("/dev/null")?;
    let of_ours = || -> Result<()> {
        let profile = Profile::read(black_box(&case.text))?;
        black_box(compile(&resolve(&profile, &case.target)?)?);
        Ok(())
    };
    let of_text = |optimise: u32| -> Result<()> {
        let profile = Profile::read(black_box(&case.text))?;
        Rules::collect(&profile, &case.policy)?.export(optimise, &nowhere)
    };
    let of_rules = |optimise: u32| -> Result<()> { black_box(&case.rules).export(optimise, &nowhere) };
    let proof = |filter: &Compiled| -> Result<()> {
        match difference(&Subject::Policy(black_box(&case.policy)), &Subject::Program(&filter.program))? {
            None => Ok(()),
            Some(found) => bail!("the filter of {} is not the policy: {found:?}", filter.name),
        }
    };
    let asked: Vec<SeccompData> = calls(Architecture::X86_64).collect();
    let verdicts = |verdict: &dyn Fn(&SeccompData) -> FilterReturn| -> Result<()> {
        for call in (0..VERDICTS).flat_map(|_| &asked) {
            black_box(verdict(black_box(call)));
        }
        Ok(())
    };
    let by_filter = |filter: &Compiled| verdicts(&|call| filter.program.run(call, &mut Silent).returned);
    let [first, tree, ours] = filters;
    let works: [&dyn Fn() -> Result<()>; 12] = [
        &|| of_text(1),
        &|| of_text(2),
        &of_ours,
        &|| of_rules(1),
        &|| of_rules(2),
        &|| proof(first),
        &|| proof(tree),
        &|| proof(ours),
        &|| verdicts(&|call| case.policy.verdict(call).action),
        &|| by_filter(first),
        &|| by_filter(tree),
        &|| by_filter(ours),
    ];
    let mut times = works.map(|_| Vec::new());
    for _ in 0..rounds {
        for (work, times) in works.iter().zip(&mut times) {
            for _ in 0..REPEATED {
                times.push(nanoseconds(work)?);
            }
        }
    }
    let each = f64::from(u32::try_from(asked.len() * VERDICTS)?);
    let mut times = times.into_iter();
    let mut next =
        |each: f64| Time::of(times.next().unwrap_or_default().into_iter().map(|time| time / each).collect());
    Ok(Times {
        from_text: [next(1.0), next(1.0), next(1.0)],
        from_rules: [next(1.0), next(1.0)],
        validation: [next(1.0), next(1.0), next(1.0)],
        policy_verdict: next(each),
        filter_verdict: [next(each), next(each), next(each)],
    })
}

/// How often a work is repeated in a turn: the first time it finds memory as its neighbour left it.
const REPEATED: u32 = 5;

/// How often all calls are asked for in a turn.
const VERDICTS: usize = 10;

fn nanoseconds(work: &dyn Fn() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().div_duration_f64(Duration::from_nanos(1)))
}
