//! Leadership of a group: members, leases and epochs.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// A consumer of a group on one partition of a topic, with the epoch under which it acts.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Member<'a> {
    /// The full name of the topic, with its prefix.
    pub topic: &'a str,
    /// The partition of the topic. A topic has one partition, number 0.
    pub partition: u32,
    /// The group.
    pub group: &'a str,
    /// The name of the consumer within the group. No other running consumer has it.
    pub consumer: &'a str,
    /// The epoch that [`Groups::lead`](super::Groups::lead) gave. `None` for the consumers of a group without a leader.
    pub epoch: Option<Epoch>,
}

impl<'a> Member<'a> {
    /// Creates a member of a group on partition 0 that does not lead.
    pub const fn new(topic: &'a str, group: &'a str, consumer: &'a str) -> Self {
        Self {
            topic,
            partition: 0,
            group,
            consumer,
            epoch: None,
        }
    }

    /// Returns the member acting under an epoch.
    #[must_use]
    pub const fn under(mut self, epoch: Epoch) -> Self {
        self.epoch = Some(epoch);
        self
    }
}

/// Proof of one term of leadership: a counter and a random holder id.
///
/// The counter grows with each leader. The holder id tells two leaders of one counter apart, which exist when a store lost its
/// counter or was copied. An epoch is current only if both match.
///
/// As text: the counter, a dash and the holder id in 16 hexadecimal digits, such as `7-00c0ffee00c0ffee`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch {
    counter: u64,
    holder: u64,
}

impl Epoch {
    /// Creates an epoch from its parts.
    pub const fn new(counter: u64, holder: u64) -> Self {
        Self { counter, holder }
    }

    /// Creates the epoch that follows a counter, with a random holder id.
    #[must_use]
    pub fn after(counter: u64) -> Self {
        Self {
            counter: counter.saturating_add(1),
            holder: Self::random_holder(),
        }
    }

    /// Returns a random holder id.
    ///
    /// It comes from the random source of the operating system: two machines that were started from one image do not draw the
    /// same ids.
    #[must_use]
    pub fn random_holder() -> u64 {
        // The keys of a `RandomState` are random in each thread, and differ from call to call.
        RandomState::new().hash_one(std::process::id())
    }

    /// Returns the counter.
    pub const fn counter(self) -> u64 {
        self.counter
    }

    /// Returns the holder id.
    pub const fn holder(self) -> u64 {
        self.holder
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.counter, self.holder)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not an epoch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an epoch such as `7-00c0ffee00c0ffee`")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct ParseEpochError;

impl FromStr for Epoch {
    type Err = ParseEpochError;

    fn from_str(text: &str) -> Result<Self, ParseEpochError> {
        let (counter, holder) = text.split_once('-').ok_or(ParseEpochError)?;
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_plain(counter) || holder.len() != 16 || !is_plain(holder) {
            return Err(ParseEpochError);
        }
        let counter = counter.parse().map_err(|_| ParseEpochError)?;
        let holder = u64::from_str_radix(holder, 16).map_err(|_| ParseEpochError)?;
        Ok(Self { counter, holder })
    }
}

/// Answer to a consumer that asks to lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Leadership {
    /// The consumer leads under this epoch until its lease ends.
    Leader(Epoch),
    /// Another consumer holds the lease.
    Standby,
}

impl Leadership {
    /// Returns the epoch of a leader.
    pub const fn epoch(self) -> Option<Epoch> {
        match self {
            Self::Leader(epoch) => Some(epoch),
            Self::Standby => None,
        }
    }
}
