use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Effect, Event, Flow, Rule, SetName, Trace};
use crate::capability::{CapSet, Capability};

/// The history of single bits over a list of steps, backwards and forwards.
///
/// ```
/// use sim_core::prelude::*;
/// use sim_core::rule::Motion;
///
/// let system = System::default();
/// let thread = Thread::from(Credentials::user(1024));
/// let file = File::default().with_caps("cap_net_raw=ep".parse()?);
/// let mut trace = Trace::new();
/// execve(&system, &thread, &Program::from(&file), &mut trace);
///
/// // Where did CAP_NET_RAW in the new effective set come from?
/// let traces = [&trace];
/// let links = Provenance::new(&traces).origins(0, SetName::Effective, Capability::NET_RAW, true);
/// let rules: Vec<_> = links.iter().filter_map(|link| link.rule).map(|rule| rule.id).collect();
/// assert_eq!(rules, ["execve.effective-permitted", "execve.permitted", "execve.file-permitted", "execve.file-permitted"]);
/// // The last rule needs two sets: it was in the file's permitted set and in the bounding set.
/// let starts: Vec<_> = links.iter().filter(|link| link.motion == Motion::Start).map(|link| link.into).collect();
/// assert_eq!(starts, [SetName::Bounding, SetName::FilePermitted]);
/// # Ok::<(), ParseCapTextError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    steps: &'a [&'a Trace],
}

/// One move of one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The step in which it happened; the step asked about for [`Motion::Start`].
    pub step: usize,
    /// The rule that did it; none for [`Motion::Start`].
    pub rule: Option<&'static Rule>,
    /// What happened.
    pub motion: Motion,
    /// The set it came from, or that lacked it.
    pub from: Option<SetName>,
    /// The set it moved into, or was kept out of.
    pub into: SetName,
}

/// What happened to a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// It was there, or was not, before the first step.
    Start,
    /// A rule put it in.
    Given,
    /// A rule took it out.
    Removed,
    /// One set offered it, and the rule did not put it in.
    Withheld,
    /// A rule would have put it in, had `from` held it.
    Lacked,
}

/// A moment: a step, and a report within it. Ordered by time.
type Moment = (usize, usize);

