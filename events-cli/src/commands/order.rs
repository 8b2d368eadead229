//! Why a receiver runs where it runs.

use events_core::{ReceiverInfo, ReceiverKind};
use serde::Serialize;

/// What decides that a receiver comes behind the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    /// There is no one before it, or after it.
    Only,
    /// There is no one before it.
    First,
    /// Its priority is the larger number.
    Priority,
    /// The priorities are equal, and its id is the larger in the order of the alphabet.
    Id,
    /// The priorities are equal, and a connected closure comes behind what the linker found.
    ConnectedLast,
    /// Both are connected closures of one priority, and it was connected later.
    ConnectedLater,
}

impl Rule {
    /// The rule for the receiver at an index.
    pub(crate) fn at(receivers: &[ReceiverInfo], index: usize) -> Self {
        let Some(this) = receivers.get(index) else {
            return Self::First;
        };
        let Some(before) = index
            .checked_sub(1)
            .and_then(|before| receivers.get(before))
        else {
            return if receivers.len() == 1 {
                Self::Only
            } else {
                Self::First
            };
        };
        if before.priority != this.priority {
            return Self::Priority;
        }
        match (before.kind, this.kind) {
            (ReceiverKind::Connected, ReceiverKind::Connected) => Self::ConnectedLater,
            (_, ReceiverKind::Connected) => Self::ConnectedLast,
            _ => Self::Id,
        }
    }

    /// The rule in words, for the receiver at an index.
    pub(crate) fn explain(self, receivers: &[ReceiverInfo], index: usize) -> String {
        let priority = |index: usize| receivers.get(index).map_or(0, |receiver| receiver.priority);
        let this = priority(index);
        let before = priority(index.saturating_sub(1));
        let default = if this == 0 { " (the default)" } else { "" };
        match self {
            Self::Only => format!("it is alone here, at priority {this}{default}"),
            Self::First => match receivers.get(1) {
                Some(next) if next.priority == this => {
                    format!(
                        "nobody has a smaller priority than {this}{default}, nor a smaller id at it"
                    )
                }
                _ => format!("priority {this}{default} is the smallest here"),
            },
            Self::Priority => format!("priority {this}{default} comes after {before}"),
            Self::Id => {
                format!("same priority {this}{default} as the one before; its id comes after")
            }
            Self::ConnectedLast => format!(
                "same priority {this}{default} as the one before; a connected closure comes after what the linker found"
            ),
            Self::ConnectedLater => {
                format!("same priority {this}{default} as the one before; it was connected later")
            }
        }
    }
}
