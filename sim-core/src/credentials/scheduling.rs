/// How a thread is scheduled, as far as permissions depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduling {
    /// The nice value, -20 to 19.
    pub nice: i8,
    /// The policy.
    pub policy: SchedulingPolicy,
    /// The real-time priority: 1 to 99 with a real-time policy, 0 with others.
    pub priority: u8,
}

/// A scheduling policy of sched(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchedulingPolicy {
    /// `SCHED_OTHER`.
    Other,
    /// `SCHED_FIFO`.
    Fifo,
    /// `SCHED_RR`.
    RoundRobin,
    /// `SCHED_BATCH`.
    Batch,
    /// `SCHED_IDLE`.
    Idle,
}

impl Scheduling {
    /// What a process has that nobody changed: nice 0, `SCHED_OTHER`.
    pub const DEFAULT: Self = Self { nice: 0, policy: SchedulingPolicy::Other, priority: 0 };
}

impl SchedulingPolicy {
    /// Its number, as sched_setscheduler(2) takes it.
    pub const fn number(self) -> u8 {
        match self {
            Self::Other => 0,
            Self::Fifo => 1,
            Self::RoundRobin => 2,
            Self::Batch => 3,
            Self::Idle => 5,
        }
    }

    /// Whether it is `SCHED_FIFO` or `SCHED_RR`.
    pub const fn is_real_time(self) -> bool {
        matches!(self, Self::Fifo | Self::RoundRobin)
    }
}

#[cfg(test)]
mod tests {
    use super::SchedulingPolicy;
    use super::SchedulingPolicy::{Batch, Fifo, Idle, Other, RoundRobin};

    #[test]
    fn policies_have_the_numbers_of_sched_h() {
        let policies = [Other, Fifo, RoundRobin, Batch, Idle];
        assert_eq!(policies.map(SchedulingPolicy::number), [0, 1, 2, 3, 5]);
        let real_time = [false, true, true, false, false];
        assert_eq!(policies.map(SchedulingPolicy::is_real_time), real_time);
    }
}