impl<'a> Provenance<'a> {
    /// Over the traces of consecutive steps.
    pub const fn new(steps: &'a [&'a Trace]) -> Self {
        Self { steps }
    }

    /// Why `capability` is (`held`) or is not in `set` after `step`: the moves that led there, latest first.
    pub fn origins(self, step: usize, set: SetName, capability: Capability, held: bool) -> Vec<Link> {
        let mut links = Vec::new();
        let mut seen = BTreeSet::new();
        // A refused execve fills no set; what it lacked was kept out of the one it was computing.
        let refused = !held && set == SetName::Permitted && self.refused_for_want_of(step, capability);
        let asked = if refused { SetName::NewPermitted } else { set };
        let mut open = alloc::vec![(asked, (step, usize::MAX))];
        while let Some((set, before)) = open.pop() {
            if !seen.insert((set, before)) {
                continue;
            }
            let found = if held {
                self.given_before(set, before, capability)
            } else {
                self.missing_before(set, before, capability)
            };
            if found.is_empty() {
                let motion = Motion::Start;
                links.push(Link { step, rule: None, motion, from: None, into: set });
            }
            for (moment, link) in found {
                links.push(link);
                if let Some(from) = link.from
                    && (from.outlives_a_step() || moment.0 == before.0)
                {
                    open.push((from, moment));
                }
            }
        }
        links
    }

    /// What became of `capability` in `set` as it was before `step`: the moves that used it, earliest first.
    pub fn uses(self, step: usize, set: SetName, capability: Capability) -> Vec<Link> {
        let mut links = Vec::new();
        let mut holders = alloc::vec![set];
        let mut current = step;
        for ((at, _), rule, flow) in self.flows().filter(|((at, _), ..)| *at >= step) {
            if at > current {
                holders.retain(|holder| holder.outlives_a_step());
                current = at;
            }
            let mut link = |motion, from, into| {
                links.push(Link { step: at, rule: Some(rule), motion, from, into });
            };
            for source in flow.from.into_iter().flatten() {
                if !holders.contains(&source.name) || !source.value.contains(capability) {
                    continue;
                }
                if flow.given.contains(capability) {
                    link(Motion::Given, Some(source.name), flow.into);
                } else if flow.withheld.contains(capability) {
                    link(Motion::Withheld, Some(source.name), flow.into);
                }
            }
            let from_holder = flow.from.into_iter().flatten().any(|source| holders.contains(&source.name));
            if flow.removed.contains(capability) && holders.contains(&flow.into) {
                link(Motion::Removed, None, flow.into);
                holders.retain(|holder| *holder != flow.into);
            } else if flow.given.contains(capability) && from_holder && !holders.contains(&flow.into) {
                holders.push(flow.into);
            }
        }
        links
    }

    /// The moves that put the bit into `set`, in the latest step that has one.
    fn given_before(self, set: SetName, before: Moment, capability: Capability) -> Vec<(Moment, Link)> {
        let mut found: Vec<(Moment, Link)> = Vec::new();
        for (moment, rule, flow) in self.flows_back(set, before) {
            let same_step = found.first().is_none_or(|((step, _), _)| *step == moment.0);
            if !same_step || flow.removed.contains(capability) {
                break;
            }
            if !flow.given.contains(capability) {
                continue;
            }
            let motion = Motion::Given;
            let mut link = |from| {
                found.push((moment, Link { step: moment.0, rule: Some(rule), motion, from, into: set }));
            };
            let holders = flow.from.into_iter().flatten().filter(|source| source.value.contains(capability));
            let mut any = false;
            for source in holders {
                any = true;
                link(Some(source.name));
            }
            if !any {
                link(None);
            }
        }
        found
    }

    /// The moves that took the bit out of `set` or kept it out, in the latest step that has one.
    fn missing_before(self, set: SetName, before: Moment, capability: Capability) -> Vec<(Moment, Link)> {
        let mut found: Vec<(Moment, Link)> = Vec::new();
        for (moment, rule, flow) in self.flows_back(set, before) {
            if found.first().is_some_and(|((step, _), _)| *step != moment.0) {
                break;
            }
            let mut link = |motion, from| {
                found.push((moment, Link { step: moment.0, rule: Some(rule), motion, from, into: set }));
            };
            if flow.given.contains(capability) {
                break;
            }
            let removed = flow.removed.contains(capability);
            if removed {
                link(Motion::Removed, None);
            }
            let withheld = flow.withheld.contains(capability);
            let motion = if withheld { Motion::Withheld } else { Motion::Lacked };
            for source in flow.from.into_iter().flatten().filter(|source| !source.value.contains(capability)) {
                link(motion, Some(source.name));
            }
            if removed {
                break;
            }
        }
        found
    }

    fn refused_for_want_of(self, step: usize, capability: Capability) -> bool {
        self.steps.get(step).is_some_and(|trace| {
            trace.events().iter().any(|event| match event {
                Event::Applied { effect: Effect::Refuses { lacking, .. }, .. } => lacking.contains(capability),
                _ => false,
            })
        })
    }

    fn flows(self) -> impl Iterator<Item = (Moment, &'static Rule, Flow)> {
        self.steps.iter().enumerate().flat_map(|(step, trace)| {
            trace.events().iter().enumerate().filter_map(move |(index, event)| match *event {
                Event::Applied { rule, effect: Effect::Bits(flow) } => Some(((step, index), rule, flow)),
                _ => None,
            })
        })
    }

    /// The moves into `set` before a moment, latest first.
    fn flows_back(self, set: SetName, before: Moment) -> impl Iterator<Item = (Moment, &'static Rule, Flow)> {
        let within = |moment: Moment| moment < before && (set.outlives_a_step() || moment.0 == before.0);
        let mut flows: Vec<_> =
            self.flows().filter(|(moment, _, flow)| within(*moment) && flow.into == set).collect();
        flows.reverse();
        flows.into_iter()
    }
}

impl SetName {
    /// Whether the set still means the same in the next step.
    fn outlives_a_step(self) -> bool {
        !matches!(
            self,
            Self::NewPermitted | Self::FilePermitted | Self::FileInheritable | Self::Argument | Self::List
        )
    }
}

/// The bits of a set that have a history worth showing: those that some rule moved.
impl Provenance<'_> {
    /// Every bit that a rule moved into, out of or past any set.
    pub fn moved(self) -> CapSet {
        self.flows().fold(CapSet::EMPTY, |moved, (_, _, flow)| moved | flow.given | flow.removed | flow.withheld)
    }
}
