//! Steps, in numbers that each transport resolves to what it has.

use proptest::prelude::*;

/// A call. Groups, consumers and incarnations are numbers; entries count from the first that was seen.
#[derive(Debug, Clone)]
pub enum Step {
    Publish(Vec<u8>),
    PublishBatch(Outbox),
    Join {
        group: usize,
        beginning: bool,
    },
    Lead(By),
    Renew(By, bool),
    Release(By),
    Receive(By, usize),
    Claim(By, Claiming),
    Settle(By, Vec<Settling>),
    Requeue {
        group: usize,
        event: u8,
    },
    Retries(By),
    ClaimRetries(By, Vec<usize>, bool, bool),
    Read {
        after: Option<usize>,
        limit: usize,
    },
    DropDead(usize),
    TrimDead(u64),
    Trim {
        entries: u64,
        before: Option<usize>,
        lose: Option<u64>,
    },
    Delete {
        group: usize,
    },
}

impl Step {
    /// Returns the group that has to exist.
    pub fn group(&self) -> Option<usize> {
        match self {
            Self::Lead(by)
            | Self::Renew(by, _)
            | Self::Release(by)
            | Self::Receive(by, _)
            | Self::Claim(by, _)
            | Self::Settle(by, _)
            | Self::Retries(by)
            | Self::ClaimRetries(by, ..) => Some(by.group),
            _ => None,
        }
    }
}

/// A member of a group, and the epoch under which it acts.
#[derive(Debug, Clone, Copy)]
pub struct By {
    pub group: usize,
    pub consumer: usize,
    pub epoch: Under,
}

#[derive(Debug, Clone, Copy)]
pub enum Under {
    None,
    /// The newest epoch of the consumer.
    Newest,
    /// The epoch before that.
    Former,
}

#[derive(Debug, Clone)]
pub struct Outbox {
    pub incarnation: u8,
    pub counter: u64,
    pub holder: u64,
    pub acknowledged: u64,
    pub first: u64,
    /// Gap between the numbers.
    pub gap: u64,
    /// The events; `None` is the event that goes with its number.
    pub events: Vec<Option<u8>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Claiming {
    pub after: Option<usize>,
    pub own: bool,
    pub idle: bool,
    pub limit: usize,
    pub max_deliveries: u64,
    pub trial: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Settling {
    pub which: usize,
    pub is_retry: bool,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    Handled,
    Ignored,
    Dead,
    Parked(u8),
    ParkedAndDead,
}

fn by() -> impl Strategy<Value = By> {
    let under =
        prop_oneof![2 => Just(Under::None), 6 => Just(Under::Newest), 1 => Just(Under::Former)];
    (0..2_usize, 0..2_usize, under).prop_map(|(group, consumer, epoch)| By {
        group,
        consumer,
        epoch,
    })
}

fn outbox() -> impl Strategy<Value = Outbox> {
    let epoch = (0..2_u8, 1..4_u64, 0..2_u64);
    let numbers = (0..6_u64, 1..8_u64, 1..3_u64);
    let events = prop::collection::vec(prop::option::weighted(0.1, 0..12_u8), 0..5);
    (epoch, numbers, events).prop_map(
        |((incarnation, counter, holder), (acknowledged, first, gap), events)| Outbox {
            incarnation,
            counter,
            // Most epochs of a counter have one holder.
            holder: holder * u64::from(first == 1),
            // Most transports remember what they acknowledged.
            acknowledged: acknowledged.saturating_sub(4),
            first,
            gap,
            events,
        },
    )
}

fn claiming() -> impl Strategy<Value = Claiming> {
    let numbers = (
        prop::option::weighted(0.3, 0..8_usize),
        0..5_usize,
        1..5_u64,
    );
    (numbers, any::<(bool, bool, bool)>()).prop_map(
        |((after, limit, max_deliveries), (own, idle, trial))| Claiming {
            after,
            own,
            idle,
            limit,
            // Every other claim has no suspects.
            max_deliveries: if trial || own {
                max_deliveries
            } else {
                u64::MAX
            },
            trial,
        },
    )
}

fn settling() -> impl Strategy<Value = Settling> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Handled),
        1 => Just(Outcome::Ignored),
        1 => Just(Outcome::Dead),
        3 => (0..3_u8).prop_map(Outcome::Parked),
        1 => Just(Outcome::ParkedAndDead),
    ];
    (0..12_usize, prop::bool::weighted(0.3), outcome).prop_map(|(which, is_retry, outcome)| {
        Settling {
            which,
            is_retry,
            outcome,
        }
    })
}

/// Returns a strategy for some tens of steps.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = || prop::collection::vec(0..8_usize, 0..4);
    let step = prop_oneof![
        5 => prop::collection::vec(0..12_u8, 0..5).prop_map(Step::Publish),
        6 => outbox().prop_map(Step::PublishBatch),
        2 => (0..2_usize, any::<bool>()).prop_map(|(group, beginning)| Step::Join { group, beginning }),
        3 => by().prop_map(Step::Lead),
        1 => (by(), any::<bool>()).prop_map(|(by, ends)| Step::Renew(by, ends)),
        2 => by().prop_map(Step::Release),
        7 => (by(), 0..5_usize).prop_map(|(by, limit)| Step::Receive(by, limit)),
        5 => (by(), claiming()).prop_map(|(by, claiming)| Step::Claim(by, claiming)),
        7 => (by(), prop::collection::vec(settling(), 0..4)).prop_map(|(by, all)| Step::Settle(by, all)),
        2 => (0..2_usize, 0..12_u8).prop_map(|(group, event)| Step::Requeue { group, event }),
        1 => by().prop_map(Step::Retries),
        4 => (by(), which(), any::<bool>(), any::<bool>())
            .prop_map(|(by, which, idle, trial)| Step::ClaimRetries(by, which, idle, trial)),
        1 => (prop::option::of(0..8_usize), 0..6_usize).prop_map(|(after, limit)| Step::Read { after, limit }),
        1 => (0..4_usize).prop_map(Step::DropDead),
        1 => (0..4_u64).prop_map(Step::TrimDead),
        1 => (0..6_u64, prop::option::weighted(0.3, 0..8_usize), prop::option::weighted(0.2, 0..8_u64))
            // The two limits contradict each other.
            .prop_map(|(entries, before, lose)| Step::Trim { entries, before: before.filter(|_| lose.is_none()), lose }),
        1 => (0..2_usize).prop_map(|group| Step::Delete { group }),
    ];
    prop::collection::vec(step, 1..70)
}
