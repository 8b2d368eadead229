//! A catalog beside that of the Open edX platform, with everything that a page can show, and texts that try to get out of
//! their places.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::BTreeMap;
use std::{fmt, str};

use events_core::{Bytes, DateTime, EventData, EventMetadata, Uuid, event, receiver};

events_core::plugins!(example_greeter, example_audit);
events_core::plugin!();

pub(crate) const ORDER: &str = "org.example.docs.order.placed.v1";

/// Emitted when an <script>alert("order")</script> was placed, with [`Customer`].
///
/// - once for *each* order
/// - see [the shop](https://shop.example/?a=1&b=2)
#[event(type = "org.example.docs.order.placed.v1", key = number, minor_version = 1)]
pub(crate) struct OrderPlaced {
    /// The number that the customer sees.
    pub(crate) number: i64,
    /// Who ordered; a "<b>&amp;" to be shown.
    pub(crate) customer: Customer,
    /// What was ordered.
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) id: Uuid,
    pub(crate) placed: DateTime,
    pub(crate) scan: Bytes,
    /// Where it is.
    pub(crate) shelf: Shelf,
    #[event_data(default)]
    pub(crate) urgent: bool,
    pub(crate) price: f64,
    pub(crate) note: Option<String>,
}

/// Who orders.
#[derive(Clone, PartialEq, EventData)]
pub(crate) struct Customer {
    #[event_data(pii)]
    pub(crate) name: String,
    /// Where to write to.
    #[event_data(pii)]
    pub(crate) email: String,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub(crate) struct OrderLine {
    pub(crate) article: String,
    pub(crate) pieces: i64,
    pub(crate) state: State,
    pub(crate) tags: BTreeMap<String, String>,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, EventData)]
pub(crate) enum State {
    #[event_data(name = "open")]
    Open,
    #[event_data(name = "back-ordered")]
    BackOrdered,
}

/// A place in the store: a text in a form that only this crate knows.
#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string)]
pub(crate) struct Shelf(String);

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl str::FromStr for Shelf {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Emitted when an order was cancelled.
#[event(type = "org.example.docs.order.cancelled-late.v1")]
pub(crate) struct OrderCancelledLate {
    pub(crate) r#type: String,
}

#[receiver(ORDER_PLACED, id = "shop.<pack>", priority = 5)]
async fn pack(_number: i64, _metadata: &EventMetadata) {
    std::future::ready(()).await;
}

#[receiver(ORDER_PLACED, manual, durable, id = "shop.bill")]
fn write_bill(_number: i64) {}
